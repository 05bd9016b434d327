"""Visemes: classes of phones that look alike, and the cues an animator edits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .phones import INVENTORY, SILENCE, Phones

VISEMES = {
    "Rest": (SILENCE,),
    "Closed Lips": ("P", "B", "M"),
    "Lip on Teeth": ("F", "V"),
    "Tongue on Teeth": ("TH", "DH"),
    "Tongue Tip": ("T", "D", "N"),
    "Tongue Up": ("L",),
    "Narrow Teeth": ("S", "Z"),
    "Pushed Teeth": ("SH", "ZH", "CH", "JH"),
    "Back of Tongue": ("K", "G", "NG", "HH"),
    "Small Round": ("W", "UW"),
    "Round R": ("R", "ER"),
    "Round": ("OW", "AO", "OY", "UH"),
    "Wide Open": ("AA", "AY", "AW"),
    "Open": ("AE", "EH", "EY"),
    "Half Open": ("AH", "IH"),
    "Wide": ("IY", "Y"),
}
"""Name → ARPAbet phones. Every phone is in exactly one class."""

VISEME_NAMES = tuple(VISEMES)
_CLASS_OF = {phone: name for name, phones in VISEMES.items() for phone in phones}
VISEME_INDEX = np.array([VISEME_NAMES.index(_CLASS_OF[phone]) for phone in INVENTORY])
"""(40,) class of each phone of `INVENTORY`, index in `VISEME_NAMES`."""


@dataclass(frozen=True)
class Cue:
    """One timed viseme.

    Attributes:
        start: Seconds.
        end: Seconds.
        viseme: Name of the class, a key of `VISEMES`.
        phone: Its phones, parted by spaces when several were merged.
    """

    start: float
    end: float
    viseme: str
    phone: str


def viseme_of(phone: str) -> str:
    """Name of the viseme class of an ARPAbet phone; KeyError for anything else."""
    return _CLASS_OF[phone]


def cues(phones: Phones) -> list[Cue]:
    """Cues of a phone sequence; touching neighbours of one class are one cue."""
    result: list[Cue] = []
    for label, start, end in zip(phones.label, phones.start, phones.end, strict=True):
        viseme = viseme_of(str(label))
        last = result[-1] if result else None
        if last and last.viseme == viseme and start - last.end < 1e-3:
            names = last.phone if viseme == "Rest" else f"{last.phone} {label}"
            result[-1] = Cue(last.start, float(end), viseme, names)
        else:
            result.append(Cue(float(start), float(end), viseme, str(label)))
    return result


def phones_of(edited: Sequence[Cue]) -> Phones:
    """Phones of (edited) cues; several phones in one cue share its time evenly."""
    label, start, end = [], [], []
    for cue in edited:
        names = cue.phone.split() or [VISEMES[cue.viseme][0]]
        edges = np.linspace(cue.start, cue.end, len(names) + 1)
        label += names
        start += list(edges[:-1])
        end += list(edges[1:])
    return Phones.build(label, start, end)
