"""Constant-topology patches that bridge the openings of mouth and eyes."""

import itertools
from dataclasses import dataclass

import numpy as np

MOUTH_GRID, EYE_GRID = (7, 19), (5, 13)
"""Rows and columns of the vertices inside a patch."""
MOUTH_RECESS = 0.005
"""The mouth patch sinks at most this far (metres) behind the lips, towards the teeth."""


@dataclass(frozen=True)
class Patch:
    """A grid of vertices between two rims.

    Attributes:
        name: "mouth", "left_eye" or "right_eye".
        upper: (a,) head vertices of the upper rim, from the actor's right corner to the left one.
        lower: (b,) the same for the lower rim; both corners are shared.
        interior: (rows, columns) head vertices between the rims.
    """

    name: str
    upper: np.ndarray
    lower: np.ndarray
    interior: np.ndarray

    @property
    def rim(self) -> np.ndarray:
        """All rim vertices, each once."""
        return np.concatenate([self.upper, self.lower[1:-1]])

    def pairs(self, vertices: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """`count` (upper, lower) rim vertices that face each other, right to left."""
        fewer, more = sorted((self.upper[1:-1], self.lower[1:-1]), key=len)
        reach = 0.75 * np.ptp(vertices[self.upper[[0, -1]], 0]) / 2
        centre = vertices[self.upper[[0, -1]], 0].mean()
        wanted = centre + np.linspace(-reach, reach, count)
        first = fewer[np.abs(vertices[fewer, 0][None] - wanted[:, None]).argmin(1)]
        second = more[np.abs(vertices[more, 0][None] - vertices[first, 0][:, None]).argmin(1)]
        return (first, second) if fewer[0] in self.upper else (second, first)

    def faces(self, vertices: np.ndarray) -> np.ndarray:
        """Triangles (F, 3) that face -Y."""
        shares = np.linspace(0, 1, self.interior.shape[1] + 2)[1:-1]
        right, left = self.upper[0], self.upper[-1]
        rows = [np.r_[right, row, left] for row in self.interior]
        row_shares = np.r_[0, shares, 1]
        strips = [_zip(self.upper, _arc(vertices[self.upper]), rows[0], row_shares)]
        for above, below in itertools.pairwise(rows):
            strips.append(_zip(above, row_shares, below, row_shares))
        strips.append(_zip(rows[-1], row_shares, self.lower, _arc(vertices[self.lower])))
        return np.concatenate(strips)

    def place_interior(
        self, vertices: np.ndarray, neutral: np.ndarray, eye_centre: np.ndarray
    ) -> None:
        """Place the interior of `vertices` (V, 3) between the rims, in place.

        A mouth patch sinks back as it opens; an eye patch curves around the eyeball.
        """
        rows, columns = self.interior.shape
        down = (np.arange(1, rows + 1) / (rows + 1))[:, None, None]
        along = np.linspace(0, 1, columns + 2)[1:-1]
        upper = _sample(vertices[self.upper], _arc(neutral[self.upper]), along)
        lower = _sample(vertices[self.lower], _arc(neutral[self.lower]), along)
        points = upper * (1 - down) + lower * down
        if self.name == "mouth":
            opening = np.linalg.norm(upper - lower, axis=-1)
            bulge = 4 * down[..., 0] * (1 - down[..., 0])
            points[..., 1] += bulge * np.minimum(0.5 * opening, MOUTH_RECESS)
        else:
            radius = np.linalg.norm(upper - eye_centre, axis=-1) * (1 - down[..., 0])
            radius = radius + np.linalg.norm(lower - eye_centre, axis=-1) * down[..., 0]
            outward = points - eye_centre
            scale = radius / np.linalg.norm(outward, axis=-1)
            points = eye_centre + outward * scale[..., None]
        vertices[self.interior] = points


def rim_chains(vertices: np.ndarray, rim: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Upper and lower parts of a rim loop between its corners, both from smallest to largest x."""
    loop = np.roll(rim, -int(np.argmin(vertices[rim, 0])))
    turn = int(np.argmax(vertices[loop, 0]))
    first, second = loop[: turn + 1], np.r_[loop[turn:], loop[0]][::-1]
    if vertices[first, 2].mean() < vertices[second, 2].mean():
        first, second = second, first
    return first, second


def _arc(points: np.ndarray) -> np.ndarray:
    """Share (0…1) of a polyline's length at each of its points."""
    lengths = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    return lengths / lengths[-1]


def _sample(points: np.ndarray, shares: np.ndarray, at: np.ndarray) -> np.ndarray:
    return np.stack([np.interp(at, shares, points[:, axis]) for axis in range(3)], -1)


def _zip(
    above: np.ndarray, above_shares: np.ndarray, below: np.ndarray, below_shares: np.ndarray
) -> np.ndarray:
    """Triangles of the strip between two chains with common ends, right to left."""
    faces, i, j = [], 0, 0
    while i < len(above) - 1 or j < len(below) - 1:
        next_above = above_shares[i + 1] if i < len(above) - 1 else np.inf
        next_below = below_shares[j + 1] if j < len(below) - 1 else np.inf
        if next_above <= next_below:
            faces.append((above[i], below[j], above[i + 1]))
            i += 1
        else:
            faces.append((above[i], below[j], below[j + 1]))
            j += 1
    return np.array([face for face in faces if len(set(face)) == 3])
