"""A smooth map between two kinds of vectors: a linear one plus what a few examples add to it."""

from dataclasses import dataclass

import numpy as np

SUPPORTS = 512
CANDIDATES = 6000
"""Frames among which the supports are looked for."""
RIDGE = 1.0
LINEAR_RIDGE = 0.01
JITTER = 1e-6
CHUNK = 4096
ROOT3 = 3**0.5


@dataclass(frozen=True)
class KernelMap:
    """Linear map and a Matérn kernel around supports; far from all of them it is linear.

    Attributes:
        scale: (D,) what an input is multiplied with before distances are taken.
        support: (m, D) inputs, scaled.
        dual: (m, E) their weights.
        linear: (D + 1, E) of the scaled inputs, last of 1.
    """

    scale: np.ndarray
    support: np.ndarray
    dual: np.ndarray
    linear: np.ndarray

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """Outputs (n, E) float32 of inputs (n, D)."""
        weights = np.concatenate([self.dual, self.linear])
        parts = [
            _features(part * self.scale, self.support) @ weights
            for part in np.split(inputs, range(CHUNK, len(inputs), CHUNK))
        ]
        return np.concatenate(parts).astype(np.float32)

    def check(self, inputs: int, outputs: int) -> None:
        """Raise ValueError unless the map turns (n, inputs) into (n, outputs)."""
        fits = (
            self.scale.shape == (inputs,)
            and self.support.ndim == 2
            and self.support.shape[1] == inputs
            and self.dual.shape == (len(self.support), outputs)
            and self.linear.shape == (inputs + 1, outputs)
        )
        if not fits:
            raise ValueError("its maps have other sizes than shapes and codes")


def fit_kernel_map(
    inputs: np.ndarray, outputs: np.ndarray, spread: np.ndarray, rng: np.random.Generator
) -> KernelMap:
    """Least squares over all frames, the kernel part held small by its own norm.

    Args:
        inputs: (n, D).
        outputs: (n, E).
        spread: (D,) how much of each input makes a difference.
        rng: Chooses supports.
    """
    scale = 1 / (spread * np.sqrt(len(spread)))
    support = _supports(inputs * scale, rng)
    gram, seen = np.zeros(()), np.zeros(())
    for start in range(0, len(inputs), CHUNK):
        chosen = slice(start, start + CHUNK)
        features = _features(inputs[chosen] * scale, support)
        gram = gram + features.T @ features
        seen = seen + features.T @ outputs[chosen]
    prior = LINEAR_RIDGE * np.eye(len(gram))
    count = len(support)
    prior[:count, :count] = _features(support, support)[:, :count]
    weights = np.linalg.solve(gram + RIDGE * prior + JITTER * np.eye(len(gram)), seen)
    arrays = (scale, support, weights[:count], weights[count:])
    return KernelMap(*(np.asarray(array, np.float32) for array in arrays))


def _supports(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Supports (m, D) among points (n, D): half as frequent as they are, half extremes."""
    sample = points[rng.permutation(len(points))[:CANDIDATES]]
    common = min(SUPPORTS // 2, len(sample))
    chosen = list(range(common))
    distance = np.full(len(sample), np.inf)
    for place in chosen:
        distance = np.minimum(distance, ((sample - sample[place]) ** 2).sum(1))
    while len(chosen) < SUPPORTS and distance.max() > 0:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, ((sample - sample[chosen[-1]]) ** 2).sum(1))
    return sample[chosen]


def _features(points: np.ndarray, support: np.ndarray) -> np.ndarray:
    """(n, m + D + 1): the kernel at each support, the point itself, 1."""
    points, support = np.asarray(points, np.float64), np.asarray(support, np.float64)
    squares = (points**2).sum(1)[:, None] + (support**2).sum(1) - 2 * points @ support.T
    distance = ROOT3 * np.sqrt(np.maximum(squares, 0))
    kernel = (1 + distance) * np.exp(-distance)
    return np.concatenate([kernel, points, np.ones((len(points), 1))], 1)
