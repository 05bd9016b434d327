"""Points in space from their pixels in several views, robust against views that are wrong."""

from collections.abc import Sequence

import numpy as np

from ..cameras import Camera

STEPS = 12
"""Of the graduated robust fit; a step after these moves points by less than a micrometre."""
CHUNK = 20_000
"""Points at a time, so that memory stays flat."""
UNCERTAIN = 0.1
"""A point that a pixel's error would move by more than this share of its distance is unseen."""


def triangulate(
    cameras: Sequence[Camera], pixels: np.ndarray, weights: np.ndarray, scale: float = 3.0
) -> tuple[np.ndarray, np.ndarray]:
    """Find the points whose projections are nearest to `pixels`.

    Squared pixel errors are weighted by `weights` and by a Geman-McClure kernel, which is narrowed
    step by step from one that is as good as least squares, so that a minority of views may be far
    off (Yang, Antonante, Tzoumas and Carlone, "Graduated non-convexity for robust spatial
    perception", 2020).

    Args:
        cameras: (C) views.
        pixels: (C, N, 2); NaN where a point is not seen.
        weights: (C, N) 0 (not seen) or more; only their ratio within a point matters.
        scale: Pixels; a view with a larger error counts for little.

    Returns:
        Points (N, 3) in the cameras' world, NaN where fewer than two views see a point, all views
        look from one place, or it would lie behind a camera; errors (C, N) in pixels, NaN where a
        view does not see the point or the point is NaN.
    """
    pixels = np.asarray(pixels, np.float64)
    weights = np.where(np.isfinite(pixels).all(-1), np.asarray(weights, np.float64), 0.0)
    points = np.full((pixels.shape[1], 3), np.nan)
    for start in range(0, len(points), CHUNK):
        part = slice(start, start + CHUNK)
        points[part] = _solve(cameras, pixels[:, part], weights[:, part], scale)
    return points, _errors(cameras, points, pixels, weights)


def _errors(
    cameras: Sequence[Camera], points: np.ndarray, pixels: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    errors = [
        np.linalg.norm(camera.project(points)[0] - seen, axis=-1)
        for camera, seen in zip(cameras, pixels, strict=True)
    ]
    return np.where(weights > 0, np.stack(errors), np.nan)


def _solve(
    cameras: Sequence[Camera], pixels: np.ndarray, weights: np.ndarray, scale: float
) -> np.ndarray:
    seen = weights > 0
    coefficients, constants = _equations(cameras, pixels, seen)
    focal = np.array([np.sqrt(abs(np.linalg.det(c.intrinsics[:2, :2]))) for c in cameras])
    weights = weights / np.maximum(weights.max(0), 1e-300)
    axes = np.stack([camera.world_to_camera[2] for camera in cameras])
    points, information = _least_squares(coefficients, constants, weights * focal[:, None] ** 2)
    widest = None
    for step in range(STEPS):
        depth = np.einsum("ck,nk->cn", axes[:, :3], points) + axes[:, 3:]
        to_pixels = np.square(focal[:, None] / _away_from_zero(depth))
        offsets = np.einsum("cnij,nj->cni", coefficients, points) - constants
        squared = np.where(seen, np.square(offsets).sum(-1) * to_pixels, 0.0)
        if widest is None:
            widest = np.maximum(2 * squared.max(0) / scale**2, 1.0)
        width = scale**2 * widest ** (1 - step / (STEPS - 1))
        kernel = np.square(width / (squared + width))
        points, information = _least_squares(
            coefficients, constants, weights * kernel * to_pixels, points
        )
    return np.where(_is_certain(points, information, depth, seen)[:, None], points, np.nan)


def _equations(
    cameras: Sequence[Camera], pixels: np.ndarray, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Two rows a view, (C, N, 2, 3) and (C, N, 2): coefficients · point = constants on the ray."""
    coefficients, constants = [], []
    for camera, places, used in zip(cameras, pixels, seen, strict=True):
        plane = camera.normalised(np.where(used[:, None], places, camera.intrinsics[:2, 2]))
        matrix = camera.world_to_camera
        rows = plane[..., None] * matrix[2] - matrix[:2]
        coefficients.append(rows[..., :3])
        constants.append(-rows[..., 3])
    return np.stack(coefficients), np.stack(constants)


def _least_squares(
    coefficients: np.ndarray,
    constants: np.ndarray,
    weights: np.ndarray,
    before: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 3) and their information (N, 3, 3); what nothing tells stays as `before`."""
    information = np.einsum("cn,cnki,cnkj->nij", weights, coefficients, coefficients)
    start = np.zeros((len(information), 3)) if before is None else before
    left = constants - np.einsum("cnij,nj->cni", coefficients, start)
    right = np.einsum("cn,cnki,cnk->ni", weights, coefficients, left)
    trace = np.trace(information, axis1=1, axis2=2)
    ridge = (1e-12 * trace + (trace == 0))[:, None, None] * np.eye(3)
    return start + np.linalg.solve(information + ridge, right[..., None])[..., 0], information


def _away_from_zero(depth: np.ndarray) -> np.ndarray:
    nearest = 1e-3 * np.abs(depth).max(0) + 1e-12
    return np.where(np.abs(depth) < nearest, nearest, depth)


def _is_certain(
    points: np.ndarray, information: np.ndarray, depth: np.ndarray, seen: np.ndarray
) -> np.ndarray:
    """Whether the views pin a point down, (N,)."""
    weakest = np.linalg.eigvalsh(information)[:, 0]
    distance = np.where(seen, np.abs(depth), 0).max(0)
    pinned = weakest * np.square(UNCERTAIN * distance) > 1
    before = (np.where(seen, depth, 1.0) > 0).all(0)
    return (seen.sum(0) >= 2) & pinned & before & np.isfinite(points).all(1)
