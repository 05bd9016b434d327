"""Head angles of Live Link Face files against Blender's, and the eyes' angles.

The app's yaw, pitch and roll are those of an Unreal rotator whose X axis points out of the back of
the head, as its eye angles show: in recordings they are exactly proportional to the eyes' shapes.
Yaw rises to the actor's right, pitch downwards, roll towards the actor's left shoulder. Roll comes
first, then pitch, then yaw. What the app calls the left eye's angles are the right eye's, and the
other way round.
"""

import numpy as np

from ..pose import angles_of, rotation_matrix
from .shapes import EYE_ANGLES, SHAPE_INDEX

YAW_PER_LOOK, PITCH_PER_LOOK = 0.605, 0.555
"""Radians of an eye whose look shape is 1, from a recording."""


def head_pose_of(head_angles: np.ndarray) -> np.ndarray:
    """Head poses (T, 6), radians then metres as in `models.pose`, of app angles (T, 3)."""
    yaw, pitch, roll = np.asarray(head_angles, np.float64).T
    still = np.zeros_like(yaw)
    turns = [
        rotation_matrix(np.stack(angles, -1))
        for angles in ((still, still, -yaw), (pitch, still, still), (still, roll, still))
    ]
    angles = angles_of(turns[0] @ turns[1] @ turns[2])
    return np.concatenate([angles, np.zeros_like(angles)], -1).astype(np.float32)


def head_angles_of(head_pose: np.ndarray) -> np.ndarray:
    """App angles (T, 3) of head poses (T, 6); reverses `head_pose_of`, where it turns only."""
    turn = rotation_matrix(np.asarray(head_pose, np.float64)[:, :3])
    yaw = np.arctan2(turn[:, 0, 1], turn[:, 1, 1])
    pitch = np.arcsin(np.clip(turn[:, 2, 1], -1, 1))
    roll = np.arctan2(-turn[:, 2, 0], turn[:, 2, 2])
    return np.stack([yaw, pitch, roll], -1).astype(np.float32)


def eye_angles_of(weights: np.ndarray) -> np.ndarray:
    """The app's eye angles (T, 6), as `EYE_ANGLES`, of weights (T, 52)."""
    angles = np.zeros((len(weights), len(EYE_ANGLES)), np.float32)
    # the eye that each triple stands for, and which way yaw rises for it
    for start, eye, outwards in ((0, "Right", 1.0), (3, "Left", -1.0)):
        look = {
            way: weights[:, SHAPE_INDEX[f"eyeLook{way}{eye}"]]
            for way in ("In", "Out", "Up", "Down")
        }
        angles[:, start] = YAW_PER_LOOK * outwards * (look["Out"] - look["In"])
        angles[:, start + 1] = PITCH_PER_LOOK * (look["Down"] - look["Up"])
    return angles
