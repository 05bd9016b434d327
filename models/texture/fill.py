"""Texels that no camera saw: smooth interpolation across holes."""

import cv2
import numpy as np


def push_pull(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Interpolate over where weights are low (Gortler et al., The Lumigraph, 1996).

    Args:
        values: (S, S, C) float32.
        weights: (S, S) float32 0…1; where 1, the value is kept.

    Returns:
        (S, S, C) float32 without holes (zero where all weights are zero).
    """
    rows, columns = weights.shape
    if min(rows, columns) == 1:
        return values
    size = ((columns + 1) // 2, (rows + 1) // 2)
    share = cv2.resize(weights, size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(values * weights[..., None], size, interpolation=cv2.INTER_AREA)
    total = total.reshape(*share.shape, -1)
    coarse = total / np.maximum(share, 1e-12)[..., None]
    filled = push_pull(coarse, np.minimum(4 * share, 1.0))
    smooth = cv2.resize(filled, (columns, rows), interpolation=cv2.INTER_LINEAR)
    smooth = smooth.reshape(values.shape)
    return smooth + weights[..., None] * (values - smooth)


def complete(colour: np.ndarray, seen: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Complete a frame: the reference, moved to fit the frame around each hole.

    Args:
        colour: (S, S, 3) float32 0…1, anything where unseen.
        seen: (S, S) float32 0…1.
        reference: (S, S, 3) float32 0…1.

    Returns:
        (S, S, 3) float32.
    """
    return reference + push_pull(colour - reference, seen)
