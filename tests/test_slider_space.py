"""Axes of sliders, their effect, the capture's edge and the mirror, on codes of known structure."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the networks need torch")

from models.head.training.slider_space import (
    EDGE,
    capture_spread,
    effect_of,
    mirror_matrix,
    white_axes,
)

RNG = np.random.default_rng(6)


def test_along_white_axes_latents_deviate_by_one_and_not_together() -> None:
    latents = RNG.normal(size=(500, 4)) @ RNG.normal(size=(4, 4)) + 3.0
    values = (latents - latents.mean(0)) @ np.linalg.inv(white_axes(latents))
    np.testing.assert_allclose(np.cov(values.T, bias=True), np.eye(4), atol=1e-3)


def test_effects_are_slopes_whatever_the_means_are() -> None:
    slopes = RNG.normal(size=(3, 5))
    codes = RNG.normal(size=(60, 3)) + 10.0
    np.testing.assert_allclose(effect_of(codes, codes @ slopes - 7.0), slopes, atol=1e-8)


def test_nearly_all_of_the_capture_lies_within_its_edge() -> None:
    codes = RNG.normal(size=(2000, 3)) @ np.diag([0.1, 1.0, 5.0]) + 2.0
    lengths = np.linalg.norm((codes - codes.mean(0)) @ capture_spread(codes), axis=1)
    assert (lengths <= 1).mean() == pytest.approx(EDGE, abs=0.002)
    far = np.linalg.norm(np.diag([0.1, 1.0, 5.0]) * 3 @ capture_spread(codes), axis=1)
    assert np.ptp(far) < 0.1 * far.mean(), "as far out in every direction"


def test_mirrors_exchange_eyes_and_undo_themselves() -> None:
    """Half of the faces' elements change sign; eyes' elements go to the other eye, turned."""
    slices = (slice(0, 2), slice(2, 4), slice(4, 6), slice(6, 8))
    turn = np.array([[0.8, 0.6], [-0.6, 0.8]])
    true = np.zeros((8, 8))
    true[:2, :2] = true[6:, 6:] = np.diag([1.0, -1.0])
    true[2:4, 4:6], true[4:6, 2:4] = turn, turn.T
    codes = RNG.normal(size=(400, 8))
    found = mirror_matrix(codes, codes @ true + 0.05 * RNG.normal(size=codes.shape), slices)
    np.testing.assert_allclose(found, true, atol=0.05)
    np.testing.assert_allclose(found @ found, np.eye(8), atol=1e-5)
