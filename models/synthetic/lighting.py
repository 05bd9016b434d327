"""Soft light fixed to the head, the same for skin, eyes and mouth, without a renderer.

All colours stay in display space: a surface shows albedo × `shade` + `highlight`. The light does
not turn away from a turning head, so the actor's texture depends on the expression alone.
"""

import numpy as np


def _unit(vector: tuple[float, float, float]) -> np.ndarray:
    return np.array(vector) / np.linalg.norm(vector)


KEY = _unit((-0.38, -0.80, 0.46))
FILL = _unit((0.75, -0.62, 0.05))
FRONT = np.array([0.0, -1.0, 0.0])
HALF = _unit(tuple(KEY + FRONT))
KEY_COLOUR = np.array([0.80, 0.765, 0.72])
FILL_COLOUR = np.array([0.19, 0.20, 0.215])
SKY_COLOUR = np.array([0.27, 0.275, 0.285])
WRAP = 0.45
BLEEDING = np.array([0.62, 0.95, 1.05])
"""Exponent of the occlusion per channel: red light bleeds through skin into the shadows."""


def shade(normals: np.ndarray, occlusion: np.ndarray) -> np.ndarray:
    """Display-space factor (n, 3) for unit normals (n, 3) and openness 0…1 (n,)."""
    key = np.clip((normals @ KEY + WRAP) / (1 + WRAP), 0, None)[:, None] * KEY_COLOUR
    fill = np.clip((normals @ FILL + 0.3) / 1.3, 0, None)[:, None] * FILL_COLOUR
    sky = (0.72 + 0.28 * normals[:, 2:3]) * SKY_COLOUR
    openness = np.clip(occlusion, 0.02, 1)[:, None] ** BLEEDING
    return np.sqrt((key * (0.25 + 0.75 * openness) + fill + sky) * openness).astype(np.float32)


def highlight(normals: np.ndarray, sharpness: float) -> np.ndarray:
    """Strength (n,) of a soft highlight as a viewer in front sees it."""
    return (np.clip(normals @ HALF, 0, 1) ** sharpness).astype(np.float32)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Area-weighted unit normals (V, 3) of triangles (F, 3)."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    total = np.stack(
        [
            np.bincount(faces.ravel(), np.repeat(normal[:, axis], 3), len(vertices))
            for axis in range(3)
        ],
        -1,
    )
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)


def aperture_light(points: np.ndarray, rim: np.ndarray) -> np.ndarray:
    """Share (n,) of the half-space in front that points (n, 3) see through a closed loop (m, 3).

    The solid angle of the opening (Van Oosterom and Strackee 1983) over 2π: what lights a mouth.
    """
    corners = rim[None] - points[:, None]
    following = np.roll(corners, -1, axis=1)
    centre = rim.mean(0) - points
    reach = np.linalg.norm(centre, axis=-1)[:, None]
    length = np.sqrt(_dot(corners, corners))
    along = np.einsum("nmc,nc->nm", corners, centre)
    next_length, next_along = np.roll(length, -1, axis=1), np.roll(along, -1, axis=1)
    (ax, ay, az), (bx, by, bz) = np.moveaxis(corners, -1, 0), np.moveaxis(following, -1, 0)
    cx, cy, cz = centre.T[..., None]
    triple = cx * (ay * bz - az * by) + cy * (az * bx - ax * bz) + cz * (ax * by - ay * bx)
    below = (
        reach * length * next_length
        + along * next_length
        + next_along * length
        + _dot(corners, following) * reach
    )
    return np.abs(2 * np.arctan2(triple, below).sum(1)) / (2 * np.pi)


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.einsum("nmc,nmc->nm", a, b)
