"""Keys in bulk: the same curves on every Blender, other actions untouched."""

from types import ModuleType

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")

from effort import lines_run


@pytest.fixture
def keyframes(addon: ModuleType) -> ModuleType:
    from neural_face.neural_face_addon.scene import keyframes

    return keyframes


def _curves(action: object, owner: object) -> dict[tuple[str, int], object]:
    slot = owner.animation_data.action_slot
    bag = action.layers[0].strips[0].channelbag(slot)
    return {(curve.data_path, curve.array_index): curve for curve in bag.fcurves}


def _keyed(keyframes: ModuleType, name: str, frames: np.ndarray, channels: list) -> tuple:
    """A new action with a slot for every owner; the channels written to it."""
    action = bpy.data.actions.new(name)
    for item in channels:
        keyframes.assign(action, item.owner)
    return action, keyframes.write(channels, frames)


def _points(curve: object) -> list[tuple[float, float]]:
    return [tuple(point.co) for point in curve.keyframe_points]


def test_values_slots_and_groups(scene: object, keyframes: ModuleType) -> None:
    objects = [bpy.data.objects.new(name, None) for name in ("A", "B")]
    frames = np.array([1.0, 2.5, 4.0])
    values = np.arange(9.0).reshape(3, 3)
    channels = [
        keyframes.Channels(objects[0], "location", values, "Place"),
        keyframes.Channels(objects[0], "rotation_euler", values[:, :2] / 10, "Turn"),
        keyframes.Channels(objects[1], "location", -values, "Place"),
    ]
    action, count = _keyed(keyframes, "A line", frames, channels)
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
    _keyed(keyframes, "x", np.array([1.0, 11.0]), channels)
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
    new, _ = _keyed(keyframes, "x", np.array([1.0, 2.0]), channels)
    assert obj.animation_data.action == new != old
    assert old.use_fake_user
    bag = old.layers[0].strips[0].channelbag(slot)
    assert {(c.data_path, c.array_index): len(c.keyframe_points) for c in bag.fcurves} == before


def test_many_keys_are_written_in_bulk_and_single_precision(
    scene: object, keyframes: ModuleType
) -> None:
    obj = bpy.data.objects.new("A", None)
    values = np.random.default_rng(0).normal(size=(1800, 3))

    def write(frames: int) -> tuple[object, int]:
        channels = [keyframes.Channels(obj, "location", values[:frames], "Place")]
        return _keyed(keyframes, "x", np.arange(float(frames)), channels)

    few = lines_run(lambda: write(18))
    assert lines_run(lambda: write(1800)) < 1.1 * few
    action, count = write(1800)
    assert count == 5400
    curve = _curves(action, obj)["location", 2]
    written = np.empty(3600, np.float32)
    curve.keyframe_points.foreach_get("co", written)
    np.testing.assert_array_equal(written[1::2], values[:, 2].astype(np.float32))


def test_keys_outside_the_range_keep_everything(scene: object, keyframes: ModuleType) -> None:
    obj = bpy.data.objects.new("A", None)
    for frame in (1, 5, 10, 20):
        obj.location.x = frame
        obj.keyframe_insert("location", index=0, frame=frame)
    curve = _curves(obj.animation_data.action, obj)["location", 0]
    first = curve.keyframe_points[0]
    first.interpolation, first.easing, first.type = "BOUNCE", "EASE_OUT", "EXTREME"
    first.handle_right_type, first.handle_right = "FREE", (2.5, 7.0)
    curve.modifiers.new("NOISE")
    channels = [keyframes.Channels(obj, "location", np.array([[7.0], [8.0]]), "Place")]
    keyframes.write(channels, np.array([4.0, 11.0]))
    curve = _curves(obj.animation_data.action, obj)["location", 0]
    assert _points(curve) == [(1, 1), (4, 7), (11, 8), (20, 20)]
    first = curve.keyframe_points[0]
    assert (first.interpolation, first.easing, first.type) == ("BOUNCE", "EASE_OUT", "EXTREME")
    assert first.handle_right_type == "FREE" and tuple(first.handle_right) == (2.5, 7.0)
    assert len(curve.modifiers) == 1
    assert keyframes.remove(obj, "location", (2, 15))
    assert _points(curve) == [(1, 1), (20, 20)]
    assert not keyframes.remove(obj, "location", (2, 15))
    assert not keyframes.remove_empty(obj, "location")
    assert keyframes.remove(obj, "location")
    assert keyframes.remove_empty(obj, "location")
    assert _curves(obj.animation_data.action, obj) == {}


def test_sampling_leaves_the_frame_where_it_is(scene: object, keyframes: ModuleType) -> None:
    obj = bpy.data.objects.new("A", None)
    scene.collection.objects.link(obj)
    obj.location.y = 3.0
    channels = [keyframes.Channels(obj, "location", np.array([[0.0], [10.0]]), "Place")]
    _keyed(keyframes, "x", np.array([1.0, 11.0]), channels)
    values = keyframes.sampled(obj, "location", np.array([5.0, 3.0, 0.0]), np.array([6.0, 30.0]))
    np.testing.assert_allclose(values, [[5, 3, 0], [10, 3, 0]])
    assert scene.frame_current == 1


def test_slots_of_other_owners_are_not_taken(scene: object, keyframes: ModuleType) -> None:
    objects = [bpy.data.objects.new(name, None) for name in ("A", "B")]
    action = bpy.data.actions.new("x")
    for obj in objects:
        keyframes.assign(action, obj)
    slots = [obj.animation_data.action_slot.name_display for obj in objects]
    assert slots == ["A", "B"]
    keyframes.assign(action, objects[0])
    assert len(action.slots) == 2
