"""Textures of meshes, as picture files."""

from pathlib import Path

import cv2
import numpy as np

from ..errors import CaptureError

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".exr")


def read_texture(path: Path) -> np.ndarray:
    """A texture (H, W, 3) uint8.

    Raises:
        CaptureError: It is missing or damaged.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise CaptureError(f"The texture {path.name} in {path.parent.name} cannot be read.")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
