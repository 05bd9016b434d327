"""The head follows its sliders through everything that a user does to it."""

import threading
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")

from heads_in_blender import assert_shows, codes, import_head, texture, vertices


def set_code(obj: object, code: np.ndarray) -> None:
    from neural_face.neural_face_addon.scene import heads

    heads.set_code(obj, code)
    bpy.context.view_layer.update()


def key_codes(obj: object, wanted: np.ndarray) -> None:
    """Key row i on frame i + 1."""
    from neural_face.neural_face_addon.scene import heads, poses

    for frame, code in enumerate(wanted, 1):
        heads.set_code(obj, code)
        poses.key(obj, "ALL", frame)


def test_slider_changes_mesh_and_image(scene: object, tiny_head: Path) -> None:
    obj = import_head(tiny_head)
    before = vertices(obj), texture(obj)
    obj.neural_face.mouth[0] = 2.0
    bpy.context.view_layer.update()
    assert np.abs(vertices(obj) - before[0]).max() > 1e-4
    assert np.abs(texture(obj).astype(int) - before[1]).max() > 3
    code = np.zeros(24)
    code[0] = 2.0
    assert_shows(obj, code)


def test_each_region_has_its_place_in_the_code(scene: object, tiny_head: Path) -> None:
    from neural_face.neural_face_addon.scene import heads

    obj = import_head(tiny_head)
    obj.neural_face.left_eye[1] = 1.0
    obj.neural_face.face[7] = -1.0
    expected = np.zeros(24)
    expected[9], expected[23] = 1.0, -1.0
    np.testing.assert_allclose(heads.code(obj), expected)


