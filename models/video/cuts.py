"""Cuts: where the picture changes at once and the face is no longer where it was."""

import cv2
import numpy as np

BINS = 16
SAMPLED, THUMBNAIL = 90, (32, 18)
"""Pixels on the shorter side, or a few more, that are looked at; size in which layouts compare."""
JUMPED, STAYED = 0.5, (0.35, 0.5)
"""Change of colours plus change of layout that make a cut where the face jumps; and how much of
each where a face stays: a flash changes the colours alone."""
OVERLAP = 0.3
"""Faces whose boxes share less of their area have jumped."""


class CutFinder:
    """Looks at one picture after the other; keeps next to nothing of them."""

    def __init__(self) -> None:
        self._before: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def __call__(self, picture: np.ndarray, boxes: np.ndarray) -> bool:
        """Whether a new shot begins here.

        Args:
            picture: (H, W, 3) uint8.
            boxes: (N, 4) left, top, right, bottom of its faces.
        """
        step = max(1, min(picture.shape[:2]) // SAMPLED)
        sample = np.ascontiguousarray(picture[::step, ::step])
        colours, layout = _colours(sample), _layout(sample)
        before, self._before = self._before, (colours, layout, boxes)
        if before is None:
            return False
        recoloured = 0.5 * float(np.abs(colours - before[0]).sum())
        rearranged = 1 - float((layout * before[1]).sum())
        if stays(before[2], boxes):
            return recoloured > STAYED[0] and rearranged > STAYED[1]
        return recoloured + rearranged > JUMPED


def stays(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether any of the faces with boxes (N, 4) is still there among (M, 4)."""
    return bool(len(before) and len(after) and overlaps(before, after).max() > OVERLAP)


def overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Shared area over joint area (N, M) of boxes (N, 4) and (M, 4)."""
    boxes, others = boxes[:, None], others[None]
    low, high = (
        np.maximum(boxes[..., :2], others[..., :2]),
        np.minimum(boxes[..., 2:], others[..., 2:]),
    )
    shared = np.clip(high - low, 0, None).prod(-1)
    joint = _area(boxes) + _area(others) - shared
    return shared / np.maximum(joint, 1e-9)


def _area(boxes: np.ndarray) -> np.ndarray:
    return (boxes[..., 2:] - boxes[..., :2]).prod(-1)


def _colours(picture: np.ndarray) -> np.ndarray:
    """(48,) shares of the channels' levels; their sum is 1."""
    counts = [cv2.calcHist([picture], [c], None, [BINS], [0, 256]) for c in range(3)]
    return np.concatenate(counts).ravel() / (3 * picture.shape[0] * picture.shape[1])


def _layout(picture: np.ndarray) -> np.ndarray:
    """Brightness less its mean, of length 1: two of them multiply to their correlation."""
    grey = cv2.resize(picture, THUMBNAIL, interpolation=cv2.INTER_AREA).mean(-1)
    grey += 1e-3 * np.arange(grey.size).reshape(grey.shape)  # plain pictures correlate too
    grey -= grey.mean()
    return grey / np.linalg.norm(grey)
