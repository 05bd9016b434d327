"""Pictures of a video with their times, decoded ahead in a thread of their own."""

import math
import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from .errors import VideoError

LONGEST_SIDE = 960
"""Larger pictures are scaled down to it: a landmarker sees no more, and 4K would fill memory."""
PICTURES = frozenset(".jpg .jpeg .png .bmp .tif .tiff .webp".split())
"""Endings of single pictures, which are videos of one frame."""
USUAL_FPS = 25.0
MISSING_SECONDS = 0.25
"""Pictures may end this much before the file does; sound often lasts longer."""

_AHEAD = 4
_WAIT = 0.1
_TEXT = "ansi"


class VideoSource:
    """A video file; a context manager and an iterator over (seconds, picture).

    A picture is (H, W, 3) uint8 RGB, upright, at most `LONGEST_SIDE` pixels long; None before
    `start`, so that whoever waits can still stop. Times are the file's own and always increase.

    Attributes:
        name: Of the file.
        size: Width and height in pixels of the upright video.
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
        if not path.is_file():
            raise VideoError(f"There is no video file {path.name}.")
        if not path.stat().st_size:
            raise VideoError(f"{path.name} is empty.")
        self.name, self._start, self._end = path.name, start, math.inf if end is None else end
        self.warnings: tuple[str, ...] = ()
        self._capture = None if path.suffix.lower() in PICTURES else _open(path)
        first = _read_picture(path) if self._capture is None else self._grab_first()
        self.size = first.shape[1], first.shape[0]
        self.fps, self.seconds = self._told()
        self._first = first
        self._queue: queue.Queue = queue.Queue(_AHEAD)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="video", daemon=True)

    def __enter__(self) -> "VideoSource":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._capture is not None:
            self._capture.release()

    def __iter__(self) -> Iterator[tuple[float, np.ndarray | None]]:
        self._thread.start()
        while (item := self._queue.get()) is not None:
            if isinstance(item, Exception):
                raise item
            yield item

    def _grab_first(self) -> np.ndarray:
        done, picture = self._capture.read()
        if not done:
            self._capture.release()
            raise VideoError(f"{self.name} has no pictures that can be read.")
        return picture

    def _told(self) -> tuple[float, float]:
        """Frames in a second and seconds, as the file tells them."""
        if self._capture is None:
            return USUAL_FPS, 1 / USUAL_FPS
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        fps = fps if math.isfinite(fps) and 0 < fps <= 1000 else USUAL_FPS
        return fps, max(0.0, self._capture.get(cv2.CAP_PROP_FRAME_COUNT) / fps)

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
        time = self._time_after(-math.inf)
        picture, self._first = self._first, None
        yield time, _prepared(picture) if time >= self._start else None
        while self._capture is not None and self._capture.grab():
            time = self._time_after(time)
            if time > self._end:
                return
            wanted = time >= self._start
            done, picture = self._capture.retrieve() if wanted else (True, None)
            if not done:
                break
            yield time, _prepared(picture) if wanted else None
        self._check_end(time + 1 / self.fps)

    def _time_after(self, before: float) -> float:
        """Of the grabbed frame; some formats have no times, or times that go back."""
        told = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 if self._capture else 0.0
        if math.isfinite(told) and told > before:
            return max(told, 0.0)
        return before + 1 / self.fps

    def _check_end(self, seconds: float) -> None:
        if seconds < min(self.seconds, self._end) - MISSING_SECONDS:
            self.warnings = (
                f"The pictures of {self.name} end at {seconds:.1f} s of {self.seconds:.1f} s; "
                "the file may be damaged there.",
            )


def _open(path: Path) -> cv2.VideoCapture:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened() or _codec(capture) == _TEXT:
        capture.release()
        raise VideoError(f"{path.name} is not a video that can be read, or it is incomplete.")
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    return capture


def _codec(capture: cv2.VideoCapture) -> str:
    """Four letters; FFmpeg takes any text for a film of a terminal."""
    return int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True).decode("latin1")


def _read_picture(path: Path) -> np.ndarray:
    """A picture file (H, W, 3) BGR, upright; OpenCV's own reading fails on some file names."""
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise VideoError(f"{path.name} is not a picture that can be read.")
    return picture


def _prepared(picture: np.ndarray) -> np.ndarray:
    """RGB, not larger than needed, of what OpenCV gives."""
    height, width = picture.shape[:2]
    scale = LONGEST_SIDE / max(height, width)
    if scale < 1:
        size = max(1, round(scale * width)), max(1, round(scale * height))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
