"""One texture from several views: detail from the chosen camera, shading from all of them.

Low frequencies come from the weighted mean of all cameras, so that their exposures and shading
leave no seam; the rest comes from one camera, so that nothing is doubled or blurred (two bands as
in Baumberg, "Blending images for texturing 3D models", BMVC 2002). The chosen pieces are joined by
multi-band blending (Burt and Adelson, ACM TOG 1983) along their seams. Cameras that show the same
detail there are averaged in: skin is then less noisy, and steadier from frame to frame, than one
camera shows it.
"""

from collections.abc import Mapping

import cv2
import numpy as np

from .view_texture import ViewTexture

BANDS = 3
"""Octaves along a seam: the coarsest fades over some 16 texels."""
LEVEL = 16
"""Texels over which the mean of all cameras decides."""
UNITS = 8160.0
"""White in the blender's whole numbers: a 32nd of an 8-bit step, with room for overshoot."""
SURE = 2.5
"""A view of a quality of one in so many is trusted wholly."""
AGREEING = 3 / 255
"""Mean difference (0…1) at which another camera counts a quarter: it shows something else there."""
AROUND = 2
"""Texels (standard deviation) over which cameras agree or not."""


def blend(
    view_textures: Mapping[int, ViewTexture], ground: np.ndarray, labels: np.ndarray
) -> np.ndarray:
    """Join view textures.

    Args:
        view_textures: Of side S, by the number of their camera.
        ground: (S, S, 3) float32 0…1: the mean of all views, without holes. It gives the low
            frequencies, and is shown where the chosen camera sees nothing.
        labels: (S, S) uint8, number of the camera whose detail each texel shows.

    Returns:
        (S, S, 3) float32 0…1.
    """
    level = {number: levelled(each, ground) for number, each in view_textures.items()}
    joined = _joined(view_textures, level, ground, labels)
    return np.clip(_agreed(view_textures, level, joined, labels), 0, 1)


def _joined(
    view_textures: Mapping[int, ViewTexture],
    level: Mapping[int, np.ndarray],
    ground: np.ndarray,
    labels: np.ndarray,
) -> np.ndarray:
    """The chosen pieces (S, S, 3) float32, multi-band blended along their seams."""
    blender = cv2.detail.MultiBandBlender(0, BANDS)
    blender.prepare((0, 0, *labels.shape[::-1]))
    left = np.full(labels.shape, 255, np.uint8)
    for number, each in view_textures.items():
        chosen = ((labels == number) & (each.weight > 0)).astype(np.uint8) * 255
        if chosen.any():
            blender.feed(_whole(level[number]), chosen, (0, 0))
            left[chosen > 0] = 0
    if left.any():
        blender.feed(_whole(ground), left, (0, 0))
    joined, _ = blender.blend(np.empty(0, np.int16), np.empty(0, np.uint8))
    return joined.astype(np.float32) / UNITS


def _agreed(
    view_textures: Mapping[int, ViewTexture],
    level: Mapping[int, np.ndarray],
    joined: np.ndarray,
    labels: np.ndarray,
) -> np.ndarray:
    """The joined texture, averaged with the cameras that show the same as the chosen one."""
    own = np.zeros(labels.shape, np.float32)
    for number, each in view_textures.items():
        np.copyto(own, each.weight, where=labels == number)
    total, count = np.zeros_like(joined), np.ones(labels.shape, np.float32)
    for number, each in view_textures.items():
        change = level[number] - joined
        weight = _agreement(change) * np.minimum(each.weight / np.maximum(own, 1e-6), 1)
        weight *= (labels != number) * np.minimum(SURE * each.quality, 1)
        total += weight[..., None] * change
        count += weight
    return joined + total / count[..., None]


def _agreement(change: np.ndarray) -> np.ndarray:
    """How much (S, S) 0…1 a camera that shows another colour by `change` (S, S, 3) counts."""
    apart = cv2.transform(np.abs(change), np.full((1, 3), 1 / 3))
    half = cv2.resize(apart, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    half = cv2.GaussianBlur(half, (0, 0), AROUND / 2) / AGREEING
    half = 1 / (1 + half * half) ** 2
    return cv2.resize(half, apart.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _whole(colour: np.ndarray) -> np.ndarray:
    """In the blender's whole numbers."""
    return (colour * UNITS).astype(np.int16)


def sureness(view_textures: Mapping[int, ViewTexture], labels: np.ndarray) -> np.ndarray:
    """How sure (S, S) 0…1 the chosen camera's view is at each texel."""
    sure = np.zeros(labels.shape, np.float32)
    for number, each in view_textures.items():
        np.copyto(sure, SURE * each.quality, where=labels == number)
    return np.minimum(sure, 1)


def levelled(each: ViewTexture, ground: np.ndarray) -> np.ndarray:
    """Colours (S, S, 3) float32 0…1 with the shading of `ground` (S, S, 3), as seen if unsure."""
    trust = np.clip(SURE * each.quality, 0, 1)
    size = (trust.shape[1] // LEVEL, trust.shape[0] // LEVEL)
    share = cv2.resize(trust, size, interpolation=cv2.INTER_AREA)
    change = (each.colour.astype(np.float32) / 255 - ground) * trust[..., None]
    smooth = cv2.GaussianBlur(cv2.resize(change, size, interpolation=cv2.INTER_AREA), (0, 0), 1)
    smooth /= (cv2.GaussianBlur(share, (0, 0), 1) + 1e-3)[..., None]
    smooth = cv2.resize(smooth, trust.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return ground + change - smooth * trust[..., None]
