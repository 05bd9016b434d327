"""Wrinkles: a few anatomical creases that deepen where the skin is really compressed across them.

Each crease is a line on the neutral face. Gauges straddle it; how much shorter a gauge has become
says how deep the crease is at that place, above a threshold and up to a limit, so its depth is not
linear in the controls. The relief is a valley between two low ridges, lit by the key light.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from ..mesh import HeadMesh
from ..nearest import tree_of
from .lighting import KEY
from .texels import TexelMap

SPACING = 0.0006
WING_STEPS = np.array([[0, 0.004], [0.006, -0.006]])
CORNER_STEPS = np.array([[0.0105, 0.010], [0.0115, -0.004]])
"""The fold between nose and mouth: from the wing of the nose, and beside the mouth's corner."""
BRACKET_STEPS = np.array([[0.006, 0.006], [0.0085, 0], [0.0065, -0.008]])
BAG_STEPS = np.array([[-0.014, -0.006], [-0.002, -0.0105], [0.012, -0.007]])
FOREHEAD = (
    (0.013, 0.031, 0.004, 0.011),
    (0.0215, 0.036, 0.003, 0.018),
    (0.030, 0.031, 0.002, 0.025),
)
"""Rise above the brows, half length, bow and half gauge of the lines, metres: the brows' lift is
measured from each of them down to the brows."""
REACH = 3.4
"""A crease shades texels up to this many widths away."""


@dataclass(frozen=True)
class Crease:
    """One line seen from the front.

    Attributes:
        points: (k, 2) metres right (x) and up (z), from the landmark given by the maker.
        width: Metres from the middle to where the valley has lost two thirds of its depth.
        depth: Relative darkness at full depth.
        gauge: Half the length of the gauges across, metres.
        onset, full: Compression at which the crease appears and is deepest.
        rest: Share that is always there.
    """

    points: np.ndarray
    width: float
    depth: float
    gauge: float
    onset: float
    full: float
    rest: float = 0.0


def facial_creases(mesh: HeadMesh) -> list[Crease]:
    """The creases of this face, placed by its landmarks."""

    def mark(name: str) -> np.ndarray:
        return mesh.vertices[mesh.landmarks[name]].mean(0)[[0, 2]]

    creases = []
    for side in ("left", "right"):
        mirror = np.array([1.0 if side == "left" else -1.0, 1.0])
        places = {name: mark(f"{name}_{side}") * mirror for name in ("mouth_corner", "brow")}
        places["lid"] = mark(f"lower_lid_{side}") * mirror
        for crease in _half_face(places, mark("nose_tip")):
            creases.append(Crease(crease.points * mirror, *list(vars(crease).values())[1:]))
    return [*creases, *_midline(mark("brow_left")[1], mark("chin"), mark("mouth_corner_left"))]


def _half_face(places: dict[str, np.ndarray], nose: np.ndarray) -> list[Crease]:
    """Creases of the actor's left half."""
    lid, corner, brow = places["lid"], places["mouth_corner"], places["brow"]
    wing = np.array([0.0205, nose[1] - 0.001])
    fold = [*(wing + WING_STEPS), *(corner + CORNER_STEPS)]
    creases = [
        Crease(_curve(fold), 0.0021, 0.20, 0.011, 0.05, 0.28, 0.10),
        Crease(_curve(fold), 0.0008, 0.20, 0.010, 0.09, 0.30),
        Crease(
            _curve(corner + BRACKET_STEPS),
            *(0.0009, 0.22, 0.007, 0.08, 0.30),
        ),
        Crease(
            _curve(lid + BAG_STEPS),
            *(0.0010, 0.16, 0.007, 0.06, 0.30, 0.12),
        ),
        Crease(
            _curve(
                [[0.0050, brow[1] - 0.014], [0.0062, brow[1] - 0.006], [0.0052, brow[1] + 0.005]]
            ),
            *(0.0021, 0.13, 0.006, 0.05, 0.36),
        ),
        Crease(
            _curve(
                [[0.006, nose[1] + 0.030], [0.0105, nose[1] + 0.026], [0.0150, nose[1] + 0.0275]]
            ),
            *(0.0009, 0.18, 0.006, 0.015, 0.08),
        ),
    ]
    for rise, length in ((0.008, 0.012), (0.002, 0.014), (-0.004, 0.012)):
        start = lid + np.array([0.0215, 0.003 + 0.45 * rise])
        end = start + np.array([length, 0.8 * rise])
        line = _curve([start, (start + end) / 2 + np.array([0, 0.001]), end])
        creases.append(Crease(line, 0.0009, 0.18, 0.006, 0.03, 0.20))
    return creases


def _midline(brow: float, chin: np.ndarray, corner: np.ndarray) -> list[Crease]:
    """Creases across the middle: forehead and below the lower lip."""
    creases = []
    for rise, half, bow, gauge in FOREHEAD:
        x = np.array([-1.0, -0.55, 0.0, 0.55, 1.0]) * half
        z = brow + rise + bow * np.array([-0.7, 0.55, 0.0, 0.5, -0.6])
        creases.append(Crease(_curve(np.c_[x, z]), 0.0013, 0.17, gauge, 0.02, 0.12, 0.03))
    x = np.array([-1.0, 0.0, 1.0]) * 0.013
    z = chin[1] + 0.62 * (corner[1] - chin[1]) + np.array([-0.002, 0.001, -0.002])
    creases.append(Crease(_curve(np.c_[x, z]), 0.0016, 0.16, 0.008, 0.06, 0.36, 0.05))
    return creases


