"""Which misunderstanding of axes explains cameras that do not agree, or a face inside out."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..cameras import OPENGL, Camera
from ..faces.landmarks import RIGID
from .triangulate import triangulate

EXPLAINED = 0.3
"""A change of convention that leaves less than this share of the error explains it."""


def _with_picture(flip: tuple[float, float, float]) -> Callable[[Camera], Camera]:
    return lambda camera: replace(camera, intrinsics=camera.intrinsics @ np.diag(flip))


def _inverse(camera: Camera) -> Camera:
    return replace(camera, world_to_camera=np.linalg.inv(camera.world_to_camera))


def _inverse_opengl(camera: Camera) -> Camera:
    return replace(camera, world_to_camera=OPENGL @ np.linalg.inv(OPENGL @ camera.world_to_camera))


def _transposed(camera: Camera) -> Camera:
    matrix = camera.world_to_camera.copy()
    matrix[:3, :3] = matrix[:3, :3].T
    return replace(camera, world_to_camera=matrix)


MIRRORED = (
    "The calibration is mirrored ({}): its world is left-handed, or one axis is flipped; export it "
    "with right-handed axes."
)
INSIDE_OUT = (
    "The face comes out inside out: the calibration is mirrored, or its pictures are upside down; "
    "export it with right-handed axes for the pictures as they are."
)
CLEARER = 0.7
"""A mirrored shape that leaves less than this share of the true one's distances fits better."""
MISUNDERSTANDINGS: tuple[tuple[str, Callable[[Camera], Camera]], ...] = (
    (MIRRORED.format("left and right are swapped"), _with_picture((-1, 1, 1))),
    (MIRRORED.format("y points the other way"), _with_picture((1, -1, 1))),
    (
        "The pictures are upside down against the calibration: turn them, or calibrate them as "
        "they are.",
        _with_picture((-1, -1, 1)),
    ),
    (
        "The poses of the calibration are camera to world where world to camera is "
        "expected: invert them.",
        _inverse,
    ),
    (
        "The poses of the calibration are world to camera where camera to world is "
        "expected: invert them.",
        _inverse_opengl,
    ),
    (
        "The rotations of the calibration are transposed: write their rows as rows.",
        _transposed,
    ),
)
"""What is wrong, for people, and the camera as it was meant."""


def misunderstood(
    cameras: Sequence[Camera], pixels: np.ndarray, weights: np.ndarray, allowed: float
) -> str:
    """What is wrong with the axes of cameras that disagree.

    Args:
        cameras: (C) as they were read.
        pixels: (C, N, 2) landmarks, NaN where unseen.
        weights: (C, N).
        allowed: Pixels of error that are usual.

    Returns:
        A sentence; '' where the cameras agree, or nothing known explains why they do not.
    """
    before = typical_error(cameras, pixels, weights, allowed)
    if before <= allowed:
        return ""
    after = [
        typical_error([meant(camera) for camera in cameras], pixels, weights, allowed)
        for _, meant in MISUNDERSTANDINGS
    ]
    best = int(np.argmin(after))
    explains = after[best] <= allowed and after[best] < EXPLAINED * before
    return MISUNDERSTANDINGS[best][0] if explains else ""


def typical_error(
    cameras: Sequence[Camera], pixels: np.ndarray, weights: np.ndarray, scale: float
) -> float:
    """Median over the points of the root mean squared error in pixels; unseen points count as lost.

    All views count: robust averages of a few cameras would hide that they disagree.
    """
    points, errors = triangulate(cameras, pixels, weights, 100 * scale)
    seen_twice = (weights > 0).sum(0) >= 2
    if not seen_twice.any():
        return 0.0
    total = np.where(weights > 0, weights, 0).sum(0)
    squared = np.nansum(np.where(weights > 0, weights * np.square(errors), 0), 0)
    lost = np.isnan(points).any(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rms = np.where(lost, np.inf, np.sqrt(squared / total))
    return float(np.median(rms[seen_twice]))


def is_inside_out(points: np.ndarray) -> bool:
    """Whether triangulated landmarks (frames, 478, 3) are the mirror image of a face.

    Cameras that are each mirrored about their axis agree nearly as well as true ones: without
    perspective a shape and its point reflection have the same outlines.
    """
    index, shape = [row[0] for row in RIGID], np.array([row[1:] for row in RIGID])
    seen = np.isfinite(points[:, index]).all((1, 2))
    if not seen.any():
        return False
    face = np.median(points[seen][:, index], 0)
    true, mirrored = _distances_after_fit(face, shape)
    return mirrored < CLEARER * true


def _distances_after_fit(points: np.ndarray, shape: np.ndarray) -> tuple[float, float]:
    """What is left after a similarity fit (Umeyama 1991) to a shape and to its mirror image."""
    points, shape = points - points.mean(0), shape - shape.mean(0)
    stretch = np.linalg.svd(points.T @ shape, compute_uv=False)
    sign = np.sign(np.linalg.det(points.T @ shape))
    left = []
    for last in (sign, -sign):
        along = stretch[0] + stretch[1] + last * stretch[2]
        left.append(1 - along**2 / (np.square(points).sum() * np.square(shape).sum()))
    return float(np.sqrt(max(left[0], 0))), float(np.sqrt(max(left[1], 0)))
