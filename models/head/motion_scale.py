"""How motion is normalised for networks: codes and head pose in deviations of the takes."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MotionScale:
    """Mean and deviation of motion.

    Attributes:
        mean: (Z + 6,) of codes and head pose over the training takes.
        deviation: (Z + 6,).
    """

    mean: np.ndarray
    deviation: np.ndarray

    def normal(self, motion: np.ndarray) -> np.ndarray:
        """Codes and pose (T, Z + 6) in deviations."""
        return ((motion - self.mean) / self.deviation).astype(np.float32)

    def motion(self, normal: np.ndarray) -> np.ndarray:
        """Codes and pose (T, Z + 6) of normalised ones; reverses `normal`."""
        return (normal * self.deviation + self.mean).astype(np.float32)
