"""Triangulation against known points: exact, noisy, with wrong views, unseen and degenerate."""

from dataclasses import replace

import numpy as np
import pytest
from capture_scenes import ring_of_cameras
from effort import lines_run

from models.cameras import Camera
from models.capture.triangulate import triangulate

LENS = (-0.12, 0.03, 0.001, -0.002, 0.01)


def bent_cameras() -> list[Camera]:
    return [replace(camera, distortion=LENS) for camera in ring_of_cameras(512)]


def seen_points(
    cameras: list[Camera], count: int, noise: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    points = random.uniform(-0.1, 0.1, (count, 3))
    pixels = np.stack([camera.project(points)[0] for camera in cameras])
    return points, pixels + random.normal(0, noise, pixels.shape)


def test_exact_pixels_give_the_points_back() -> None:
    cameras = bent_cameras()
    points, pixels = seen_points(cameras, 200)
    found, errors = triangulate(cameras, pixels, np.ones(pixels.shape[:2]))
    np.testing.assert_allclose(found, points, atol=1e-8)
    assert errors.max() < 1e-4


def test_noise_is_averaged() -> None:
    cameras = bent_cameras()
    points, pixels = seen_points(cameras, 2000, 0.5)
    found, errors = triangulate(cameras, pixels, np.ones(pixels.shape[:2]))
    # 0.5 px are 0.24 mm at this focal length and distance; five views average it.
    assert np.sqrt(np.square(found - points).mean()) < 0.00022
    assert 0.3 < np.nanmedian(errors) < 0.7


@pytest.mark.parametrize("far", [12.0, 60.0, 400.0])
def test_a_wrong_view_is_outvoted_and_told(far: float) -> None:
    cameras = bent_cameras()
    points, pixels = seen_points(cameras, 500, 0.3)
    wrong = np.arange(500) % 5
    pixels[wrong, np.arange(500)] += (far, -0.6 * far)
    found, errors = triangulate(cameras, pixels, np.ones(pixels.shape[:2]))
    assert np.percentile(np.linalg.norm(found - points, axis=1), 95) < 0.001
    assert (errors[wrong, np.arange(500)] > 0.8 * far).mean() > 0.95


def test_weights_count() -> None:
    cameras = bent_cameras()
    points, pixels = seen_points(cameras, 50)
    pixels[0] += 1.0
    weights = np.ones(pixels.shape[:2])
    weights[0] = 0.01
    light, _ = triangulate(cameras, pixels, weights)
    heavy, _ = triangulate(cameras, pixels, np.ones_like(weights))
    assert np.abs(light - points).max() < 0.1 * np.abs(heavy - points).max()


def test_unseen_points_are_nan() -> None:
    cameras = bent_cameras()
    points, pixels = seen_points(cameras, 4)
    weights = np.ones(pixels.shape[:2])
    weights[:, 0] = 0
    weights[1:, 1] = 0
    pixels[2:, 2] = np.nan
    found, errors = triangulate(cameras, pixels, weights)
    assert np.isnan(found[:2]).all() and np.isnan(errors[:, :2]).all()
    np.testing.assert_allclose(found[2:], points[2:], atol=1e-8)
    assert np.isnan(errors[2:, 2]).all() and np.isfinite(errors[:2, 2]).all()


def test_points_behind_the_cameras_are_nan() -> None:
    """Rays that part in front of two cameras meet behind them, where nothing can be seen."""
    cameras = ring_of_cameras(512)[:2]
    middle = np.mean([camera.position for camera in cameras], axis=0)
    points = 1.6 * middle + np.random.default_rng(0).uniform(-0.05, 0.05, (20, 3))
    pixels = np.stack([camera.project(points)[0] for camera in cameras])
    assert all((camera.project(points)[1] < 0).all() for camera in cameras)
    found, errors = triangulate(cameras, pixels, np.ones((2, 20)))
    assert np.isnan(found).all() and np.isnan(errors).all()


def test_one_place_gives_no_depth() -> None:
    camera = ring_of_cameras(512)[0]
    _, pixels = seen_points([camera, camera], 10, 0.5)
    found, _ = triangulate([camera, camera], pixels, np.ones((2, 10)))
    assert np.isnan(found).all()


def test_many_landmarks_are_solved_as_arrays() -> None:
    cameras = bent_cameras()
    _, pixels = seen_points(cameras, 15_000, 0.5)

    def effort(count: int) -> int:
        some = pixels[:, :count]
        return lines_run(lambda: triangulate(cameras, some, np.ones(some.shape[:2])))

    assert effort(15_000) == pytest.approx(effort(150), rel=0.1)
    found, _ = triangulate(cameras, pixels, np.ones(pixels.shape[:2]))
    assert np.isfinite(found).all()
