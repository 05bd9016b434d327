"""What drives a head over a line."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class AnimationParameters:
    """What drives a head, per frame.

    Attributes:
        times: (T,) seconds, evenly spaced from 0.
        codes: (T, Z) expression codes, float32.
        head_pose: (T, 6) radians and metres, float32.
    """

    times: np.ndarray
    codes: np.ndarray
    head_pose: np.ndarray
