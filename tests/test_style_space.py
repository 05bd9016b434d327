"""Styles over a line, and the sequences that speech networks learn from, made by hand."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks need torch")

from models.errors import TextError
from models.head.codes import ExampleSet, ExampleTake
from models.phones import INVENTORY, Phones
from models.speech.manner import StyleCurve
from models.style.frame_labels import FPS
from models.style.style_model import StyleSpace
from models.style.style_scale import StyleScale
from models.style.training import style_data
from models.style.training.style_data import batch_of, jittered

HAPPY, PLAIN, TAKE = np.array([1.0, 2.0]), np.array([0.5, 0.0]), np.array([3.0, 3.0])
SPACE = StyleSpace(
    names=("a", "b"),
    centre=np.array([1.0, 0, 0]),
    axes=np.array([[0.0, 2, 0], [0, 0, 4]]),
    presets={"happy": HAPPY, "neutral": PLAIN},
    takes={"take_1": TAKE},
)
TIMES = np.array([0.0, 1.0, 2.0])


def test_styles_are_mixed_over_time_and_offset() -> None:
    curve = StyleCurve("neutral", "happy", TIMES[[0, 2]], np.array([0.0, 1.0]), np.zeros((2, 0)))
    expected = [PLAIN, 0.5 * (PLAIN + HAPPY), HAPPY]
    np.testing.assert_allclose(SPACE.track(curve, TIMES), expected)
    moved = StyleCurve("take_1", offset=np.array([[0.0, -1.0]]))
    np.testing.assert_allclose(SPACE.track(moved, TIMES), 3 * [[3.0, 2.0]])
    with pytest.raises(TextError, match="has 2 numbers, not 3"):
        SPACE.track(StyleCurve("happy", offset=np.zeros((1, 3))), TIMES)


def test_no_name_is_neutral_or_else_the_average() -> None:
    np.testing.assert_array_equal(SPACE.vector(""), PLAIN)
    without = StyleSpace(SPACE.names, SPACE.centre, SPACE.axes, {"happy": HAPPY}, {})
    np.testing.assert_array_equal(without.vector(""), [0, 0])
    with pytest.raises(TextError, match="no style or take 'sad'; styles: happy, neutral"):
        SPACE.vector("sad")


def test_vectors_and_encoder_outputs_reverse_each_other() -> None:
    np.testing.assert_allclose(SPACE.encoded(HAPPY), [1, 2, 8])
    np.testing.assert_allclose(SPACE.vectors(SPACE.encoded(TAKE)), TAKE, atol=1e-5)


def _take(fps: float, seconds: float) -> tuple[ExampleSet, ExampleTake]:
    """One phrase; code 0 is the time in seconds, code 1 its negative."""
    count = round(seconds * fps) + 1
    times = (np.arange(count) / fps).astype(np.float32)
    phones = Phones.build(["sil", "AA", "M", "sil"], [0, 0.2, 0.4, 0.6], [0.2, 0.4, 0.6, seconds])
    take = ExampleTake("t", "spoken", "train", "", "", 0, count, phones)
    codes = np.stack([times, -times], 1)
    return ExampleSet(codes, np.tile(times[:, None], (1, 6)), fps, (take,)), take


@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0])
def test_takes_of_any_rate_keep_their_time(fps: float) -> None:
    item = style_data._sequence(*_take(fps, 1.0))
    times = np.arange(len(item.motion)) / FPS
    assert times[-1] == pytest.approx(1.0, abs=1 / FPS)
    np.testing.assert_allclose(item.motion[:, 0], times, atol=1e-5)
    np.testing.assert_allclose(item.motion[:, -1], times, atol=1e-5)


def test_batches_are_silent_and_do_not_count_after_a_sequences_end() -> None:
    items = [style_data._sequence(*_take(30.0, seconds)) for seconds in (1.0, 2.0)]
    scale = StyleScale(np.full(8, 0.5), np.full(8, 2.0), np.zeros((1, 1)), np.zeros((1, 1)))
    batch = batch_of(items, scale)
    counts = [len(item.motion) for item in items]
    assert batch.mask.sum((1, 2)).tolist() == counts and batch.mask.shape[2] % 4 == 0
    first = batch.motion[0].T.numpy()
    np.testing.assert_allclose(first[: counts[0]], (items[0].motion - 0.5) / 2, atol=1e-6)
    assert not first[counts[0] :].any()
    assert (batch.labels[0, 0, counts[0] :] == 1).all(), "silence is the first label"


def test_phone_times_tremble_a_little_and_motion_does_not() -> None:
    item = style_data._sequence(*_take(30.0, 1.0))
    still = jittered(item, 0.0, torch.Generator().manual_seed(0))
    moved = jittered(item, 0.02, torch.Generator().manual_seed(0))
    np.testing.assert_allclose(still.labels, item.labels, atol=1e-6)
    apart = np.abs(moved.labels - item.labels)
    shares = apart[:, : len(INVENTORY)]
    assert shares[4:8].max() > 0.05, "where silence and vowel meet"
    assert not shares[[1, 2, 9, 15]].any(), "in the middle of a phone"
    np.testing.assert_array_equal(moved.motion, item.motion)
