"""How a line is played, on motion whose every part is known: strength, articulation, parts."""

import numpy as np
import pytest

from models.parameters import AnimationParameters
from models.speech.finish import Finisher
from models.speech.manner import Manner
from models.speech.visemes import Cue, viseme_of

REGIONS = {
    "mouth": slice(0, 2),
    "left_eye": slice(2, 3),
    "right_eye": slice(3, 4),
    "face": slice(4, 6),
}
FOLLOW = np.array([[1.0, 0.0], [0.5, 0.0]], np.float32)
TIMES = np.arange(121) / 30
FINISHER = Finisher(REGIONS, lambda codes: np.zeros(len(codes)), FOLLOW, np.eye(2))
CUES = [Cue(0.0, 4.0, viseme_of("AA"), "AA", 1)]


def _line() -> AnimationParameters:
    codes = np.zeros((len(TIMES), 6), np.float32)
    codes[:, 0] = 1.0 + 0.5 * np.sin(2 * np.pi * 5 * TIMES)
    codes[:, 1], codes[:, 2:4], codes[:, 5] = 0.4, 0.8, 0.3
    codes[:, 4:] += codes[:, :2] @ FOLLOW
    return AnimationParameters(TIMES, codes, np.full((len(TIMES), 6), 0.2, np.float32))


def _played(cues: list[Cue] = CUES, **manner: object) -> AnimationParameters:
    return FINISHER(_line(), cues, Manner(**manner))


def test_as_learnt_nothing_changes() -> None:
    np.testing.assert_allclose(_played().codes, _line().codes, atol=1e-6)


def test_strength_scales_everything() -> None:
    played = _played(strength=0.5)
    np.testing.assert_allclose(played.codes, 0.5 * _line().codes, atol=1e-6)
    np.testing.assert_allclose(played.head_pose, 0.1, atol=1e-6)


def test_articulation_scales_the_quick_movement_around_the_slow_one() -> None:
    middle = slice(45, 76)  # five periods, far from the ends
    before, after = _line().codes[middle, 0], _played(articulation=2.0).codes[middle, 0]
    assert np.ptp(after) == pytest.approx(2 * np.ptp(before), rel=0.02)
    assert after.mean() == pytest.approx(before.mean(), abs=0.02)
    others = [1, 2, 3, 4, 5]
    np.testing.assert_allclose(
        _played(articulation=2.0).codes[:, others], _line().codes[:, others], atol=1e-5
    )


def test_a_weaker_cue_goes_less_far_and_its_neighbours_do_not() -> None:
    cues = [
        Cue(start, start + 1.0, viseme_of("AA"), "AA", 1, strength=strength)
        for start, strength in ((0.0, 1.0), (1.0, 0.0), (2.0, 1.0), (3.0, 1.0))
    ]
    after = _played(cues).codes[:, 0]
    assert np.ptp(after[33:57]) < 0.05 < 0.8 < np.ptp(after[65:90])


@pytest.mark.parametrize(("part", "moved"), [
    ("mouth", [2, 3, 5]), ("eyes", [0, 1, 4, 5]), ("brows", [0, 1, 2, 3, 4]),
])  # fmt: skip
def test_parts_that_are_off_rest_and_others_go_on(part: str, moved: list[int]) -> None:
    """Of the face, element 4 follows the mouth and 5 is the brows' own."""
    parts = frozenset({"mouth", "eyes", "brows", "head"}) - {part}
    expected = np.zeros_like(_line().codes)
    expected[:, moved] = _line().codes[:, moved]
    played = _played(parts=parts)
    np.testing.assert_allclose(played.codes, expected, atol=1e-6)
    assert played.head_pose.all()


def test_a_head_that_is_off_rests() -> None:
    played = _played(parts=frozenset({"mouth", "eyes", "brows"}))
    assert not played.head_pose.any()
    np.testing.assert_allclose(played.codes, _line().codes, atol=1e-6)


def test_smoothing_is_in_seconds() -> None:
    """A Gaussian of deviation s leaves exp(−2 π² f² s²) of a wave of frequency f."""
    before, after = (np.ptp(line.codes[45:76, 0]) for line in (_line(), _played(smoothing=0.03)))
    assert after / before == pytest.approx(np.exp(-2 * (np.pi * 5 * 0.03) ** 2), rel=0.05)
