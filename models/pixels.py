"""Textures as Blender's image pixels: RGBA floats, bottom row first."""

import cv2
import numpy as np

_UNIT = np.arange(256, dtype=np.float32) / 255


def to_blender(texture: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Pixels (rows, columns, 4) float32 0…1, bottom row first, of a texture with the top row first.

    Args:
        texture: (rows, columns, 3) uint8.
        out: Filled and returned when given; saves the allocation of a frame.
    """
    rgba = cv2.cvtColor(cv2.flip(texture, 0), cv2.COLOR_RGB2RGBA)  # a reversed view costs more
    return cv2.LUT(rgba, _UNIT, dst=out)  # twice as fast as numpy's multiplication of bytes
