"""A small space of lip shapes: the opening first, then principal shapes at equal opening."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import CaptureError
from .spoken import SpokenEnglish, SpokenSentence

SHAPES = 8
CLOSED = 0.012
"""Openings below this, in outer-eye distances, count as closed when looking for the neutral."""
_PRIOR_FRAMES = 5
CONTACT = 0.009
"""Lips are closed when their opening is within this of the talker's closure level, in outer-eye
distances: 0.8 mm on a face with 90 mm between the outer eye corners."""


@dataclass(frozen=True)
class LipSpace:
    """Linear map between lip displacements and K = 1 + SHAPES features.

    Feature 0 is the opening in units of its deviation from the mean; the others are principal
    components of what the opening does not explain, each of unit variance.

    Attributes:
        landmark_ids: (L,) MediaPipe landmarks.
        neutral: (L, 3) closed lips of the talker, in outer-eye distances.
        mean: (L * 3,) mean displacement from the neutral.
        opening_mean: Mean opening.
        opening_scale: Standard deviation of the opening.
        closure: The opening measured when the talker's lips are closed.
        opening_high: 95th percentile of the opening while speaking.
        opening_shape: (L * 3,) displacement per unit of opening.
        shapes: (SHAPES, L * 3) scaled principal shapes.
    """

    landmark_ids: np.ndarray
    neutral: np.ndarray
    mean: np.ndarray
    opening_mean: np.ndarray
    opening_scale: np.ndarray
    closure: np.ndarray
    opening_high: np.ndarray
    opening_shape: np.ndarray
    shapes: np.ndarray

    @classmethod
    def fit(cls, data: SpokenEnglish, count: int = SHAPES) -> "LipSpace":
        """Learn the space from the sentences that fits may see.

        Raises:
            CaptureError: The lips never close: there is no neutral to start from.
        """
        ids = np.array(data.landmark_ids)
        lips = [s.lips for s in data.train]
        opening = np.concatenate([data.opening(item) for item in lips])
        if not (opening < CLOSED).any():
            raise CaptureError("The lips never close in the recorded speech.")
        neutral = np.median(np.concatenate(lips)[opening < CLOSED], axis=0)
        moved = np.concatenate([displacement(s, data, neutral) for s in data.train])
        moved = moved.reshape(len(moved), -1)
        mean, middle = moved.mean(0), opening.mean()
        centred = opening - middle
        slope = centred @ (moved - mean) / (centred @ centred)
        rest = moved - mean - centred[:, None] * slope
        _, size, axes = np.linalg.svd(rest, full_matrices=False)
        scale = size[:count, None] / np.sqrt(len(rest))
        speaking = np.concatenate([data.opening(s.lips)[s.speaking] for s in data.train])
        return cls(
            ids,
            neutral,
            mean,
            np.asarray(middle),
            np.asarray(opening.std()),
            np.asarray(_closure(data)),
            np.asarray(np.percentile(speaking, 95)),
            slope,
            axes[:count] * scale,
        )

    def encode(self, moved: np.ndarray, opening: np.ndarray) -> np.ndarray:
        """Features (T, K) of displacements (T, L, 3) whose opening (T,) is known."""
        centred = np.asarray(opening) - self.opening_mean
        rest = moved.reshape(len(moved), -1) - self.mean - centred[:, None] * self.opening_shape
        weights = rest @ self.shapes.T / (self.shapes**2).sum(1)
        return np.hstack([centred[:, None] / self.opening_scale, weights])

    def opening(self, features: np.ndarray) -> np.ndarray:
        """Opening (T,) in outer-eye distances."""
        return features[..., 0] * self.opening_scale + self.opening_mean

    def with_opening(self, features: np.ndarray, opening: np.ndarray) -> np.ndarray:
        """The same features with another opening (T,)."""
        first = (np.asarray(opening) - self.opening_mean) / self.opening_scale
        return np.concatenate([first[..., None], features[..., 1:]], axis=-1)

    def decode(self, features: np.ndarray) -> np.ndarray:
        """Displacements (T, L, 3) from the closed neutral."""
        centred = self.opening(features) - self.opening_mean
        flat = self.mean + centred[:, None] * self.opening_shape + features[:, 1:] @ self.shapes
        return flat.reshape(len(flat), -1, 3)

    def arrays(self) -> dict[str, np.ndarray]:
        """Plain arrays for an .npz; `from_arrays` reverses it."""
        return {f"lips/{name}": np.asarray(value) for name, value in vars(self).items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "LipSpace":
        """Rebuild from `arrays`."""
        prefix = "lips/"
        return cls(**{k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)})


def displacement(sentence: SpokenSentence, data: SpokenEnglish, neutral: np.ndarray) -> np.ndarray:
    """Lips (T, 40, 3) relative to the sentence's own closed lips, in outer-eye distances.

    The head-fixed frame shifts a little from clip to clip; the clip's closed frames, drawn
    towards the talker's `neutral` where they are few, take that out.
    """
    closed = sentence.lips[data.opening(sentence.lips) < CLOSED]
    own = (closed.sum(0) + _PRIOR_FRAMES * neutral) / (len(closed) + _PRIOR_FRAMES)
    return sentence.lips - own


def _closure(data: SpokenEnglish) -> float:
    """Median over p b m of the smallest measured opening: what closed lips measure as."""
    smallest = []
    for sentence in data.train:
        opening, times = data.opening(sentence.lips), sentence.times
        chosen = sentence.phones.select(np.isin(sentence.phones.label, ("P", "B", "M")))
        for start, end in zip(chosen.start, chosen.end, strict=True):
            inside = (times >= start - 0.02) & (times <= end + 0.02)
            smallest.append(opening[inside].min(initial=np.inf))
    return float(np.median([value for value in smallest if np.isfinite(value)]))
