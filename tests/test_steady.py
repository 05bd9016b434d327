"""Noise taken off over time, with known noise and known motion."""

import numpy as np
import pytest

from models.tracking.steady import noise_of, steadied

FRAMES, POINTS, NOISE = 120, 40, 0.1


def noisy(motion: np.ndarray, seed: int = 0) -> np.ndarray:
    """(T, N, 3) of a motion (T,) along one axis that all points share."""
    values = NOISE * np.random.default_rng(seed).standard_normal((len(motion), POINTS, 3))
    values[..., 1] += motion[:, None]
    return values


def error(values: np.ndarray, motion: np.ndarray, part: slice = slice(None)) -> float:
    true = np.zeros_like(values)
    true[..., 1] = motion[:, None]
    return float(np.sqrt(((values - true)[part] ** 2).sum(-1).mean()))


def mean(values: np.ndarray) -> np.ndarray:
    """All points move alike."""
    return np.repeat(values.mean(1, keepdims=True), POINTS, 1)


def test_noise_is_measured_at_rest_and_in_steady_motion() -> None:
    for motion in (np.zeros(FRAMES), 0.3 * np.arange(FRAMES)):
        found = noise_of(noisy(motion))
        assert found.shape == (POINTS,) and found.mean() == pytest.approx(3 * NOISE**2, rel=0.1)


def test_rest_becomes_still_and_quick_motion_stays_as_quick() -> None:
    motion = np.zeros(FRAMES)
    motion[60:66] = 3, 8, 2, 6, 7, 1
    values, follows = noisy(motion), np.arange(FRAMES) > 0
    smooth = steadied(values, noise_of(values[:50]), follows, mean)
    assert error(smooth, motion, slice(5, 50)) < 0.5 * error(values, motion, slice(5, 50))
    assert error(smooth, motion, slice(58, 68)) < 1.05 * error(values, motion, slice(58, 68))


def test_slow_motion_is_freed_of_noise_and_not_flattened() -> None:
    motion = 2 * np.sin(np.arange(FRAMES) / 6)
    values, follows = noisy(motion), np.arange(FRAMES) > 0
    smooth = steadied(values, np.full(POINTS, 3 * NOISE**2), follows, mean)
    assert error(smooth, motion) < 0.75 * error(values, motion)


def test_frames_that_do_not_follow_each_other_are_left_alone() -> None:
    values, noise = noisy(np.zeros(FRAMES)), np.full(POINTS, 3 * NOISE**2)
    assert steadied(values, noise, np.zeros(FRAMES, bool)) is values
    follows = np.arange(FRAMES) % 60 > 0
    both = steadied(values, noise, follows, mean)
    for half in (slice(0, 60), slice(60, 120)):
        alone = steadied(values[half], noise, np.arange(60) > 0, mean)
        np.testing.assert_allclose(both[half], alone, atol=1e-9)


def test_without_noise_nothing_changes() -> None:
    values = noisy(np.zeros(10))
    assert steadied(values, np.zeros(POINTS), np.arange(10) > 0) is values
    two = values[:2]
    assert steadied(two, np.ones(POINTS), np.arange(2) > 0) is two
