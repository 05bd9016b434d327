"""The coarticulation model: closed form, units, constraints, fit."""

from dataclasses import replace

import numpy as np
import pytest

from models.phones import INVENTORY, Phones
from models.synthetic.coarticulation import CoarticulationModel, bundled_model
from models.synthetic.constraints import closure_gate, constrain, tongue
from models.synthetic.lipspace import LipSpace
from models.synthetic.units import FITTED, TIES, UNIT_INDEX, UNITS, expand, tied

FPS = 30.0


def spoken(*labels: str, seconds: float = 0.1) -> Phones:
    edges = seconds * np.arange(len(labels) + 1)
    return Phones.build(labels, edges[:-1], edges[1:])


def lip_space(features: int = 2) -> LipSpace:
    size = 3 * 4
    one = np.array(1.0)
    shapes = np.eye(features - 1, size)
    return LipSpace(
        np.arange(4), np.zeros((4, 3)), np.zeros(size), 0 * one, one, 0 * one, one,
        np.zeros(size), shapes,
    )  # fmt: skip


def plain_model() -> CoarticulationModel:
    """Two features, targets by unit index, equal rates, no context."""
    count = len(UNITS)
    flat = np.zeros((count, 2))
    target = np.stack([np.arange(count), -np.arange(count)], axis=1).astype(float)
    return CoarticulationModel(
        lip_space(), target, flat, flat + np.log(20.0), flat + np.log(10.0), flat, flat, flat,
        np.zeros(count), np.zeros((4, count, 1)), np.zeros((4, count, 1, 2)),
    )  # fmt: skip


def test_dominance_of_two_units_in_closed_form() -> None:
    model, phones = plain_model(), spoken("B", "IY", seconds=0.2)
    time = 0.17
    # Peaks at 0.1 and 0.3 s: the first decays at its offset rate, the second rises at its onset.
    first, second = np.exp(-10.0 * (time - 0.1)), np.exp(-20.0 * (0.3 - time))
    targets = UNIT_INDEX["B"], UNIT_INDEX["IY"]
    expected = (first * targets[0] + second * targets[1]) / (first + second)
    found = model.features(phones, np.array([time]))
    np.testing.assert_allclose(found, [[expected, -expected]], rtol=1e-9)


def test_shares_sum_to_one_and_the_sounding_unit_leads() -> None:
    model, phones = plain_model(), spoken("sil", "B", "AA", "sil")
    units = expand(phones)
    share = model.weights(units, (units.start + units.end) / 2)
    np.testing.assert_allclose(share.sum(1), 1.0)
    assert (share[..., 0].argmax(1) == np.arange(len(units.index))).all()


def test_greater_pace_reaches_targets_more_fully() -> None:
    model, phones = plain_model(), spoken("sil", "B", "IY", "B", "sil", seconds=0.12)
    middle = np.array([0.3])
    target = UNIT_INDEX["IY"]
    slow, fast = (model.features(phones, middle, pace=pace)[0, 0] for pace in (1.0, 3.0))
    assert abs(fast - target) < 0.5 * abs(slow - target)


def test_context_moves_the_target_by_its_low_rank_product() -> None:
    model = plain_model()
    given, answer = model.context_in.copy(), model.context_out.copy()
    given[1, UNIT_INDEX["UW"]] = 2.0
    answer[1, UNIT_INDEX["S"]] = [[0.25, 0.5]]
    model = replace(model, context_in=given, context_out=answer)
    after_uw = model.targets(expand(spoken("S", "UW")))[0] - model.target[UNIT_INDEX["S"]]
    after_iy = model.targets(expand(spoken("S", "IY")))[0] - model.target[UNIT_INDEX["S"]]
    np.testing.assert_allclose(after_uw, [0.5, 1.0])
    np.testing.assert_allclose(after_iy, 0.0)


def test_every_phone_expands_to_units_covering_its_time() -> None:
    phones = spoken(*INVENTORY, seconds=0.11)
    units = expand(phones)
    assert len(units.index) == len(INVENTORY) + 5
    np.testing.assert_allclose(units.start[1:], units.end[:-1])
    assert units.end[-1] == pytest.approx(phones.end[-1])


