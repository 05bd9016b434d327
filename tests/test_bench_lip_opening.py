"""What the speech benchmarks compute, on curves whose figures are known."""

from types import SimpleNamespace

import numpy as np
import pytest
from bench.lip_opening import (
    Limits,
    OpeningScore,
    Readout,
    Truth,
    lagged_r,
    peak_lag,
    pearson,
    smallest_below,
    word_edges,
    word_warp,
)
from bench.loudness import Loudness
from bench.speech_text import Durations, words_match
from scipy.ndimage import gaussian_filter1d

from models.alignment.sound import HERTZ
from models.phones import Phones

FPS = 25.0
LIMITS = Limits(0.1, 0.3)


def _curve(seed: int, times: np.ndarray) -> np.ndarray:
    """A smooth curve as quick as lips, at seconds (T,) 0…4."""
    fine = np.random.default_rng(seed).standard_normal(6000)
    return np.interp(times, np.arange(6000) / 1000 - 1, gaussian_filter1d(fine, 45))


def _phones() -> Phones:
    return Phones.build(
        ["sil", "B", "AA", "W", "IY", "sil"],
        [0.0, 0.4, 0.5, 0.9, 1.0, 1.3],
        [0.4, 0.5, 0.9, 1.0, 1.3, 2.0],
        word=[-1, 0, 0, 1, 1, -1],
        words=["bah", "we"],
    )


@pytest.mark.parametrize("late", [-0.05, -0.013, 0.0, 0.005, 0.02, 0.04])
def test_a_known_lag_is_found(late: float) -> None:
    times = np.arange(75) / FPS
    judged = (times > 0.5) & (times < 2.5)
    rows = []
    for seed in range(40):
        truth, curve = _curve(seed, times), _curve(seed, times - late)
        rows.append(lagged_r(curve, truth, judged, FPS))
    assert 1000 * peak_lag(np.mean(rows, axis=0)) / FPS == pytest.approx(1000 * late, abs=2.0)


def test_a_lag_at_the_edge_is_not_refined() -> None:
    assert peak_lag(np.array([0.9, 0.5, 0.1])) == -1.0
    assert peak_lag(np.array([0.1, 0.5, 0.1])) == 0.0


def test_only_judged_frames_are_correlated() -> None:
    truth = np.sin(np.arange(60) / 4)
    curve, judged = truth.copy(), np.zeros(60, bool)
    judged[10:50] = True
    curve[:5] = 100.0
    middle = lagged_r(curve, truth, judged, FPS)[5]
    assert middle == pytest.approx(1.0)


def test_a_mouth_that_does_not_move_follows_nothing() -> None:
    assert pearson(np.ones(9), np.arange(9.0)) == 0.0


def test_closures_are_looked_for_beside_their_phone_too() -> None:
    times, phones = np.arange(50) / FPS, _phones()
    opening = np.ones(50)
    opening[13] = 0.05  # 0.52 s: 20 ms after the b
    assert smallest_below(opening, times, phones, ("B",), 0.1) == [True]
    opening[13], opening[14] = 1.0, 0.05
    assert smallest_below(opening, times, phones, ("B",), 0.1) == [False]
    assert smallest_below(opening, times, phones, ("M",), 0.1) == []


def test_a_score_counts_closures_and_nearly_closed_w() -> None:
    times = np.arange(50) / FPS
    truth = Truth(_curve(3, times), FPS, times < 1.3, _phones())
    score = OpeningScore(LIMITS)
    lips = np.ones(50)
    lips[24] = 0.2
    score.add(truth.opening, truth, lips)
    score.add(truth.opening[:40], truth, np.full(40, 0.05))
    assert score.opening_r == pytest.approx(1.0)
    assert score.closure_share == 0.5
    assert score.w_share == 1.0
    assert abs(score.lag_ms) < 1.0


def test_a_positive_readout_never_pushes_the_wrong_way() -> None:
    rng = np.random.default_rng(1)
    channels = rng.random((400, 3))
    opening = 0.2 + channels @ [0.5, 0.0, -0.4]
    free, positive = (Readout.fit(channels, opening, kind) for kind in (False, True))
    np.testing.assert_allclose(free.weights, [0.5, 0.0, -0.4], atol=1e-9)
    assert free.offset == pytest.approx(0.2)
    assert (positive.weights >= 0).all()
    assert positive.weights[2] == 0
    assert positive(channels).mean() == pytest.approx(opening.mean())


def test_channels_that_sum_to_one_can_be_read() -> None:
    weights = np.random.default_rng(2).dirichlet(np.ones(4), 300)
    opening = weights @ [0.0, 0.1, 0.05, 0.2]
    np.testing.assert_allclose(Readout.fit(weights, opening, True)(weights), opening, atol=1e-9)


def test_words_are_laid_on_words() -> None:
    true, ours = _phones(), _phones().scaled(2.0)
    times = np.array([0.4, 0.45, 0.9, 1.3])
    np.testing.assert_allclose(word_warp(times, ours, true), 2 * times)
    np.testing.assert_allclose(word_edges(true), [0.4, 0.9, 0.9, 1.3])
    # Silence keeps its pace.
    np.testing.assert_allclose(word_warp(np.array([0.1, 1.5]), ours, true), [0.5, 2.8])


def test_a_pause_inside_is_squeezed_onto_the_other_pause() -> None:
    true = Phones.build(["AA", "sil", "IY"], [0, 1, 2], [1, 2, 3], word=[0, -1, 1], words="ab")
    ours = Phones.build(["AA", "IY"], [0, 1], [1, 2], word=[0, 1], words="ab")
    np.testing.assert_allclose(word_warp(np.array([0.5, 1.5, 2.5]), ours, true), [0.5, 1.0, 1.5])


def test_only_alike_pronunciations_are_compared() -> None:
    phones = _phones()
    assert words_match(phones, phones.scaled(1.5))
    assert not words_match(phones, phones.select(np.array([0, 1, 2, 3, 5])))
    assert not words_match(phones, phones.select(np.array([0, 1, 2, 5])))


def test_duration_errors_in_milliseconds_and_percent() -> None:
    durations = Durations(
        [np.array([0.1, 0.2]), np.array([0.3])],
        [
            np.array(
                [
                    0.1,
                    0.1,
                ]
            ),
            np.array([0.2]),
        ],
    )
    figures = durations.figures()
    assert figures["median_ms"] == pytest.approx(100)
    assert figures["mean_ms"] == pytest.approx(200 / 3)
    assert figures["median_percent"] == pytest.approx(50)
    assert figures["mean_percent"] == pytest.approx(50)


def test_loudness_finds_how_late_the_lips_are() -> None:
    training = [_loud_sentence(seed, 0.04) for seed in range(4)]
    found = Loudness.fit(training)
    assert found.delay == pytest.approx(0.04)
    item = training[0]
    opening = found.opening(item.sound, item.sentence.times)
    assert pearson(opening[item.truth.judged], item.truth.opening[item.truth.judged]) > 0.95


def _loud_sentence(seed: int, late: float) -> SimpleNamespace:
    """Noise as loud as a curve, and lips that follow it."""
    times = np.arange(75) / FPS
    fine = np.arange(3 * HERTZ) / HERTZ
    level = np.abs(_curve(seed, fine))
    noise = np.random.default_rng(seed).standard_normal(len(fine))
    truth = Truth(np.abs(_curve(seed, times - late)), FPS, times > 0.2, _phones())
    return SimpleNamespace(
        sound=SimpleNamespace(samples=(level * noise).astype(np.float32)),
        sentence=SimpleNamespace(times=times),
        truth=truth,
    )
