"""Ambient occlusion by ray casting: how open the sky is above each vertex."""

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from scipy.sparse import coo_matrix, csr_matrix, diags, identity

LIFT = 0.0006
"""Rays start this far above the surface, metres."""


class SkyRays:
    """A fixed set of directions, the same for every vertex and frame: noise-free in time."""

    def __init__(self, count: int, reach: float) -> None:
        """Spread `count` directions over the sphere; things beyond `reach` metres do not count."""
        index = np.arange(count) + 0.5
        height, turn = 1 - 2 * index / count, np.pi * (1 + 5**0.5) * index
        radius = np.sqrt(1 - height * height)
        self._directions = np.stack(
            [radius * np.cos(turn), radius * np.sin(turn), height], -1
        ).astype(np.float32)
        self._reach = reach

    def openness(
        self, points: np.ndarray, normals: np.ndarray, vertices: np.ndarray, faces: np.ndarray
    ) -> np.ndarray:
        """Cosine-weighted share (n,) of free directions above points (n, 3) among a mesh."""
        scene = EmbreeScene()
        TriangleMesh(scene, vertices[faces].astype(np.float32))
        cosines = np.clip(normals @ self._directions.T, 0, None)
        rows, columns = np.nonzero(cosines > 0.08)
        starts = (points + LIFT * normals).astype(np.float32)[rows]
        reach = np.full(len(rows), self._reach, np.float32)
        hits = scene.run(starts, self._directions[columns], dists=reach, query="OCCLUDED")
        weights = cosines[rows, columns]
        free = np.bincount(rows, weights * (hits < 0), len(points))
        return free / np.maximum(np.bincount(rows, weights, len(points)), 1e-6)


def neighbour_average(faces: np.ndarray, count: int) -> csr_matrix:
    """Sparse (count, count) matrix that averages each vertex with its neighbours."""
    edges = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    ones = np.ones(2 * len(edges), np.float32)
    both = np.concatenate([edges, edges[:, ::-1]])
    adjacency = coo_matrix((ones, both.T), shape=(count, count)).tocsr()
    adjacency.data[:] = 1
    adjacency = adjacency + identity(count, format="csr", dtype="float32")
    return csr_matrix(
        (diags(1 / np.asarray(adjacency.sum(1)).ravel()) @ adjacency).astype(np.float32)
    )
