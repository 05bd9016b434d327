"""How long phones last: a regression of log duration, fitted to takes, with priors for rare phones.

Log duration = prior of the phone + (ridge regression on the phone, its stress, the classes of its
neighbours and its place in word and phrase). The ridge pulls phones that the takes lack to their
prior, moved by what all phones have in common (the talker's pace).
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import TextError
from ..files import read_arrays
from ..phones import CONSONANT_STRESS, INVENTORY, SILENCE, Phones, is_vowel, phone_indices
from .line_settings import LineSettings
from .text import Pronunciation

LEAD = 0.3
TAIL = 0.4
"""Seconds of silence before and after a line."""

_SHORTEST, _LONGEST = 0.03, 0.45

# Milliseconds inside connected speech; the usual order of English phones (long diphthongs and
# fricatives, short flaps and schwa).
_PRIOR_MS = {
    "AA": 110, "AE": 110, "AH": 65, "AO": 110, "AW": 140, "AY": 135, "EH": 85, "ER": 95, "EY": 115,
    "IH": 65, "IY": 90, "OW": 115, "OY": 150, "UH": 70, "UW": 90, "B": 65, "CH": 110, "D": 55,
    "DH": 45, "F": 95, "G": 70, "HH": 60, "JH": 90, "K": 80, "L": 65, "M": 70, "N": 65, "NG": 75,
    "P": 80, "R": 65, "S": 105, "SH": 110, "T": 70, "TH": 85, "V": 65, "W": 65, "Y": 60, "Z": 85,
    "ZH": 80,
}  # fmt: skip
_CLASSES = {
    SILENCE: 0,
    **dict.fromkeys("P T K CH".split(), 1),
    **dict.fromkeys("B D G JH".split(), 2),
    **dict.fromkeys("F TH S SH HH".split(), 3),
    **dict.fromkeys("V DH Z ZH".split(), 4),
    **dict.fromkeys("M N NG".split(), 5),
    **dict.fromkeys("L R W Y".split(), 6),
}
_CLASS = np.array([_CLASSES.get(label, 7) for label in INVENTORY])
_CLASS_COUNT = 8
_PLACES = 8
_FEATURES = len(INVENTORY) + 3 + 2 * _CLASS_COUNT + _PLACES


@dataclass(frozen=True)
class DurationModel:
    """Durations of phones in context.

    Attributes:
        prior: (39 + silence,) log seconds of each phone of `INVENTORY`.
        offset: Log factor common to all phones.
        weights: (features,) of the regression.
    """

    prior: np.ndarray
    offset: float
    weights: np.ndarray

    @classmethod
    def fit(cls, takes: Sequence[Phones], ridge: float = 12.0) -> "DurationModel":
        """Fit to timed phones.

        Args:
            takes: Phones of takes; silences only mark phrases.
            ridge: How many samples a weight needs to be half believed; a phone's own weight is
                half believed when three different words hold the phone.

        Raises:
            TextError: The takes hold no phones.
        """
        spoken = [take for take in takes if (~take.silent).any()]
        if not spoken:
            raise TextError("Durations cannot be learnt: the takes hold no phones.")
        prior = _prior()
        rows, targets = [], []
        for take in spoken:
            kept = ~take.silent
            rows.append(_features(take.label, take.stress, take.word)[kept])
            seconds = np.clip(take.duration, 0.01, 1.0)
            targets.append((np.log(seconds) - prior[phone_indices(take.label)])[kept])
        X, y = np.concatenate(rows), np.concatenate(targets)
        offset = float(np.median(y))
        gram = X.T @ X + np.diag(_ridges(spoken, ridge))
        return cls(prior, offset, np.linalg.solve(gram, X.T @ (y - offset)))

    def seconds(self, label: np.ndarray, stress: np.ndarray, word: np.ndarray) -> np.ndarray:
        """Durations (P,) of a phone sequence with silences at its pauses; silences get zero."""
        logs = self.prior[phone_indices(label)] + self.offset
        logs = logs + _features(label, stress, word) @ self.weights
        seconds = np.clip(np.exp(logs), _SHORTEST, _LONGEST)
        return np.where(np.asarray(label) == SILENCE, 0.0, seconds)

    def time(self, spoken: Pronunciation, rate: float = 1.0, pause: float = 1.0) -> Phones:
        """Give every phone and pause of a line its start and end.

        Args:
            spoken: From `pronounce`.
            rate: Speaking rate; 2 halves every duration, pauses too.
            pause: Factor on the pauses between words.

        Returns:
            Phones with silence first and last.

        Raises:
            TextError: The rate is outside 0.25…4 or the pause factor outside 0…10.
        """
        LineSettings(rate=rate, pause=pause)
        label, stress, word, silence = _with_pauses(spoken, pause)
        seconds = np.where(label == SILENCE, silence, self.seconds(label, stress, word)) / rate
        end = np.cumsum(seconds)
        words = [item.text for item in spoken.words]
        return Phones(label, np.append(0.0, end[:-1]), end, stress, word, words)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Plain arrays; `from_arrays` reverses it."""
        return {
            "inventory": np.array(INVENTORY),
            "prior": self.prior.astype(np.float32),
            "offset": np.array(self.offset, np.float32),
            "weights": self.weights.astype(np.float32),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "DurationModel":
        """Rebuild from `to_arrays`.

        Raises:
            TextError: The arrays are of another inventory or size.
        """
        try:
            same = tuple(str(item) for item in arrays["inventory"]) == INVENTORY
            prior, weights = arrays["prior"], arrays["weights"]
            fits = same and prior.shape == (len(INVENTORY),) and weights.shape == (_FEATURES,)
            offset = float(arrays["offset"])
        except (KeyError, TypeError, ValueError) as error:
            raise TextError(f"The duration model is incomplete: {error}.") from error
        if not (fits and np.isfinite([offset, *prior, *weights]).all()):
            raise TextError("The duration model does not fit this version's phones.")
        return cls(prior.astype(float), offset, weights.astype(float))

    @classmethod
    @functools.lru_cache(maxsize=1)
    def default(cls) -> "DurationModel":
        """The model shipped with the package (fitted to GRID talker 1; see `data/README.md`)."""
        return cls.from_arrays(read_arrays(Path(__file__).parent / "data" / "durations.npz"))


def _prior() -> np.ndarray:
    return np.log([_PRIOR_MS.get(label, 100) / 1000 for label in INVENTORY])


def _ridges(takes: Sequence[Phones], ridge: float) -> np.ndarray:
    """Ridge (features,): a phone heard often but in one word alone tells little of the phone."""
    samples = np.zeros(len(INVENTORY))
    words: list[set[str]] = [set() for _ in INVENTORY]
    for take in takes:
        for index, word in zip(phone_indices(take.label), take.word, strict=True):
            samples[index] += 1
            words[index].add(take.words[word] if word >= 0 else "")
    ridges = np.full(_FEATURES, ridge)
    kinds = np.array([max(len(item), 1) for item in words])
    ridges[: len(INVENTORY)] = np.maximum(ridge, 3 * samples / kinds)
    return ridges


def _with_pauses(
    spoken: Pronunciation, factor: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Label, stress, word and seconds of silence with pauses put between the words' phones."""
    last = len(spoken.words)
    inner = [p for p in spoken.pauses if p.after < last and p.seconds * factor >= _SHORTEST]
    places = np.searchsorted(spoken.word, [0, *(p.after for p in inner), last])
    silence = np.zeros(len(spoken.label))
    pauses = [LEAD, *(p.seconds * factor for p in inner), TAIL]
    return (
        np.insert(spoken.label, places, SILENCE),
        np.insert(spoken.stress, places, CONSONANT_STRESS),
        np.insert(spoken.word, places, -1),
        np.insert(silence, places, pauses),
    )


def _features(label: np.ndarray, stress: np.ndarray, word: np.ndarray) -> np.ndarray:
    """Regression features (P, features) of a whole sequence with its silences."""
    count = len(label)
    index = phone_indices(label)
    classes = np.concatenate([[0], _CLASS[index], [0]])
    features = np.zeros((count, _FEATURES))
    rows = np.arange(count)
    features[rows, index] = 1
    column = len(INVENTORY)
    vowels = np.flatnonzero(np.asarray(stress) >= 0)
    features[vowels, column + np.asarray(stress)[vowels]] = 1
    column += 3
    features[rows, column + classes[:-2]] = 1
    features[rows, column + _CLASS_COUNT + classes[2:]] = 1
    column += 2 * _CLASS_COUNT
    features[:, column:] = _places(label, np.asarray(word))
    return features


def _places(label: np.ndarray, word: np.ndarray) -> np.ndarray:
    """Place of each phone in its word and phrase (P, 8)."""
    silent = np.asarray(label) == SILENCE
    vowel = np.array([is_vowel(str(item)) for item in label])
    first = np.append(True, word[1:] != word[:-1])
    last = np.append(word[1:] != word[:-1], True)
    boundary = np.append(silent[1:], True)
    phrase_final = boundary | np.append(boundary[1:], True) & ~boundary
    final_word = _final_words(word, silent)
    length = np.bincount(np.maximum(word, 0), minlength=1)[np.maximum(word, 0)] * ~silent
    columns = (
        first,
        last,
        last & vowel,
        phrase_final,
        phrase_final & vowel,
        final_word,
        final_word & vowel,
        np.log(np.maximum(length, 1)) - 1,
    )
    return np.stack(columns, axis=1).astype(float)


def _final_words(word: np.ndarray, silent: np.ndarray) -> np.ndarray:
    """Which phones belong to the last word before a silence or the end."""
    spoken = word >= 0
    before_pause = spoken & np.append(silent[1:], True)
    return spoken & np.isin(word, word[before_pause])