def _curve(points: ArrayLike) -> np.ndarray:
    """A smooth dense line through a few points."""
    points = np.asarray(points, float)
    along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    steps = np.linspace(0, along[-1], max(int(along[-1] / SPACING), 8))
    return PchipInterpolator(along, points)(steps)


class CreaseField:
    """All creases of a face, ready to be lit in any pose."""

    def __init__(
        self, mesh: HeadMesh, faces: np.ndarray, texels: TexelMap, normals: np.ndarray
    ) -> None:
        """Place the creases.

        Args:
            mesh: The head.
            faces: (F, 3) triangles that `texels` refers to.
            texels: The atlas of the skin.
            normals: (n, 3) per texel, neutral.
        """
        self._corners, self._weights = faces[texels.faces], texels.weights
        self._count = len(texels.texels)
        self._positions = self._points(mesh.vertices, np.arange(self._count))
        front = np.flatnonzero(normals[:, 1] < -0.15)
        self._front, self._tree = front, tree_of(self._positions[front][:, [0, 2]])
        self._creases = facial_creases(mesh)
        self._gauges: list[np.ndarray] = []
        self._samples = 0
        entries = [self._place(crease, normals, i) for i, crease in enumerate(self._creases)]
        self._texels, self._sample, self._relief = map(np.concatenate, zip(*entries, strict=True))
        self._lengths = [self._span(mesh.vertices, ends) for ends in self._gauges]

    def _points(self, vertices: np.ndarray, texels: np.ndarray) -> np.ndarray:
        corners = vertices[self._corners[texels]]
        return np.einsum("nk,nkc->nc", self._weights[texels], corners)

    def _span(self, vertices: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Lengths (k,) of the gauges between texels `ends` (2, k)."""
        return np.linalg.norm(
            self._points(vertices, ends[0]) - self._points(vertices, ends[1]), axis=1
        )

    def _surface(self, points: np.ndarray) -> np.ndarray:
        """Front texel under each point (k, 2); outermost first."""
        candidates = self._front[self._tree.query(points, 6)[1]]
        outermost = self._positions[candidates][..., 1].argmin(1)
        return candidates[np.arange(len(points)), outermost]

    def _place(
        self, crease: Crease, normals: np.ndarray, number: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Register gauges; return texels, their sample and their relief at full depth."""
        points = crease.points
        tangent = np.gradient(points, axis=0)
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
        across = tangent[:, ::-1] * [-1, 1]
        ends = [self._surface(points + sign * crease.gauge * across) for sign in (-1, 1)]
        line = self._positions[self._surface(points)]
        self._gauges.append(np.stack(ends))
        first = self._samples
        self._samples += len(points)
        distance, nearest = tree_of(line).query(
            self._positions, distance_upper_bound=REACH * crease.width
        )
        texels = np.flatnonzero(np.isfinite(distance) & (normals[:, 1] < 0.2))
        distance, nearest = distance[texels] / crease.width, np.asarray(nearest)[texels]
        relief = self._relief_of(texels, line[nearest], distance, normals)
        ends_fade = np.sin(np.pi * (nearest + 0.5) / len(points)) ** 0.7
        random = np.random.default_rng(number)
        uneven = gaussian_filter1d(random.normal(size=len(points)), 6, mode="nearest")
        uneven = np.clip(1 + 0.25 * uneven / max(uneven.std(), 1e-6), 0.4, 1.6)
        return texels, nearest + first, relief * ends_fade * uneven[nearest] * crease.depth

    def _relief_of(
        self, texels: np.ndarray, foot: np.ndarray, distance: np.ndarray, normals: np.ndarray
    ) -> np.ndarray:
        """Shading of a unit valley: occluded inside, slopes lit by the key light."""
        valley = np.exp(-(distance**2))
        ridge = np.exp(-(((distance - 1.7) / 0.8) ** 2))
        slope = 2 * distance * valley + 0.55 * (distance - 1.7) / 0.64 * ridge * -1.0
        outward = self._positions[texels] - foot
        outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
        tangential = KEY - (normals[texels] @ KEY)[:, None] * normals[texels]
        lit = -(outward * tangential).sum(1) * slope
        return (-valley + 0.30 * ridge + 0.75 * lit).astype(np.float32)

    def activation(self, vertices: np.ndarray) -> list[np.ndarray]:
        """Depth 0…1 along each crease for head vertices (V, 3)."""
        depths = []
        for crease, ends, length in zip(self._creases, self._gauges, self._lengths, strict=True):
            compression = 1 - self._span(vertices, ends) / np.maximum(length, 1e-6)
            share = np.clip((compression - crease.onset) / (crease.full - crease.onset), 0, 1)
            depth = share * share * (3 - 2 * share)
            depth = crease.rest + (1 - crease.rest) * depth
            depths.append(gaussian_filter1d(depth, 5, mode="nearest"))
        return depths

    def shading(self, vertices: np.ndarray) -> np.ndarray:
        """Relative change of brightness (n,) at each texel."""
        depth = np.concatenate(self.activation(vertices)).astype(np.float32)
        change = np.bincount(
            self._texels, depth[self._sample] * self._relief, minlength=self._count
        )
        return np.clip(change, -0.42, 0.2).astype(np.float32)
