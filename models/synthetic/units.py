"""Articulatory units: what phones are split into, and which unit lends its shape to which.

A diphthong is two units (nucleus and glide), a long silence several. Phones that the recording
lacks or hardly holds take the parameters of articulatory neighbours, by the rules in `TIES`.
"""

from dataclasses import dataclass

import numpy as np

from ..phones import Phones

DIPHTHONGS = {
    "AW": ("AW1", "AW2"),
    "AY": ("AY1", "AY2"),
    "EY": ("EY1", "EY2"),
    "OW": ("OW1", "OW2"),
    "OY": ("OW1", "AY2"),
}
"""Nucleus and glide. /OY/ is missing in the recording: it starts as /OW/ and ends as /AY/."""
NUCLEUS_SHARE = 0.55
POOLED = {"M": "B", "CH": "JH"}
"""Fitted together: same lips, and too few examples of the first."""
TIES: dict[str, dict[str, float]] = {
    "ER": {"R": 0.6, "AH": 0.4},
    "UH": {"UW": 0.6, "AH": 0.4},
    "SH": {"JH": 0.5, "UW": 0.5},
    "ZH": {"JH": 0.5, "UW": 0.5},
    "NG": {"K": 0.5, "N": 0.5},
    "HH": {"AH": 1.0},
}
"""Missing phone → weights of fitted units.

/ER/ is a rounded r held as a vowel; /UH/ a slack /UW/; /SH ZH/ protrude the lips, between /JH/
and /UW/; /NG/ is open like /K/ and voiced like /N/; /HH/ has no shape of its own (see `WEAK`).
"""
WEAK = ("HH",)
"""Units without a shape of their own: their dominance is lowered by `WEAK_DOMINANCE`."""
WEAK_DOMINANCE = -2.5
SILENCE_PIECE = 0.25
"""A silence is cut into pieces no longer than this, so that neighbours do not reach across it."""

FITTED = (
    "sil AA AE AH AO EH IH IY UW AW1 AW2 AY1 AY2 EY1 EY2 OW1 OW2 "
    "B D DH F G JH K L N P R S T TH V W Y Z"
).split()
UNITS = (*FITTED, *TIES)
UNIT_INDEX = {name: index for index, name in enumerate(UNITS)}


@dataclass(frozen=True)
class UnitSequence:
    """Units with times.

    Attributes:
        index: (U,) in `UNITS`.
        start: (U,) seconds.
        end: (U,) seconds.
    """

    index: np.ndarray
    start: np.ndarray
    end: np.ndarray


def expand(phones: Phones) -> UnitSequence:
    """Split phones into units."""
    rows: list[tuple[int, float, float]] = []
    for place, (label, start, end) in enumerate(
        zip(phones.label.tolist(), phones.start, phones.end, strict=True)
    ):
        if label in DIPHTHONGS:
            middle = start + NUCLEUS_SHARE * (end - start)
            edges, names = (start, middle, end), DIPHTHONGS[label]
        elif label == "sil":
            pieces = max(1, int(np.ceil((end - start) / SILENCE_PIECE)))
            edges, names = tuple(np.linspace(start, end, pieces + 1)), ("sil",) * pieces
        else:
            edges, names = (start, end), (_spoken_as(phones, place),)
        spans = zip(names, edges[:-1], edges[1:], strict=True)
        rows += [(UNIT_INDEX[name], first, last) for name, first, last in spans]
    index, first, last = zip(*rows, strict=True) if rows else ((), (), ())
    return UnitSequence(np.array(index, np.int64), np.array(first, float), np.array(last, float))


def _spoken_as(phones: Phones, place: int) -> str:
    label = str(phones.label[place])
    following = str(phones.label[place + 1]) if place + 1 < len(phones) else ""
    if label == "HH" and following in ("W", "Y"):
        return following
    return POOLED.get(label, label)


def tied(fitted: np.ndarray) -> np.ndarray:
    """Parameters (len(UNITS), …) of all units from those of the fitted ones (len(FITTED), …)."""
    rows = [fitted]
    for weights in TIES.values():
        rows.append(np.sum([w * fitted[UNIT_INDEX[n]] for n, w in weights.items()], axis=0)[None])
    return np.concatenate(rows)
