"""The mouth as a video shows it: what is learnt of a person's own, and closures between frames."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the numeric layer needs SciPy")
pytest.importorskip("torch", reason="the networks need torch")

from models.video.mouth_as_seen import KNOTS, fit_jaw, fit_opening, opening_at


def test_a_closure_between_two_frames_is_kept() -> None:
    known = np.arange(50) / 25
    opening = np.full(50, 0.1)
    opening[[11, 30]] = 0.0
    for fps in (24, 30, 60):
        times = np.arange(int(known[-1] * fps)) / fps
        found = opening_at(times, known, opening)
        for closure in known[[11, 30]]:
            assert found[np.abs(times - closure) < 0.5 / 25].min() == 0
        assert (found[np.abs(times[:, None] - known[[11, 30]]).min(1) > 0.04] == 0.1).all()


def test_one_frame_is_enough() -> None:
    np.testing.assert_array_equal(opening_at(np.zeros(1), np.zeros(1), np.full(1, 0.2)), 0.2)


def test_the_opening_of_lips_that_touch_and_metres_beyond_it_are_found() -> None:
    rng = np.random.default_rng(0)
    gap = np.maximum(rng.normal(0.002, 0.004, 4000), 0)
    opening = 0.02 + gap / 0.08 + 0.001 * rng.standard_normal(4000)
    touching, metres = fit_opening(opening, gap)
    assert touching == pytest.approx(0.02, abs=0.001)
    assert metres == pytest.approx(0.08, rel=0.05)


def test_a_jaws_drop_rises_with_its_score() -> None:
    rng = np.random.default_rng(0)
    score = rng.uniform(0, 0.8, 4000) ** 2
    drop = 0.02 * np.sqrt(score) + 0.001 * rng.standard_normal(4000)
    knots = fit_jaw(score, drop)
    assert knots.shape == (KNOTS, 2) and (np.diff(knots, axis=0) >= 0).all()
    at = np.linspace(0.02, 0.6, 20)
    np.testing.assert_allclose(np.interp(at, *knots.T), 0.02 * np.sqrt(at), atol=5e-4)
