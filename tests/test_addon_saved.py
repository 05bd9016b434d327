"""A .blend that a former version saved keeps its values, plays, and is solved again the same."""

import json

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")

from heads.saved import BLEND, VALUES, keys_of, values_of


@pytest.fixture
def head(scene: object) -> object:
    assert bpy.ops.wm.open_mainfile(filepath=str(BLEND)) == {"FINISHED"}
    return bpy.context.object


@pytest.fixture(scope="module")
def saved() -> dict:
    return json.loads(VALUES.read_text(encoding="utf-8"))


def assert_kept(found: object, before: object, path: str) -> None:
    """Everything that was there is there still; there may be more."""
    if isinstance(before, dict):
        for name, value in before.items():
            assert_kept(found[name], value, f"{path}.{name}")
    elif isinstance(before, list) and before and isinstance(before[0], dict):
        assert len(found) == len(before), path
        for number, value in enumerate(before):
            assert_kept(found[number], value, f"{path}[{number}]")
    else:
        assert found == before, path


def test_every_value_is_kept(head: object, saved: dict) -> None:
    assert_kept(values_of(head.neural_face), saved["head"], "head")
    assert_kept(values_of(bpy.context.scene.neural_face_making), saved["making"], "making")
    line, clip = head.neural_face.lines[0], head.neural_face.clips[0]
    assert (line.articulation, line.parts) == (1.5, {"mouth", "brows", "head"})
    assert (clip.eyes_strength, clip.mirror, clip.trim_end) == (0.75, True, 1.5)
    assert keys_of(head) == saved["keys"]


def test_it_plays(head: object) -> None:
    pytest.importorskip("torch", reason="opening a head needs torch")
    from heads_in_blender import assert_shows
    from neural_face.neural_face_addon.scene import layer_curves

    for frame in (20, 70, 110):
        bpy.context.scene.frame_set(frame)
        assert_shows(head, layer_curves.shown_at(head, np.array([frame]))[0])


def test_it_is_solved_again_the_same(head: object, saved: dict) -> None:
    pytest.importorskip("torch", reason="opening a head needs torch")
    for number in range(len(head.neural_face.lines)):
        head.neural_face.active_line = number
        assert bpy.ops.neural_face.update_line() == {"FINISHED"}
    assert bpy.ops.neural_face.update_clip() == {"FINISHED"}
    found = keys_of(head)
    assert set(found) == set(saved["keys"])
    for path, values in saved["keys"].items():
        assert found[path] == pytest.approx(values, abs=0.02), path
