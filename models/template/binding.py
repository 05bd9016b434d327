"""Bind meshes to the head: nearest points on its triangles, and parts that follow them."""

import cv2
import numpy as np

from ..mesh import Part, triangle_frames
from ..nearest import tree_of

CANDIDATES = 16


def nearest_points(
    vertices: np.ndarray, faces: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For each point (P, 3) the triangle's vertices (P, 3) and barycentric weights (P, 3)."""
    tree = tree_of(vertices[faces].mean(1))
    candidates = tree.query(points, min(CANDIDATES, len(faces)))[1].reshape(len(points), -1)
    corners = vertices[faces[candidates]]
    weights = _closest_weights(corners, points[:, None])
    feet = np.einsum("pnk,pnkc->pnc", weights, corners)
    best = np.linalg.norm(feet - points[:, None], axis=-1).argmin(1)
    rows = np.arange(len(points))
    return faces[candidates[rows, best]], weights[rows, best]


def _closest_weights(corners: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Barycentric weights of the point of each triangle (..., 3, 3) nearest to `points`."""
    a, b, c = (corners[..., k, :] for k in range(3))
    ab, ac, ap = b - a, c - a, points - a
    d00, d01, d11 = ((x * y).sum(-1) for x, y in ((ab, ab), (ab, ac), (ac, ac)))
    d20, d21 = (ap * ab).sum(-1), (ap * ac).sum(-1)
    area = np.maximum(d00 * d11 - d01 * d01, 1e-20)
    second, third = (d11 * d20 - d01 * d21) / area, (d00 * d21 - d01 * d20) / area
    inner = np.stack([1 - second - third, second, third], -1)
    options = [inner]
    for first, last in ((0, 1), (1, 2), (2, 0)):
        start = corners[..., first, :]
        edge = corners[..., last, :] - start
        along = ((points - start) * edge).sum(-1) / np.maximum((edge * edge).sum(-1), 1e-20)
        along = np.clip(along, 0, 1)
        weights = np.zeros_like(inner)
        weights[..., first], weights[..., last] = 1 - along, along
        options.append(weights)
    options = np.stack(options)
    feet = np.einsum("o...k,...kc->o...c", options, corners)
    distance = np.linalg.norm(feet - points, axis=-1)
    distance[0] = np.where((inner >= 0).all(-1), distance[0], np.inf)
    return np.take_along_axis(options, distance.argmin(0)[None, ..., None], 0)[0]


def bind_part(
    name: str,
    positions: np.ndarray,
    faces: np.ndarray,
    uvs: np.ndarray,
    image: np.ndarray,
    head: tuple[np.ndarray, np.ndarray],
) -> Part:
    """Bind a mesh to the head at rest.

    Args:
        name: Of the part.
        positions: (P, 3) metres, where the part is at rest.
        faces: (F, 3).
        uvs: (P, 2).
        image: (H, W, 4) uint8.
        head: Neutral vertices (V, 3) and the triangles it may be bound to.
    """
    vertices, candidates = head
    triangles, weights = nearest_points(vertices, candidates, positions)
    corners = vertices[triangles]
    anchors = np.einsum("pk,pkc->pc", weights, corners)
    offsets = np.einsum("pij,pi->pj", triangle_frames(corners), positions - anchors)
    encoded = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGBA2BGRA))[1].tobytes()
    return Part(
        name=name,
        faces=faces.astype(np.int32),
        uvs=uvs.astype(np.float32),
        texture=encoded,
        triangles=triangles.astype(np.int32),
        weights=weights.astype(np.float32),
        offsets=offsets.astype(np.float32),
    )
