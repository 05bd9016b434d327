"""Takes on the actor's mesh: closures, styles, chance, transfer, splits, pictured frames."""

import numpy as np
import pytest

from models.errors import CancelledError
from models.mesh import LIP_CONTACT, HeadMesh
from models.performance import Take
from models.phones import BILABIALS, CONSONANTS, VOWELS, Phones
from models.synthetic.acted_lines import Performer, lip_gap_controls
from models.synthetic.line_list import load_lines, phone_counts, spoken_line
from models.synthetic.pictured import choose_pictured
from models.synthetic.styles import STYLES
from models.synthetic.synthetic_actor import build_template
from models.synthetic.take_list import TakePlan, make_takes
from models.synthetic.transfer import PAIRS, bounded_least_squares
from models.template.controls import CONTROL_INDEX

FPS = 30.0
LINE = "Maybe Bob will move the five blue pumps by the warm fire."


@pytest.fixture(scope="module")
def mesh() -> HeadMesh:
    return build_template()


@pytest.fixture(scope="module")
def performer(mesh: HeadMesh) -> Performer:
    return Performer.build(mesh)


@pytest.fixture(scope="module")
def takes(mesh: HeadMesh) -> list[Take]:
    return make_takes(mesh, plan=TakePlan(lines=12))


def perform(
    performer: Performer, style: str, seed: int = 0
) -> tuple[Phones, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    phones = spoken_line(LINE, STYLES[style].tempo, rng)
    return phones, *performer.perform(phones, STYLES[style], FPS, rng)


def mean(controls: np.ndarray, *names: str) -> float:
    return float(np.mean([controls[:, CONTROL_INDEX[name]].mean() for name in names]))


def test_lines_are_many_and_cover_every_phone() -> None:
    assert len(set(load_lines())) >= 250
    counts = phone_counts()
    assert set(counts) == {*VOWELS, *CONSONANTS}
    assert min(counts.values()) >= 30


def test_bounded_least_squares_finds_the_projected_solution() -> None:
    gram = np.array([[2.0, 0.5], [0.5, 1.0]])
    moment = np.array([[0.6, 0.5], [5.0, 0.2], [-1.0, 0.4]])
    found = bounded_least_squares(gram, moment, np.ones(2), 0.0)
    # Inside; then x at its limit; then x at zero.
    np.testing.assert_allclose(found[0], np.linalg.solve(gram, moment[0]), atol=1e-5)
    np.testing.assert_allclose(found[1], [1.0, 0.0], atol=1e-5)
    np.testing.assert_allclose(found[2], [0.0, 0.4], atol=1e-5)


def test_actor_shows_the_opening_that_was_measured(mesh: HeadMesh, performer: Performer) -> None:
    lips, retarget = performer.model.lips, performer.retarget
    opening = 0.06 * (1 - np.cos(np.linspace(0, 4 * np.pi, 50)))
    features = np.zeros((50, performer.model.target.shape[1]))
    features = lips.with_opening(features, lips.closure + opening)
    controls = retarget.controls(lips.decode(features), opening)
    gap = mesh.lip_gap(mesh.pose(controls))
    assert np.corrcoef(gap, opening)[0, 1] > 0.99
    assert gap[opening < 1e-4].max() < LIP_CONTACT
    assert gap.max() == pytest.approx(opening.max() * retarget.scale, rel=0.25)


def test_landmarks_lie_where_they_should_on_the_actor(mesh: HeadMesh, performer: Performer) -> None:
    ids = performer.model.lips.landmark_ids.tolist()
    at = dict(zip(ids, mesh.vertices[performer.retarget.vertices], strict=True))
    assert at[0][2] > at[13][2] > at[14][2] > at[17][2]
    assert at[61][0] < at[13][0] < at[291][0]
    assert all(at[upper][2] > at[lower][2] for upper, lower in PAIRS)


@pytest.mark.parametrize("style", STYLES)
def test_lips_meet_on_every_p_b_m_in_every_style(
    mesh: HeadMesh, performer: Performer, style: str
) -> None:
    phones, controls, _ = perform(performer, style)
    gap = mesh.lip_gap(mesh.pose(controls))
    times = np.arange(len(gap)) / FPS
    chosen = phones.select(np.isin(phones.label, BILABIALS))
    assert len(chosen) >= 6
    for start, end in zip(chosen.start, chosen.end, strict=True):
        inside = (times >= start - 0.04) & (times <= end + 0.02)
        assert (gap[inside] < LIP_CONTACT).sum() >= 2
    assert gap.max() > 0.004


def test_quick_gap_agrees_with_the_mesh(mesh: HeadMesh, performer: Performer) -> None:
    controls = perform(performer, "happy")[1]
    whole = mesh.lip_gap(mesh.pose(controls))
    np.testing.assert_allclose(lip_gap_controls(mesh, controls), whole, atol=2e-6)


def test_styles_do_what_they_say(mesh: HeadMesh, performer: Performer) -> None:
    spoken = {style: perform(performer, style) for style in STYLES}
    controls = {style: item[1] for style, item in spoken.items()}

    def by_style(*names: str) -> dict[str, float]:
        return {style: mean(value, *names) for style, value in controls.items()}

    smile = by_style("mouthSmileLeft", "mouthSmileRight")
    assert max(smile, key=smile.get) == "happy"
    lowered = by_style("browDownLeft", "browDownRight")
    assert max(lowered, key=lowered.get) == "angry"
    raised = by_style("browOuterUpLeft", "browOuterUpRight")
    assert max(raised, key=raised.get) == "surprised"
    frown = by_style("mouthFrownLeft", "mouthFrownRight")
    assert max(frown, key=frown.get) == "sad"
    gap = {s: np.percentile(mesh.lip_gap(mesh.pose(c)), 90) for s, c in controls.items()}
    assert gap["sad"] < gap["neutral"] < gap["angry"]
    assert gap["whispered"] < gap["neutral"] < gap["surprised"]
    assert spoken["sad"][0].seconds > spoken["neutral"][0].seconds > spoken["happy"][0].seconds


def test_head_moves_softly_and_little(performer: Performer) -> None:
    poses = np.concatenate([perform(performer, "happy", seed)[2] for seed in range(5)])
    degrees = np.degrees(poses[:, :3])
    assert 1.0 < np.abs(degrees).max() < 12.0
    steps = np.degrees(np.abs(np.diff(perform(performer, "happy")[2][:, :3], axis=0)))
    assert steps.max() < 3.0
    assert np.abs(poses[:, 3:]).max() < 0.02


def test_blinks_last_as_long_as_blinks(performer: Performer) -> None:
    lengths = []
    for seed in range(8):
        lid = perform(performer, "sad", seed)[1][:, CONTROL_INDEX["eyeBlinkLeft"]]
        shut = np.flatnonzero(np.diff(np.pad((lid > 0.35).astype(int), 1)))
        lengths += ((shut[1::2] - shut[::2]) / FPS).tolist()
    assert len(lengths) >= 4
    assert 0.06 < np.median(lengths) < 0.35


def test_same_seed_same_performance_another_differs(performer: Performer) -> None:
    first, again, other = (perform(performer, "neutral", seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[1], again[1])
    np.testing.assert_array_equal(first[2], again[2])
    shared = min(len(first[1]), len(other[1]))
    assert np.abs(first[1][:shared] - other[1][:shared]).max() > 0.05
    assert first[0].seconds != other[0].seconds


def test_takes_are_whole_and_split_by_line(mesh: HeadMesh, takes: list[Take]) -> None:
    for take in takes:
        take.check(mesh)
    assert len({take.name for take in takes}) == len(takes)
    assert {take.kind for take in takes} == {"motion", "generated"}
    texts = {split: {t.text for t in takes if t.split == split and t.text} for split in
             ("train", "held_out")}  # fmt: skip
    assert texts["train"] and texts["held_out"]
    assert not texts["train"] & texts["held_out"]
    held_out = {take.style for take in takes if take.split == "held_out"}
    assert held_out >= set(STYLES)


def test_repetitions_of_a_line_differ(takes: list[Take]) -> None:
    once, twice = (take for take in takes if take.name.startswith("line_001"))
    assert once.text == twice.text
    assert len(once) != len(twice) or np.abs(once.controls - twice.controls).max() > 0.05


def test_pictured_frames_keep_to_their_split_and_show_extremes(takes: list[Take]) -> None:
    chosen = choose_pictured(takes, 150, 40)
    count = {s: sum(len(t.pictured) for t in chosen if t.split == s) for s in ("train", "held_out")}
    assert count == {"train": 150, "held_out": 40}
    every = np.concatenate([t.controls for t in takes if t.split == "train"])
    seen = np.concatenate([t.controls[t.pictured] for t in chosen if t.split == "train"])
    for name in ("jawOpen", "eyeBlinkLeft", "mouthSmileLeft", "browDownLeft", "tongueOut"):
        column = CONTROL_INDEX[name]
        assert seen[:, column].max() > 0.75 * every[:, column].max()
    assert seen.std(0).mean() > 1.3 * every.std(0).mean()
    runs = [np.diff(take.pictured) for take in chosen if take.split == "held_out"]
    assert any((run == 1).sum() >= 6 for run in runs)
    again = choose_pictured(takes, 150, 40)
    assert all((a.pictured == b.pictured).all() for a, b in zip(chosen, again, strict=True))


def test_a_stop_from_outside_ends_the_making(mesh: HeadMesh) -> None:
    def stop(fraction: float, message: str) -> None:
        raise CancelledError(f"stopped at {fraction:.0%} of {message}")

    with pytest.raises(CancelledError):
        make_takes(mesh, plan=TakePlan(lines=1), progress=stop)
