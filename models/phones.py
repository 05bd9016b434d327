"""Phones: ARPAbet symbols with start and end in seconds, stress and word."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from .errors import TextError

VOWELS = tuple("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())
CONSONANTS = tuple("B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split())
SILENCE = "sil"
INVENTORY = (SILENCE, *VOWELS, *CONSONANTS)
BILABIALS = ("P", "B", "M")
CONSONANT_STRESS = -1

_VOWEL_SET = frozenset(VOWELS)
_INDEX = {label: index for index, label in enumerate(INVENTORY)}


def is_vowel(label: str) -> bool:
    """Whether the ARPAbet symbol (without stress digit) is a vowel."""
    return label in _VOWEL_SET


def phone_indices(labels: Iterable[str]) -> np.ndarray:
    """Places in `INVENTORY` (P,) int64 of ARPAbet symbols.

    Raises:
        TextError: A symbol is not ARPAbet.
    """
    try:
        return np.array([_INDEX[str(label)] for label in labels], np.int64)
    except KeyError as error:
        raise TextError(f"{error} is not an ARPAbet phone; known: {' '.join(INVENTORY)}.") from None


def split_stress(symbol: str) -> tuple[str, int]:
    """Split 'AH0' into ('AH', 0); consonants and silence have stress −1."""
    label = symbol.rstrip("012")
    if not is_vowel(label):
        return label, CONSONANT_STRESS
    return label, int(symbol[-1]) if symbol[-1].isdigit() else 0


@dataclass(frozen=True)
class Phones:
    """A timed phone sequence.

    Attributes:
        label: (P,) ARPAbet symbols without digits, 'sil' for silence.
        start: (P,) seconds, float64.
        end: (P,) seconds, float64.
        stress: (P,) int8: 0, 1 or 2 for vowels, −1 for consonants and silence.
        word: (P,) int32 index in `words`, −1 for silence.
        words: The words spoken.
    """

    label: np.ndarray
    start: np.ndarray
    end: np.ndarray
    stress: np.ndarray
    word: np.ndarray
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        types = {
            "label": "U4",
            "start": np.float64,
            "end": np.float64,
            "stress": np.int8,
            "word": np.int32,
        }
        for name, kind in types.items():
            object.__setattr__(self, name, np.asarray(getattr(self, name)).astype(kind))
        object.__setattr__(self, "words", [str(word) for word in self.words])
        if len({len(getattr(self, name)) for name in types}) != 1:
            raise ValueError("phone arrays differ in length")

    @classmethod
    def build(
        cls,
        label: Sequence[str],
        start: ArrayLike,
        end: ArrayLike,
        stress: ArrayLike | None = None,
        word: ArrayLike | None = None,
        words: Sequence[str] = (),
    ) -> "Phones":
        """Make phones of lists; stress and words may be unknown (vowels 0, no word)."""
        if stress is None:
            stress = [0 if is_vowel(str(item)) else CONSONANT_STRESS for item in label]
        if word is None:
            word = [-1] * len(label)
        arrays = [np.asarray(values) for values in (label, start, end, stress, word)]
        return cls(*arrays, words=list(words))

    def __len__(self) -> int:
        return len(self.label)

    @property
    def duration(self) -> np.ndarray:
        """(P,) seconds."""
        return self.end - self.start

    @property
    def middle(self) -> np.ndarray:
        """(P,) seconds."""
        return 0.5 * (self.start + self.end)

    @property
    def seconds(self) -> float:
        """End of the last phone."""
        return float(self.end[-1]) if len(self) else 0.0

    @property
    def silent(self) -> np.ndarray:
        """(P,) bool: which are silence."""
        return self.label == SILENCE

    def select(self, chosen: np.ndarray | slice) -> "Phones":
        """The chosen phones (mask, indices or slice), times unchanged."""
        return Phones(*(getattr(self, name)[chosen] for name in _ARRAYS), words=self.words)

    def shifted(self, seconds: float) -> "Phones":
        """The same phones, later by `seconds`."""
        return Phones(
            self.label, self.start + seconds, self.end + seconds, self.stress, self.word, self.words
        )

    def scaled(self, factor: float) -> "Phones":
        """The same phones with all times multiplied by `factor`."""
        return Phones(
            self.label, self.start * factor, self.end * factor, self.stress, self.word, self.words
        )

    def merged(self) -> "Phones":
        """Neighbouring silences as one; gaps between phones stay as they are."""
        if not len(self):
            return self
        first = np.ones(len(self), bool)
        first[1:] = ~(self.silent[1:] & self.silent[:-1])
        starts = np.flatnonzero(first)
        last = np.append(starts[1:], len(self)) - 1
        kept = self.select(starts)
        return Phones(kept.label, kept.start, self.end[last], kept.stress, kept.word, kept.words)

    def joined(self, other: "Phones") -> "Phones":
        """These phones followed by `other` (whose times are kept), words appended."""
        moved = np.where(other.word >= 0, other.word + len(self.words), -1)
        pairs = [
            np.concatenate([getattr(self, name), moved if name == "word" else getattr(other, name)])
            for name in _ARRAYS
        ]
        return Phones(*pairs, words=[*self.words, *other.words])

    def at(self, times: np.ndarray) -> np.ndarray:
        """Index (T,) of the phone sounding at each time; −1 outside all phones."""
        index = np.searchsorted(self.start, times, side="right") - 1
        inside = (index >= 0) & (np.asarray(times) < self.end[np.maximum(index, 0)])
        return np.where(inside, index, -1)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Plain arrays `phone_label`, `phone_start`, …, `words`; `from_arrays` reverses it."""
        arrays = {f"phone_{name}": getattr(self, name) for name in _ARRAYS}
        return arrays | {"words": np.array(self.words, dtype=np.str_)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Phones":
        """Rebuild from `to_arrays` (or from an open .npz)."""
        values = [arrays[f"phone_{name}"] for name in _ARRAYS]
        return cls(*values, words=[str(word) for word in arrays["words"]])


_ARRAYS = ("label", "start", "end", "stress", "word")
