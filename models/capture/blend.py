"""One texture from several looks: detail from the chosen camera, shading from all of them.

Low frequencies come from the weighted mean of all cameras, so that their exposures and shading
leave no seam; the rest comes from one camera, so that nothing is doubled or blurred (two bands as
in Baumberg, "Blending images for texturing 3D models", BMVC 2002). The chosen pieces are joined by
multi-band blending (Burt and Adelson, ACM TOG 1983) along their seams.
"""

from collections.abc import Mapping

import cv2
import numpy as np

from .texture import Look

BANDS = 3
"""Octaves along a seam: the coarsest fades over some 16 texels."""
LEVEL = 16
"""Texels over which the mean of all cameras decides."""
UNITS = 8160.0
"""White in the blender's whole numbers: a 32nd of an 8-bit step, with room for overshoot."""
SURE = 2.5
"""A look of a quality of one in so many is trusted wholly."""


def blend(looks: Mapping[int, Look], ground: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Join looks on the atlas.

    Args:
        looks: Of side S, by the number of their camera.
        ground: (S, S, 3) float32 0…1: the mean of all looks, without holes. It gives the low
            frequencies, and is shown where the chosen camera sees nothing.
        labels: (S, S) uint8, number of the camera whose detail each texel shows.

    Returns:
        (S, S, 3) float32 0…1.
    """
    blender = cv2.detail_MultiBandBlender(0, BANDS)
    blender.prepare((0, 0, *labels.shape[::-1]))
    left = np.full(labels.shape, 255, np.uint8)
    for number, each in looks.items():
        chosen = ((labels == number) & (each.weight > 0)).astype(np.uint8) * 255
        if chosen.any():
            blender.feed(_whole(levelled(each, ground)), chosen, (0, 0))
            left[chosen > 0] = 0
    if left.any():
        blender.feed(_whole(ground), left, (0, 0))
    joined, _ = blender.blend(None, None)
    return np.clip(joined.astype(np.float32) / UNITS, 0, 1)


def _whole(colour: np.ndarray) -> np.ndarray:
    """In the blender's whole numbers."""
    return (colour * UNITS).astype(np.int16)


def sureness(looks: Mapping[int, Look], labels: np.ndarray) -> np.ndarray:
    """How sure (S, S) 0…1 the chosen camera's look is at each texel."""
    sure = np.zeros(labels.shape, np.float32)
    for number, each in looks.items():
        np.copyto(sure, SURE * each.quality, where=labels == number)
    return np.minimum(sure, 1)


def levelled(each: Look, ground: np.ndarray) -> np.ndarray:
    """A look (S, S, 3) float32 0…1 with the shading of `ground` (S, S, 3), itself where unsure."""
    trust = np.clip(SURE * each.quality, 0, 1)
    size = (trust.shape[1] // LEVEL, trust.shape[0] // LEVEL)
    share = cv2.resize(trust, size, interpolation=cv2.INTER_AREA)
    change = (each.colour.astype(np.float32) / 255 - ground) * trust[..., None]
    smooth = cv2.GaussianBlur(cv2.resize(change, size, interpolation=cv2.INTER_AREA), (0, 0), 1)
    smooth /= (cv2.GaussianBlur(share, (0, 0), 1) + 1e-3)[..., None]
    smooth = cv2.resize(smooth, trust.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return ground + change - smooth * trust[..., None]
