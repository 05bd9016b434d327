"""Where the hair begins."""

import numpy as np

from ..mesh import HeadMesh

HAIRLINE = np.array(
    [
        *([0, 0.050], [18, 0.052], [32, 0.048], [44, 0.038], [54, 0.022], [62, 0.004]),
        *([70, -0.020], [80, -0.022], [85, -0.004], [92, -0.001], [104, -0.003], [112, -0.018]),
        *([120, -0.048], [140, -0.062], [180, -0.066]),
    ]
)
"""Degrees from the front and metres above the brows."""


def hairline_depth(mesh: HeadMesh, points: np.ndarray) -> np.ndarray:
    """How far points (n, 3) are above the hairline, metres; negative below and on the ears."""
    brow = mesh.vertices[mesh.landmarks["brow_left"]][:, 2].mean()
    centre = mesh.pivot[1] - 0.010
    degrees = np.degrees(np.arctan2(np.abs(points[:, 0]), centre - points[:, 1]))
    height = points[:, 2] - brow - np.interp(degrees, HAIRLINE[:, 0], HAIRLINE[:, 1])
    radius = np.hypot(points[:, 0], points[:, 1] - centre)
    beside = (degrees > 78) & (degrees < 112) & (points[:, 2] < brow - 0.002)
    return np.where(beside & (radius > 0.0775), -0.02, height)