def test_unchanged_code_is_not_decoded_again(
    scene: object, tiny_head: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neural_face.neural_face_addon.scene import playback

    obj = import_head(tiny_head)
    head = playback.open_head(obj)
    calls = []
    decode = head.decode
    monkeypatch.setattr(head, "decode", lambda code: calls.append(1) or decode(code))
    obj.location.x = 1.0
    bpy.context.view_layer.update()
    scene.frame_set(5)
    assert calls == []
    set_code(obj, codes(obj, 1)[0])
    assert calls == [1]


def test_keys_play(scene: object, tiny_head: Path) -> None:
    obj = import_head(tiny_head)
    wanted = codes(obj, 3)
    key_codes(obj, wanted)
    for frame in (2, 1, 3):
        scene.frame_set(frame)
        assert_shows(obj, wanted[frame - 1])


def test_driver_moves_a_slider(scene: object, tiny_head: Path) -> None:
    obj = import_head(tiny_head)
    driver = obj.driver_add("neural_face.mouth", 0).driver
    variable = driver.variables.new()
    variable.targets[0].id = obj
    variable.targets[0].data_path = "location.z"
    driver.expression = "var"
    obj.location.z = 1.5
    bpy.context.view_layer.update()
    code = np.zeros(24)
    code[0] = 1.5
    assert_shows(obj, code)


@pytest.mark.parametrize("linked", [False, True])
def test_duplicate_has_a_code_of_its_own(scene: object, tiny_head: Path, linked: bool) -> None:
    obj = import_head(tiny_head)
    wanted = codes(obj, 2)
    set_code(obj, wanted[0])
    bpy.ops.object.duplicate(linked=linked)
    copy = bpy.context.object
    bpy.context.view_layer.update()
    assert copy != obj and copy.data != obj.data
    assert_shows(copy, wanted[0])
    set_code(copy, wanted[1])
    assert_shows(obj, wanted[0])
    assert_shows(copy, wanted[1])


def test_rename_and_delete(scene: object, tiny_head: Path) -> None:
    obj, other = import_head(tiny_head), import_head(tiny_head)
    wanted = codes(obj, 3)
    obj.name, other.name = "Z", "Anna"
    obj.name = "Anna.old"
    set_code(obj, wanted[0])
    set_code(other, wanted[1])
    assert_shows(obj, wanted[0])
    assert_shows(other, wanted[1])
    bpy.data.objects.remove(obj)
    set_code(other, wanted[2])
    assert_shows(other, wanted[2])


def test_undo_and_redo(scene: object, tiny_head: Path) -> None:
    bpy.ops.ed.undo_push(message="start")
    name = import_head(tiny_head).name
    wanted = codes(bpy.data.objects[name], 2)
    for code in wanted:
        set_code(bpy.data.objects[name], code)
        bpy.ops.ed.undo_push(message="code")
    bpy.ops.ed.undo()
    assert_shows(bpy.data.objects[name], wanted[0])
    bpy.ops.ed.redo()
    assert_shows(bpy.data.objects[name], wanted[1])
    for _ in range(2):
        bpy.ops.ed.undo()
    assert name not in bpy.data.objects
    for _ in range(2):
        bpy.ops.ed.redo()
    assert_shows(bpy.data.objects[name], wanted[1])


def test_undo_again_and_again(scene: object, tiny_head: Path) -> None:
    name = import_head(tiny_head).name
    wanted = codes(bpy.data.objects[name], 6)
    for code in wanted:
        set_code(bpy.data.objects[name], code)
        bpy.ops.ed.undo_push(message="code")
    generator = np.random.default_rng(1)
    at = len(wanted) - 1
    for _ in range(40):
        back = at > 0 and (at == len(wanted) - 1 or generator.random() < 0.5)
        (bpy.ops.ed.undo if back else bpy.ops.ed.redo)()
        at += -1 if back else 1
        scene_now = bpy.context.scene
        scene_now.frame_set(int(generator.integers(1, 5)))
    assert_shows(bpy.data.objects[name], wanted[at])


def test_save_and_reload(scene: object, tiny_head: Path, tmp_path: Path) -> None:
    obj = import_head(tiny_head)
    wanted = codes(obj, 2)
    key_codes(obj, wanted)
    scene.frame_set(2)
    name = obj.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    obj = bpy.data.objects[name]
    assert_shows(obj, wanted[1])
    bpy.context.scene.frame_set(1)
    assert_shows(obj, wanted[0])


def test_head_file_beside_the_blend_is_found(
    scene: object, tiny_head: Path, tmp_path: Path
) -> None:
    away = tmp_path / "away" / tiny_head.name
    away.parent.mkdir()
    away.write_bytes(tiny_head.read_bytes())
    obj = import_head(away)
    wanted = codes(obj, 1)[0]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    away.rename(tmp_path / tiny_head.name)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    obj = bpy.context.object
    set_code(obj, wanted)
    assert_shows(obj, wanted)


def test_missing_and_exchanged_head_files_are_named(
    scene: object, tiny_head: Path, tmp_path: Path
) -> None:
    from neural_face.neural_face_addon.scene import playback

    copy = tmp_path / "copy.nface"
    copy.write_bytes(tiny_head.read_bytes())
    obj = import_head(copy)
    before = vertices(obj)
    wanted = codes(obj, 2)
    copy.unlink()
    bpy.ops.neural_face.reload_heads()
    set_code(obj, wanted[0])
    assert "copy.nface" in playback.shown(obj).error
    np.testing.assert_array_equal(vertices(obj), before)
    copy.write_bytes(tiny_head.read_bytes())
    obj.neural_face.sha256 = "0" * 64
    bpy.ops.neural_face.reload_heads()
    assert "not the head this object was made with" in playback.shown(obj).error
    obj.neural_face.sha256 = ""
    bpy.ops.neural_face.reload_heads()
    assert playback.shown(obj).error == ""
    assert_shows(obj, wanted[0])


def test_edited_mesh_is_left_alone_and_named(scene: object, tiny_head: Path) -> None:
    from neural_face.neural_face_addon.scene import playback

    obj = import_head(tiny_head)
    wanted = codes(obj, 1)[0]
    bpy.ops.object.mode_set(mode="EDIT")
    set_code(obj, wanted)
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.view_layer.update()
    assert_shows(obj, wanted)
    obj.data.vertices.add(1)
    set_code(obj, wanted * 0.5)
    assert "was edited" in playback.shown(obj).error


def test_capture_meter(scene: object, tiny_head: Path) -> None:
    from neural_face.neural_face_addon.scene import playback

    obj = import_head(tiny_head)
    head = playback.open_head(obj)
    for factor in (0.0, 1.0, 30.0):
        code = codes(obj, 1)[0] * factor
        set_code(obj, code)
        assert playback.shown(obj).distance == pytest.approx(head.capture_distance(code))
    assert playback.shown(obj).distance > 1.0


def test_handlers_may_come_from_another_thread(scene: object, tiny_head: Path) -> None:
    from neural_face.neural_face_addon.scene import heads, playback

    obj = import_head(tiny_head)
    wanted = codes(obj, 12)
    failures = []

    def show(code: np.ndarray) -> None:
        try:
            playback.show(obj, code)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=show, args=(code,)) for code in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    playback.show(obj, wanted[0])
    assert_shows(obj, wanted[0])
    assert heads.every() == [obj]


def test_other_objects_are_no_heads(scene: object) -> None:
    from neural_face.neural_face_addon.scene import heads

    mesh = bpy.data.objects.new("Cube", bpy.data.meshes.new("Cube"))
    scene.collection.objects.link(mesh)
    bpy.context.view_layer.objects.active = mesh
    assert heads.every() == []
    assert heads.active(bpy.context) is None
    scene.frame_set(3)
