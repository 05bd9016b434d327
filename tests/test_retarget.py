"""A performance on a head with every setting, against what the setting should come to.

The head replays motion that is made up here, so nothing hangs on what its networks have learnt.
"""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="opening a head needs torch")

from tiny import tiny_footage, tiny_takes

from models.actor import Actor
from models.parameters import AnimationParameters
from models.video.analysis import Analysis
from models.video.features import LandmarkFeatures
from models.video.retarget_settings import ResidualCurve, Retargeting
from models.video.training.footage import read_footage
from models.video.training.video_data import analysis_of

FPS, FRAMES = 30.0, 91
TIMES = np.arange(FRAMES) / FPS


@pytest.fixture(scope="module")
def actor(tiny_head: Path) -> Actor:
    return Actor.open(tiny_head, "cpu")


@pytest.fixture(scope="module")
def analysis(actor: Actor, tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    takes = [take for take in tiny_takes(6) if take.name == "motion_2"]
    folder = tiny_footage(tmp_path_factory.mktemp("footage"), takes)
    return analysis_of(next(iter(read_footage(folder))), LandmarkFeatures(), actor.info.fps)


def replayed(
    actor: Actor, motion: AnimationParameters, fps: float | None = None, **settings: object
) -> AnimationParameters:
    """The motion with settings."""
    return actor.replay(motion, Retargeting(**settings), fps)


def retargeted(actor: Actor, analysis: Analysis, **settings: object) -> AnimationParameters:
    """The video with settings."""
    return actor.retarget(analysis, Retargeting(**settings))


@pytest.fixture(scope="module")
def motion(actor: Actor) -> AnimationParameters:
    """Waves of two beats a second, of another phase in each element, around another middle."""
    size = actor.code_size + 6
    phase, middle = np.arange(size), np.linspace(-0.5, 0.5, size)
    values = middle + 0.3 * np.sin(2 * np.pi * 2 * TIMES[:, None] + phase)
    values = values.astype(np.float32)
    return AnimationParameters(TIMES, values[:, :-6], values[:, -6:])


def test_without_settings_it_is_as_it_was(actor: Actor, motion: AnimationParameters) -> None:
    same = replayed(actor, motion)
    np.testing.assert_allclose(same.codes, motion.codes, atol=1e-5)
    np.testing.assert_allclose(same.head_pose, motion.head_pose, atol=1e-5)


def test_a_mirrored_head_turns_and_leans_the_other_way(
    actor: Actor, motion: AnimationParameters
) -> None:
    mirrored = replayed(actor, motion, mirror=True)
    np.testing.assert_allclose(mirrored.codes, actor.mirrored(motion.codes), atol=1e-4)
    signs = [1, -1, -1, -1, 1, 1]  # nodding, going back and up stay
    np.testing.assert_allclose(mirrored.head_pose, motion.head_pose * signs, atol=1e-5)


def test_strengths_scale_their_part_alone(actor: Actor, motion: AnimationParameters) -> None:
    mouth, left, right, face = actor.space.slices
    for part, places in (("eyes", [left, right]), ("head", [])):
        half = replayed(actor, motion, **{f"{part}_strength": 0.5})
        expected = motion.codes.copy()
        for place in places:
            expected[:, place] *= 0.5
        np.testing.assert_allclose(half.codes, expected, atol=1e-5)
        share = 0.5 if part == "head" else 1.0
        np.testing.assert_allclose(half.head_pose, share * motion.head_pose, atol=1e-5)
    brows, lips = (replayed(actor, motion, **{f"{p}_strength": 0.0}) for p in ("brows", "mouth"))
    np.testing.assert_allclose(brows.codes[:, mouth], motion.codes[:, mouth], atol=1e-5)
    assert not lips.codes[:, mouth].any()
    together = brows.codes[:, face] + lips.codes[:, face]
    np.testing.assert_allclose(together, motion.codes[:, face], atol=1e-4)
    follow = motion.codes[:, mouth] @ actor.video.follow
    np.testing.assert_allclose(brows.codes[:, face], follow, atol=1e-4)


def test_strength_is_that_of_all_parts(actor: Actor, motion: AnimationParameters) -> None:
    half = replayed(actor, motion, strength=0.5)
    np.testing.assert_allclose(half.codes, 0.5 * motion.codes, atol=1e-4)
    np.testing.assert_allclose(half.head_pose, 0.5 * motion.head_pose, atol=1e-5)


def test_smoothing_is_in_seconds(actor: Actor, motion: AnimationParameters) -> None:
    """A Gaussian of deviation s leaves exp(−2 π² f² s²) of a wave of frequency f."""
    calm = replayed(actor, motion, smoothing=0.05)
    share = np.exp(-2 * (np.pi * 2 * 0.05) ** 2)
    middle = slice(30, 60)
    for before, after in ((motion.codes, calm.codes), (motion.head_pose, calm.head_pose)):
        np.testing.assert_allclose(
            np.ptp(after[middle], 0), share * np.ptp(before[middle], 0), rtol=0.02
        )


def test_eye_contact_looks_against_the_heads_turn(
    actor: Actor, motion: AnimationParameters
) -> None:
    """Turned to its left and up, a head looks at a camera ahead by looking right and down."""
    _, left, right, _ = actor.space.slices
    looking, half = (replayed(actor, motion, eye_contact=amount) for amount in (1.0, 0.5))

    def gaze(made: AnimationParameters) -> np.ndarray:
        eyes = np.concatenate([made.codes[:, left], made.codes[:, right]], 1)
        return eyes @ actor.video.gaze_of_eyes

    wanted = np.stack([-motion.head_pose[:, 2], motion.head_pose[:, 0]], 1)
    change = actor.video.eyes_of_gaze @ actor.video.gaze_of_eyes
    for made, amount in ((looking, 1.0), (half, 0.5)):
        expected = gaze(motion) + amount * (wanted - gaze(motion)) @ change
        np.testing.assert_allclose(gaze(made), expected, atol=1e-4)


def test_trim_speed_and_frame_rate(actor: Actor, motion: AnimationParameters) -> None:
    """The same moment of the source, each at its time."""
    made = replayed(actor, motion, fps=60.0, trim_start=0.5, trim_end=2.5, speed=2.0)
    assert made.times[0] == 0 and made.times[-1] == pytest.approx(1.0)
    np.testing.assert_allclose(np.diff(made.times), 1 / 60)
    np.testing.assert_allclose(made.codes, motion.codes[15:76], atol=1e-4)


def test_a_residual_keeps_its_own_time_at_any_speed(actor: Actor, analysis: Analysis) -> None:
    """It comes in after 0.3 s of the result, also where that is later in the video."""
    size = len(actor.video.names)
    times, values = np.array([0.0, 0.3, 0.31]), np.zeros((3, size))
    values[2] = 3.0
    curve = ResidualCurve(times, values)
    for speed in (0.5, 1.0, 2.0):
        plain = retargeted(actor, analysis, speed=speed)
        moved = retargeted(actor, analysis, speed=speed, residual=curve)
        change = np.abs(moved.codes - plain.codes).mean(1)
        before, after = change[moved.times < 0.2], change[moved.times > 0.36]
        assert after.min() > 2 * before.max(), speed


def test_a_replayed_residual_keeps_its_own_time_at_any_speed(
    actor: Actor, motion: AnimationParameters
) -> None:
    size = len(actor.video.names)
    times, values = np.array([0.0, 0.5, 0.51]), np.zeros((3, size))
    values[2] = 3.0
    for speed in (0.5, 2.0):
        plain = replayed(actor, motion, speed=speed)
        moved = replayed(actor, motion, speed=speed, residual=ResidualCurve(times, values))
        change = np.abs(moved.codes - plain.codes).mean(1)
        before, after = change[moved.times < 0.4], change[moved.times > 0.6]
        assert after.min() > 2 * before.max(), speed


def test_a_direction_from_the_camera_is_the_mean_direction_put_back(
    actor: Actor, analysis: Analysis
) -> None:
    ahead, seen = (retargeted(actor, analysis, facing=facing) for facing in (True, False))
    assert np.abs(ahead.codes - seen.codes).max() < 1e-5
    turned = analysis.head_pose[:, :3].mean(0)
    apart = (seen.head_pose - ahead.head_pose)[:, :3].mean(0)
    np.testing.assert_allclose(apart, turned, atol=0.02)
