"""Pictures as they come: from a camera, or from a video played at its own speed."""

import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from ..errors import VideoError
from .video_stream import VideoStream


def pictures_now(source: int | Path) -> Iterator[tuple[float, np.ndarray]]:
    """Seconds since the first and pictures (H, W, 3) uint8 RGB; late ones of a video are left out.

    Args:
        source: Number of a camera, or a video.

    Raises:
        VideoError: There is no such camera, or the video cannot be read.
    """
    return _of_camera(source) if isinstance(source, int) else _of_video(source)


def _of_camera(device: int) -> Iterator[tuple[float, np.ndarray]]:
    capture = cv2.VideoCapture(device)
    try:
        start = None
        while True:
            done, picture = capture.read()
            if not done:
                raise VideoError(
                    f"Camera {device} gives no pictures: is it connected, and does no other "
                    "program use it?"
                )
            now = time.monotonic()
            start = now if start is None else start
            yield now - start, cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    finally:
        capture.release()


def _of_video(path: Path) -> Iterator[tuple[float, np.ndarray]]:
    with VideoStream(path) as video:
        start, first = time.monotonic(), None
        step = 1 / video.fps
        for seconds, picture in video:
            if picture is None:
                continue
            first = seconds if first is None else first
            ahead = start + seconds - first - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            if ahead > -step or seconds == first:
                yield seconds - first, picture
