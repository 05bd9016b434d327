"""Performances of other origin: ARKit recordings in and out, a camera, another one's residual."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from models.parameters import AnimationParameters

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")
pytest.importorskip("torch", reason="following a video needs torch")

from heads_in_blender import curves, import_head, keys
from test_addon_clips import PLAIN, animate, codes, fails, seen, update, video  # noqa: F401
from test_addon_jobs import Event, Window

from models.errors import VideoError


@pytest.fixture
def head(scene: object, tiny_head: Path) -> object:
    return import_head(tiny_head)


def test_arkit_goes_out_and_in(scene: object, head: object, video: Path, tmp_path: Path) -> None:  # noqa: F811
    from neural_face.neural_face_addon.scene import heads, layer_curves, playback

    scene.render.fps = 30
    animate(video, frame_start=1)
    path = tmp_path / "take.csv"
    before = keys(head)
    done = bpy.ops.neural_face.export_arkit(filepath=str(path), frame_start=1, frame_end=50)
    assert done == {"FINISHED"} and keys(head) == before
    bpy.ops.neural_face.remove_clip()
    done = bpy.ops.neural_face.animate_arkit(filepath=str(path), frame_start=11, **PLAIN)
    assert done == {"FINISHED"}
    clip = head.neural_face.clips[0]
    assert (clip.source, clip.name, clip.picture) == ("RECORDED", "take", None)
    wanted = playback.open_head(head).play_arkit(path)
    np.testing.assert_allclose(codes(head, clip), wanted.codes, atol=1e-4)
    pose = layer_curves.pose_at(head, np.arange(11.0, clip.frame_last + 1))
    np.testing.assert_allclose(pose, wanted.head_pose, atol=1e-4)
    clip.strength, clip.speed = 0.5, 2.0
    update()
    np.testing.assert_allclose(codes(head, clip), 0.5 * wanted.codes[::2], atol=1e-4)
    fails(bpy.ops.neural_face.update_clip, "cannot be read again", read_again=True)
    armature = heads.rig(head)
    assert armature.pose.bones["Head"].rotation_euler[:] == (0, 0, 0)


def test_what_is_no_recording_is_said(scene: object, head: object, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    fails(bpy.ops.neural_face.animate_arkit, "not a Live Link Face", filepath=str(path))
    assert head.animation_data is None
    fails(bpy.ops.neural_face.export_arkit, "Cannot write", filepath="/proc/none/a.csv")


def test_bones_together_turn_the_head(scene: object, head: object) -> None:
    """What is exported of all layers is how the object really stands."""
    from neural_face.neural_face_addon.scene import heads, layer_curves, playback

    from models.pose import to_world

    armature = heads.rig(head)
    rng = np.random.default_rng(1)
    for bone in armature.pose.bones:
        bone.rotation_euler, bone.location = rng.normal(0, 0.3, 3), rng.normal(0, 0.02, 3)
    bpy.context.view_layer.update()
    pose = layer_curves.pose_at(head, np.ones(1))[0]
    mesh = playback.open_head(head).mesh
    world = np.array(head.matrix_world)
    stands = mesh.vertices @ world[:3, :3].T + world[:3, 3]
    np.testing.assert_allclose(stands, to_world(mesh.vertices, pose, mesh.pivot), atol=1e-5)


def test_copied_residual(scene: object, head: object, video: Path) -> None:  # noqa: F811
    from neural_face.neural_face_addon.scene import layer_curves, layers, playback

    clip = animate(video)
    frames = np.arange(clip.frame_first, clip.frame_last + 1.0)
    played = AnimationParameters(
        (frames - 1) / scene.render.fps,
        layer_curves.codes_at(head, layers.VIDEO, frames),
        layer_curves.pose_at(head, frames),
    )
    assert bpy.ops.neural_face.copy_residual(kind="CLIP", source="VIDEO") == {"FINISHED"}
    found = playback.open_head(head).residual_of(played)
    path = "neural_face.clips[0].residual"
    values = [p.co[1] for p in curves(head)[path, 1].keyframe_points]
    expected = np.interp(played.times, found.times, found.values[:, 1])
    np.testing.assert_allclose(values, expected, atol=1e-4)
    update()
    fails(bpy.ops.neural_face.copy_residual, "has no line", kind="LINE")


def test_a_residual_on_a_typed_line(scene: object, head: object) -> None:
    pytest.importorskip("g2p_en", reason="reading text needs g2p-en")
    from neural_face.neural_face_addon.scene import layer_curves, layers

    bpy.ops.neural_face.animate_text(text="Bob may move my baby", **PLAIN)
    line = head.neural_face.lines[0]
    frames = np.arange(1.0, line.frame_last + 1)
    before = layer_curves.codes_at(head, layers.SPEECH, frames)
    line.residual[0] = 2.0
    assert bpy.ops.neural_face.update_line() == {"FINISHED"}
    after = layer_curves.codes_at(head, layers.SPEECH, frames)
    assert np.abs(after - before).max() > 1e-3
    bpy.ops.neural_face.check_contacts()
    assert all(contact.closed for contact in line.contacts)
    line.residual[0] = 0.0
    bpy.ops.neural_face.update_line()
    np.testing.assert_allclose(
        layer_curves.codes_at(head, layers.SPEECH, frames), before, atol=1e-5
    )


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """A camera that gives 20 known moments; the codes (20, Z)."""
    from neural_face.neural_face_addon.system import runtime

    acted = np.random.default_rng(2).normal(0, 0.5, (20, 24)).astype(np.float32)
    pose = np.tile(np.float32(0.1), 6)

    def followed(_head: object, source: object) -> Iterator[tuple]:
        if source == 9:
            raise VideoError("Camera 9 gives no pictures.")
        for index, code in enumerate(acted):
            yield index / 25, code, pose, float(source != 8)

    monkeypatch.setattr(runtime, "followed", followed)
    return acted


def test_a_live_take_is_kept(scene: object, head: object, camera: np.ndarray) -> None:
    scene.render.fps = 25
    scene.render.fps_base = 1.0
    live = bpy.ops.neural_face.live_video
    assert live(device=0, seconds=10, frame_start=5, **PLAIN) == {"FINISHED"}
    clip = head.neural_face.clips[0]
    assert (clip.frame_first, clip.source) == (5, "RECORDED")
    assert clip.frame_last in (23, 24)  # the last moment may fall between two frames
    np.testing.assert_allclose(codes(head, clip)[0], camera[0], atol=1e-4)
    assert live(seconds=0.4, frame_start=100) == {"FINISHED"}
    assert head.neural_face.clips[1].frame_last in (109, 110)
    fails(live, "gives no pictures", device=9, seconds=1)
    fails(live, "No face was seen", device=8, seconds=1)
    fails(live, "needs a length", device=0)
    assert len(head.neural_face.clips) == 2


def test_a_live_take_in_the_viewport(
    scene: object, head: object, camera: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the window's timer does; the layer is as it was when the take is over."""
    from neural_face.neural_face_addon.clip import live_session
    from neural_face.neural_face_addon.scene import layer_curves, layers
    from neural_face.operators.live_video import NEURALFACE_OT_live_video as Live

    session = live_session.Session(0)
    operator = SimpleNamespace(_name=head.name, _session=session, _before=None, _timer="timer")
    window = Window()
    Live.show_progress(operator, window)
    assert window.status is None
    session.now = live_session.Moment(1.5, camera[3], np.full(6, 0.1), 1.0)
    Live.show_progress(operator, window)
    assert "1.5 s, following" in window.status
    code, pose = layer_curves.now(head, layers.VIDEO)
    np.testing.assert_allclose(code, camera[3], atol=1e-6)
    np.testing.assert_allclose(pose, 0.1, atol=1e-5)
    assert Live.modal(operator, window, Event("RET")) == {"RUNNING_MODAL"}
    Live.clean_up(operator, window)
    for values in layer_curves.now(head, layers.VIDEO):
        assert not values.any()
    from neural_face.neural_face_addon.scene import playback

    data = session.read(playback.open_head(head), lambda *_: None)
    assert data.about.startswith("1 frames")  # it was stopped
