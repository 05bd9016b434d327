"""Skull motion apart from jaw and skin.

Rigidly fitted poses follow the skin a little wherever expressions move it. So each frame is turned
back until those parts of the face that its expressions hardly move rest where they rest at neutral.
"""

from collections.abc import Sequence

import numpy as np

from ..mesh import HeadMesh
from .linear_face import Motion

SKIN = 0.0006
"""Metres by which the most rigid skin still slides over the skull."""
ROUNDS = 3


def stabilised(
    mesh: HeadMesh, local: np.ndarray, motions: Sequence[Motion], chosen: np.ndarray | None = None
) -> tuple[np.ndarray, list[Motion]]:
    """Split rigid from non-rigid motion anew; where vertices are in the world stays the same.

    Args:
        mesh: Neutral and face units.
        local: (T, V, 3) head-local metres.
        motions: Poses that go with them.
        chosen: (V,) vertices that may tell; the upper face when None.

    Returns:
        Vertices (T, V, 3) head-local, and poses.
    """
    rest = mesh.vertices.astype(np.float64)
    if chosen is None:
        chosen = np.isin(np.arange(len(rest)), mesh.landmarks["upper_face"])
    mobility = np.sqrt((mesh.basis.astype(np.float64) ** 2).sum((0, 2)))
    stiff = chosen / (SKIN**2 + (0.3 * mobility) ** 2)
    moved, poses = np.empty_like(local), []
    for t, (points, motion) in enumerate(zip(local.astype(np.float64), motions, strict=True)):
        rotation, shift = _rigid(points - mesh.pivot, rest - mesh.pivot, stiff)
        moved[t] = (points - mesh.pivot) @ rotation.T + shift + mesh.pivot
        turned = motion.rotation @ rotation.T
        poses.append(Motion(turned, motion.shift - turned @ shift, motion.units))
    return moved, poses


def _rigid(
    points: np.ndarray, rest: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rotation and shift that take `points` to `rest`, robust against those that move (Kabsch)."""
    rotation, shift, robust = np.eye(3), np.zeros(3), weights
    for _ in range(ROUNDS):
        w = (robust / robust.sum())[:, None]
        a, b = (w * points).sum(0), (w * rest).sum(0)
        left, _, right = np.linalg.svd((w * (rest - b)).T @ (points - a))
        rotation = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
        shift = b - rotation @ a
        miss = ((points @ rotation.T + shift - rest) ** 2).sum(1) / (2 * SKIN) ** 2
        robust = weights / (1 + miss) ** 2
    return rotation, shift
