"""How a video's performance is put on a head: all of it changes without analysing again."""

from dataclasses import dataclass, field

import numpy as np

from ..errors import VideoError
from ..settings import check, setting
from ..speech.manner import PARTS

MOST_RESIDUAL_AXES = 12
"""Elements of a residual that a .blend keeps."""


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
class ResidualSettings:
    """A residual that stays the same throughout, or its values at one time."""

    residual: tuple[float, ...] = setting(
        (), "Residual", "Changes the performance along this axis, in deviations",
        size=MOST_RESIDUAL_AXES, soft=(-3.0, 3.0), keyed=True,
    )  # fmt: skip

    @property
    def curve(self) -> ResidualCurve:
        """The same as a curve."""
        return ResidualCurve(values=np.array([self.residual], float))


@dataclass(frozen=True)
class VideoSource:
    """Which face of which video is followed."""

    filepath: str = setting("", "File", "Video of a face", kind="file", option="--video")
    person: int = setting(
        0, "Person", "Whose face is followed, from the left; 0 for the largest", low=0
    )

    def __post_init__(self) -> None:
        check(self, VideoError)

    @property
    def face(self) -> int | None:
        """Number of the face from the left, from 0; None for the largest."""
        return self.person - 1 if self.person else None


def _part_strength(part: str) -> float:
    return setting(
        1.0, part.capitalize(), PARTS[part], low=0.0, high=3.0, soft=(None, 2.0),
        noun=f"strength of the {part}", slider=True,
    )  # fmt: skip


@dataclass(frozen=True)
class Retargeting:
    """How a performance is put on a head.

    Attributes:
        residual: Over the time of the result.
        smoothing: Deviation in seconds of a Gaussian.
        trim_start: Seconds of the source.
        trim_end: Seconds of the source.
    """

    strength: float = setting(
        1.0, "Strength", "How much everything moves", low=0.0, high=3.0, soft=(None, 2.0),
        slider=True,
    )  # fmt: skip
    mouth_strength: float = _part_strength("mouth")
    eyes_strength: float = _part_strength("eyes")
    brows_strength: float = _part_strength("brows")
    head_strength: float = _part_strength("head")
    smoothing: float = setting(
        0.0, "Smoothing", "Softens all movement", low=0.0, high=1.0, soft=(None, 0.2),
        kind="seconds", apart=True,
    )  # fmt: skip
    speed: float = setting(
        1.0, "Speed", "2 plays twice as fast", low=0.1, high=10.0, soft=(0.25, 4.0)
    )
    mirror: bool = setting(False, "Mirror", "Left becomes right")
    use_head: bool = setting(True, "Head Pose", "Turn the head as well", option="--head-pose")
    facing: bool = setting(True, "Face Forward", "The average direction becomes straight ahead")
    eye_contact: float = setting(
        0.0, "Eye Contact", "Turns the eyes to the camera", low=0.0, high=1.0, kind="share"
    )
    trim_start: float = setting(
        0.0, "Trim Start", "Second of the video where to begin", low=0.0, kind="seconds",
        apart=True,
    )  # fmt: skip
    trim_end: float = setting(
        0.0, "Trim End", "Second of the video where to stop; 0 at its end", low=0.0,
        kind="seconds",
    )  # fmt: skip
    residual: ResidualCurve = ResidualCurve()

    def __post_init__(self) -> None:
        check(self, VideoError)
        if self.end is not None and self.end <= self.trim_start:
            raise VideoError("The video's end must come after its start.")

    @property
    def end(self) -> float | None:
        """Second where to stop, None at the end."""
        return self.trim_end or None

    def strength_of(self, part: str) -> float:
        """Factor on the movement of one of `speech.manner.PARTS`."""
        return self.strength * getattr(self, f"{part}_strength")


AS_SEEN = Retargeting()
"""What the video shows, nothing changed."""
