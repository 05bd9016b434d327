"""The mouth as a video shows it: what is learnt of a person's own, and closures between frames."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the numeric layer needs SciPy")
pytest.importorskip("torch", reason="the networks need torch")

from models.video import mouth_as_seen
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
    few = fit_jaw(np.array([0.0, 0.2, 0.4, 0.8]), np.array([0.0, 0.012, 0.008, 0.02]))
    assert (np.diff(few, axis=0) >= 0).all(), "also where the truth falls"
    at = np.linspace(0.02, 0.6, 20)
    np.testing.assert_allclose(np.interp(at, *knots.T), 0.02 * np.sqrt(at), atol=5e-4)


class _Mouth:
    """Stands in for a head: gap and drop of the mouth are its code's two elements in metres."""

    regions = {"mouth": slice(0, 2)}
    habit = np.eye(2)
    opening = np.array([0.02, 0.1])
    jaw = np.array([[0.0, 0.0], [1.0, 0.02]])


def _seen(
    monkeypatch: pytest.MonkeyPatch, opening: np.ndarray | None, jaw: float, confidence: float
) -> np.ndarray:
    """Metres of gap and drop (T, 2) of lips that the network leaves 2 mm open, the jaw 5 mm low."""
    codes = np.tile(np.array([[0.002, 0.005, 9.0]], np.float32), (40, 1))
    monkeypatch.setattr(
        mouth_as_seen, "gap_and_drop", lambda head: lambda c: c[:, :2].astype(float)
    )
    frames = np.ones(40)
    found = mouth_as_seen.mouth_as_seen(
        _Mouth, _Mouth, codes, opening, jaw * frames, confidence * frames
    )
    np.testing.assert_array_equal(found[:, 2], 9.0)
    return found[20, :2]


def test_open_lips_go_part_of_the_way_to_what_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    opening = np.full(40, 0.02)
    opening[15:26] = 0.12  # 10 mm
    gap, _ = _seen(monkeypatch, opening, 0.25, 1.0)
    assert gap == pytest.approx(0.002 + mouth_as_seen.LIPS_TRUST * 0.008, abs=2e-4)
    unsure, _ = _seen(monkeypatch, opening, 0.25, 0.5)
    assert unsure == pytest.approx(0.002 + 0.5 * mouth_as_seen.LIPS_TRUST * 0.008, abs=2e-4)


def test_closures_are_closed_wholly(monkeypatch: pytest.MonkeyPatch) -> None:
    opening = np.full(40, 0.12)
    opening[18:23] = 0.02
    assert _seen(monkeypatch, opening, 0.25, 1.0)[0] == pytest.approx(0, abs=2e-4)


def test_the_jaw_goes_part_of_the_way_as_surely_as_it_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for confidence in (1.0, 0.4, 0.0):
        gap, drop = _seen(monkeypatch, None, 0.75, confidence)
        way = mouth_as_seen.JAW_TRUST * confidence
        assert drop == pytest.approx(0.005 + way * 0.010, abs=2e-4)
        assert gap == pytest.approx(0.002, abs=1e-4), "nothing tells of the lips"
