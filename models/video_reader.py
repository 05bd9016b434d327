"""Frames of a video file in order: upright pictures, with the file's own times where it has any."""

import math
from pathlib import Path

import cv2
import numpy as np

from .errors import VideoError

USUAL_FPS = 25.0
SQUARE = 0.01
"""Pixels that are less than this from square count as square: sizes are rounded, too."""

_TEXT = "ansi"


class VideoReader:
    """A video file, decoded frame by frame.

    Attributes:
        name: Of the file.
        fps: Frames in a second, on average.
        seconds: Length as the file tells it; 0 where it does not.
        size: Width and height in pixels of the upright pictures.
        pixel_aspect: Width over height of a pixel of the upright pictures.
        time: Of the grabbed frame, in seconds, always increasing; minus infinity before the first.
    """

    def __init__(self, path: Path) -> None:
        """Open whatever OpenCV's FFmpeg reads.

        Raises:
            VideoError: The file is missing or no video.
        """
        path = Path(path)
        if not path.is_file():
            raise VideoError(f"There is no video file {path.name}.")
        if not path.stat().st_size:
            raise VideoError(f"{path.name} is empty.")
        self.name, self.time = path.name, -math.inf
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._capture.isOpened() or self._codec() == _TEXT:
            self.close()
            raise VideoError(f"{path.name} is not a video that can be read, or it is incomplete.")
        self._capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        self.fps, self.seconds = self._length()
        self.size = (
            int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        )
        self.pixel_aspect = self._aspect()

    def _codec(self) -> str:
        """Four letters; FFmpeg takes any text for a recording of a terminal."""
        code = int(self._capture.get(cv2.CAP_PROP_FOURCC))
        return code.to_bytes(4, "little", signed=True).decode("latin1")

    def _length(self) -> tuple[float, float]:
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        if not (math.isfinite(fps) and 0 < fps <= 1000):
            return USUAL_FPS, 0.0
        return fps, max(0.0, self._capture.get(cv2.CAP_PROP_FRAME_COUNT) / fps)

    def _aspect(self) -> float:
        over, under, degrees = (
            self._capture.get(k)
            for k in (cv2.CAP_PROP_SAR_NUM, cv2.CAP_PROP_SAR_DEN, cv2.CAP_PROP_ORIENTATION_META)
        )
        aspect = over / under if over > 0 and under > 0 else 1.0
        if abs(aspect - 1) < SQUARE:
            return 1.0
        return 1 / aspect if degrees % 180 else aspect

    def grab(self) -> bool:
        """Go to the next frame; whether there is one.

        Some formats have no times, or times that go back: there the frame rate tells them.
        """
        if not self._capture.grab():
            return False
        stated = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if math.isfinite(stated) and stated > self.time:
            self.time = max(stated, 0.0)
        else:
            self.time = max(self.time, -1 / self.fps) + 1 / self.fps
        return True

    def picture(self) -> np.ndarray | None:
        """The grabbed frame (H, W, 3) uint8 RGB; None where the file is damaged."""
        done, picture = self._capture.retrieve()
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) if done else None

    def search(self, seconds: float) -> None:
        """Stand before `seconds`, later than now, as near as the file can be searched."""
        self._capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * max(seconds, 0.0))

    def close(self) -> None:
        """Let go of the file."""
        self._capture.release()
