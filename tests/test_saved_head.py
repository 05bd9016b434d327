"""A head file that a former version wrote opens, and shows, says and follows the same.

`heads/saved.nface` and what it gave were written by 34a381b.
"""

import hashlib
import json

import numpy as np
import pytest

pytest.importorskip("torch", reason="opening a head needs torch")

from heads import FOLDER
from made_video import made_analysis

from models.actor import Actor
from models.animate import animate_text
from models.parameters import AnimationParameters
from models.video.retarget_settings import Retargeting

PATH = FOLDER / "saved.nface"
TEXT = "Bob may phone my happy puppy"


@pytest.fixture(scope="module")
def saved() -> dict:
    return json.loads((FOLDER / "saved_head.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def actor() -> Actor:
    return Actor.open(PATH, "cpu")


def assert_moves(made: AnimationParameters, before: dict) -> None:
    assert made.codes[before["rows"]] == pytest.approx(np.array(before["codes"]), abs=0.02)
    assert made.head_pose[before["rows"]] == pytest.approx(np.array(before["head_pose"]), abs=2e-3)


def test_it_is_what_was_written(actor: Actor, saved: dict) -> None:
    assert hashlib.sha256(PATH.read_bytes()).hexdigest() == saved["sha256"]
    assert (actor.info.name, actor.info.fps) == (saved["name"], saved["fps"])
    assert [slider.name for slider in actor.sliders] == saved["sliders"]
    assert actor.style_names == saved["presets"]
    assert actor.style_axes == saved["style_axes"]
    assert actor.residual_axes == saved["residual_axes"]


def test_it_shows_the_same(actor: Actor, saved: dict) -> None:
    codes = np.array([item["code"] for item in saved["decoded"]], np.float32)
    for code, item in zip(codes, saved["decoded"], strict=True):
        frame = actor.decode(code)
        vertices = frame.vertices[:: len(frame.vertices) // 12]
        assert vertices == pytest.approx(np.array(item["vertices"]), abs=2e-5)
        texels = frame.texture[96::256, 96::256].reshape(-1, 3).astype(int)
        assert np.abs(texels - item["texture"]).max() <= 3  # one CPU rounds otherwise than another
    assert actor.lip_gaps(codes) == pytest.approx(np.array(saved["lip_gaps"]), abs=2e-5)


@pytest.mark.parametrize("method", ["STYLE", "EXAMPLES"])
def test_it_speaks_the_same(actor: Actor, saved: dict, method: str) -> None:
    assert_moves(animate_text(actor, TEXT, method).parameters, saved["spoken"][method])


def test_it_follows_and_plays_the_same(actor: Actor, saved: dict) -> None:
    assert_moves(actor.retarget(made_analysis(actor), Retargeting(), 25.0), saved["followed"])
    weights = np.array(saved["arkit"]["weights"], np.float32)
    assert actor.arkit.codes(weights) == pytest.approx(np.array(saved["arkit"]["codes"]), abs=1e-3)
