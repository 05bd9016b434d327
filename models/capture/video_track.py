"""Pictures of one video by time: read in order without seeking, at most one kept in memory."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from ..errors import CaptureError

FAR_AHEAD = 2.0
"""Seconds that are read through; further ahead the video is searched."""
BEFORE = 0.5
"""Seconds before a wanted time to search for, as searches end where they can."""
GAP = 0.75
"""A frame further from the wanted time than this many frames is another one's."""


class VideoTrack:
    """A video file whose pictures are asked for by time.

    Attributes:
        path: The file.
        fps: Frames a second, on average.
        seconds: Length, as the file tells it.
        size: Width and height in pixels.
    """

    def __init__(self, path: Path) -> None:
        """Open the video to see what it tells of itself.

        Raises:
            CaptureError: It is no video that can be read.
        """
        self.path = Path(path)
        self._capture: cv2.VideoCapture | None = None
        self._time, self._picture = -math.inf, None
        capture = self._open()
        fps, count = (capture.get(k) for k in (cv2.CAP_PROP_FPS, cv2.CAP_PROP_FRAME_COUNT))
        self.size = tuple(
            int(capture.get(k)) for k in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        capture.release()
        if not (math.isfinite(fps) and 1 <= fps <= 1000 and count >= 1):
            raise CaptureError(
                f"{self.path.name} does not tell its length and frame rate: make a copy of it with "
                "a constant frame rate, as .mp4 or .mkv."
            )
        self.fps, self.seconds = fps, count / fps

    def __getstate__(self) -> dict:
        """Everything but the decoder, which another process opens anew."""
        return self.__dict__ | {"_capture": None, "_time": -math.inf, "_picture": None}

    def nearest(self, time: float) -> float:
        """Time of the frame nearest to `time`, as far as length and frame rate tell."""
        return self._inside(round(time * self.fps) / self.fps)

    def _inside(self, time: float) -> float:
        return min(max(time, 0.0), max(self.seconds - 1 / self.fps, 0.0))

    def read(self, time: float) -> np.ndarray:
        """The picture (H, W, 3) uint8 RGB nearest to `time` in seconds of the video.

        Raises:
            CaptureError: There is none, or the video is damaged there.
        """
        time, half = self._inside(time), 0.5 / self.fps
        if not self._time - GAP / self.fps <= time <= self._time + FAR_AHEAD:
            self._search(time)
        while self._time < time - half:
            self._advance()
        if abs(self._time - time) > GAP / self.fps:
            raise CaptureError(f"{self.path.name} has no picture at {time:.3f} s.")
        if self._picture is None:
            done, picture = self._capture.retrieve()
            if not done:
                raise CaptureError(f"{self.path.name} is damaged at {time:.3f} s.")
            self._picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        return self._picture

    def _search(self, time: float) -> None:
        """Stand before `time`; from the start where the file cannot be searched."""
        if self._capture is None or time < self._time:
            self._restart()
        if time > FAR_AHEAD:
            self._capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * max(time - BEFORE, 0.0))
            self._advance()
            if self._time > time + 0.5 / self.fps:
                self._restart()

    def _restart(self) -> None:
        if self._capture is not None:
            self._capture.release()
        self._capture, self._time, self._picture = self._open(), -math.inf, None

    def _advance(self) -> None:
        if not self._capture.grab():
            end, self._capture, self._time = self._time, None, -math.inf
            raise CaptureError(
                f"The pictures of {self.path.name} end at {max(end, 0.0):.2f} s of "
                f"{self.seconds:.2f} s: the file is cut or damaged."
            )
        told = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        later = max(self._time, -1 / self.fps) + 1 / self.fps
        self._time = told if math.isfinite(told) and told > self._time else later
        self._picture = None

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(str(self.path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise CaptureError(f"{self.path.name} is not a video that can be read.")
        return capture


@dataclass(frozen=True)
class TakeTimes:
    """When a take's frames are, on the clock that all cameras share.

    Attributes:
        fps: Frames a second.
        start: Of frame 0, in seconds.
    """

    fps: float
    start: float = 0.0


@dataclass(frozen=True)
class VideoPictures:
    """One camera's videos.

    Attributes:
        tracks: Video by take.
        starts: Seconds on the shared clock at which each video begins.
        times: Of each take's frames.
    """

    tracks: Mapping[str, VideoTrack]
    starts: Mapping[str, float]
    times: Mapping[str, TakeTimes] = field(default_factory=dict)

    def has(self, take: str, frame: int) -> bool:
        """Whether a frame of the video is nearer than half a frame of the take."""
        if take not in self.tracks or take not in self.times:
            return False
        return self.lateness(take, frame) <= 0.5 / self.times[take].fps + 1e-6

    def lateness(self, take: str, frame: int) -> float:
        """Seconds between a take's frame and the nearest one of the video."""
        time = self._time(take, frame)
        return abs(self.tracks[take].nearest(time) - time)

    def read(self, take: str, frame: int, size: tuple[int, int]) -> np.ndarray:  # noqa: ARG002
        """A picture (H, W, 3) uint8 RGB; quick where frames are asked for in order.

        Raises:
            CaptureError: There is none, or the video is damaged there.
        """
        if not self.has(take, frame):
            raise CaptureError(f"frame {frame} of take {take} is missing.")
        return self.tracks[take].read(self._time(take, frame))

    def _time(self, take: str, frame: int) -> float:
        times = self.times[take]
        return times.start + frame / times.fps - self.starts[take]
