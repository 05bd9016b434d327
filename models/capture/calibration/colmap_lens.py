"""COLMAP's lens models as this project's lens, which is OpenCV's with up to eight coefficients.

Six models are the same. The others are computed by pycolmap (4.2.1: a wheel of 38 MB, imported in
0.6 s, needed for nothing else) over the whole picture, and the lens is fitted to what it says:
round ones to 0.015 px at the most (640 × 480 pixels, up to 153° from corner to corner), two with
prisms to 0.06 px (0.07 and 0.14 px without the small turn that they need); at 4096 pixels they
would be 0.37 px off, and are refused.
"""

from types import ModuleType

import numpy as np
from scipy.optimize import least_squares

from ...cameras import Camera
from ...errors import CaptureError, MissingDependencyError
from .colmap_files import Lens
from .entries import pinhole

EXACT = {
    "SIMPLE_PINHOLE": "f cx cy",
    "PINHOLE": "fx fy cx cy",
    "SIMPLE_RADIAL": "f cx cy k1",
    "RADIAL": "f cx cy k1 k2",
    "OPENCV": "fx fy cx cy k1 k2 p1 p2",
    "FULL_OPENCV": "fx fy cx cy k1 k2 p1 p2 k3 k4 k5 k6",
}
"""Lens models that are OpenCV's, with their parameters in the file's order."""
MOST_ERROR = 0.25
"""Pixels by which a fitted lens may be wrong anywhere in the picture."""
GRID = 17
"""Places across the picture, in both directions, that a lens is fitted to."""
TAME = 0.03
"""Pixels that a coefficient of 1 costs: they stay small, so that the lens is no surprise beyond."""


def camera_of(lens: Lens, file: str) -> Camera:
    """The camera of a lens, at the world's origin; a fitted one may be turned there by a little.

    Args:
        lens: A record of COLMAP's.
        file: Name of the file it is from, for messages.

    Raises:
        CaptureError: A number is impossible, or no lens of ours comes near enough.
        MissingDependencyError: The lens needs pycolmap, which is not installed.
    """
    name = str(lens.number)
    if not np.isfinite(lens.values).all():
        raise CaptureError(f"{file}: the lens of camera {name} has numbers that are not finite.")
    if lens.model not in EXACT:
        return _fitted(lens, file)
    values = dict(zip(EXACT[lens.model].split(), lens.values, strict=True))
    fx, fy = (values[key if key in values else "f"] for key in ("fx", "fy"))
    order = "k1 k2 p1 p2 k3 k4 k5 k6".split()
    distortion = tuple(values.get(k, 0.0) for k in order[: 8 if "k3" in values else 4])
    intrinsics = pinhole(fx, fy, values["cx"], values["cy"], name)
    return Camera(name, intrinsics, lens.width, lens.height, np.eye(4), distortion)


def _fitted(lens: Lens, file: str) -> Camera:
    plane, pixels = _seen(lens, GRID, file)
    focal, middle = max(lens.width, lens.height), np.array([lens.width, lens.height]) / 2

    def camera(x: np.ndarray) -> Camera:
        fx, fy, cx, cy = focal * x[0], focal * x[1], *(middle + focal * x[2:4])
        intrinsics = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])
        straight = Camera(
            str(lens.number), intrinsics, lens.width, lens.height, np.eye(4), tuple(x[6:])
        )
        # A thin prism is, but for small terms, OpenCV's p1 and p2 on a camera that is turned.
        return straight.turned(np.array([x[4], x[5], 0.0]))

    def residuals(x: np.ndarray) -> np.ndarray:
        return np.r_[(camera(x).project(plane)[0] - pixels).ravel(), TAME * x[6:]]

    near = np.linalg.norm(plane[:, :2], axis=1).argsort()[: len(plane) // 4]
    ray, seen = plane[near, :2], pixels[near]
    start = [np.polyfit(ray[:, axis], seen[:, axis], 1) for axis in (0, 1)]
    x = np.zeros(14)
    x[:2] = np.array(start)[:, 0] / focal
    x[2:4] = (np.array(start)[:, 1] - middle) / focal
    found = camera(least_squares(residuals, x, x_scale="jac", max_nfev=100).x)
    error = _worst(found, *_seen(lens, 3 * GRID, file))
    if error > MOST_ERROR:
        raise CaptureError(
            f"{file}: the lens {lens.model} of camera {lens.number} would be wrong by {error:.2f} "
            f"pixels (allowed: {MOST_ERROR}): run 'colmap image_undistorter'."
        )
    return found


def _worst(camera: Camera, plane: np.ndarray, pixels: np.ndarray) -> float:
    """The largest error in pixels, there and back."""
    there = camera.project(plane)[0]
    straight = camera.normalised(pixels)
    turn = camera.world_to_camera[:3, :3]
    back = camera.project(np.c_[straight, np.ones(len(straight))] @ turn)[0]
    error = np.abs(np.stack([there, back]) - pixels).max()
    return float(error) if np.isfinite(error) else float("inf")


def _seen(lens: Lens, side: int, file: str) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 3) one unit before the camera and their pixels (N, 2), all over the picture.

    Raises:
        CaptureError: The lens is damaged, or sees more than half of the world.
    """
    colmap = _load_pycolmap()
    steps = np.meshgrid(np.linspace(0, lens.width, side), np.linspace(0, lens.height, side))
    pixels = np.stack(steps, -1).reshape(-1, 2)
    try:
        theirs = colmap.Camera(
            model=lens.model, width=lens.width, height=lens.height, params=lens.values
        )
        plane = np.c_[theirs.cam_from_img(pixels), np.ones(len(pixels))]
        again = theirs.img_from_cam(plane)
    except (ValueError, TypeError) as error:
        raise CaptureError(f"{file}: the lens of camera {lens.number} is damaged: {error}.") from (
            error
        )
    # Where a ray goes backward, pycolmap gives no number, or one that is not that pixel's.
    off = np.abs(again - pixels).max()
    if not off < MOST_ERROR / 10:
        raise CaptureError(
            f"{file}: the lens {lens.model} of camera {lens.number} sees too much for a flat "
            f"picture of {lens.width} × {lens.height} pixels: run 'colmap image_undistorter'."
        )
    return plane, pixels


def _load_pycolmap() -> ModuleType:
    try:
        import pycolmap
    except ImportError as error:
        raise MissingDependencyError(
            "This COLMAP lens needs the Python package pycolmap, which is not installed. "
            "Install it, or run 'colmap image_undistorter'."
        ) from error
    return pycolmap
