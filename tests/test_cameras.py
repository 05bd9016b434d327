"""Cameras against OpenCV's projection and known points."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from capture_scenes import ring_of_cameras

from models.cameras import Camera, look_at
from models.pose import rotation_matrix, to_world

DISTORTION = (-0.12, 0.03, 0.001, -0.002)


def odd_camera() -> Camera:
    plain = look_at("odd", (0.3, -0.9, 0.4), (0, 0, 0.1), 900, (640, 480), (310.5, 255.25))
    return replace(plain, distortion=DISTORTION)


def test_projects_like_opencv() -> None:
    camera, points = odd_camera(), np.random.default_rng(0).uniform(-0.15, 0.15, (50, 3))
    rotation, _ = cv2.Rodrigues(camera.world_to_camera[:3, :3])
    expected, _ = cv2.projectPoints(
        points, rotation, camera.world_to_camera[:3, 3], camera.intrinsics, np.array(DISTORTION)
    )
    pixels, depth = camera.project(points)
    np.testing.assert_allclose(pixels, expected[:, 0], atol=1e-6)
    assert (depth > 0.5).all()


def test_axes_of_a_frontal_camera() -> None:
    camera = look_at("front", (0, -1, 0), (0, 0, 0), 1000, (400, 300))
    np.testing.assert_allclose(camera.position, (0, -1, 0), atol=1e-12)
    points = np.array([[0, 0, 0], [0.1, 0, 0], [0, 0, 0.1], [0, -0.5, 0]])
    pixels, depth = camera.project(points)
    np.testing.assert_allclose(pixels, [[200, 150], [300, 150], [200, 50], [200, 150]], atol=1e-9)
    np.testing.assert_allclose(depth, [1, 1, 1, 0.5], atol=1e-12)


@pytest.mark.parametrize(
    "lens", [DISTORTION, (*DISTORTION, 0.02), (*DISTORTION, 0.02, 0.1, 0, 0.05)]
)
def test_pixels_become_rays_and_back(lens: tuple[float, ...]) -> None:
    camera = replace(odd_camera(), distortion=lens)
    points = np.random.default_rng(1).uniform(-0.15, 0.15, (40, 3))
    local = points @ camera.world_to_camera[:3, :3].T + camera.world_to_camera[:3, 3]
    plane = camera.normalised(camera.project(points)[0])
    np.testing.assert_allclose(plane, local[:, :2] / local[:, 2:], atol=1e-8)
    expected, _ = cv2.projectPoints(
        local, np.zeros(3), np.zeros(3), camera.intrinsics, np.array(lens, np.float64)
    )
    np.testing.assert_allclose(camera.project(points)[0], expected[:, 0], atol=1e-6)


def test_undistorted_picture_shows_points_where_the_pinhole_does() -> None:
    camera = odd_camera()
    target = np.array([[0.24, 0.02, 0.25]])
    (x, y), picture = camera.project(target)[0][0], np.zeros((480, 640, 3), np.float32)
    columns, rows = np.meshgrid(np.arange(640) + 0.5, np.arange(480) + 0.5)
    picture[...] = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 18)[..., None]
    pinhole, straight = camera.undistorted(picture)
    weight = straight[..., 0] / straight[..., 0].sum()
    found = (weight * columns).sum(), (weight * rows).sum()
    np.testing.assert_allclose(found, pinhole.project(target)[0][0], atol=0.05)
    assert np.abs(pinhole.project(target)[0] - (x, y)).max() > 2


def test_resized_camera_scales_pixels() -> None:
    camera = ring_of_cameras(200)[1]
    points = np.random.default_rng(2).uniform(-0.1, 0.1, (5, 3))
    small = camera.resized(50, 100).project(points)[0]
    np.testing.assert_allclose(small, camera.project(points)[0] * (0.25, 0.5), atol=1e-9)


def test_no_finer_shows_the_same_with_larger_pixels() -> None:
    camera = look_at("far", np.array([0.3, -2.0, 0.5]), np.zeros(3), 4000.0, (2000, 1500))
    small = camera.no_finer(0.001, np.zeros(3))
    distance = np.linalg.norm(camera.position)
    assert distance / small.intrinsics[0, 0] == pytest.approx(0.001, rel=2e-3)
    points = np.random.default_rng(0).uniform(-0.1, 0.1, (20, 3))
    shrunk = camera.project(points)[0] * [small.width / 2000, small.height / 1500]
    np.testing.assert_allclose(small.project(points)[0], shrunk, atol=1e-9)
    assert camera.no_finer(0.0001, np.zeros(3)) is camera, "pictures are never enlarged"


def test_head_pose_turns_about_the_pivot_then_moves() -> None:
    pivot, pose = np.array([0.0, 0.1, 0.2]), np.array([0, 0, np.pi / 2, 0.01, 0, 0])
    points = np.array([[0.1, 0.1, 0.2], [0.0, 0.1, 0.5]], np.float32)
    moved = to_world(points, pose, pivot)
    np.testing.assert_allclose(moved, [[0.01, 0.2, 0.2], [0.01, 0.1, 0.5]], atol=1e-6)
    x, y, z = (rotation_matrix(a) for a in np.diag([0.3, -0.4, 0.9]))
    np.testing.assert_allclose(rotation_matrix([0.3, -0.4, 0.9]), z @ y @ x, atol=1e-12)
