"""Along its outline a tracked mesh may stand out beyond the head: where photos show the wall.

Tracking follows the face; ears, neck and the back of the head are the template's. Beside the head a
photo shows what is behind it; what within the mesh's outline looks like that, and unlike the
head farther in, is not the head's.
"""

import cv2
import numpy as np

from ..render.raster import BACKGROUND_DEPTH
from .flow import pixels_per_metre
from .photo import Photo

SIDE = 512
"""Pixels of the longer side at which the head is compared with what is around it."""
APART, DEEP = 0.02, 0.02
"""Metres beyond the outline from which on there is no hair of the head, and within which the mesh
may be wrong."""
LIKE = 12.0
"""Grey levels within which places look alike."""
SURE = 2.0
"""What is behind must be so many times as like as what is farther in."""
GROWTH = 2
"""Pixels of the smaller picture by which what is behind is widened: edges mix it with the head."""


def head_mask(photo: Photo, depth: np.ndarray) -> np.ndarray:
    """255 where a photo may show the head, 0 where it shows what is behind it, (H, W) uint8.

    Args:
        photo: With a head in it.
        depth: (H, W) float32 metres, of the posed mesh.
    """
    there, mask = (depth < BACKGROUND_DEPTH).astype(np.uint8), np.full(depth.shape, 255, np.uint8)
    if there.any():
        scale = pixels_per_metre(photo.camera, depth, there)
        box = _box(there, 2 * APART * scale)
        mask[box] = _masked(photo.picture[box], there[box], scale)
    return mask


def _masked(picture: np.ndarray, there: np.ndarray, scale: float) -> np.ndarray:
    """The mask (h, w) uint8 of a part of a photo (h, w, 3), `there` (h, w) the mesh's outline."""
    size, small = there.shape[::-1], _small(there)
    scale *= small.shape[1] / size[0]
    inward = cv2.distanceTransform(small, cv2.DIST_L2, 5)
    outward = cv2.distanceTransform(1 - small, cv2.DIST_L2, 5)
    picture = cv2.blur(_small(picture), (3, 3)).astype(np.float32)
    behind = _unlike_nearest(picture, outward > APART * scale)
    within = _unlike_nearest(picture, inward > DEEP * scale)
    shows = (behind < LIKE) & (SURE * behind < within) & (inward <= DEEP * scale)
    # What looks like it, but is surrounded by the head, is the head's.
    parts = cv2.connectedComponents((shows | (small == 0)).astype(np.uint8))[1]
    shows &= np.isin(parts, np.unique(parts[small == 0])) & (small > 0)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * GROWTH + 1, 2 * GROWTH + 1))
    grown = cv2.dilate(shows.astype(np.uint8), disc)
    return 255 * (1 - cv2.resize(grown, size, interpolation=cv2.INTER_NEAREST))


def _unlike_nearest(picture: np.ndarray, among: np.ndarray) -> np.ndarray:
    """By how much (h, w) each pixel of (h, w, 3) differs from the nearest one `among` (h, w)."""
    if not among.any():
        return np.full(among.shape, np.inf, np.float32)
    _, labels = cv2.distanceTransformWithLabels(
        (~among).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colours = np.zeros((labels.max() + 1, 3), np.float32)
    colours[labels[among]] = picture[among]
    return cv2.absdiff(picture, colours[labels]).max(2)


def _box(there: np.ndarray, margin: float) -> tuple[slice, slice]:
    """The part of a picture around where `there` (H, W) is not zero."""
    x, y, width, height = cv2.boundingRect(there)
    low = max(int(y - margin), 0), max(int(x - margin), 0)
    return slice(low[0], int(y + height + margin)), slice(low[1], int(x + width + margin))


def _small(picture: np.ndarray) -> np.ndarray:
    """At most `SIDE` pixels wide and high; masks stay masks."""
    factor = SIDE / max(picture.shape[:2])
    if factor >= 1:
        return picture
    how = cv2.INTER_AREA if picture.ndim == 3 else cv2.INTER_NEAREST
    return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=how)
