"""A mesh's own UVs as the atlas: vertices split along seams, UVs checked, texels covered."""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ..errors import CaptureError
from ..scan.mesh_files import SourceMesh

MOST_OVERLAP = 0.005
"""Share of the UVs' area that may be covered twice."""
SLACK = 1e-3
"""How far UVs may stick out of their tile."""
_CHECK_SIDE = 2048
_SUBPIXEL = 6
_STEPS = 1e-5
"""UVs closer than this are one."""


@dataclass(frozen=True)
class Atlas:
    """A mesh with one UV for each vertex.

    Attributes:
        source: (V,) the source mesh's position of each vertex.
        faces: (F, 3) int32.
        uvs: (V, 2) float32 0…1, v up.
        island: (V,) int32: connected part of the surface, seams closed; 0 is the largest.
    """

    source: np.ndarray
    faces: np.ndarray
    uvs: np.ndarray
    island: np.ndarray

    def covered(self, side: int, margin: int = 0) -> np.ndarray:
        """(side, side) uint8: 255 where texels, or those `margin` texels beside them, are used."""
        mask = np.zeros((side, side), np.uint8)
        corners = np.round(self._pixels(side)[self.faces] * 2**_SUBPIXEL).astype(np.int32)
        for triangle in corners:
            cv2.fillConvexPoly(mask, triangle, (255,), shift=_SUBPIXEL)
        if margin:
            kernel = np.ones((2 * margin + 1, 2 * margin + 1), np.uint8)
            mask = cv2.dilate(mask, kernel)
        return mask

    def _pixels(self, side: int) -> np.ndarray:
        return np.stack([self.uvs[:, 0], 1 - self.uvs[:, 1]], -1) * side - 0.5

    def overlap(self) -> float:
        """Share of the UVs' area, roughly, that lies under another triangle.

        Triangles are painted with their numbers; one whose middle shows another number, and really
        lies inside that other one, is covered.
        """
        corners = self._pixels(_CHECK_SIDE)[self.faces]
        numbers = np.full((_CHECK_SIDE, _CHECK_SIDE), -1, np.int32)
        fixed = np.round(corners * 2**_SUBPIXEL).astype(np.int32)
        for number, triangle in enumerate(fixed):
            cv2.fillConvexPoly(numbers, triangle, (number,), shift=_SUBPIXEL)
        middle = corners.mean(1)
        column, row = np.round(middle).astype(int).clip(0, _CHECK_SIDE - 1).T
        above = numbers[row, column]
        others = np.flatnonzero((above >= 0) & (above != np.arange(len(corners))))
        inside = _inside(middle[others], corners[above[others]])
        area = np.abs(_area(corners))
        return float(area[others[inside]].sum() / max(area.sum(), 1e-12))


def atlas_of(mesh: SourceMesh) -> Atlas:
    """Split a mesh's vertices along its UV seams and bring its UVs into one tile.

    Raises:
        CaptureError: It has no UVs, they lie in several tiles, or overlap.
    """
    if not len(mesh.uvs):
        raise CaptureError("The mesh has no UVs: unwrap it, so that every part has its place.")
    steps = np.round(mesh.uvs[mesh.uv_triangles] / _STEPS).reshape(-1, 2)
    corners = np.c_[mesh.triangles.reshape(-1, 1), steps].astype(np.int64)
    _, first, flat = np.unique(corners, axis=0, return_index=True, return_inverse=True)
    faces = flat.reshape(-1, 3).astype(np.int32)
    source = mesh.triangles.ravel()[first]
    uvs = _one_tile(mesh.uvs[mesh.uv_triangles.ravel()[first]])
    distinct = (source[faces] != source[np.roll(faces, 1, 1)]).all(1)
    faces = faces[distinct]
    atlas = Atlas(source, faces, uvs, _islands(mesh.positions[source], faces))
    overlap = atlas.overlap()
    if overlap > MOST_OVERLAP:
        raise CaptureError(
            f"The mesh's UVs overlap ({overlap:.0%} of their area): unwrap it so that every part, "
            "also each eye and the teeth, has a place of its own."
        )
    return atlas


def _one_tile(uvs: np.ndarray) -> np.ndarray:
    """UVs (V, 2) of one tile moved to 0…1."""
    low, high = uvs.min(0), uvs.max(0)
    tile = np.floor(low + SLACK)
    if (high - tile > 1 + SLACK).any():
        raise CaptureError(
            "The mesh's UVs lie in several tiles (UDIM) or repeat the texture; bring them and the "
            "texture into one tile."
        )
    return np.clip(uvs - tile, 0, 1).astype(np.float32)


def _islands(positions: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Connected part (V,) of each vertex; vertices at exactly one place are one. 0: the largest."""
    _, place = np.unique(positions, axis=0, return_inverse=True)
    place = place.ravel()
    edges = place[faces[:, [0, 1, 1, 2]].reshape(-1, 2)].T
    count = int(place.max()) + 1
    graph = coo_matrix((np.ones(edges.shape[1]), edges), shape=(count, count))
    labels = connected_components(graph, directed=False)[1][place]
    order = np.argsort(-np.bincount(labels), kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[labels].astype(np.int32)


def _area(corners: np.ndarray) -> np.ndarray:
    """Signed area (F,) of triangles (F, 3, 2)."""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return 0.5 * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def _inside(points: np.ndarray, corners: np.ndarray, margin: float = 1e-3) -> np.ndarray:
    """Whether points (n, 2) lie well inside triangles (n, 3, 2)."""
    whole = _area(corners)
    shares = np.stack(
        [
            _area(np.stack([points, corners[:, (k + 1) % 3], corners[:, (k + 2) % 3]], 1))
            for k in range(3)
        ],
        1,
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return ((shares / whole[:, None]) > margin).all(1) & (np.abs(whole) > 1e-9)
