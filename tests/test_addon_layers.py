"""Layers: what is shown is their sum; each is keyed, shown and cleared without the others."""

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")

from effort import lines_run
from heads_in_blender import assert_shows, codes, curves, import_head, keys


@pytest.fixture
def head(scene: object, tiny_head: Path) -> object:
    return import_head(tiny_head)


def set_speech(head: object, code: np.ndarray) -> None:
    from neural_face.neural_face_addon.scene import heads

    layer = head.neural_face.speech_layer
    for name, part in heads.region_slices(head):
        values = np.zeros(32)
        values[: part.stop - part.start] = code[part]
        setattr(layer, name, values.tolist())
    bpy.context.view_layer.update()


def test_the_sum_is_shown(scene: object, head: object) -> None:
    from neural_face.neural_face_addon.scene import heads

    hand, speech = codes(head, 2)
    heads.set_code(head, hand)
    set_speech(head, speech)
    assert_shows(head, hand + speech)
    head.neural_face.speech_layer.influence = 0.25
    bpy.context.view_layer.update()
    assert_shows(head, hand + 0.25 * speech)
    head.neural_face.speech_layer.influence = 0.0
    bpy.context.view_layer.update()
    assert_shows(head, hand)


def test_influence_can_be_keyed(scene: object, head: object) -> None:
    speech = codes(head, 1)[0]
    set_speech(head, speech)
    layer = head.neural_face.speech_layer
    for frame, value in ((1, 0.0), (11, 2.0)):
        layer.influence = value
        head.keyframe_insert("neural_face.speech_layer.influence", frame=frame)
    curves(head)["neural_face.speech_layer.influence", 0].keyframe_points[
        0
    ].interpolation = "LINEAR"
    scene.frame_set(6)
    assert_shows(head, speech)


def test_expression_buttons_act_on_the_hand_layer(scene: object, head: object) -> None:
    from neural_face.neural_face_addon.scene import heads, layers, playback

    hand, speech = codes(head, 2)
    set_speech(head, speech)
    heads.set_code(head, hand)
    bpy.ops.neural_face.mirror_expression()
    mirrored = playback.open_head(head).mirrored(hand)
    np.testing.assert_allclose(layers.code_of(head, layers.HAND), mirrored, atol=1e-5)
    bpy.ops.neural_face.key_expression()
    assert {path for path, _ in curves(head)} == {
        f"neural_face.{name}" for name in ("mouth", "left_eye", "right_eye", "face")
    }
    bpy.ops.neural_face.reset_expression()
    np.testing.assert_allclose(layers.code_of(head, layers.SPEECH), speech, atol=1e-6)
    np.testing.assert_allclose(heads.code(head), speech, atol=1e-6)


def test_what_is_shown_is_known_without_stepping(scene: object, head: object) -> None:
    from neural_face.neural_face_addon.scene import heads, layer_curves, poses

    hand, speech = codes(head, 2)
    set_speech(head, speech)
    for frame, code in ((1, hand), (21, hand * 0)):
        heads.set_code(head, code)
        poses.key(head, "ALL", frame)
    for curve in curves(head).values():
        curve.keyframe_points[0].interpolation = "LINEAR"
    found = layer_curves.shown_at(head, np.array([1.0, 11.0, 21.0]))
    expected = [hand + speech, hand / 2 + speech, speech]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(("extent", "left"), [("ALL", []), ("SCENE", [1.0])])
def test_clearing_one_layer_leaves_the_other(
    scene: object, head: object, extent: str, left: list
) -> None:
    from neural_face.neural_face_addon.scene import heads

    scene.frame_start = 5
    armature = heads.rig(head)
    for frame in (1, 9):
        bpy.ops.neural_face.random_expression(seed=frame)
        set_speech(head, codes(head, 1, frame)[0])
        for path in ("neural_face.mouth", "neural_face.speech_layer.mouth"):
            head.keyframe_insert(path, frame=frame)
        for bone in ("Head", "Head Speech"):
            armature.pose.bones[bone].keyframe_insert("location", frame=frame)
    before = keys(head)
    assert bpy.ops.neural_face.clear_layer(layer="SPEECH", extent=extent) == {"FINISHED"}
    after = keys(head)
    assert all(after[key] == before[key] for key in before if key[0] == "neural_face.mouth")
    speech = [after.get(("neural_face.speech_layer.mouth", i), []) for i in range(32)]
    assert all([point[0] for point in points] == left for points in speech)
    turned = curves(armature)
    assert len(turned['pose.bones["Head"].location', 0].keyframe_points) == 2
    assert ('pose.bones["Head Speech"].location', 0) in turned or not left
    values = np.array(head.neural_face.speech_layer.mouth)
    assert values.any() if left else not values.any()


def test_a_rig_with_one_bone_still_speaks(scene: object, head: object) -> None:
    """As files have it that were made before there were layers."""
    pytest.importorskip("g2p_en", reason="reading text needs g2p-en")
    from neural_face.neural_face_addon.scene import heads

    armature = heads.rig(head)
    bpy.context.view_layer.objects.active = armature
    head.parent_bone = "Head"
    bpy.ops.object.mode_set(mode="EDIT")
    armature.data.edit_bones.remove(armature.data.edit_bones["Head Speech"])
    bpy.ops.object.mode_set(mode="OBJECT")
    assert bpy.ops.neural_face.animate_text(text="Bob") == {"FINISHED"}
    assert {path for path, _ in curves(armature)} == {
        'pose.bones["Head"].rotation_euler',
        'pose.bones["Head"].location',
    }


def test_reading_the_code_is_cheap(scene: object, head: object) -> None:
    from neural_face.neural_face_addon.scene import heads

    heads.code(head)
    assert lines_run(lambda: heads.code(head)) < 500
