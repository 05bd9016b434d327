"""How features and motion are normalised for a head's video network."""

from dataclasses import dataclass

import numpy as np

from ..head.motion_scale import MotionScale
from .features import turned

FARTHEST = 5.0
"""Features are held at so many deviations: far from all footage a network is anybody's guess."""


@dataclass(frozen=True)
class VideoScale(MotionScale):
    """How features and motion are normalised.

    The network says how the head is turned otherwise than the landmarker has it.

    Attributes:
        centre: (F,) of the features; zero but for those that have no rest.
        spread: (F,).
    """

    centre: np.ndarray
    spread: np.ndarray

    def shown(self, features: np.ndarray) -> np.ndarray:
        """Normalised features (T, F), far ones held."""
        return np.clip((features - self.centre) / self.spread, -FARTHEST, FARTHEST).astype(
            np.float32
        )

    def held(self, features: np.ndarray) -> np.ndarray:
        """What of the motion (T, Z + 6) features (T, F) hold outright: how the head is turned."""
        motion = np.zeros((len(features), len(self.mean)), np.float32)
        motion[:, -6:-3] = turned(features)
        return motion
