"""Keys in bulk: the same curves on every Blender, other actions untouched."""

from types import ModuleType

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")


@pytest.fixture
def keyframes(addon: ModuleType) -> ModuleType:
    from neural_face.neural_face_addon import keyframes

    return keyframes


def _curves(action: object, owner: object) -> dict[tuple[str, int], object]:
    slot = owner.animation_data.action_slot
    bag = action.layers[0].strips[0].channelbag(slot)
    return {(curve.data_path, curve.array_index): curve for curve in bag.fcurves}


def test_values_slots_and_groups(scene: object, keyframes: ModuleType) -> None:
    objects = [bpy.data.objects.new(name, None) for name in ("A", "B")]
    frames = np.array([1.0, 2.5, 4.0])
    values = np.arange(9.0).reshape(3, 3)
    channels = [
        keyframes.Channels(objects[0], "location", values, "Place"),
        keyframes.Channels(objects[0], "rotation_euler", values[:, :2] / 10, "Turn"),
        keyframes.Channels(objects[1], "location", -values, "Place"),
    ]
    action, count = keyframes.write_action("A line", frames, channels)
    assert action.name == "A line"
    assert count == 9 + 6 + 9
    first, second = (_curves(action, obj) for obj in objects)
    assert set(first) == {
        *(("location", i) for i in range(3)),
        *(("rotation_euler", i) for i in (0, 1)),
    }
    points = [tuple(point.co) for point in first["location", 1].keyframe_points]
    assert points == [(1.0, 1.0), (2.5, 4.0), (4.0, 7.0)]
    assert second["location", 2].evaluate(1.0) == -2.0
    assert first["location", 0].evaluate(1.75) == pytest.approx(1.5)
    assert first["rotation_euler", 0].group.name == "Turn"
    assert {point.interpolation for point in first["location", 0].keyframe_points} == {"LINEAR"}


def test_animates(scene: object, keyframes: ModuleType) -> None:
    obj = bpy.data.objects.new("A", None)
    scene.collection.objects.link(obj)
    values = np.array([[0.0], [10.0]])
    channels = [keyframes.Channels(obj, "location", values, "Place")]
    keyframes.write_action("x", np.array([1.0, 11.0]), channels)
    scene.frame_set(6)
    assert obj.location.x == pytest.approx(5.0)


def test_previous_action_keeps_every_key_and_stays(scene: object, keyframes: ModuleType) -> None:
    obj = bpy.data.objects.new("A", None)
    scene.collection.objects.link(obj)
    for frame in (1, 5):
        obj.keyframe_insert("location", frame=frame)
    old = obj.animation_data.action
    before = {key: len(curve.keyframe_points) for key, curve in _curves(old, obj).items()}
    slot = obj.animation_data.action_slot
    channels = [keyframes.Channels(obj, "scale", np.ones((2, 3)), "Size")]
    new, _ = keyframes.write_action("x", np.array([1.0, 2.0]), channels)
    assert obj.animation_data.action == new != old
    assert old.use_fake_user
    bag = old.layers[0].strips[0].channelbag(slot)
    assert {(c.data_path, c.array_index): len(c.keyframe_points) for c in bag.fcurves} == before


def test_many_keys_are_fast_and_single_precision(scene: object, keyframes: ModuleType) -> None:
    import time

    obj = bpy.data.objects.new("A", None)
    values = np.random.default_rng(0).normal(size=(1800, 3))
    start = time.perf_counter()
    channels = [keyframes.Channels(obj, "location", values, "Place")] * 1
    action, count = keyframes.write_action("x", np.arange(1800.0), channels)
    assert time.perf_counter() - start < 1.0
    assert count == 5400
    curve = _curves(action, obj)["location", 2]
    written = np.empty(3600, np.float32)
    curve.keyframe_points.foreach_get("co", written)
    np.testing.assert_array_equal(written[1::2], values[:, 2].astype(np.float32))
