"""Closed lips touch: no gap where they meet, none through the other."""

import numpy as np

from ..mesh import LIP_CONTACT, HeadMesh
from ..nearest import tree_of
from .face_model import template

REACH = 0.006
"""Metres around a rim that follow it."""
UP = np.array([0.0, 0.0, 1.0])
ROUNDS = 4
NEARLY = 0.0006
"""Metres beyond contact over which lips are drawn together less and less."""


def sealed(mesh: HeadMesh, local: np.ndarray) -> np.ndarray:
    """Vertices (T, V, 3) whose lips touch where they (nearly) close, and never cross.

    Args:
        mesh: Of the template's topology.
        local: (T, V, 3) head-local metres.
    """
    pairs = rim_pairs(mesh)
    above, below = _followers(mesh, pairs)
    for _ in range(ROUNDS):  # neighbouring pairs move each other
        shift = 0.5 * _closing(mesh, local, pairs)[..., None] * UP
        local = local - above @ shift + below @ shift
    return local


def _closing(mesh: HeadMesh, local: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """How far each pair (T, n) has to come together, metres; negative where lips cross."""
    upper, lower = pairs.T
    rest = mesh.vertices[upper] - mesh.vertices[lower]
    opening = (local[:, upper] - local[:, lower] - rest) @ UP
    near = np.clip((LIP_CONTACT + NEARLY - opening) / NEARLY, 0, 1)
    return np.where(opening < 0, 1.0, near) * opening


def _followers(mesh: HeadMesh, pairs: np.ndarray) -> np.ndarray:
    """How far each vertex goes along with each pair, (2, V, n), for the upper and the lower lip."""
    tree, weights = tree_of(mesh.vertices), np.zeros((2, len(mesh.vertices), len(pairs)))
    for side, mask in enumerate(_lips(mesh, pairs)):
        for k, vertex in enumerate(pairs[:, side]):
            near = np.array(tree.query_ball_point(mesh.vertices[vertex], REACH))
            near = np.append(near[mask[near]], vertex)
            distance = np.linalg.norm(mesh.vertices[near] - mesh.vertices[vertex], axis=1)
            weights[side, near, k] = np.clip(1 - distance / REACH, 0, 1) ** 2
    return weights / np.maximum(weights.sum(2, keepdims=True), 1.0)


def rim_pairs(mesh: HeadMesh) -> np.ndarray:
    """(n, 2) vertices of upper and lower rim that face each other, corners left out."""
    upper, lower = template().rims["mouth"]
    inner = upper[1:-1]
    found = tree_of(mesh.vertices[lower[1:-1], :1]).query(mesh.vertices[inner, :1])[1]
    return np.stack([inner, lower[1:-1][found]], 1)


def _lips(mesh: HeadMesh, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(V,) bool for what is above the mouth's line, and for what is below."""
    line = mesh.vertices[pairs].mean(1)
    order = np.argsort(line[:, 0])
    height = np.interp(mesh.vertices[:, 0], line[order, 0], line[order, 2])
    skin = template().face
    return skin & (mesh.vertices[:, 2] >= height), skin & (mesh.vertices[:, 2] < height)
