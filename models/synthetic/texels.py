"""Which triangle each texel of the atlas shows: from values at vertices to values at texels."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from ..nearest import tree_of


@dataclass(frozen=True)
class TexelMap:
    """The texels covered by a set of triangles.

    Attributes:
        size: Side of the atlas in texels.
        texels: (n,) flat indices, row 0 on top.
        faces: (n,) triangle of each, as an index into the triangles given to `build`.
        weights: (n, 3) barycentric, float32.
        gatherer: (n, V) sparse matrix of those weights.
    """

    size: int
    texels: np.ndarray
    faces: np.ndarray
    weights: np.ndarray
    gatherer: csr_matrix

    @classmethod
    def build(cls, uvs: np.ndarray, faces: np.ndarray, size: int) -> "TexelMap":
        """Rasterise triangles `faces` (F, 3) of `uvs` (V, 2) at texel centres."""
        owner = np.full(size * size, -1, np.int32)
        weights = np.zeros((size * size, 3), np.float32)
        points = np.c_[uvs[:, 0] * size - 0.5, (1 - uvs[:, 1]) * size - 0.5]
        for index, corners in enumerate(points[faces]):
            inside, shares = covered_texels(corners, size)
            owner[inside] = index
            weights[inside] = shares
        texels = np.flatnonzero(owner >= 0)
        owner, weights = owner[texels], weights[texels]
        rows = np.repeat(np.arange(len(texels)), 3)
        columns = faces[owner].ravel()
        shape = (len(texels), len(uvs))
        gatherer = csr_matrix((weights.ravel(), (rows, columns)), shape=shape, dtype=np.float32)
        return cls(size, texels, owner, weights, gatherer)

    def gather(self, values: np.ndarray) -> np.ndarray:
        """Texel values (n, k) of vertex values (V, k)."""
        return self.gatherer @ values.astype(np.float32, copy=False)

    def image(self, values: np.ndarray) -> np.ndarray:
        """Picture (size, size, k) of texel values (n, k); uncovered texels show their neighbour."""
        full = np.empty((self.size * self.size, values.shape[1]), values.dtype)
        full[self.texels] = values
        empty, nearest = self._fill()
        full[empty] = values[nearest]
        return full.reshape(self.size, self.size, -1)

    def _fill(self) -> tuple[np.ndarray, np.ndarray]:
        cached = self.__dict__.get("_filled")
        if cached is None:
            empty = np.setdiff1d(np.arange(self.size**2), self.texels)
            grid = np.c_[self.texels // self.size, self.texels % self.size]
            nearest = np.zeros(0, int)
            if len(empty):
                holes = np.c_[empty // self.size, empty % self.size]
                nearest = np.asarray(tree_of(grid).query(holes)[1])
            cached = self.__dict__["_filled"] = (empty, nearest)
        return cached


def covered_texels(corners: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Flat indices (n,) and barycentric weights (n, 3) of texels inside `corners` (3, 2)."""
    low = np.maximum(np.ceil(corners.min(0) - 1e-4), 0).astype(int)
    high = np.minimum(np.floor(corners.max(0) + 1e-4), size - 1).astype(int)
    columns, rows = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
    offset = np.stack([columns.ravel(), rows.ravel()], -1) - corners[0]
    a, b = corners[1] - corners[0], corners[2] - corners[0]
    area = a[0] * b[1] - a[1] * b[0]
    if abs(area) < 1e-12:
        return np.zeros(0, int), np.zeros((0, 3))
    second = (offset[:, 0] * b[1] - offset[:, 1] * b[0]) / area
    third = (a[0] * offset[:, 1] - a[1] * offset[:, 0]) / area
    weights = np.stack([1 - second - third, second, third], -1)
    inside = (weights > -1e-4).all(1)
    return (rows.ravel() * size + columns.ravel())[inside], weights[inside]
