"""One person's landmarks in the pictures of many cameras, however the cameras are mounted."""

from dataclasses import dataclass

import numpy as np

from ..video.faces import POINTS, Face, FaceFinder

TURNS = (0, 1, 3, 2)
"""Quarter turns to try, the likeliest first: cameras are often mounted on their side."""
BETWEEN_EYES = (468, 473)
"""Landmarks of the irises' middles."""


@dataclass(frozen=True)
class FaceView:
    """A face in one camera's picture.

    Attributes:
        points: (478, 2) pixels.
        frontal: Cosine of the angle between the face and the direction to the camera.
        scores: (51,) expression scores.
    """

    points: np.ndarray
    frontal: float
    scores: np.ndarray

    @property
    def weight(self) -> float:
        """How far the landmarks are to be trusted, 0…1; those of side views are partly guessed."""
        return max(self.frontal, 0.05) ** 2

    @property
    def box(self) -> np.ndarray:
        """Left, top, right, bottom (4,) in pixels."""
        return np.r_[self.points.min(0), self.points.max(0)]


class FaceViews:
    """Finds the largest face of a picture, turning pictures of cameras that lie on their side."""

    def __init__(self, finder: FaceFinder) -> None:
        """Use `finder`."""
        self._finder = finder
        self._turns: dict[str, int] = {}

    def find(self, camera: str, picture: np.ndarray) -> FaceView | None:
        """The face in a picture (H, W, 3) uint8 RGB of the camera called `camera`."""
        known = self._turns.get(camera)
        for turn in TURNS if known is None else (known,):
            faces = self._finder.find(np.rot90(picture, turn))
            if faces:
                self._turns[camera] = turn
                return _turned_back(max(faces, key=_size), turn, picture.shape)
        return None


def _size(face: Face) -> float:
    box = face.box
    return float(np.prod(box[2:] - box[:2]))


def _turned_back(face: Face, turn: int, shape: tuple[int, ...]) -> FaceView:
    """Undo `np.rot90(picture, turn)` for pixels."""
    height, width = shape[:2]
    x, y = face.points[:, 0].astype(np.float64), face.points[:, 1].astype(np.float64)
    turned = {
        0: (x, y),
        1: (width - y, x),
        2: (width - x, height - y),
        3: (y, height - x),
    }[turn]
    axes = face.pose[:3, :3]
    frontal = float(axes[2, 2] / max(np.linalg.norm(axes[:, 2]), 1e-9))
    return FaceView(np.stack(turned, -1), frontal, face.scores)


def stacked(views: list[FaceView | None]) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (C, 478, 2), NaN where a camera sees no face, and weights (C, 478)."""
    pixels = np.full((len(views), POINTS, 2), np.nan)
    weights = np.zeros((len(views), POINTS))
    for place, view in enumerate(views):
        if view is not None:
            pixels[place], weights[place] = view.points, view.weight
    return pixels, weights
