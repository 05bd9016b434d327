"""Dynamic visemes on a made-up database: replay, closures, joints, seeds, styles, time."""

import tracemalloc

import numpy as np
import pytest
from bench.viseme_baselines import nearest_sentence, static_visemes
from effort import lines_run
from made_speech import (
    FPS,
    OPEN,
    REGIONS,
    lip_gap,
    made_animator,
    made_codes,
    made_examples,
    made_phones,
    random_labels,
)

from models.errors import CancelledError, HeadFileError, TextError
from models.head.codes import ExampleSet
from models.mesh import LIP_CONTACT
from models.parameters import EASE
from models.phones import BILABIALS, Phones
from models.speech.examples import ExampleAnimator, ExampleSettings
from models.speech.selection import SelectionWeights

EXAMPLES = made_examples()
MOUTH = REGIONS["mouth"]
EXACT = ExampleSettings(smoothing=0.0, weights=SelectionWeights(chance=0.0))


@pytest.fixture(scope="module")
def animator() -> ExampleAnimator:
    return made_animator(EXAMPLES)


def _line(seed: int, count: int = 24) -> Phones:
    rng = np.random.default_rng(seed)
    return made_phones(random_labels(rng, count), rng)


def _spoken(phones: Phones, times: np.ndarray) -> np.ndarray:
    sounding = phones.select(~phones.silent)
    return (times >= sounding.start[0]) & (times <= sounding.end[-1])


def test_a_captured_sentence_is_replayed(animator: ExampleAnimator) -> None:
    take = EXAMPLES.takes[4]
    result = animator.animate(take.phones, FPS, settings=EXACT)
    inside = _spoken(take.phones, result.times)[: take.count]
    wanted = EXAMPLES.take_codes(take)[:, MOUTH]
    # The hold of each contact moves frames beside it by less than a frame.
    error = np.abs(result.codes[: take.count, MOUTH] - wanted)[inside]
    assert np.median(error) < 1e-3
    assert error.mean() < 0.05


def test_new_sentences_look_as_they_should(animator: ExampleAnimator) -> None:
    errors = {"examples": [], "static": [], "nearest": []}
    for seed in range(4):
        phones = _line(seed)
        result = animator.animate(phones, FPS)
        wanted = made_codes(phones, np.random.default_rng(0))[:, MOUTH]
        inside = _spoken(phones, result.times)[: len(wanted)]
        database = animator.database()
        for name, codes in (
            ("examples", result.codes),
            ("static", static_visemes(database, phones, result.times)),
            ("nearest", nearest_sentence(database, phones, result.times)),
        ):
            errors[name].append(np.abs(codes[: len(wanted), MOUTH] - wanted)[inside].mean())
    means = {name: np.mean(values) for name, values in errors.items()}
    assert means["examples"] < 0.75 * means["static"]
    assert means["examples"] < 0.75 * means["nearest"]


@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 60.0])
@pytest.mark.parametrize("settings", [ExampleSettings(), ExampleSettings(smoothing=0.03)])
def test_lips_close(animator: ExampleAnimator, fps: float, settings: ExampleSettings) -> None:
    for seed in range(3):
        phones = _line(seed)
        result = animator.animate(phones, fps, seed, settings)
        gap = lip_gap(result.codes)
        for place in np.flatnonzero(np.isin(phones.label, BILABIALS)):
            half = max(phones.duration[place] / 2, 0.5 / fps)
            near = np.abs(result.times - phones.middle[place]) <= half
            assert gap[near].min() < LIP_CONTACT


def test_joints_are_no_faster_than_speech(animator: ExampleAnimator) -> None:
    captured = np.abs(np.diff(EXAMPLES.codes[:, MOUTH], axis=0)).max()
    for seed in range(3):
        codes = animator.animate(_line(seed), FPS, seed).codes[:, MOUTH]
        assert np.abs(np.diff(codes, axis=0)).max() < 1.5 * captured


def test_seed_decides(animator: ExampleAnimator) -> None:
    phones = _line(1)
    first, again, other = (animator.animate(phones, FPS, seed) for seed in (7, 7, 8))
    assert np.array_equal(first.codes, again.codes)
    assert np.array_equal(first.head_pose, again.head_pose)
    assert not np.array_equal(first.codes, other.codes)


def test_rest_at_both_ends(animator: ExampleAnimator) -> None:
    result = animator.animate(_line(2), FPS)
    assert not result.codes[[0, -1]].any()
    assert not result.head_pose[[0, -1]].any()
    assert result.codes[round(EASE * FPS) + 1 : -round(EASE * FPS) - 1].any(axis=1).all()


def test_style_is_kept() -> None:
    animator = made_animator(made_examples(30, ("neutral", "happy")))
    assert animator.styles == ("happy", "neutral")
    for style, brow in (("neutral", 0.0), ("happy", 1.0), ("unheard", None)):
        result = animator.animate(_line(3), FPS, settings=ExampleSettings(style=style))
        middle = result.codes[len(result.codes) // 2, REGIONS["face"]]
        if brow is not None:
            assert middle[2] == pytest.approx(brow, abs=0.1)
            assert result.head_pose[len(result.codes) // 2] == pytest.approx(0.1 * brow, abs=1e-6)


def test_blinks_stay_whole(animator: ExampleAnimator) -> None:
    result = animator.animate(_line(5, 60), FPS)
    eyes = result.codes[8:-8, REGIONS["left_eye"]][:, 0]
    peaks = eyes[1:-1][(eyes[1:-1] > eyes[:-2]) & (eyes[1:-1] >= eyes[2:]) & (eyes[1:-1] > 0.05)]
    assert len(peaks)
    assert (peaks > 0.6).mean() > 0.7


def test_held_out_takes_are_never_used() -> None:
    takes = tuple(
        type(t)(t.name, t.kind, "held_out", t.style, t.text, t.start, t.count, t.phones)
        for t in EXAMPLES.takes
    )
    held_out = ExampleSet(EXAMPLES.codes, EXAMPLES.head_pose, FPS, takes)
    with pytest.raises(HeadFileError, match="no spoken takes"):
        made_animator(held_out).animate(_line(0), FPS)


def test_phones_never_captured_are_spoken(animator: ExampleAnimator) -> None:
    labels = "ZH ER NG OY TH SH P AA".split()
    phones = made_phones(labels, np.random.default_rng(0))
    result = animator.animate(phones, FPS)
    assert np.isfinite(result.codes).all()
    assert lip_gap(result.codes)[_spoken(phones, result.times)].max() > 0.3 * OPEN


def test_silence_alone_is_refused(animator: ExampleAnimator) -> None:
    with pytest.raises(TextError, match="only silence"):
        animator.animate(Phones.build(["sil"], [0.0], [1.0]), FPS)


def test_cancel(animator: ExampleAnimator) -> None:
    def stop(fraction: float, message: str) -> None:
        if fraction > 0.5:
            raise CancelledError(message)

    with pytest.raises(CancelledError):
        animator.animate(_line(0), FPS, progress=stop)


def test_effort_grows_with_the_line(animator: ExampleAnimator) -> None:
    def effort(count: int) -> np.ndarray:
        """Lines of Python run and most bytes held at once."""
        phones = _line(1, count)
        lines = lines_run(lambda: animator.animate(phones, FPS))
        tracemalloc.start()
        animator.animate(phones, FPS)
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return np.array([lines, held])

    effort(40)
    assert (effort(320) < 12 * effort(40)).all()
