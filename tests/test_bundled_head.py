"""The bundled head: whole, honest about its sources, and able to speak."""

import itertools
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from models.actor import Actor
from models.animate import animate_text
from models.mesh import ATLAS_SIZE, LIP_CONTACT
from models.phones import BILABIALS

PATH = Path(__file__).resolve().parents[1] / "models/bundled/actor.nface"
LINE = "Maybe we both put the big blue paper boat away"


@pytest.fixture(scope="module")
def head() -> Actor:
    return Actor.open(PATH, "cpu")


def test_size_and_regions(head: Actor) -> None:
    assert PATH.stat().st_size <= 48e6
    sides = {region.name: region.resolution for region in head.mesh.regions}
    assert sides["face"] >= 512 and sides["mouth"] >= 256
    assert min(sides["left_eye"], sides["right_eye"]) >= 128


def test_sources_stand_in_the_file(head: Actor) -> None:
    sources = " ".join(head.info.credits)
    for source in ("MakeHuman", "GRID", "LiveLinkFace", "FACEGOOD"):
        assert source in sources
    assert "synthetic" in head.info.provenance and head.info.licence and head.info.consent


def test_sliders_have_names_of_their_own(head: Actor) -> None:
    names = [slider.name for slider in head.sliders]
    assert len(set(names)) == len(names) == head.code_size
    assert names[0].startswith("Mouth: ")
    assert all(slider.low < 0 < slider.high for slider in head.sliders)


def test_rest_is_a_closed_mouth_with_open_eyes(head: Actor) -> None:
    rest = head.decode(np.zeros(head.code_size, np.float32))
    assert rest.texture.shape == (ATLAS_SIZE, ATLAS_SIZE, 3)
    assert head.mesh.lip_gap(rest.vertices) < LIP_CONTACT
    marks = head.mesh.landmarks
    for side in ("left", "right"):
        upper, lower = marks[f"upper_lid_{side}"], marks[f"lower_lid_{side}"]
        assert (rest.vertices[upper] - rest.vertices[lower])[:, 2].mean() > 0.004


def test_lips_close_on_every_bilabial_and_open_between(head: Actor) -> None:
    result = animate_text(head, LINE)
    gaps = head.lip_gaps(result.parameters.codes)
    times = result.parameters.times
    phones = result.line.phones
    spans = zip(phones.label, phones.start, phones.end, strict=True)
    closures = [
        gaps[(times >= start - 0.02) & (times <= end + 0.02)].min()
        for label, start, end in spans
        if label in BILABIALS
    ]
    assert len(closures) == 9
    assert max(closures) < LIP_CONTACT
    assert gaps.max() > 0.003


def test_the_same_seed_speaks_the_same_way_another_does_not(head: Actor) -> None:
    first, again, other = (animate_text(head, "Good morning", seed=s) for s in (1, 1, 2))
    assert np.array_equal(first.parameters.codes, again.parameters.codes)
    assert not np.array_equal(first.parameters.codes, other.parameters.codes)


def test_neighbouring_frames_do_not_flicker(head: Actor) -> None:
    codes = animate_text(head, "No flicker").parameters.codes
    pictures = [head.decode(code).texture.astype(np.int16) for code in codes[:24]]
    steps = [np.abs(b - a).mean() for a, b in itertools.pairwise(pictures)]
    assert max(steps) < 2.0
