"""One person's landmarks in the pictures of many cameras, however the cameras are mounted."""

from dataclasses import dataclass

import numpy as np

from .finder import POINTS, Face, FaceFinder

FOREHEAD, CHIN = 10, 152
QUARTERS = ((0, 1), (-1, 0), (0, -1), (1, 0))
"""Where the chin is from the forehead in a picture that so many quarter turns make upright."""


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
        if camera not in self._turns:
            turn = self._upright(picture)
            if turn is None:
                return None
            self._turns[camera] = turn
        return self._find(picture, self._turns[camera])

    def _find(self, picture: np.ndarray, turn: int) -> FaceView | None:
        faces = self._finder.find(np.rot90(picture, turn))
        return _turned_back(max(faces, key=_size), turn, picture.shape) if faces else None

    def _upright(self, picture: np.ndarray) -> int | None:
        """Quarter turns that make a picture upright, None where it shows no face.

        The landmarker finds faces that lie on their side, but takes some that stand on their head
        for upright ones; so all turns are asked, and most of them are right.
        """
        votes = []
        for turn in range(4):
            view = self._find(picture, turn)
            if view is not None:
                down = view.points[CHIN] - view.points[FOREHEAD]
                votes.append(int(np.argmax(np.array(QUARTERS) @ down)))
        return max(set(votes), key=lambda turn: (votes.count(turn), -turn)) if votes else None


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
