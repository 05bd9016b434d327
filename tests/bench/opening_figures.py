"""How near the fitted speech model comes to the recording, on sentences no fit has seen."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.phones import BILABIALS
from models.synthetic.coarticulation import CoarticulationModel, bundled_model
from models.synthetic.constraints import constrain
from models.synthetic.lipspace import CONTACT, LipSpace
from models.synthetic.spoken import SpokenEnglish, SpokenSentence

from .opening_baselines import linear_keys, ridge, static_visemes

NEARLY = 0.2
"""Lips are nearly closed within this share of the talker's range above the closure level."""
WINDOW = 0.02
"""Seconds by which a phone's window is widened when looking for its closure: half a frame."""

OpeningCurve = Callable[[SpokenSentence], np.ndarray]


@dataclass(frozen=True)
class SpeechFigures:
    """Agreement of opening curves with the recording.

    Attributes:
        opening_r: Mean over sentences of Pearson's r at zero lag, first to last phone.
        closure_share: Share of p b m on which the lips close.
        w_share: Share of w on which they nearly close.
    """

    opening_r: float
    closure_share: float
    w_share: float


def opening_figures(
    sentences: list[SpokenSentence], curve: OpeningCurve, data: SpokenEnglish, lips: LipSpace
) -> SpeechFigures:
    """Compare `curve` (sentence → opening (T,), outer-eye distances) with the recording."""
    span = lips.opening_high - lips.closure
    correlations, closed, rounded = [], [], []
    for sentence in sentences:
        opening = curve(sentence)
        inside = sentence.speaking & sentence.measured
        truth = data.opening(sentence.lips)
        correlations.append(np.corrcoef(opening[inside], truth[inside])[0, 1])
        closed += [v < CONTACT for v in _smallest(sentence, opening - lips.closure, BILABIALS)]
        rounded += [v < NEARLY * span for v in _smallest(sentence, opening - lips.closure, ("W",))]
    return SpeechFigures(*(float(np.mean(v)) for v in (correlations, closed, rounded)))


def _smallest(
    sentence: SpokenSentence, opening: np.ndarray, labels: tuple[str, ...]
) -> list[float]:
    times, values = sentence.times, []
    chosen = sentence.phones.select(np.isin(sentence.phones.label, labels))
    for start, end in zip(chosen.start, chosen.end, strict=True):
        inside = (times >= start - WINDOW) & (times <= end + WINDOW)
        if inside.any():
            values.append(float(opening[inside].min()))
    return values


def model_opening(model: CoarticulationModel) -> OpeningCurve:
    """The model's opening with its constraints."""

    def curve(sentence: SpokenSentence) -> np.ndarray:
        features = model.features(sentence.phones, sentence.times)
        return model.lips.opening(constrain(features, sentence.phones, sentence.times, model.lips))

    return curve


def actor_speech_figures(folder: Path) -> dict[str, SpeechFigures]:
    """Figures on the held-out sentences of the recording in `folder`.

    Returns:
        `fitted_model` (with constraints), `unconstrained`, the baselines `ridge` (phones within
        ±0.36 s), `linear_keys` (per-phone means at phone middles), `static_visemes` (a usual
        table), and `recording` itself, whose closure shares are the ceiling.
    """
    data = SpokenEnglish.open(folder)
    model = bundled_model()
    lips = model.lips
    curves: dict[str, OpeningCurve] = {
        "fitted_model": model_opening(model),
        "unconstrained": lambda s: lips.opening(model.features(s.phones, s.times)),
        "ridge": ridge(data),
        "linear_keys": linear_keys(data),
        "static_visemes": static_visemes(),
        "recording": lambda s: data.opening(s.lips),
    }
    return {
        name: opening_figures(data.held_out, curve, data, lips) for name, curve in curves.items()
    }
