"""A few frames of a capture: what every camera shows of the face in them."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..cameras import Camera
from ..errors import CaptureError
from ..faces.finder import FaceFinder
from ..faces.views import FaceView, FaceViews, stacked
from ..progress import Progress, silent
from .folder import CaptureFolder

FRAMES = 12
"""Frames that are looked at, evenly over all takes."""
FACE_SIDE = 256
"""Pixels that a face is scaled down to before its sharpness is measured."""
BLACK, WHITE = 8, 250


@dataclass(frozen=True)
class FaceObservation:
    """What was seen in one picture.

    Attributes:
        face: None where no face was found.
        sharpness: Strength of fine detail in the face, whatever its size; NaN without a face.
        black: Share of the face's pixels that are black.
        white: Share that are burnt out.
        hidden: Share of the face that its mask hides; 0 without a mask.
        problem: Why there is no picture, '' where there is one.
    """

    face: FaceView | None = None
    sharpness: float = float("nan")
    black: float = 0.0
    white: float = 0.0
    hidden: float = 0.0
    problem: str = ""


@dataclass(frozen=True)
class FrameObservation:
    """One frame in all cameras.

    Attributes:
        take: Name.
        frame: In the take.
        observations: (C) None where a camera has no picture of the frame.
    """

    take: str
    frame: int
    observations: tuple[FaceObservation | None, ...]

    @property
    def faces(self) -> list[FaceView | None]:
        """(C) faces."""
        return [one.face if one else None for one in self.observations]


def observe_faces(
    capture: CaptureFolder, frames: int = FRAMES, progress: Progress = silent
) -> list[FrameObservation]:
    """Look at some frames.

    Raises:
        MissingDependencyError: MediaPipe or its model is missing.
        CancelledError: From `progress`.
    """
    chosen = spread_frames(capture, frames)
    seen = []
    with FaceFinder() as finder:
        views = FaceViews(finder)
        for number, (take, frame) in enumerate(chosen, 1):
            observations = tuple(
                _observe(capture, views, camera, take, frame) for camera in capture.cameras
            )
            seen.append(FrameObservation(take, frame, observations))
            progress(number / len(chosen), f"frame {number} of {len(chosen)}")
    return seen


def spread_frames(capture: CaptureFolder, count: int) -> list[tuple[str, int]]:
    """Take and frame of at most `count` frames with pictures, evenly over all takes."""
    every = [(take.name, frame) for take in capture.takes for frame in take.pictured]
    places = np.unique(np.linspace(0, len(every) - 1, min(count, len(every))).round().astype(int))
    return [every[place] for place in places]


def _observe(
    capture: CaptureFolder, views: FaceViews, camera: Camera, take: str, frame: int
) -> FaceObservation | None:
    if not capture.has_picture(camera, take, frame):
        return None
    try:
        picture, mask = capture.picture(camera, take, frame), capture.mask(camera, take, frame)
    except CaptureError as error:
        return FaceObservation(problem=str(error))
    face = views.find(camera.name, picture)
    if face is None:
        return FaceObservation()
    grey = cv2.cvtColor(_face_of(picture, face), cv2.COLOR_RGB2GRAY)
    return FaceObservation(
        face,
        sharpness(grey),
        float((grey < BLACK).mean()),
        float((grey > WHITE).mean()),
        0.0 if mask is None else float((_face_of(mask, face) < 128).mean()),
    )


def _face_of(picture: np.ndarray, face: FaceView) -> np.ndarray:
    """The middle of the face, without hair and background."""
    left, top, right, bottom = face.box
    margin_x, margin_y = 0.15 * (right - left), 0.12 * (bottom - top)
    columns = np.clip((left + margin_x, right - margin_x), 0, picture.shape[1]).astype(int)
    rows = np.clip((top + margin_y, bottom - margin_y), 0, picture.shape[0]).astype(int)
    rows[1], columns[1] = max(rows[1], rows[0] + 1), max(columns[1], columns[0] + 1)
    inside = picture[slice(*rows), slice(*columns)]
    return inside if inside.size else picture[:1, :1]


def sharpness(grey: np.ndarray) -> float:
    """Strength of fine detail of a face (H, W) uint8, in per cent of its brightness."""
    longest = max(grey.shape)
    if longest > FACE_SIDE:
        scale = FACE_SIDE / longest
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    detail = grey.astype(np.float32) - cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0)
    return float(100 * detail.std() / max(float(grey.mean()), 1.0))


def landmarks(seen: Sequence[FrameObservation]) -> tuple[np.ndarray, np.ndarray]:
    """All frames' landmarks in a row: pixels (C, frames · 478, 2) and weights (C, frames · 478)."""
    both = [stacked(observed.faces) for observed in seen]
    return np.concatenate([p for p, _ in both], 1), np.concatenate([w for _, w in both], 1)
