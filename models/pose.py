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


TO_BLENDER = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""OpenGL's camera axes (right, up, towards the viewer) to Blender's: the viewer is at −Y."""


CENTIMETRE = 0.01


def head_poses(poses: np.ndarray) -> np.ndarray:
    """`Face.pose` matrices (..., 4, 4) → head poses (..., 6) float32 as in `Analysis`.

    The picture shows the actor's left on its right, so the axes turn but are not mirrored.
    """
    poses = np.asarray(poses, np.float64)
    turns = TO_BLENDER @ nearest_rotation(poses[..., :3, :3]) @ TO_BLENDER.T
    places = CENTIMETRE * poses[..., :3, 3] @ TO_BLENDER.T
    return np.concatenate([angles_of(turns), places], -1).astype(np.float32)


def angles_of(rotations: np.ndarray) -> np.ndarray:
    """Blender XYZ Euler angles (..., 3) in radians of rotations (..., 3, 3).

    The inverse of `pose.rotation_matrix` for |y| < 90°.
    """
    rotations = np.asarray(rotations, np.float64)
    x = np.arctan2(rotations[..., 2, 1], rotations[..., 2, 2])
    y = np.arcsin(np.clip(-rotations[..., 2, 0], -1, 1))
    z = np.arctan2(rotations[..., 1, 0], rotations[..., 0, 0])
    return np.stack([x, y, z], -1)


def nearest_rotation(matrices: np.ndarray) -> np.ndarray:
    """Rotations (..., 3, 3) nearest to matrices that may scale or shear as well."""
    u, _, v = np.linalg.svd(matrices)
    u[..., 2] *= np.sign(np.linalg.det(u @ v))[..., None]
    return u @ v


def mean_rotation(rotations: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) nearest to all of (T, 3, 3)."""
    return nearest_rotation(np.mean(rotations, axis=0))


def turned_away(head_pose: np.ndarray) -> np.ndarray:
    """Radians (...,) between where faces with poses (..., 6) look and the camera's axis."""
    return np.arccos(np.clip(rotation_matrix(head_pose[..., :3])[..., 1, 1], -1, 1))
