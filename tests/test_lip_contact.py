"""Lip contact on a mouth whose gap is known: what is sealed, how far, how softly, by what means."""

import numpy as np
import pytest

from models.mesh import LIP_CONTACT
from models.speech.lip_contact import LEAST_STRENGTH, TEETH_CONTACT, brought, contacts, sealed
from models.speech.visemes import Cue, viseme_of

TIMES = np.arange(61) / 60
MIDDLE = 30
MOUTH = slice(1, 3)
HABIT = np.diag([4.0, 1.0])


def lip_gap(codes: np.ndarray) -> np.ndarray:
    """Metres: both elements of the mouth open it alike, the others do nothing."""
    return 0.01 * (codes[:, 1] + codes[:, 2])


def _cue(phone: str, start: float = 0.4, end: float = 0.6, strength: float = 1.0) -> Cue:
    return Cue(start, end, viseme_of(phone), phone, strength=strength)


def _codes(value: float) -> np.ndarray:
    codes = np.full((len(TIMES), 4), value, np.float32)
    codes[:, [0, 3]] = 7.0
    return codes


def _sealed(phone: str, codes: np.ndarray, under: np.ndarray | None = None) -> np.ndarray:
    return sealed(codes, TIMES, [_cue(phone)], MOUTH, lip_gap, HABIT, under)


@pytest.mark.parametrize(("phone", "limit"), [("P", LIP_CONTACT), ("F", TEETH_CONTACT)])
def test_lips_are_brought_half_way_into_contact(phone: str, limit: float) -> None:
    gap = lip_gap(_sealed(phone, _codes(0.5)))
    assert gap[MIDDLE] == pytest.approx(0.5 * limit, abs=2e-5)
    assert gap[0] == gap[-1] == pytest.approx(0.01)


def test_sealing_comes_and_goes_softly_and_changes_the_mouth_only() -> None:
    before = _codes(0.5)
    after = _sealed("M", before)
    steps = np.abs(np.diff(lip_gap(after)))
    assert steps.max() < 0.55 * (0.01 - 0.5 * LIP_CONTACT), "in no single frame"
    np.testing.assert_array_equal(after[:, [0, 3]], before[:, [0, 3]])


def test_the_mouth_goes_the_way_it_usually_goes() -> None:
    """Deviation 2 in one element and 1 in the other: the first does four fifths."""
    moved = (_sealed("P", _codes(0.5)) - _codes(0.5))[MIDDLE, MOUTH]
    assert moved[0] == pytest.approx(4 * moved[1], rel=0.02) and moved[0] < -0.1


def test_lips_that_meet_already_stay_as_they_are() -> None:
    codes = _codes(30 * LIP_CONTACT)  # three fifths of the limit
    np.testing.assert_array_equal(_sealed("B", codes), codes)
    vowel = _codes(0.5)
    np.testing.assert_array_equal(_sealed("AA", vowel), vowel)


def test_sealing_counts_what_other_layers_show() -> None:
    codes, under = _codes(0.25), np.zeros((len(TIMES), 4), np.float32)
    under[:, MOUTH] = 0.5
    gap = lip_gap(_sealed("P", codes, under) + under)
    assert gap[MIDDLE] == pytest.approx(0.5 * LIP_CONTACT, abs=2e-5)


def test_curved_mouths_are_brought_to_their_target() -> None:
    def measure(codes: np.ndarray) -> np.ndarray:
        return (0.01 * (np.expm1(codes[:, 1]) + codes[:, 2] ** 2))[:, None]

    codes = np.array([[0.0, 1.0, 0.5, 0.0]], np.float32)
    found = brought(codes, np.array([[0.002]]), MOUTH, measure, HABIT)
    assert measure(found)[0, 0] == pytest.approx(0.002, abs=2e-4)
    np.testing.assert_array_equal(codes, [[0.0, 1.0, 0.5, 0.0]])


def test_contacts_tell_the_closest_moment_of_every_sound_that_needs_lips() -> None:
    gap = np.full(len(TIMES), 0.01)
    gap[[33, 40]] = 0.5 * LIP_CONTACT, 0.0
    found = contacts([_cue("AA", 0, 0.4), _cue("P"), _cue("P", strength=0.4)], TIMES, gap)
    assert [(c.cue, c.phone, c.gap, c.closed) for c in found] == [(1, "P", 0.5 * LIP_CONTACT, True)]
    assert found[0].time == pytest.approx(33 / 60) and LEAST_STRENGTH > 0.4
    late = contacts([_cue("P", 0.4, 0.65)], TIMES, gap)
    assert late[0].gap == 0.0, "a little after its phone counts"
    assert contacts([_cue("P", 0.4, 0.65)], TIMES, gap, near=0.0)[0].gap == 0.5 * LIP_CONTACT
