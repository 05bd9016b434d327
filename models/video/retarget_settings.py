"""How a video's performance is put on a head: all of it changes without analysing again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import VideoError
from ..speech.manner import PARTS

SMOOTHING = 0.0
LIMITS = {
    "strength": (0.0, 3.0),
    "smoothing": (0.0, 1.0),
    "speed": (0.1, 10.0),
    "eye_contact": (0.0, 1.0),
}


@dataclass(frozen=True)
class ResidualCurve:
    """A residual vector over time; zero plays what the features say.

    Attributes:
        times: (K,) seconds of the result, increasing; constant before and after.
        values: (K, R) in the axes' deviations; R may be 0 for none.
    """

    times: np.ndarray = field(default_factory=lambda: np.zeros(1))
    values: np.ndarray = field(default_factory=lambda: np.zeros((1, 0)))

    def at(self, times: np.ndarray, size: int) -> np.ndarray:
        """(T, size) float32.

        Raises:
            VideoError: The curve has another size.
        """
        values = np.asarray(self.values, float)
        if values.shape[1] == 0:
            return np.zeros((len(times), size), np.float32)
        if values.shape[1] != size or len(values) != len(self.times):
            raise VideoError(f"A residual vector has {size} numbers, not {values.shape[1]}.")
        columns = [np.interp(times, self.times, column) for column in values.T]
        return np.stack(columns, 1).astype(np.float32)


@dataclass(frozen=True)
class Retargeting:
    """Settings.

    Attributes:
        strength: Factor on all movement away from the neutral face.
        strengths: Factor for each of `speech.manner.PARTS`, on top; missing ones are 1.
        smoothing: Deviation in seconds of a Gaussian over all movement.
        speed: 2 plays twice as fast.
        mirror: Left becomes right.
        head: Whether the head's pose is taken over.
        facing: Whether the head's average pose becomes straight ahead.
        eye_contact: 0 keeps the gaze; 1 turns the eyes to the camera throughout.
        start: Seconds of the video left out at its beginning.
        end: Second of the video where to stop; None at its end.
        residual: Residual vector over time.
    """

    strength: float = 1.0
    strengths: Mapping[str, float] = field(default_factory=dict)
    smoothing: float = SMOOTHING
    speed: float = 1.0
    mirror: bool = False
    head: bool = True
    facing: bool = True
    eye_contact: float = 0.0
    start: float = 0.0
    end: float | None = None
    residual: ResidualCurve = ResidualCurve()

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            if not low <= getattr(self, name) <= high:
                raise VideoError(f"The {name.replace('_', ' ')} must be from {low} to {high}.")
        low, high = LIMITS["strength"]
        for part, value in self.strengths.items():
            if part not in PARTS or not low <= value <= high:
                raise VideoError(f"The strength of {part} must be from {low} to {high}.")
        if self.start < 0 or (self.end is not None and self.end <= self.start):
            raise VideoError("The video's end must come after its start.")


AS_SEEN = Retargeting()
"""What the video shows, nothing changed."""
