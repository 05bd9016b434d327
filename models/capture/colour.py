"""Colour matched between cameras: a gain and an offset of each channel, in linear light.

Skin seen by several cameras at the same landmark should have one colour. Only skin is compared, so
that channels are not mixed: a whole matrix would fit skin and spoil eyes and teeth.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..cameras import Camera

SKIN = (
    *(151, 9, 108, 337, 69, 299, 104, 333, 5, 195, 197, 6, 50, 280, 101, 330, 36, 266),
    *(205, 425, 187, 411, 123, 352, 117, 346, 118, 347, 147, 376, 207, 427, 214, 434),
    *(192, 416, 199, 200, 175, 171, 396, 142, 371, 203, 423),
)
"""Landmarks on forehead, nose, cheeks, chin and jaw, away from brows, lips and hair."""
PATCH = 0.06
"""Side of a patch as a share of the distance between the eyes."""
DARK, BRIGHT = 0.01, 0.95
"""Linear values outside of which a patch is black or burnt out."""
ROUNDS = 30
OUTLIER = 0.06
"""Natural logarithm of a colour ratio from which a patch (highlight, hair) counts for little."""
OFFSET_PRIOR = 0.01
"""Standard deviation of the offsets that cameras are expected to have."""
FEWEST = 8
"""Patches that a camera must share with others."""

_VALUES = np.arange(256) / 255
LINEAR = np.where(_VALUES <= 0.04045, _VALUES / 12.92, ((_VALUES + 0.055) / 1.055) ** 2.4)
"""(256,) linear light of 8-bit sRGB."""


@dataclass(frozen=True)
class ColourMatch:
    """How one camera's colours become those of all cameras: linear · gain + offset.

    Attributes:
        gain: (3,) of red, green, blue.
        offset: (3,) in linear light 0…1.
        patches: How many the estimate rests on; 0 where it is no estimate.
    """

    gain: np.ndarray
    offset: np.ndarray
    patches: int = 0

    def apply(self, picture: np.ndarray) -> np.ndarray:
        """The corrected picture (H, W, 3) uint8."""
        return cv2.LUT(np.ascontiguousarray(picture), self.table()[:, None])

    def table(self) -> np.ndarray:
        """(256, 3) uint8 corrected values of each channel."""
        linear = np.clip(LINEAR[:, None] * self.gain + self.offset, 0, 1)
        low, high = 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
        return np.round(255 * np.where(linear <= 0.0031308, low, high)).astype(np.uint8)


UNCHANGED = ColourMatch(np.ones(3), np.zeros(3))


def skin_patches(picture: np.ndarray, places: np.ndarray, side: float) -> np.ndarray:
    """Mean colours of square patches.

    Args:
        picture: (H, W, 3) uint8 RGB.
        places: (S, 2) their middles in pixels.
        side: Of the patches in pixels.

    Returns:
        (S, 3) linear light; NaN outside the picture and where a patch is black or burnt out.
    """
    half = max(1, round(side / 2))
    patches = np.full((len(places), 3), np.nan)
    for place, (x, y) in enumerate(places):
        if not (half <= x < picture.shape[1] - half and half <= y < picture.shape[0] - half):
            continue
        column, row = int(x), int(y)
        patch = picture[row - half : row + half + 1, column - half : column + half + 1]
        colour = LINEAR[patch].mean((0, 1))
        if colour.min() > DARK and patch.max() < 255 and colour.max() < BRIGHT:
            patches[place] = colour
    return patches


def skin_colours(picture: np.ndarray, camera: Camera, points: np.ndarray) -> np.ndarray:
    """Colours (S, 3) of the skin that looks towards a camera, NaN elsewhere.

    The landmarks found in each picture would slide over the skin from view to view, along its
    shading; so one point in space is looked at by all cameras.

    Args:
        picture: (H, W, 3) uint8 RGB of the camera.
        camera: A camera that agrees with the others.
        points: (478, 3) triangulated landmarks of the same moment.
    """
    places, depth = camera.project(points)
    between = np.linalg.norm(points[468] - points[473])
    focal = np.sqrt(camera.intrinsics[0, 0] * camera.intrinsics[1, 1])
    side = PATCH * focal * between / np.nanmedian(depth)
    if not np.isfinite(side):
        return np.full((len(SKIN), 3), np.nan)
    patches = skin_patches(picture, places[list(SKIN)], side)
    return np.where(facing(points, camera.position)[:, None], patches, np.nan)


def facing(points: np.ndarray, position: np.ndarray, least: float = 0.5) -> np.ndarray:
    """Which skin patches look towards a camera, (S,) bool.

    Args:
        points: (478, 3) triangulated landmarks.
        position: (3,) of the camera.
        least: Cosine between a patch's normal, taken from the middle of the head, and the view.
    """
    outward = points[list(SKIN)] - points[[127, 356, 234, 454]].mean(0)
    towards = position - points[list(SKIN)]
    cosine = (outward * towards).sum(1)
    cosine = cosine / (np.linalg.norm(outward, axis=1) * np.linalg.norm(towards, axis=1))
    return cosine > least  # NaN is not


def match_colours(names: Sequence[str], colours: np.ndarray) -> dict[str, ColourMatch]:
    """Match cameras to the mean of all.

    Args:
        names: (C) of the cameras.
        colours: (C, N, 3) linear light of the same patches, NaN where a camera does not see one.

    Returns:
        A match for each camera; unchanged for one that shares fewer than `FEWEST` patches.
    """
    seen = np.isfinite(colours).all(-1)
    shared = seen & (seen.sum(0) >= 2)
    counts = shared.sum(1)
    shared &= (counts >= FEWEST)[:, None]
    shared &= shared.sum(0) >= 2
    if not shared.any():
        return dict.fromkeys(names, UNCHANGED)
    gains = np.exp(_log_gains(np.log(np.where(shared[..., None], colours, 1.0)), shared))
    offsets, gains = _with_offsets(colours, shared, gains)
    return {
        name: ColourMatch(gains[place], offsets[place], int(counts[place]))
        if shared[place].any()
        else UNCHANGED
        for place, name in enumerate(names)
    }


def _log_gains(logs: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """(C, 3) so that logs + gains agree, their mean over the cameras zero; robust."""
    gains, weights = np.zeros((len(logs), 3)), shared.astype(np.float64)
    used = shared.any(1)
    for _ in range(ROUNDS):
        level = logs + gains[:, None]
        reference = (
            np.einsum("cn,cnk->nk", weights, level) / np.maximum(weights.sum(0), 1e-9)[:, None]
        )
        left = np.where(shared[..., None], reference - level, 0.0)
        gains += np.einsum("cn,cnk->ck", weights, left) / np.maximum(weights.sum(1), 1e-9)[:, None]
        gains[used] -= gains[used].mean(0)
        gains[~used] = 0
        weights = shared / np.square(1 + np.square(left).mean(-1) / OUTLIER**2)
    return gains


def _with_offsets(
    colours: np.ndarray, shared: np.ndarray, gains: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (C, 3) that the patches ask for beyond `gains`, and the gains that go with them."""
    level = np.where(shared[..., None], colours, 0.0) * gains[:, None]
    reference = level.sum(0) / np.maximum(shared.sum(0), 1)[:, None]
    offsets, refined = np.zeros_like(gains), gains.copy()
    for camera in np.flatnonzero(shared.any(1)):
        mine = shared[camera]
        for channel in range(3):
            x, y = level[camera, mine, channel], reference[mine, channel]
            scale, offset = _line(x, y)
            refined[camera, channel] *= scale
            offsets[camera, channel] = offset
    return offsets, refined


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of y over x: robust, and an intercept only where x spreads enough."""
    slope, intercept = 1.0, 0.0
    noise = OUTLIER * max(float(np.median(np.abs(y))), 1e-6)
    prior = np.diag([1e-9, (noise / OFFSET_PRIOR) ** 2])
    for _ in range(10):
        weight = 1 / np.square(1 + np.square(y - slope * x - intercept) / noise**2)
        design = np.stack([x, np.ones_like(x)], 1)
        normal = (design * weight[:, None]).T @ design + prior
        slope, intercept = np.linalg.solve(normal, (design * weight[:, None]).T @ y)
    return float(slope), float(intercept)
