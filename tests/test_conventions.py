"""Each misunderstanding of camera axes is told by landmarks that only the true cameras explain."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from capture_scenes import ring_of_cameras

from models.cameras import OPENGL, Camera
from models.capture.conventions import is_inside_out, misunderstood
from models.faces.landmarks import RIGID

X, Y, Z = (np.diag([-1.0 if i == axis else 1.0 for i in range(4)]) for axis in range(3))
HERE = np.array([0.05, -0.1, 1.2])
"""The head need not be at the world's origin."""


def placed(camera: Camera) -> Camera:
    move = np.eye(4)
    move[:3, 3] = -HERE
    return replace(camera, world_to_camera=camera.world_to_camera @ move)


def transposed(matrix: np.ndarray) -> np.ndarray:
    result = matrix.copy()
    result[:3, :3] = matrix[:3, :3].T
    return result


WRITTEN: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "left and right are swapped": lambda m: X @ m @ X,
    "y points the other way": lambda m: Y @ m @ Z,
    "camera to world where world to camera": np.linalg.inv,
    "world to camera where camera to world": lambda m: OPENGL @ np.linalg.inv(OPENGL @ m),
    "transposed": transposed,
    "upside down": lambda m: np.diag([-1.0, -1, 1, 1]) @ m,
}


def seen() -> tuple[list[Camera], np.ndarray]:
    cameras = [placed(camera) for camera in ring_of_cameras(512)]
    random = np.random.default_rng(0)
    points = HERE + random.uniform(-0.08, 0.08, (200, 3))
    pixels = np.stack([camera.project(points)[0] for camera in cameras])
    return cameras, pixels + random.normal(0, 0.5, pixels.shape)


@pytest.mark.parametrize("sentence", WRITTEN)
def test_a_misunderstanding_is_told(sentence: str) -> None:
    cameras, pixels = seen()
    read = [replace(c, world_to_camera=WRITTEN[sentence](c.world_to_camera)) for c in cameras]
    assert sentence in misunderstood(read, pixels, np.ones(pixels.shape[:2]), 3.0)


def test_right_cameras_and_unknown_mistakes_are_not_explained() -> None:
    cameras, pixels = seen()
    weights = np.ones(pixels.shape[:2])
    assert misunderstood(cameras, pixels, weights, 10.0) == ""
    assert misunderstood(cameras[1:] + cameras[:1], pixels, weights, 10.0) == ""


def test_a_face_inside_out() -> None:
    random = np.random.default_rng(0)
    face = np.full((3, 478, 3), np.nan)
    face[:, [row[0] for row in RIGID]] = 0.08 * np.array([row[1:] for row in RIGID]) + HERE
    face += random.normal(0, 0.003, face.shape)
    turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    assert not is_inside_out(face @ turn.T)
    assert is_inside_out(-face @ turn.T)
    assert not is_inside_out(np.full((2, 478, 3), np.nan))
