"""Codes and latents, distance from the capture, stored examples: by hand and in closed form."""

import numpy as np
import pytest

from models.head.codes import STEP, CodeSpace, ExampleSet, ExampleTake
from models.mesh import REGION_NAMES
from models.phones import Phones

RNG = np.random.default_rng(1)
SIZES = (3, 2, 2, 3)
TOTAL = sum(SIZES)


def _space(spread: float = 1.0) -> CodeSpace:
    return CodeSpace(
        axes=tuple(RNG.normal(size=(n, n)) + 3 * np.eye(n) for n in SIZES),
        origins=tuple(RNG.normal(size=n) for n in SIZES),
        mirror=np.eye(TOTAL),
        centre=np.arange(TOTAL, dtype=np.float32),
        spread=tuple(spread * np.eye(n, dtype=np.float32) for n in SIZES),
    )


def test_codes_and_latents_reverse_each_other() -> None:
    space, codes = _space(), RNG.normal(size=(5, TOTAL))
    np.testing.assert_allclose(space.codes(space.latents(codes)), codes, atol=1e-5)
    rest = space.latents(np.zeros((1, TOTAL)))
    for latent, origin in zip(rest, space.origins, strict=True):
        np.testing.assert_allclose(latent[0], origin)


def test_distance_is_that_of_the_worst_region_from_the_captures_middle() -> None:
    space = _space(0.5)
    assert space.distance(space.centre) == 0
    code = space.centre.copy()
    code[0] += 2.0  # the mouth at its edge
    code[-3:] += (3.0, 4.0, 0.0)  # the face two and a half times as far
    assert space.distance(code) == pytest.approx(2.5)
    both = space.distance(np.stack([space.centre, code]))
    np.testing.assert_allclose(both, [0, 2.5])


def test_tensors_keep_the_space() -> None:
    space = _space()
    again = CodeSpace.from_tensors(space.tensors(), SIZES)
    code = RNG.normal(size=(2, TOTAL))
    for one, two in zip(space.latents(code), again.latents(code), strict=True):
        np.testing.assert_allclose(one, two, atol=1e-5)
    with pytest.raises(ValueError, match="missing or has another size"):
        CodeSpace.from_tensors(space.tensors(), (2, 3, 2, 3))
    assert f"codes.{REGION_NAMES[0]}.axes" in space.tensors()


def test_examples_lose_no_more_than_half_a_step_however_long_they_are() -> None:
    """Differences are stored; their sums must not drift, nor run over."""
    frames = 1500
    codes = (200 * np.sin(np.arange(frames)[:, None] / 90 + np.arange(3))).astype(np.float32)
    poses = (0.2 * RNG.normal(size=(frames, 6))).astype(np.float32)
    nothing = Phones.build([], [], [])
    take = ExampleTake("t", "spoken", "train", "", "", 0, frames, nothing)
    again = ExampleSet.from_arrays(ExampleSet(codes, poses, 30.0, (take,)).arrays())
    assert np.abs(again.codes - codes).max() <= 0.5 * STEP + 1e-6
    assert np.abs(again.head_pose - poses).max() <= 0.5e-5 + 1e-7
