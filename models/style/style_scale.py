"""How a head's motion is normalised for its speech networks."""

from dataclasses import dataclass

import numpy as np

from ..head.motion_scale import MotionScale


@dataclass(frozen=True)
class StyleScale(MotionScale):
    """How motion is normalised, and what else of the head the networks need.

    Attributes:
        follow: (M, F): what mouth codes explain of the face's codes.
        lips: (Z, 3 P): how the lips' vertices move with the codes, millimetres.
    """

    follow: np.ndarray
    lips: np.ndarray
