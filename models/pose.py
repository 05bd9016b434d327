"""Head pose: rotation and translation of the whole head about the mesh's pivot."""

import numpy as np


def rotation_matrix(angles: np.ndarray) -> np.ndarray:
    """Rotations (..., 3, 3) of Blender XYZ Euler angles (..., 3) in radians: Rz · Ry · Rx."""
    angles = np.asarray(angles, np.float64)
    sine, cosine = np.sin(angles), np.cos(angles)
    sx, sy, sz = np.moveaxis(sine, -1, 0)
    cx, cy, cz = np.moveaxis(cosine, -1, 0)
    rows = (
        (cy * cz, sx * sy * cz - cx * sz, cx * sy * cz + sx * sz),
        (cy * sz, sx * sy * sz + cx * cz, cx * sy * sz - sx * cz),
        (-sy, sx * cy, cx * cy),
    )
    return np.stack([np.stack(row, -1) for row in rows], -2)


def to_world(vertices: np.ndarray, head_pose: np.ndarray, pivot: np.ndarray) -> np.ndarray:
    """Put the head-local `vertices` where the head is.

    Args:
        vertices: (..., V, 3) metres, head-local.
        head_pose: (..., 6) XYZ Euler radians, then metres.
        pivot: (3,) metres, the point the head turns about.

    Returns:
        (..., V, 3) float32 metres in the world.
    """
    head_pose = np.asarray(head_pose, np.float64)
    rotation = rotation_matrix(head_pose[..., :3])
    turned = (vertices - pivot) @ np.swapaxes(rotation, -1, -2)
    return (turned + pivot + head_pose[..., None, 3:]).astype(np.float32)
