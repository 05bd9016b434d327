"""COLMAP's lens models as this project's lens, which is OpenCV's with up to eight coefficients.

Six models are the same. The others are computed by pycolmap (4.2.1: a wheel of 38 MB, imported in
0.6 s, needed for nothing else) over the whole picture, and the lens is fitted to what it says:
round ones to 0.015 px at the most (640 × 480 pixels, up to 153° from corner to corner), two with
prisms to 0.06 px (0.07 and 0.14 px without the small turn that they need); at 4096 pixels they
would be 0.37 px off, and are refused.

pycolmap works in a child process (`colmap_lens_child.py`), one for all lenses of a model: where it
is imported, SIGTERM ends the process with a stack trace, whatever was to be done at that signal.
"""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
FINE = 3 * GRID
"""Places at which its error is measured."""
TAME = 0.03
"""Pixels that a coefficient of 1 costs: they stay small, so that the lens is no surprise beyond."""
_CHILD = Path(__file__).parent / "colmap_lens_child.py"
_TIMEOUT = 120
"""Seconds for the child, which needs less than one once its 38 MB are read."""


@dataclass(frozen=True)
class _Seen:
    """What a lens sees.

    Attributes:
        plane: (N, 3) points one unit before the camera.
        pixels: (N, 2) where the lens shows them.
    """

    plane: np.ndarray
    pixels: np.ndarray


def cameras_of(lenses: Sequence[Lens], file: str) -> dict[int, Camera]:
    """The cameras of lenses by number, at the world's origin; fitted ones are turned by a little.

    Args:
        lenses: Records of COLMAP's.
        file: Name of the file they are from, for messages.

    Raises:
        CaptureError: A number is impossible, or no lens of ours comes near enough.
        MissingDependencyError: A lens needs pycolmap, which is not installed or does not work.
    """
    for lens in lenses:
        if not np.isfinite(lens.values).all():
            raise CaptureError(
                f"{file}: the lens of camera {lens.number} has numbers that are not finite."
            )
    cameras = {lens.number: _exact(lens) for lens in lenses if lens.model in EXACT}
    others = [lens for lens in lenses if lens.model not in EXACT]
    for lens, reply in zip(others, _asked(others) if others else (), strict=True):
        cameras[lens.number] = _fitted(lens, *_seen(lens, reply, file), file)
    return cameras


def _exact(lens: Lens) -> Camera:
    name = str(lens.number)
    values = dict(zip(EXACT[lens.model].split(), lens.values, strict=True))
    fx, fy = (values[key if key in values else "f"] for key in ("fx", "fy"))
    order = "k1 k2 p1 p2 k3 k4 k5 k6".split()
    distortion = tuple(values.get(k, 0.0) for k in order[: 8 if "k3" in values else 4])
    intrinsics = pinhole(fx, fy, values["cx"], values["cy"], name)
    return Camera(name, intrinsics, lens.width, lens.height, np.eye(4), distortion)


def _fitted(lens: Lens, coarse: _Seen, fine: _Seen, file: str) -> Camera:
    plane, pixels = coarse.plane, coarse.pixels
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
    (fx, _, cx), (_, fy, cy) = found.intrinsics[:2]
    pinhole(fx, fy, cx, cy, found.name)  # refuses what mirrors
    error = _worst(found, fine)
    if error > MOST_ERROR:
        raise CaptureError(
            f"{file}: the lens {lens.model} of camera {lens.number} would be wrong by {error:.2f} "
            f"pixels (allowed: {MOST_ERROR}): run 'colmap image_undistorter'."
        )
    return found


def _worst(camera: Camera, seen: _Seen) -> float:
    """The largest error in pixels, there and back."""
    there = camera.project(seen.plane)[0]
    straight = camera.normalised(seen.pixels)
    turn = camera.world_to_camera[:3, :3]
    back = camera.project(np.c_[straight, np.ones(len(straight))] @ turn)[0]
    error = np.abs(np.stack([there, back]) - seen.pixels).max()
    return float(error) if np.isfinite(error) else float("inf")


def _grid(lens: Lens, side: int) -> np.ndarray:
    """Pixels (side², 2) all over the picture, its borders included."""
    steps = np.meshgrid(np.linspace(0, lens.width, side), np.linspace(0, lens.height, side))
    return np.stack(steps, -1).reshape(-1, 2)


def _pixels(lens: Lens) -> np.ndarray:
    """Both grids' pixels (GRID² + FINE², 2)."""
    return np.concatenate([_grid(lens, GRID), _grid(lens, FINE)])


def _seen(lens: Lens, reply: tuple[list, list], file: str) -> tuple[_Seen, _Seen]:
    """What a lens sees on the grid it is fitted to, and on the fine one.

    Args:
        lens: The lens.
        reply: The child's.
        file: Name of its file.

    Raises:
        CaptureError: The lens sees more than half of the world.
    """
    pixels, (plane, again) = _pixels(lens), map(np.array, reply)
    # Where a ray goes backward, pycolmap gives no number, or one that is not that pixel's.
    off = np.abs(again - pixels).max()
    if not off < MOST_ERROR / 10:
        raise CaptureError(
            f"{file}: the lens {lens.model} of camera {lens.number} sees too much for a flat "
            f"picture of {lens.width} × {lens.height} pixels: run 'colmap image_undistorter'."
        )
    plane = np.c_[plane, np.ones(len(plane))]
    few = GRID * GRID
    return _Seen(plane[:few], pixels[:few]), _Seen(plane[few:], pixels[few:])


def _asked(lenses: Sequence[Lens]) -> list[tuple[list, list]]:
    """The child's reply for each lens: its pixels on the plane, and these as pixels again.

    Raises:
        MissingDependencyError: pycolmap is not installed, or does not work.
    """
    if importlib.util.find_spec("pycolmap") is None:
        raise MissingDependencyError(
            "This COLMAP lens needs the Python package pycolmap, which is not installed. "
            "Install it, or run 'colmap image_undistorter'."
        )
    order = [
        {
            "model": lens.model,
            "width": lens.width,
            "height": lens.height,
            "values": lens.values,
            "pixels": _pixels(lens).tolist(),
        }
        for lens in lenses
    ]
    try:
        done = subprocess.run(
            [sys.executable, "-P", str(_CHILD)],  # its folder's modules hide no package's
            input=json.dumps(order),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=True,
            # Blender's packages folder is known to this process only.
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise MissingDependencyError(
            "This COLMAP lens needs the Python package pycolmap, which does not work here. "
            "Install it anew, or run 'colmap image_undistorter'."
        ) from error
