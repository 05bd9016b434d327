"""Pictures of one video by time: read in order without seeking, at most one kept in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import CaptureError, VideoError
from ..video_reader import VideoReader

FAR_AHEAD = 2.0
"""Seconds that are read through; further ahead the video is searched."""
BEFORE = 0.5
"""Seconds before a wanted time to search for, as searches end where they can."""
GAP = 0.75
"""A frame further from the wanted time than this many frames is another one's."""


class VideoTrack:
    """A video file whose pictures are asked for by time.

    Pixels are as they are stored, square or not: the calibration is of these.

    Attributes:
        path: The file.
        fps: Frames a second, on average.
        seconds: Length, as the file tells it.
    """

    def __init__(self, path: Path) -> None:
        """Open the video to see what it tells of itself.

        Raises:
            CaptureError: It is no video that can be read.
        """
        self.path = Path(path)
        self._reader: VideoReader | None = None
        self._picture: np.ndarray | None = None
        reader = self._open()
        reader.close()
        self.fps, self.seconds = reader.fps, reader.seconds
        if self.fps < 1 or not self.seconds:
            raise CaptureError(
                f"{self.path.name} does not tell its length and frame rate: make a copy of it with "
                "a constant frame rate, as .mp4 or .mkv."
            )

    def __getstate__(self) -> dict:
        """Everything but the decoder, which another process opens anew."""
        return self.__dict__ | {"_reader": None, "_picture": None}

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
        reader = self._reader
        if not reader or not reader.time - GAP / self.fps <= time <= reader.time + FAR_AHEAD:
            reader = self._search(time)
        while reader.time < time - half:
            self._advance(reader)
        if abs(reader.time - time) > GAP / self.fps:
            raise CaptureError(f"{self.path.name} has no picture at {time:.3f} s.")
        if self._picture is None:
            self._picture = reader.picture()
        if self._picture is None:
            raise CaptureError(f"{self.path.name} is damaged at {time:.3f} s.")
        return self._picture

    def _search(self, time: float) -> VideoReader:
        """Stand before `time`; from the start where the file cannot be searched."""
        reader = self._reader
        if reader is None or time < reader.time:
            reader = self._restart()
        if time > FAR_AHEAD:
            reader.search(time - BEFORE)
            self._advance(reader)
            if reader.time > time + 0.5 / self.fps:
                reader = self._restart()
        return reader

    def _restart(self) -> VideoReader:
        if self._reader is not None:
            self._reader.close()
        self._reader, self._picture = self._open(), None
        return self._reader

    def _advance(self, reader: VideoReader) -> None:
        if not reader.grab():
            self._reader = None
            raise CaptureError(
                f"The pictures of {self.path.name} end at {max(reader.time, 0.0):.2f} s of "
                f"{self.seconds:.2f} s: the file is cut or damaged."
            )
        self._picture = None

    def _open(self) -> VideoReader:
        try:
            return VideoReader(self.path)
        except VideoError as error:
            raise CaptureError(str(error)) from error


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
