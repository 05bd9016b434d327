"""Texels that no camera saw: a reference over frames, and smooth interpolation across holes."""

import cv2
import numpy as np


def push_pull(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Interpolate over where weights are low (Gortler et al., The Lumigraph, 1996).

    Args:
        values: (S, S, C) float32.
        weights: (S, S) float32 0…1; where 1, the value is kept.

    Returns:
        (S, S, C) float32 without holes (zero where all weights are zero).
    """
    rows, columns = weights.shape
    if min(rows, columns) == 1:
        return values
    size = ((columns + 1) // 2, (rows + 1) // 2)
    share = cv2.resize(weights, size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(values * weights[..., None], size, interpolation=cv2.INTER_AREA)
    total = total.reshape(*share.shape, -1)
    coarse = total / np.maximum(share, 1e-12)[..., None]
    filled = push_pull(coarse, np.minimum(4 * share, 1.0))
    smooth = cv2.resize(filled, (columns, rows), interpolation=cv2.INTER_LINEAR)
    smooth = smooth.reshape(values.shape)
    return smooth + weights[..., None] * (values - smooth)


class Reference:
    """The mean texture over frames, each texel over those frames in which it was seen."""

    def __init__(self, size: int) -> None:
        self._sum = np.zeros((size, size, 3), np.float32)
        self._weight = np.zeros((size, size), np.float32)

    def add(self, colour: np.ndarray, seen: np.ndarray) -> None:
        """Count a frame's colour (S, S, 3) 0…1 where it was seen (S, S) 0…1."""
        weight = seen * seen
        self._sum += weight[..., None] * colour
        self._weight += weight

    def merge(self, other: "Reference") -> None:
        """Count the frames of another reference too."""
        self._sum += other._sum
        self._weight += other._weight

    def texture(self) -> np.ndarray:
        """The whole reference (S, S, 3) float32, texels never seen interpolated."""
        mean = self._sum / np.maximum(self._weight, 1e-6)[..., None]
        return push_pull(mean, np.clip(4 * self._weight, 0, 1))


def fill(colour: np.ndarray, seen: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Complete a frame: the reference, moved to fit the frame around each hole.

    Args:
        colour: (S, S, 3) float32 0…1, anything where unseen.
        seen: (S, S) float32 0…1.
        reference: (S, S, 3) float32 0…1.

    Returns:
        (S, S, 3) uint8.
    """
    whole = reference + push_pull(colour - reference, seen)
    return np.clip(whole * 255 + 0.5, 0, 255).astype(np.uint8)
