"""The reference texture of a head: the mean over frames, sharpened by aligning frames to it."""

import numpy as np

from .fill import push_pull


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
