"""Vertex normals of triangle meshes."""

import numpy as np


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit normals (V, 3) float32, area-weighted, of vertices (V, 3) and faces (F, 3).

    Vertices whose triangles have no area get a zero normal.
    """
    corners = vertices[faces]
    areas = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    index = faces.ravel()
    repeated = np.repeat(areas, 3, axis=0)
    normals = np.stack(
        [np.bincount(index, repeated[:, axis], len(vertices)) for axis in range(3)], -1
    )
    lengths = np.linalg.norm(normals, axis=-1, keepdims=True)
    return (normals / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
