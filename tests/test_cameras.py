"""Cameras against OpenCV's projection, known points, and files on disk."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from capture_scenes import ring_of_cameras

from models.capture.cameras import Camera, look_at, read_transforms, write_transforms
from models.errors import CaptureError
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


def test_transforms_round_trip(tmp_path: Path) -> None:
    cameras = [odd_camera(), *ring_of_cameras(128)]
    write_transforms(tmp_path / "transforms.json", cameras)
    points = np.random.default_rng(1).uniform(-0.1, 0.1, (20, 3))
    for camera, read in zip(cameras, read_transforms(tmp_path / "transforms.json"), strict=True):
        assert (read.name, read.width, read.height) == (camera.name, camera.width, camera.height)
        np.testing.assert_allclose(read.project(points)[0], camera.project(points)[0], atol=1e-9)


def test_transforms_are_opengl_camera_to_world(tmp_path: Path) -> None:
    write_transforms(
        tmp_path / "transforms.json", [look_at("front", (0, -1, 0), (0, 0, 0), 1000, (400, 300))]
    )
    frame = json.loads((tmp_path / "transforms.json").read_text())["frames"][0]
    matrix = np.array(frame["transform_matrix"])
    np.testing.assert_allclose(matrix[:3, 3], (0, -1, 0), atol=1e-12)
    np.testing.assert_allclose(matrix[:3, 2], (0, -1, 0), atol=1e-12)  # +z points backward
    np.testing.assert_allclose(matrix[:3, 1], (0, 0, 1), atol=1e-12)  # +y points up
    assert frame["file_path"] == "images/front/"


def test_shared_intrinsics_and_damage(tmp_path: Path) -> None:
    path = tmp_path / "transforms.json"
    shared = {"fl_x": 500, "fl_y": 510, "cx": 100, "cy": 90, "w": 200, "h": 180}
    frames = [{"file_path": f"images/{n}/", "transform_matrix": np.eye(4).tolist()} for n in "ab"]
    path.write_text(json.dumps({**shared, "frames": frames}))
    assert [camera.intrinsics[1, 1] for camera in read_transforms(path)] == [510, 510]
    del shared["cx"]
    path.write_text(json.dumps({**shared, "frames": frames}))
    with pytest.raises(CaptureError, match="lacks 'cx'"):
        read_transforms(path)
    path.write_text("not json")
    with pytest.raises(CaptureError, match="cannot be read"):
        read_transforms(path)
    with pytest.raises(CaptureError, match="no other.json"):
        read_transforms(tmp_path / "other.json")


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


def test_head_pose_turns_about_the_pivot_then_moves() -> None:
    pivot, pose = np.array([0.0, 0.1, 0.2]), np.array([0, 0, np.pi / 2, 0.01, 0, 0])
    points = np.array([[0.1, 0.1, 0.2], [0.0, 0.1, 0.5]], np.float32)
    moved = to_world(points, pose, pivot)
    np.testing.assert_allclose(moved, [[0.01, 0.2, 0.2], [0.01, 0.1, 0.5]], atol=1e-6)
    x, y, z = (rotation_matrix(a) for a in np.diag([0.3, -0.4, 0.9]))
    np.testing.assert_allclose(rotation_matrix([0.3, -0.4, 0.9]), z @ y @ x, atol=1e-12)
