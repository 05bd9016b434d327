"""A face that is followed while it acts: what it shows now, and the whole take. No bpy."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...models.errors import NeuralFaceError
from ...models.parameters import AnimationParameters
from ..system import runtime
from .clip_solving import Data, Progress, recorded

if TYPE_CHECKING:
    from ...models.actor import Actor


@dataclass(frozen=True)
class Moment:
    """What was seen in one picture.

    Attributes:
        seconds: Since the beginning.
        code: (Z,).
        head_pose: (6,).
        confidence: 0 without a face.
    """

    seconds: float
    code: np.ndarray
    head_pose: np.ndarray
    confidence: float


class Session:
    """One take; `read` runs on a thread of its own, the rest may be used meanwhile."""

    def __init__(self, source: int | Path, seconds: float = 0.0) -> None:
        """Get ready.

        Args:
            source: Number of a camera, or a video that is played at its own speed.
            seconds: When to stop; 0 for the source's end.
        """
        self.now: Moment | None = None
        self._source, self._seconds = source, seconds
        self._stop = threading.Event()

    def stop(self) -> None:
        """End the take and keep it."""
        self._stop.set()

    def read(self, head: "Actor", progress: Progress) -> Data:
        """Follow the face until the take ends.

        Raises:
            NeuralFaceError: The source cannot be opened, a package is missing, no face was seen,
                or the user cancelled.
        """
        moments: list[Moment] = []
        for seen in runtime.followed(head, self._source):
            self.now = Moment(*seen)
            moments.append(self.now)
            progress(0.0, "Following")
            if self._stop.is_set() or 0 < self._seconds <= self.now.seconds:
                break
        if not any(moment.confidence for moment in moments):
            raise NeuralFaceError("No face was seen; nothing was changed.")
        times = np.array([moment.seconds for moment in moments])
        parts = (
            np.stack([moment.code for moment in moments]),
            np.stack([moment.head_pose for moment in moments]),
        )
        return recorded(AnimationParameters(times - times[0], *parts))
