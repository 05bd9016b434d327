"""The virtual capture rig: calibrated cameras around the actor's head."""

import numpy as np

from ..cameras import Camera, look_at

PLACES = (
    ("front", 0.0, 2.0),
    ("left_25", 25.0, 3.0),
    ("right_25", -25.0, 3.0),
    ("left_58", 58.0, 4.0),
    ("right_58", -58.0, 4.0),
    ("below", -4.0, -24.0),
    ("above", 5.0, 30.0),
    ("low_left", 20.0, -16.0),
    ("low_right", -22.0, -15.0),
    ("high_right", -33.0, 24.0),
    ("high_left", 34.0, 23.0),
)
"""Name, degrees towards the actor's left, degrees above the face: the most useful first."""
DISTANCE = 1.12
FACE_HEIGHT = 0.232
"""Metres from chin to the top of the hair."""
FACE_SHARE = 0.70
"""Share of the picture's height that the face fills."""


def make_rig(centre: np.ndarray, count: int, resolution: int, seed: int = 0) -> list[Camera]:
    """Cameras that look at `centre` (3,), none quite like the other.

    Args:
        centre: Middle of the head in metres.
        count: How many; at most `len(PLACES)`.
        resolution: Side of the square pictures in pixels.
        seed: Of the small deviations of a real rig.
    """
    random = np.random.default_rng(seed)
    cameras = []
    for name, yaw, pitch in PLACES[:count]:
        yaw, pitch = np.radians(np.array([yaw, pitch]) + random.normal(0, 0.8, 2))
        away = [np.sin(yaw) * np.cos(pitch), -np.cos(yaw) * np.cos(pitch), np.sin(pitch)]
        distance = DISTANCE * random.uniform(0.96, 1.04)
        target = np.asarray(centre) + random.normal(0, 0.002, 3)
        focal = resolution * FACE_SHARE * distance / FACE_HEIGHT * random.uniform(0.98, 1.02)
        middle = resolution * (0.5 + random.normal(0, 0.004, 2))
        position = np.asarray(centre) + distance * np.array(away)
        size = (resolution, resolution)
        cameras.append(look_at(name, position, target, focal, size, tuple(middle)))
    return cameras
