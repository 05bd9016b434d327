"""Visemes: classes of phones that look alike, and the cues an animator edits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import TextError
from ..phones import CONSONANT_STRESS, INVENTORY, SILENCE, Phones, is_vowel

REST = "Rest"
VISEMES = {
    REST: (SILENCE,),
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
    """One timed viseme: one phone, or a silence.

    Attributes:
        start: Seconds.
        end: Seconds.
        viseme: Name of the class, a key of `VISEMES`.
        phone: ARPAbet symbol; where it is not of `viseme`, the class' first phone is meant.
        stress: Of vowels 0, 1 or 2; −1 for consonants and silence.
        word: Index in the line's words, −1 for silence.
        strength: Factor on how far the mouth goes for it.
    """

    start: float
    end: float
    viseme: str
    phone: str
    stress: int = CONSONANT_STRESS
    word: int = -1
    strength: float = 1.0

    @property
    def label(self) -> str:
        """The phone to play.

        Raises:
            TextError: There is no such viseme.
        """
        if self.viseme not in VISEMES:
            raise TextError(f"There is no viseme {self.viseme!r}; known: {', '.join(VISEMES)}.")
        return self.phone if self.phone in VISEMES[self.viseme] else VISEMES[self.viseme][0]


def viseme_of(phone: str) -> str:
    """Name of the viseme class of an ARPAbet phone; KeyError for anything else."""
    return _CLASS_OF[phone]


def cues(phones: Phones) -> list[Cue]:
    """Cues of a phone sequence, one for each phone; neighbouring silences are one."""
    merged = phones.merged()
    rows = zip(merged.label, merged.start, merged.end, merged.stress, merged.word, strict=True)
    return [
        Cue(float(start), float(end), viseme_of(str(label)), str(label), int(stress), int(word))
        for label, start, end, stress, word in rows
    ]


def phones_of(edited: Sequence[Cue], words: Sequence[str] = ()) -> Phones:
    """Phones of (edited) cues in order of time; overlaps are parted in the middle.

    Raises:
        TextError: A cue has an unknown viseme, or ends before it starts.
    """
    ordered = sorted(edited, key=lambda cue: (cue.start, cue.end))
    labels = [cue.label for cue in ordered]
    start, end = (np.array([getattr(cue, name) for cue in ordered]) for name in ("start", "end"))
    wrong = [cue for cue in ordered if not cue.end >= cue.start >= 0]
    if wrong:
        raise TextError(f"A cue {wrong[0].viseme!r} ends before it starts or starts before zero.")
    middle = 0.5 * (end[:-1] + start[1:])
    overlap = end[:-1] > start[1:]
    end[:-1] = np.where(overlap, middle, end[:-1])
    start[1:] = np.where(overlap, middle, start[1:])
    stress = [
        (max(cue.stress, 0) if is_vowel(label) else CONSONANT_STRESS)
        for cue, label in zip(ordered, labels, strict=True)
    ]
    word = [cue.word if -1 <= cue.word < len(words) else -1 for cue in ordered]
    return Phones.build(labels, start, np.maximum(end, start), stress, word, words)
