"""Simple ways from phones to lip opening, to print beside the fitted model."""

from collections.abc import Callable

import numpy as np

from models.phones import INVENTORY, phone_indices
from models.synthetic.spoken import SpokenEnglish, SpokenSentence

REACH = 9
"""Frames of context on each side: ±0.36 s at 25 fps."""
RIDGE = 3.0
STATIC_OPENING = {
    "sil": 0.0, "AA": 0.16, "AE": 0.15, "AH": 0.11, "AO": 0.12, "AW": 0.14, "AY": 0.14,
    "EH": 0.11, "ER": 0.07, "EY": 0.10, "IH": 0.08, "IY": 0.07, "OW": 0.08, "OY": 0.09,
    "UH": 0.06, "UW": 0.04, "B": 0.0, "P": 0.0, "M": 0.0, "F": 0.02, "V": 0.02, "W": 0.03,
    "TH": 0.05, "DH": 0.05, "CH": 0.05, "JH": 0.05, "SH": 0.05, "ZH": 0.05, "R": 0.05,
    "S": 0.04, "Z": 0.04, "T": 0.05, "D": 0.05, "N": 0.05, "L": 0.07, "K": 0.06, "G": 0.06,
    "NG": 0.06, "HH": 0.07, "Y": 0.05,
}  # fmt: skip
"""A usual static viseme table, as openings in outer-eye distances."""


def static_visemes() -> Callable[[SpokenSentence], np.ndarray]:
    """One opening per phone from `STATIC_OPENING`, interpolated between phone middles."""
    return lambda sentence: _keys(sentence, STATIC_OPENING)


def linear_keys(data: SpokenEnglish) -> Callable[[SpokenSentence], np.ndarray]:
    """The mean opening of each phone, interpolated between phone middles."""
    total, count = np.zeros(len(INVENTORY)), np.zeros(len(INVENTORY))
    for sentence in data.train:
        opening = np.interp(sentence.phones.middle, sentence.times, data.opening(sentence.lips))
        index = phone_indices(sentence.phones.label)
        np.add.at(total, index, opening)
        np.add.at(count, index, 1)
    means = dict(zip(INVENTORY, total / np.maximum(count, 1), strict=True))
    return lambda sentence: _keys(sentence, means)


def _keys(sentence: SpokenSentence, table: dict[str, float]) -> np.ndarray:
    values = [table[label] for label in sentence.phones.label.tolist()]
    return np.interp(sentence.times, sentence.phones.middle, values)


def ridge(data: SpokenEnglish) -> Callable[[SpokenSentence], np.ndarray]:
    """Ridge regression of the opening on the phones sounding within ±`REACH` frames."""
    size = (2 * REACH + 1) * (len(INVENTORY) + 1) + 1
    gram, moment = RIDGE * np.eye(size), np.zeros(size)
    for sentence in data.train:
        rows = _indicators(sentence)[sentence.speaking]
        gram += rows.T @ rows
        moment += rows.T @ data.opening(sentence.lips)[sentence.speaking]
    weights = np.linalg.solve(gram, moment)
    return lambda sentence: _indicators(sentence) @ weights


def _indicators(sentence: SpokenSentence) -> np.ndarray:
    known = np.append(phone_indices(sentence.phones.label), len(INVENTORY))
    columns = [np.ones((len(sentence.times), 1))]
    for step in range(-REACH, REACH + 1):
        sounding = known[sentence.phones.at(sentence.times + step / sentence.fps)]
        columns.append(np.eye(len(INVENTORY) + 1)[sounding])
    return np.hstack(columns)
