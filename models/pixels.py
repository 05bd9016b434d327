"""Textures as Blender's image pixels: RGBA floats, bottom row first."""

import cv2
import numpy as np

_UNIT = np.float32(1 / 255)


def to_blender(texture: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Pixels (rows, columns, 4) float32 0…1, bottom row first, of a texture with the top row first.

    Args:
        texture: (rows, columns, 3) uint8.
        out: Filled and returned when given; saves the allocation of a frame.
    """
    rgba = cv2.cvtColor(texture, cv2.COLOR_RGB2RGBA)
    return np.multiply(rgba[::-1], _UNIT, out=out)
