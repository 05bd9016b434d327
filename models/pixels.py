"""Textures as Blender's image pixels: RGBA floats, bottom row first."""

import cv2
import numpy as np

_UNIT = np.arange(256, dtype=np.float32) / 255


STRIP = 128
"""Rows turned at a time: what one step writes the next still finds in the processor's cache."""


class PixelBuffer:
    """Turns textures of one size into pixels, in memory that is used again for every frame."""

    def __init__(self, rows: int, columns: int) -> None:
        """Prepare for textures (rows, columns, 3)."""
        self._size = (rows, columns, 3)
        self._pixels = np.empty((rows, columns, 4), np.float32)

    def fill(self, texture: np.ndarray) -> np.ndarray:
        """Pixels (rows, columns, 4) float32 0…1, bottom row first; valid until the next call.

        Args:
            texture: (rows, columns, 3) uint8, top row first; fastest as a decoder leaves it, a view
                of memory with the bottom row first.

        Raises:
            ValueError: The texture has another size.
        """
        if texture.shape != self._size:
            raise ValueError(f"a texture of {self._size} was expected, not {texture.shape}")
        for start in range(0, len(texture), STRIP):
            place = slice(start, start + STRIP)
            rgba = cv2.cvtColor(texture[::-1][place], cv2.COLOR_RGB2RGBA)
            cv2.LUT(rgba, _UNIT, dst=self._pixels[place])  # twice as fast as a multiplication
        return self._pixels