def test_long_silence_is_cut_and_diphthongs_have_a_glide() -> None:
    units = expand(Phones.build(["sil", "OY"], [0.0, 1.0], [1.0, 1.2]))
    assert [UNITS[i] for i in units.index] == ["sil"] * 4 + ["OW1", "AY2"]
    assert units.end[4] == pytest.approx(1.11)


def test_missing_phones_take_weighted_neighbours() -> None:
    fitted = np.random.default_rng(0).normal(size=(len(FITTED), 3))
    full = tied(fitted)
    assert full.shape == (len(UNITS), 3)
    expected = 0.6 * fitted[UNIT_INDEX["R"]] + 0.4 * fitted[UNIT_INDEX["AH"]]
    np.testing.assert_allclose(full[UNIT_INDEX["ER"]], expected)
    assert all(sum(weights.values()) == pytest.approx(1.0) for weights in TIES.values())


def test_bundled_model_survives_a_round_trip_and_is_small() -> None:
    from models.synthetic.coarticulation import PARAMETERS

    assert PARAMETERS.stat().st_size < 300_000
    model = bundled_model()
    again = CoarticulationModel.from_arrays(model.arrays())
    phones, times = spoken("sil", "HH", "ER", "ZH", "sil"), np.arange(0, 0.5, 1 / FPS)
    np.testing.assert_allclose(
        model.features(phones, times), again.features(phones, times), atol=1e-5
    )


def test_bundled_model_knows_wide_round_and_closed() -> None:
    model = bundled_model()
    times = np.arange(0, 0.9, 0.01)

    def opening(label: str) -> float:
        phones = Phones.build(["sil", label, "sil"], [0, 0.3, 0.5], [0.3, 0.5, 0.9])
        at = np.argmin(np.abs(times - 0.4))
        return float(model.lips.opening(model.features(phones, times))[at])

    assert opening("AA") > 2 * opening("UW")
    assert opening("AE") > opening("F") > opening("M")


@pytest.mark.parametrize("label", ["P", "B", "M"])
@pytest.mark.parametrize("offset", [0.0, 0.011, 0.023])
def test_closures_hold_two_frames_wherever_frames_fall(label: str, offset: float) -> None:
    model = bundled_model()
    phones = spoken("sil", "AA", label, "AA", "sil", seconds=0.07)
    times = np.arange(0, 0.35, 1 / FPS) + offset
    features = constrain(model.features(phones, times), phones, times, model.lips)
    above = model.lips.opening(features) - model.lips.closure
    assert (above < 1e-6).sum() >= 2
    assert above.max() > 0.01
    assert (above >= -1e-9).all()


def test_closure_gate_is_smooth_and_only_near_closures() -> None:
    phones, times = spoken("AA", "AA", "M", "AA", "AA"), np.arange(0, 0.5, 0.001)
    gate = closure_gate(phones, times)
    assert gate[0] == gate[-1] == 0
    assert gate.max() == 1
    assert np.abs(np.diff(gate)).max() < 0.06


def test_w_nearly_closes_but_does_not_touch() -> None:
    model = bundled_model()
    phones = spoken("AA", "W", "AA", seconds=0.12)
    times = np.arange(0, 0.36, 0.005)
    wide = replace(model, target=model.target + 3.0)
    features = constrain(wide.features(phones, times), phones, times, model.lips)
    above = model.lips.opening(features) - model.lips.closure
    span = model.lips.opening_high - model.lips.closure
    assert 0.01 * span < above.min() < 0.2 * span


def test_tongue_rises_for_l_and_retreats_for_k() -> None:
    times = np.arange(0, 0.6, 0.01)
    phones = spoken("M", "L", "M", "M", "K", "M")
    found = tongue(phones, times)
    assert times[found["tongueUp"].argmax()] == pytest.approx(0.15, abs=0.03)
    assert times[found["tongueBack"].argmax()] == pytest.approx(0.45, abs=0.03)
    assert "tongueOut" not in found
    assert tongue(spoken("TH"), times)["tongueOut"].max() > 0.1
