"""Colours between cameras: known gains come back, whatever highlights and hidden patches do."""

import numpy as np

from models.capture.colour import (
    LINEAR,
    SKIN,
    UNCHANGED,
    ColourMatch,
    _log_gains,
    facing,
    match_colours,
    skin_patches,
)

NAMES = ("a", "b", "c", "d")


def skin(count: int = 400) -> np.ndarray:
    """Linear colours (N, 3) of skin in light and shade."""
    random = np.random.default_rng(0)
    light = random.uniform(0.35, 1.0, (count, 1))
    return light * np.array([0.42, 0.24, 0.17]) * random.normal(1, 0.03, (count, 3))


def seen_by_cameras(gains: np.ndarray, offset: float = 0.0) -> np.ndarray:
    """(4, N, 3) with noise, some patches hidden, some highlights."""
    random, colours = np.random.default_rng(1), skin()
    seen = colours * gains[:, None] * random.normal(1, 0.02, (4, 400, 3)) + offset
    seen[random.random((4, 400)) < 0.3] = np.nan
    shining = random.random((4, 400)) < 0.08
    seen[shining] += 0.3
    return seen


def test_ten_per_cent_are_found_to_one() -> None:
    gains = np.ones((4, 3))
    gains[1] = (1.10, 0.92, 1.0)
    gains[2] = (0.90, 1.05, 1.10)
    matches = match_colours(NAMES, seen_by_cameras(gains))
    expected = np.exp(np.log(gains).mean(0)) / gains
    found = np.stack([matches[name].gain for name in NAMES])
    middle = skin().mean(0)
    effect = found + np.stack([matches[name].offset for name in NAMES]) / (middle * gains)
    np.testing.assert_allclose(effect, expected, rtol=0.01)
    assert all(match.patches > 200 for match in matches.values())


def test_a_black_level_is_an_offset() -> None:
    colours = seen_by_cameras(np.ones((4, 3)))
    colours[3] += 0.012
    matches = match_colours(NAMES, colours)
    for light in (0.4, 0.65, 0.9):
        colour = light * np.array([0.42, 0.24, 0.17])
        after = [matches[n].gain * (colour + 0.012 * (n == "d")) + matches[n].offset for n in NAMES]
        assert np.ptp(after, axis=0).max() < 0.004


def test_highlights_of_one_camera_do_not_change_its_gain() -> None:
    """A tenth of its patches twice as bright: their mean would make it darker by 5 %."""
    random = np.random.default_rng(2)
    logs = np.log(skin())[None] + random.normal(0, 0.01, (4, 400, 3))
    logs[0, :40] += np.log(2)
    gains = _log_gains(logs, np.ones((4, 400), bool))
    np.testing.assert_allclose(gains, 0, atol=0.006)


def test_too_few_patches_change_nothing() -> None:
    colours = seen_by_cameras(np.full((4, 3), 1.0))
    colours[3, 5:] = np.nan
    assert match_colours(NAMES, colours)["d"] is UNCHANGED
    assert match_colours(NAMES, np.full((4, 10, 3), np.nan)) == dict.fromkeys(NAMES, UNCHANGED)


def test_a_match_is_applied_in_linear_light() -> None:
    picture = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, 2)
    match = ColourMatch(np.array([1.0, 0.5, 2.0]), np.array([0.0, 0.01, 0.0]))
    applied = match.apply(picture)
    np.testing.assert_array_equal(UNCHANGED.apply(picture), picture)
    np.testing.assert_array_equal(applied[..., 0], picture[..., 0])
    np.testing.assert_allclose(LINEAR[applied[0, :, 1]], 0.5 * LINEAR + 0.01, atol=0.005)
    np.testing.assert_allclose(LINEAR[applied[0, :, 2]], np.minimum(2 * LINEAR, 1), atol=0.005)


def test_patches_are_means_of_linear_light() -> None:
    picture = np.full((60, 60, 3), 180, np.uint8)
    picture[:, 30:] = 90
    places = np.array([[10.5, 20.5], [30.0, 20.5], [1.0, 20.0], [45.5, 45.5]])
    picture[45, 45] = 255
    patches = skin_patches(picture, places, 4.0)
    np.testing.assert_allclose(patches[0], LINEAR[180])
    np.testing.assert_allclose(patches[1], 0.4 * LINEAR[180] + 0.6 * LINEAR[90])
    assert np.isnan(patches[2:]).all()  # at the picture's edge, and burnt out


def test_patches_on_the_far_side_do_not_face_a_camera() -> None:
    points = np.random.default_rng(0).normal(0, 0.02, (478, 3))
    points[[127, 356, 234, 454]] = 0
    points[list(SKIN)] = (0, -0.1, 0)
    points[SKIN[0]] = (0.1, 0, 0)
    points[SKIN[1]] = np.nan
    towards = facing(points, np.array([0, -1.0, 0]))
    assert not towards[0] and not towards[1] and towards[2:].all()
