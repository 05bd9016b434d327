"""Lid rims in pictures: where the colours of an eye end and those of its lids begin.

Landmarks are a millimetre off at a new person's lids, and flow mixes eyeball and skin. But an eye
and the skin around it have colours of their own, which are learnt from the pictures themselves
around the first estimate, as in GrabCut (Rother et al., 2004); the rim is moved to where they part.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..texture.photo import Photo
from .data_terms import PointObservation
from .dense_alignment import sampled
from .face_model import FaceModel

REACH = 5.0
"""Pixels to either side of the estimate that are looked at."""
STEP = 0.25
INSIDE, OUTSIDE = -2.0, (2.5, 7.0)
"""Pixels from the rim at which colours are surely the eye's, or the lids'."""
CLUSTERS = 4
ODDS = 5.0
"""Largest log-odds of a pixel."""
NOISE = 1.0
"""Pixels by which a found rim errs."""
LEAST_FACING = 0.35
LEAST_OPEN = 3.0
"""Pixels between the lids below which an eye counts as closed."""
COLOURS = 4000
"""Pixels that are enough to learn from."""
COLOUR_NOISE = 2.0


@dataclass(frozen=True)
class Rim:
    """One eye's rim.

    Attributes:
        upper: (a,) vertices from corner to corner.
        lower: (b,) the same below.
    """

    upper: np.ndarray
    lower: np.ndarray

    @property
    def loop(self) -> np.ndarray:
        """All vertices around, each once."""
        return np.r_[self.upper, self.lower[-2:0:-1]]


class RimFinder:
    """Finds both eyes' rims in pictures of one person."""

    def __init__(self, model: FaceModel, colours: dict[str, np.ndarray] | None = None) -> None:
        """For a person whose `colours` were learnt before, or are to be."""
        self._rims = [Rim(*model.rims[name]) for name in ("left_eye", "right_eye")]
        self.vertices = np.concatenate([rim.loop for rim in self._rims])
        """(R,) the vertices that are looked for."""
        self.colours = colours or {}
        """Mixtures of the eyes' and of the lids' colours; empty before they are learnt."""

    def learn(self, frames: Sequence[tuple[np.ndarray, Sequence[Photo]]]) -> None:
        """Learn the colours from frames, each with world vertices (V, 3)."""
        inside, outside = [], []
        for vertices, photos in frames:
            for photo in photos:
                for rim in self._rims:
                    found = _colours(vertices, rim, photo)
                    if found is not None:
                        inside.append(found[0])
                        outside.append(found[1])
        for name, colours in (("inside", inside), ("outside", outside)):
            if colours:
                self.colours |= _mixture(name, np.concatenate(colours))

    def observations(self, vertices: np.ndarray, photos: Sequence[Photo]) -> list[PointObservation]:
        """Where each view has the rims; nothing before colours are learnt."""
        if not self.colours:
            return []
        return [self._observe(vertices, photo) for photo in photos]

    def _observe(self, vertices: np.ndarray, photo: Photo) -> PointObservation:
        parts = [self._rim(vertices, rim, photo) for rim in self._rims]
        return PointObservation(
            photo.camera, *(np.concatenate(p) for p in zip(*parts, strict=True))
        )

    def _rim(
        self, vertices: np.ndarray, rim: Rim, photo: Photo
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pixels (r, 2), weights (r,) and outward directions (r, 2) of one rim."""
        place = _placed(vertices, rim, photo)
        if place is None:
            count = len(rim.loop)
            return np.zeros((count, 2)), np.zeros(count), np.tile([1.0, 0.0], (count, 1))
        pixels, outward, weight = place
        steps = np.arange(-REACH, REACH + STEP / 2, STEP)
        at = pixels[:, None] + steps[None, :, None] * outward[:, None]
        odds = self._odds(photo.picture, at.reshape(-1, 2)).reshape(len(pixels), -1)
        # The best cut: most eye before it, most skin after it.
        before = np.cumsum(odds, 1) - 0.5 * odds
        cut = 2 * before - odds.sum(1, keepdims=True)
        best = np.clip(cut.argmax(1), 1, len(steps) - 2)
        rows = np.arange(len(best))
        left, middle, right = (cut[rows, best + k] for k in (-1, 0, 1))
        bend = np.maximum(2 * middle - left - right, 1e-6)
        offset = steps[best] + STEP * np.clip(0.5 * (right - left) / bend, -0.5, 0.5)
        certain = np.clip(middle / (ODDS * len(steps)) * 2 - 0.6, 0, 1)
        certain *= (cut.argmax(1) == best) & (np.abs(offset) < REACH - 1)
        found = pixels + offset[:, None] * outward
        return found, weight * certain / NOISE**2, outward

    def _odds(self, picture: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Log-odds of eye against skin at pixels (n, 2)."""
        values = sampled(_space(picture), (at - 0.5).astype(np.float32)).astype(np.float64)
        inside, outside = (
            _likelihood(self.colours, name, values) for name in ("inside", "outside")
        )
        return np.clip(inside - outside, -ODDS, ODDS)


def _placed(
    vertices: np.ndarray, rim: Rim, photo: Photo
) -> tuple[np.ndarray, np.ndarray, float] | None:
    """A rim's pixels, outward directions, and how well it faces the camera; None when hidden."""
    points = vertices[rim.loop]
    across = points - points.mean(0)
    normal = np.cross(across, np.roll(across, -1, axis=0)).sum(0)
    view = photo.camera.position - points.mean(0)
    facing = abs(normal @ view) / (np.linalg.norm(normal) * np.linalg.norm(view))
    pixels, depth = photo.camera.project(points)
    middle = photo.camera.project(
        vertices[[rim.upper[len(rim.upper) // 2], rim.lower[len(rim.lower) // 2]]]
    )[0]
    size = np.array([photo.camera.width, photo.camera.height])
    out = (pixels < REACH + 2).any() or (pixels > size - REACH - 3).any() or (depth <= 0).any()
    towards = (view[None] @ _front(vertices, rim))[0] > 0
    opening = np.linalg.norm(middle[0] - middle[1])
    if out or not towards or facing < LEAST_FACING or opening < LEAST_OPEN:
        return None
    along = np.roll(pixels, -1, axis=0) - np.roll(pixels, 1, axis=0)
    outward = np.c_[along[:, 1], -along[:, 0]]
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    if ((pixels - pixels.mean(0)) * outward).sum() < 0:
        outward = -outward
    return pixels, outward, (facing - LEAST_FACING) / (1 - LEAST_FACING)


def _front(vertices: np.ndarray, rim: Rim) -> np.ndarray:
    """Out of the face at an eye: across its width and height, (3,)."""
    width = vertices[rim.upper[-1]] - vertices[rim.upper[0]]
    middles = (vertices[chain[len(chain) // 2]] for chain in (rim.upper, rim.lower))
    up = next(middles) - next(middles)
    return np.cross(width, up)


def _colours(vertices: np.ndarray, rim: Rim, photo: Photo) -> tuple[np.ndarray, np.ndarray] | None:
    """Colours (n, 3) of pixels surely inside and surely outside."""
    place = _placed(vertices, rim, photo)
    if place is None:
        return None
    pixels = place[0]
    low = np.floor(pixels.min(0) - OUTSIDE[1] - 2).astype(int)
    high = np.ceil(pixels.max(0) + OUTSIDE[1] + 2).astype(int)
    size = np.array([photo.camera.width, photo.camera.height])
    low, high = np.maximum(low, 0), np.minimum(high, size)
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    cv2.fillPoly(mask, [np.round(pixels - low).astype(np.int32)], (1,))
    distance = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
    distance -= cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    part = _space(photo.picture[low[1] : high[1], low[0] : high[0]])
    outside = (distance > OUTSIDE[0]) & (distance < OUTSIDE[1])
    return part[distance < INSIDE], part[outside]


def _space(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2Lab).astype(np.float32)


def _mixture(name: str, colours: np.ndarray) -> dict[str, np.ndarray]:
    """Weights, means and inverse Cholesky factors of a Gaussian mixture of colours (n, 3)."""
    step = max(1, len(colours) // COLOURS)
    model = cv2.ml.EM.create()
    model.setClustersNumber(CLUSTERS)
    model.trainEM(np.ascontiguousarray(colours[::step], np.float32))
    covariances = np.stack(model.getCovs()) + COLOUR_NOISE**2 * np.eye(3)
    return {
        f"{name}_weights": model.getWeights().ravel(),
        f"{name}_means": model.getMeans(),
        f"{name}_factors": np.linalg.inv(np.linalg.cholesky(covariances)),
    }


def _likelihood(colours: dict[str, np.ndarray], name: str, values: np.ndarray) -> np.ndarray:
    """Log-likelihood (n,) of colours (n, 3)."""
    weights, means, factors = (colours[f"{name}_{k}"] for k in ("weights", "means", "factors"))
    whitened = np.einsum("kij,nkj->nki", factors, values[:, None] - means)
    scale = np.log(np.maximum(weights, 1e-9)) + np.log(np.abs(np.linalg.det(factors)))
    return np.logaddexp.reduce(scale - 0.5 * (whitened**2).sum(-1), axis=1)
