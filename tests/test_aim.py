"""Where cameras really look: found from what all views of one camera miss alike."""

import numpy as np
from capture_scenes import ring_of_cameras

from models.tracking.aim import aimed
from models.tracking.data_terms import PointObservation

POINTS = np.random.default_rng(1).uniform(-0.08, 0.08, (300, 3)) + np.array([0, 0, 0.02])


def missed(cameras: list, wrong: np.ndarray, noise: float = 0.0) -> list:
    """Three frames seen by cameras that look elsewhere than `cameras` say, by `wrong` (C, 3)."""
    rng = np.random.default_rng(2)
    frames = []
    for shift in (0.0, 0.01, -0.02):
        points = POINTS + shift
        observations = []
        for camera, turn in zip(cameras, wrong, strict=True):
            pixels = camera.turned(turn).project(points)[0]
            pixels = pixels + rng.normal(0, 1, pixels.shape) * noise
            observations.append(PointObservation(camera, pixels, np.full(len(points), 2.0)))
        frames.append((points, observations))
    return frames


def turns_in_pixels(cameras: list, pixels: np.ndarray) -> np.ndarray:
    return np.array(pixels) / np.array([[c.intrinsics[0, 0]] for c in cameras])


def solve(cameras: list, wrong: np.ndarray, noise: float = 0.0) -> np.ndarray:
    turns = np.zeros((len(cameras), 3))
    for _ in range(8):
        now = [camera.turned(turn) for camera, turn in zip(cameras, turns, strict=True)]
        left = [_left(turn, done) for turn, done in zip(wrong, turns, strict=True)]
        turns = aimed(cameras, turns, missed(now, np.array(left), noise))
    return turns


def _left(turn: np.ndarray, done: np.ndarray) -> np.ndarray:
    return turn - done  # exact enough for thousandths of a radian


def test_cameras_that_look_elsewhere_are_found() -> None:
    cameras = ring_of_cameras(512)
    wrong = np.random.default_rng(3).normal(0, 1, (5, 3)) * (1, 1, 0)
    wrong = turns_in_pixels(cameras, wrong - wrong.mean(0))
    found = solve(cameras, wrong, noise=0.3)
    pixels = (found - wrong) * cameras[0].intrinsics[0, 0]
    assert np.abs(pixels[:, :2]).max() < 0.2
    assert np.abs(wrong * cameras[0].intrinsics[0, 0]).max() > 0.8


def test_well_aimed_cameras_stay() -> None:
    cameras = ring_of_cameras(512)
    found = solve(cameras, np.zeros((5, 3)), noise=0.3)
    assert not found.any()


def test_what_all_cameras_have_in_common_is_not_their_fault() -> None:
    cameras = ring_of_cameras(512)
    common = turns_in_pixels(cameras, np.tile([0.5, -0.7, 0.0], (5, 1)))
    found = solve(cameras, common)
    assert np.abs(found * cameras[0].intrinsics[0, 0]).max() < 0.05


def test_a_camera_without_pictures_stays() -> None:
    cameras = ring_of_cameras(512)[:4]
    frames = [
        (points, observations[:3]) for points, observations in missed(cameras, np.zeros((4, 3)))
    ]
    found = aimed(cameras, np.zeros((4, 3)), frames)
    assert np.isfinite(found).all()
    assert not found[3].any()


def test_a_few_gross_errors_do_not_turn_a_camera() -> None:
    cameras = ring_of_cameras(512)
    frames = missed(cameras, np.zeros((5, 3)))
    for _, observations in frames:
        observations[0].pixels[:40] += 15
    found = aimed(cameras, np.zeros((5, 3)), frames)
    assert np.abs(found * cameras[0].intrinsics[0, 0]).max() < 0.05
