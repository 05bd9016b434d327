"""A recorded performance in ARKit's shapes, and the same at other times."""

from dataclasses import dataclass

import numpy as np

from ..settings import setting

REST_PERCENTILE = 10
"""A shape's rest in a recording: the camera never reads exactly zero."""
LEAST_RANGE = 0.2


@dataclass(frozen=True)
class ArkitSettings:
    """How a recording is read."""

    neutral: bool = setting(False, "From Rest", "Take out what the phone saw in the resting face")


@dataclass(frozen=True)
class ArkitTake:
    """Shape weights and head angles over time.

    Attributes:
        times: (T,) float64 seconds, increasing from 0, not always evenly.
        weights: (T, 52), about 0…1, as `shapes.SHAPES`.
        head_angles: (T, 3) yaw, pitch, roll in radians as the app writes them (`pose.py`).
    """

    times: np.ndarray
    weights: np.ndarray
    head_angles: np.ndarray

    def __len__(self) -> int:
        return len(self.times)

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return float(self.times[-1])

    def evenly(self, fps: float) -> "ArkitTake":
        """The take at `fps` frames a second, interpolated where frames were dropped."""
        times = frame_times(self.seconds, fps)
        return ArkitTake(
            times,
            interpolated(times, self.times, self.weights),
            interpolated(times, self.times, self.head_angles),
        )


def frame_times(seconds: float, fps: float) -> np.ndarray:
    """Times (T,) of the frames from 0 to `seconds`."""
    return np.arange(int(seconds * fps + 1e-6) + 1) / fps


def interpolated(times: np.ndarray, moments: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values (n, D) known at rising `moments` (n,), at `times` (T,): (T, D)."""
    return np.stack([np.interp(times, moments, column) for column in values.T], axis=1)


def from_rest(weights: np.ndarray) -> np.ndarray:
    """Weights (T, C) with each shape's rest taken out and its full range kept."""
    rest = np.percentile(weights, REST_PERCENTILE, axis=0)
    return np.clip((weights - rest) / np.maximum(1 - rest, LEAST_RANGE), 0, 1)
