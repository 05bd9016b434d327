"""The dynamic visemes of a head: every phone of its takes as a sample that can be chosen.

Beside the samples stands what phones look like in their context: a ridge regression from each phone
with its neighbours to the codes inside it. It tells the selection what to look for where the exact
context was never captured, and weighs code elements by how far speech explains them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import HeadFileError
from ..head.codes import ExampleSet, ExampleTake
from ..mesh import LIP_CONTACT
from ..phones import BILABIALS, INVENTORY, Phones, phone_indices
from .lip_contact import LipGap

REACH = 3
"""Neighbours on each side that make a phone's context."""
PLACES = (0.2, 0.5, 0.8)
"""Parts of a phone at which codes are compared."""

_RIDGE = 20.0
_SILENCE = 0
_BILABIAL = np.isin(INVENTORY, BILABIALS)
_EDGE_SECONDS = 0.04


@dataclass(frozen=True)
class Slots:
    """Phones with their context, of a line to speak or of the database.

    Attributes:
        context: (P, 2 · REACH + 1) places in `INVENTORY`, the phone itself in the middle.
        start: (P,) seconds (of the line, or from the database's first frame).
        end: (P,) seconds.
        stress: (P,) as in `Phones`.
        first: (P,) bool: begins a word.
        last: (P,) bool: ends a word.
    """

    context: np.ndarray
    start: np.ndarray
    end: np.ndarray
    stress: np.ndarray
    first: np.ndarray
    last: np.ndarray

    @property
    def label(self) -> np.ndarray:
        """(P,) place of each phone in `INVENTORY`."""
        return self.context[:, REACH]

    @property
    def log_duration(self) -> np.ndarray:
        """(P,) log seconds, silences as if all were equally long."""
        seconds = np.log(np.clip(self.end - self.start, 0.02, 0.5))
        return np.where(self.label == _SILENCE, np.log(0.2), seconds)

    @property
    def bilabial(self) -> np.ndarray:
        """(P,) bool: p, b or m."""
        return _BILABIAL[self.label]

    @classmethod
    def of(cls, phones: Phones) -> "Slots":
        """Slots of merged phones; beyond the ends there is silence."""
        index = np.pad(phone_indices(phones.label), REACH)
        windows = np.lib.stride_tricks.sliding_window_view(index, 2 * REACH + 1)
        changes = phones.word[1:] != phones.word[:-1]
        return cls(
            windows.copy(),
            phones.start,
            phones.end,
            phones.stress,
            np.append(True, changes),
            np.append(changes, True),
        )

    @classmethod
    def joined(cls, parts: list["Slots"]) -> "Slots":
        """Slots one after the other."""
        names = cls.__dataclass_fields__
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class SpeechDatabase:
    """Samples of a head's speaking takes.

    Attributes:
        examples: The head's takes.
        takes: Those that are used.
        regions: Where each region's values are in a code.
        lip_gap: Measures codes.
        slots: Every phone of every take; times from the database's first frame.
        take: (P,) which of `takes`.
        follows: (P,) bool: the sample before it in the arrays precedes it in its take.
    """

    examples: ExampleSet
    takes: tuple[ExampleTake, ...]
    regions: Mapping[str, slice]
    lip_gap: LipGap
    slots: Slots
    take: np.ndarray
    follows: np.ndarray

    @classmethod
    def build(
        cls,
        examples: ExampleSet,
        takes: Sequence[ExampleTake],
        regions: Mapping[str, slice],
        lip_gap: LipGap,
    ) -> "SpeechDatabase":
        """Collect the samples of those `takes` that hold speech.

        Raises:
            HeadFileError: No take holds phones.
        """
        takes = tuple(take for take in takes if speaks(take))
        if not takes:
            raise HeadFileError("This head holds no spoken takes, so it cannot speak by example.")
        parts, belongs, follows = [], [], []
        for index, take in enumerate(takes):
            kept = _inside(take.phones, (take.count - 1) / examples.fps).merged()
            parts.append(Slots.of(kept.shifted(take.start / examples.fps)))
            belongs.append(np.full(len(kept), index))
            follows.append(np.arange(len(kept)) > 0)
        slots, belongs, follows = (
            Slots.joined(parts),
            np.concatenate(belongs),
            np.concatenate(follows),
        )
        return cls(examples, takes, regions, lip_gap, slots, belongs, follows)

    @property
    def fps(self) -> float:
        """Frames per second of the takes."""
        return self.examples.fps

    @cached_property
    def speech_elements(self) -> np.ndarray:
        """Code elements that speak: those of the mouth and of the face."""
        every = np.arange(self.examples.codes.shape[1])
        return np.concatenate([every[self.regions[name]] for name in ("mouth", "face")])

    def codes_at(self, seconds: np.ndarray) -> np.ndarray:
        """Codes (..., Z) by linear interpolation at seconds from the database's first frame."""
        return sample_rows(self.examples.codes, seconds * self.fps)

    @cached_property
    def inside(self) -> np.ndarray:
        """Codes (P, places, S) inside each sample, speech elements."""
        duration = self.slots.end - self.slots.start
        seconds = self.slots.start[:, None] + duration[:, None] * np.array(PLACES)
        return self.codes_at(seconds)[..., self.speech_elements]

    @cached_property
    def _regression(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        targets = self.inside.reshape(len(self.take), -1)
        mean = targets.mean(0)
        features = _features(self.slots)
        gram = features.T @ features
        gram[np.diag_indices_from(gram)] += _RIDGE
        weights = np.linalg.solve(gram, features.T @ (targets - mean))
        explained = (features @ weights).reshape(self.inside.shape).var((0, 1))
        total = self.inside.var((0, 1))
        return weights, mean, explained / np.maximum(total, 1e-9)

    @property
    def importance(self) -> np.ndarray:
        """(S,) share of each speech element's variance that the phones explain."""
        return self._regression[2]

    def expected(self, slots: Slots) -> np.ndarray:
        """Codes (P, places, S) that the phones' contexts let expect."""
        weights, mean, _ = self._regression
        return (_features(slots) @ weights + mean).reshape(len(slots.start), len(PLACES), -1)

    @cached_property
    def phone_distance(self) -> np.ndarray:
        """How differently phones look, (40, 40) 0…1, from the samples' mean codes."""
        flat = (self.inside * np.sqrt(self.importance)).reshape(len(self.take), -1)
        counts = np.bincount(self.slots.label, minlength=len(INVENTORY))
        sums = np.zeros((len(INVENTORY), flat.shape[1]))
        np.add.at(sums, self.slots.label, flat)
        means = (sums + flat.mean(0)) / (counts[:, None] + 1)
        gaps = np.linalg.norm(means[:, None] - means[None], axis=-1)
        distance = gaps / max(float(gaps.max()), 1e-9)
        different = 0.15 * (1 - np.eye(len(INVENTORY)))
        return np.maximum(distance, different)

    @cached_property
    def boundary(self) -> tuple[np.ndarray, np.ndarray]:
        """Codes and code change per frame at each sample's start and end, two of (P, 2, 2 · S)."""
        step = 1.0 / self.fps

        def state(seconds: np.ndarray) -> np.ndarray:
            before, here, after = (
                self.codes_at(seconds + d)[:, self.speech_elements] for d in (-step, 0.0, step)
            )
            return np.concatenate([here, 0.5 * (after - before)], axis=1)

        return state(self.slots.start), state(self.slots.end)

    @cached_property
    def closure(self) -> tuple[np.ndarray, np.ndarray]:
        """First and last second (P,) of contact inside each p, b, m; NaN where lips never touch."""
        first, last = (np.full(len(self.take), np.nan) for _ in range(2))
        samples = np.flatnonzero(self.slots.bilabial)
        windows = [self._frames_near(sample) for sample in samples]
        frames = np.unique(np.concatenate([*windows, np.zeros(0, int)]).astype(int))
        gap = np.full(len(self.examples.codes), np.inf)
        gap[frames] = self.lip_gap(self.examples.codes[frames])
        for sample, window in zip(samples, windows, strict=True):
            touching = _around_lowest(gap[window] < LIP_CONTACT, gap[window])
            if len(touching):
                first[sample], last[sample] = window[touching[[0, -1]]] / self.fps
        return first, last

    def _frames_near(self, sample: int) -> np.ndarray:
        """Frames of a sample's take inside it or within `_EDGE_SECONDS`."""
        take = self.takes[self.take[sample]]
        low = np.ceil((self.slots.start[sample] - _EDGE_SECONDS) * self.fps)
        high = np.floor((self.slots.end[sample] + _EDGE_SECONDS) * self.fps)
        return np.arange(max(low, take.start), min(high, take.start + take.count - 1) + 1).astype(
            int
        )


def speaks(take: ExampleTake) -> bool:
    """Whether a take holds at least two sounding phones."""
    return int((~take.phones.silent).sum()) >= 2


def _around_lowest(touching: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """Places of the unbroken contact around the smallest gap; none where lips do not touch."""
    if not touching.any():
        return np.zeros(0, int)
    lowest = int(gap.argmin())
    broken = np.flatnonzero(~touching)
    low = broken[broken < lowest].max(initial=-1) + 1
    high = broken[broken > lowest].min(initial=len(gap))
    return np.arange(low, high)


def sample_rows(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Rows of `values` (N, K) at fractional places (...,), linearly interpolated, ends held."""
    rows = np.clip(rows, 0, len(values) - 1)
    low = np.minimum(rows.astype(int), max(len(values) - 2, 0))
    part = (rows - low)[..., None].astype(values.dtype)
    high = np.minimum(low + 1, len(values) - 1)
    return values[low] * (1 - part) + values[high] * part


def _inside(phones: Phones, length: float) -> Phones:
    kept = phones.select(phones.start < length)
    return Phones(
        kept.label, kept.start, np.minimum(kept.end, length), kept.stress, kept.word, kept.words
    )


def _features(slots: Slots) -> np.ndarray:
    """Regression features (P, F): phones of the context one-hot, duration, place in the word."""
    count, width = slots.context.shape
    kinds = len(INVENTORY)
    features = np.zeros((count, width * kinds + 5), np.float32)
    columns = slots.context + np.arange(width) * kinds
    features[np.arange(count)[:, None], columns] = 1
    features[:, -5] = slots.log_duration - np.log(0.09)
    features[:, -4] = slots.first
    features[:, -3] = slots.last
    features[:, -2] = slots.stress == 1
    features[:, -1] = slots.stress == 0
    return features
