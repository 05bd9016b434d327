"""Noise taken off over time: what trembles although nothing moves.

Frames are tracked one by one, so the noise of pictures makes a resting face shiver. How much is
noise, moments at rest tell. Values are then smoothed as far as their accelerations are no larger
than noise makes them: a resting brow a lot, lips that close on a p not at all. (Whittaker's
smoother, 1923, each acceleration with a prior of its own, found by expectation maximisation.)
"""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

ROUNDS = 3
AROUND = 2
"""Frames to either side that move alike."""
STRONGEST = 30.0
"""Most weight of an acceleration's square beside that of a value's change."""
ACCELERATED, JERKED = 6.0, 20.0
"""Variance of second and third differences of noise of variance one: 1 + 4 + 1, 1 + 9 + 9 + 1."""

Average = Callable[[np.ndarray], np.ndarray]
"""What (T, N) is around each of N points."""


def noise_of(values: np.ndarray) -> np.ndarray:
    """Variance (N,) of the noise on values (T, N, C), of frames in which hardly anything moves."""
    return (np.diff(values, 3, axis=0) ** 2).sum(-1).mean(0) / JERKED


def steadied(
    values: np.ndarray,
    noise: np.ndarray,
    follows: np.ndarray,
    average: Average = lambda values: values,
) -> np.ndarray:
    """Values without what is likely noise.

    Args:
        values: (T, N, C).
        noise: (N,) its variance, summed over C; zeros leave values as they are.
        follows: (T,) bool, whether a frame comes right after the one before it.
        average: Over points that move alike.
    """
    together = follows[1:-1] & follows[2:]
    if not together.any() or not noise.any():
        return values
    smooth, explained = values, ACCELERATED * noise
    for _ in range(ROUNDS):
        moving = (np.diff(smooth, 2, axis=0) ** 2).sum(-1)
        moving = np.maximum(_around(average(moving), together) - explained, 0)
        stiffness = noise / np.maximum(moving + noise / STRONGEST, 1e-30)
        smooth, explained = _smoothed(values, stiffness * together[:, None]), 0.0
    return smooth


def _around(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Means (T, N) over neighbouring frames that are `known` (T,)."""
    share = known[:, None].astype(float)
    total, count = (
        sliding_window_view(np.pad(v, ((AROUND, AROUND), (0, 0))), 2 * AROUND + 1, axis=0).sum(-1)
        for v in (values * share, share)
    )
    return total / np.maximum(count, 1)


def _smoothed(values: np.ndarray, stiffness: np.ndarray) -> np.ndarray:
    """The x that makes Σ |x − values|² + Σ stiffness |second difference of x|² least.

    Args:
        values: (T, N, C).
        stiffness: (T − 2, N).
    """
    zero = np.zeros((2, *stiffness.shape[1:]))
    first, middle, last = (
        np.concatenate([zero[:before], stiffness, zero[: 2 - before]]) for before in (0, 1, 2)
    )
    return _solved(1 + first + 4 * middle + last, -2 * (first + middle), first, values)


def _solved(
    diagonal: np.ndarray, next_to: np.ndarray, beyond: np.ndarray, right: np.ndarray
) -> np.ndarray:
    """Solutions (T, N, C) of N symmetric systems with five diagonals, by LDLᵀ.

    Args:
        diagonal: (T, N).
        next_to: (T, N), entries (t, t + 1).
        beyond: (T, N), entries (t, t + 2).
        right: (T, N, C).
    """
    count = len(diagonal)
    pivot, near, far, x = diagonal.copy(), next_to.copy(), beyond.copy(), right.copy()
    for t in range(count):
        if t >= 1:
            pivot[t] -= near[t - 1] ** 2 * pivot[t - 1]
            near[t] -= near[t - 1] * far[t - 1] * pivot[t - 1]
            x[t] -= near[t - 1][:, None] * x[t - 1]
        if t >= 2:
            pivot[t] -= far[t - 2] ** 2 * pivot[t - 2]
            x[t] -= far[t - 2][:, None] * x[t - 2]
        near[t] /= pivot[t]
        far[t] /= pivot[t]
    x /= pivot[..., None]
    for t in range(count - 2, -1, -1):
        x[t] -= near[t][:, None] * x[t + 1]
        if t + 2 < count:
            x[t] -= far[t][:, None] * x[t + 2]
    return x
