"""Pictures of a video with their times, read ahead in a thread of their own."""

import math
import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from ..errors import VideoError
from ..video_reader import USUAL_FPS, VideoReader

LONGEST_SIDE = 960
"""Larger pictures are scaled down to it: a landmarker sees no more, and 4K would fill memory."""
PICTURES = frozenset(".jpg .jpeg .png .bmp .tif .tiff .webp".split())
"""Endings of single pictures, which are videos of one frame."""
MISSING_SECONDS = 0.25
"""Pictures may end this much before the file does; sound often lasts longer."""

_AHEAD = 4
_WAIT = 0.1


class VideoStream:
    """A video file; a context manager and an iterator over (seconds, picture).

    A picture is (H, W, 3) uint8 RGB, upright, its pixels square, at most `LONGEST_SIDE` pixels
    long; None before `start`, so that whoever waits can still stop. Times are the file's own and
    always increase.

    Attributes:
        name: Of the file.
        size: Width and height in square pixels of the upright video.
        fps: Frames in a second, on average.
        seconds: Length as the file tells it; 0 where it does not.
        warnings: What is wrong with the file; complete after iterating.
    """

    def __init__(self, path: Path, start: float = 0.0, end: float | None = None) -> None:
        """Open a video or a picture.

        Args:
            path: Whatever OpenCV's FFmpeg reads.
            start: Second of the first picture wanted.
            end: Second of the last; None reads to the end.

        Raises:
            VideoError: The file is missing, no video, or without pictures.
        """
        path = Path(path)
        self.name, self._start, self._end = path.name, start, math.inf if end is None else end
        self.warnings: tuple[str, ...] = ()
        self._reader = None if path.suffix.lower() in PICTURES else VideoReader(path)
        if self._reader is None:
            self._first, self._aspect = _read_picture(path), 1.0
            self.fps, self.seconds = USUAL_FPS, 1 / USUAL_FPS
        else:
            self._first, self._aspect = _first_of(self._reader), self._reader.pixel_aspect
            self.fps, self.seconds = self._reader.fps, self._reader.seconds
        height, width = self._first.shape[:2]
        self.size = round(width * self._aspect), height
        self._queue: queue.Queue = queue.Queue(_AHEAD)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="video", daemon=True)

    def __enter__(self) -> "VideoStream":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._reader is not None:
            self._reader.close()

    def __iter__(self) -> Iterator[tuple[float, np.ndarray | None]]:
        self._thread.start()
        while (item := self._queue.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item

    def _read(self) -> None:
        """The thread: pictures, then None; an exception goes to whoever iterates."""
        try:
            for item in self._pictures():
                if not self._put(item):
                    return
            self._put(None)
        except Exception as error:
            self._put(error)

    def _put(self, item: object) -> bool:
        """Whether somebody still wants pictures."""
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=_WAIT)
                return True
            except queue.Full:
                continue
        return False

    def _pictures(self) -> Iterator[tuple[float, np.ndarray | None]]:
        reader = self._reader
        time = reader.time if reader else 0.0
        yield time, self._prepared(self._first) if time >= self._start else None
        while reader is not None and reader.grab():
            time = reader.time
            if time > self._end:
                return
            wanted = time >= self._start
            picture = reader.picture() if wanted else None
            if wanted and picture is None:
                break
            yield time, None if picture is None else self._prepared(picture)
        self._check_end(time + 1 / self.fps)

    def _prepared(self, picture: np.ndarray) -> np.ndarray:
        """Square pixels, no more than needed."""
        height, width = picture.shape[0], picture.shape[1] * self._aspect
        scale = min(LONGEST_SIDE / max(height, width), 1.0)
        size = max(1, round(scale * width)), max(1, round(scale * height))
        if size == (picture.shape[1], picture.shape[0]):
            return picture
        return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)

    def _check_end(self, seconds: float) -> None:
        if seconds < min(self.seconds, self._end) - MISSING_SECONDS:
            self.warnings = (
                f"The pictures of {self.name} end at {seconds:.1f} s of {self.seconds:.1f} s; "
                "the file may be damaged there.",
            )


def _first_of(reader: VideoReader) -> np.ndarray:
    picture = reader.picture() if reader.grab() else None
    if picture is None:
        reader.close()
        raise VideoError(f"{reader.name} has no pictures that can be read.")
    return picture


def _read_picture(path: Path) -> np.ndarray:
    """A picture file (H, W, 3) RGB, upright; OpenCV's own reading fails on some file names."""
    if not path.is_file():
        raise VideoError(f"There is no video file {path.name}.")
    data = np.fromfile(path, np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if picture is None:
        raise VideoError(f"{path.name} is not a picture that can be read.")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
