"""Stretches of takes under a line: rhythm, calm joints, shares of a cross-fade."""

import numpy as np
from made_speech import FPS, REGIONS, made_animator, made_examples, made_phones, random_labels

from models.phones import Phones
from models.speech import eyes_and_head
from models.speech.eyes_and_head import BackgroundMotion, Stretch

DATABASE = made_animator(made_examples(12)).database()
MOTION = BackgroundMotion(DATABASE)


def test_activity_is_that_of_speech_and_its_stresses() -> None:
    phones = Phones.build(
        ["sil", "AA", "M", "IY", "sil"], [0, 0.5, 0.7, 0.9, 1.1], [0.5, 0.7, 0.9, 1.1, 1.5],
        [-1, 1, -1, 0, -1],
    )  # fmt: skip
    found = eyes_and_head._activity(phones, 1.5)
    places = np.array([0.2, 0.6, 0.8, 1.0, 1.4]) / eyes_and_head._STEP
    assert found[np.round(places).astype(int)].tolist() == [0.0, 1.0, 0.5, 0.5, 0.0]


def test_a_take_costs_nothing_under_its_own_rhythm() -> None:
    own = eyes_and_head._activity(DATABASE.takes[3].phones, 9.0)
    end = (DATABASE.takes[3].count - 1) / FPS
    costs = [MOTION._fit(Stretch(take, 0.0, 0.0), own, end) for take in range(12)]
    assert int(np.argmin(costs)) == 3
    assert costs[3] <= 1.0 / end + 0.05


def test_joints_cost_jumps_and_restless_eyes() -> None:
    """A stretch that goes on costs nothing but its eyes' movement, another one its jump."""
    last = Stretch(0, 0.0, 0.0)
    blink = np.argmax(MOTION._calm[: DATABASE.takes[0].count])
    calm = np.argmin(MOTION._calm[: DATABASE.takes[0].count])
    moving, still = (
        MOTION._joint_cost(last, Stretch(0, 0.0, frame / FPS)) for frame in (blink, calm)
    )
    assert moving > still + 1.0
    away = MOTION._joint_cost(last, Stretch(0, 2 / FPS, blink / FPS))
    restless = sum(MOTION._restless(Stretch(0, s / FPS, 0), blink / FPS) for s in (0, 2))
    assert away > restless + 0.3, "in the middle of a blink, two frames on, there is a jump"


def test_stretches_share_each_moment_and_begin_with_the_line() -> None:
    rng = np.random.default_rng(0)
    phones = made_phones(random_labels(rng, 60), rng)
    times = np.arange(int(phones.seconds * FPS)) / FPS
    stretches = MOTION._choose(phones, float(times[-1]), np.random.default_rng(1))
    assert len(stretches) > 1 and stretches[0].start == 0
    assert all(np.diff([stretch.start for stretch in stretches]) > 0)
    laid = MOTION.lay(phones, times, np.random.default_rng(1))
    assert not laid.codes[:, REGIONS["mouth"]].any()
    speeds = np.abs(np.diff(laid.codes[:, REGIONS["left_eye"]], axis=0))
    captured = np.abs(np.diff(DATABASE.examples.codes[:, REGIONS["left_eye"]], axis=0))
    assert speeds.max() < 1.5 * captured.max()
