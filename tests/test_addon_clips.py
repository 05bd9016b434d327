"""Clips: keys of the video layer, settings, solving again without the video, what lies beside."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.errors import CancelledError
from models.video.analysis import Analysis

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")
pytest.importorskip("torch", reason="following a video needs torch")

from heads_in_blender import assert_shows, curves, import_head, keys
from made_video import FPS, made_analysis, made_sound, made_video

from models.errors import VideoError
from models.video.retarget_settings import ResidualCurve, Retargeting

PLAIN = {"blend_in": 0.0, "blend_out": 0.0}
JAW = ("neural_face.video_layer.mouth", 0)


@pytest.fixture
def head(scene: object, tiny_head: Path) -> object:
    return import_head(tiny_head)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """Videos are not looked at; what was asked for is noted."""
    from neural_face.neural_face_addon.system import runtime

    asked = []

    def analyse(
        head: object, path: Path, progress: Callable, person: object, start: float, end: object
    ) -> object:
        asked.append((path.name, person, start, end))
        progress(0.5, "Looking")
        first = np.ceil(round(start * FPS, 3)) / FPS
        length = 2.0 if end is None else np.floor(round(end * FPS, 3)) / FPS
        return made_analysis(head, length - first, first)

    monkeypatch.setattr(runtime, "analyse_video", analyse)
    return asked


@pytest.fixture
def video(tmp_path: Path, seen: list) -> Path:
    return made_video(tmp_path / "take one.mp4")


def animate(video: Path, **settings: object) -> object:
    """A new clip, by the operator."""
    done = bpy.ops.neural_face.animate_video(filepath=str(video), **PLAIN | settings)
    assert done == {"FINISHED"}
    return bpy.context.active_object.neural_face.clips[-1]


def update(**settings: object) -> None:
    assert bpy.ops.neural_face.update_clip(**settings) == {"FINISHED"}


def codes(head: object, clip: object) -> np.ndarray:
    """The video layer's code on the clip's frames (T, Z)."""
    from neural_face.neural_face_addon.scene import layer_curves, layers

    frames = np.arange(clip.frame_first, clip.frame_last + 1.0)
    return layer_curves.codes_at(head, layers.VIDEO, frames)


def expected(head: object, clip: object, fps: float, settings: Retargeting) -> object:
    from neural_face.neural_face_addon.scene import playback

    analysis = Analysis.from_bytes(bytes(clip.data))
    return playback.open_head(head).retarget(analysis, settings, fps)


def fails(operator: object, sentence: str, **arguments: object) -> None:
    with pytest.raises(RuntimeError, match=sentence) as caught:
        operator(**arguments)
    assert "Traceback" not in str(caught.value)


def test_keys_are_what_the_numeric_layer_gives(scene: object, head: object, video: Path) -> None:
    from neural_face.neural_face_addon.scene import heads

    scene.render.fps, scene.render.fps_base = 24, 1.001
    fps = 24 / 1.001
    clip = animate(video, frame_start=11)
    result = expected(head, clip, fps, Retargeting())
    assert len(result.times) == pytest.approx(2 * fps, abs=1.5)
    assert (clip.frame_first, clip.frame_last) == (11, 10 + len(result.times))
    np.testing.assert_allclose(codes(head, clip), result.codes, atol=1e-5)
    turn = curves(heads.rig(head))['pose.bones["Head Video"].rotation_euler', 1]
    values = [point.co[1] for point in turn.keyframe_points]
    np.testing.assert_allclose(values, result.head_pose[:, 2], atol=1e-5)
    assert {path for path, _ in curves(head)} == {
        f"neural_face.video_layer.{name}" for name in ("mouth", "left_eye", "right_eye", "face")
    }
    scene.frame_set(20)
    assert_shows(head, result.codes[9])
    count = result.codes.size + result.head_pose.size
    assert clip.name == "take one" and clip.report.startswith(f"{count} keys on frames 11 to ")
    assert clip.warnings == "At 1.0 s the face is turned away."
    assert clip.about == "51 frames, 2.0 s at 25 fps, 64 × 48, face seen in 100%"


def test_other_layers_and_keys_outside_stay(scene: object, head: object, video: Path) -> None:
    pytest.importorskip("g2p_en", reason="reading text needs g2p-en")
    bpy.ops.neural_face.random_expression(seed=1)
    bpy.ops.neural_face.key_expression()
    bpy.ops.neural_face.animate_text(text="Bob may move my baby")
    before = keys(head)
    first = animate(video, frame_start=1)
    early = codes(head, first)
    second = animate(video, frame_start=31, existing="ADD")
    after = keys(head)
    assert {key: after[key] for key in before} == before
    both = codes(head, second)
    update()
    np.testing.assert_allclose(codes(head, second), both, atol=1e-5)
    assert bpy.ops.neural_face.remove_clip() == {"FINISHED"}
    np.testing.assert_allclose(codes(head, first), early, atol=1e-5)
    bpy.ops.neural_face.remove_clip()
    assert keys(head) == before
    assert (
        not len(head.neural_face.clips) and not np.array(head.neural_face.video_layer.mouth).any()
    )
    fails(bpy.ops.neural_face.remove_clip, "Animate a video first")


def test_settings_are_passed_through_without_looking_again(
    scene: object, head: object, video: Path, seen: list
) -> None:
    scene.render.fps = 25
    clip = animate(video)
    settings = {
        "strength": 0.5, "mouth_strength": 2.0, "brows_strength": 0.0, "smoothing": 0.05,
        "speed": 2.0, "mirror": True, "use_head": False, "eye_contact": 0.5, "trim_start": 0.4,
        "trim_end": 1.6,
    }  # fmt: skip
    for name, value in settings.items():
        setattr(clip, name, value)
    update()
    exact = {n: np.float32(v).item() if isinstance(v, float) else v for n, v in settings.items()}
    wanted = Retargeting(**exact)
    result = expected(head, clip, 25.0, wanted)
    np.testing.assert_allclose(codes(head, clip), result.codes, atol=1e-5)
    assert clip.frame_last == round(1.2 / 2.0 * 25.0) + 1
    assert len(seen) == 1
    clip.speed = 11.0  # Blender itself keeps to the limits
    assert clip.speed == 10.0


def test_a_keyed_residual_changes_the_result(scene: object, head: object, video: Path) -> None:
    clip = animate(video)
    axes = len(head.neural_face.residual_axes)
    assert axes > 1
    still = codes(head, clip)
    clip.residual[1] = 2.0
    update()
    moved = codes(head, clip)
    values = np.zeros((1, axes))
    values[0, 1] = 2.0
    wanted = Retargeting(residual=ResidualCurve(np.zeros(1), values))
    result = expected(head, clip, scene.render.fps, wanted)
    np.testing.assert_allclose(moved, result.codes, atol=1e-5)
    assert np.abs(moved - still).max() > 1e-4
    path = "neural_face.clips[0].residual"
    for frame, value in ((1, 0.0), (clip.frame_last, 2.0)):
        clip.residual[1] = value
        head.keyframe_insert(path, index=1, frame=frame)
    curves(head)[path, 1].keyframe_points[0].interpolation = "LINEAR"
    update()
    keyed = codes(head, clip)
    assert np.abs(keyed[0] - moved[0]).max() > 1e-4
    np.testing.assert_allclose(keyed[0], still[0], atol=np.abs(moved - still).max() / 2)


def test_the_clip_is_solved_again_without_the_video(
    scene: object, head: object, video: Path, seen: list, tmp_path: Path
) -> None:
    clip = animate(video, frame_start=3)
    name, data = head.name, bytes(clip.data)
    assert len(data) > 1000 and clip.file_size == str(video.stat().st_size)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    video.unlink()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    head = bpy.data.objects[name]
    clip = head.neural_face.clips[0]
    assert bytes(clip.data) == data and clip.warnings
    before = codes(head, clip)
    clip.strength = 0.5
    update()
    result = expected(head, clip, bpy.context.scene.render.fps, Retargeting(strength=0.5))
    np.testing.assert_allclose(codes(head, clip), result.codes, atol=1e-5)
    assert np.abs(codes(head, clip) - before).max() > 1e-3 and len(seen) == 1


def test_trims_between_two_pictures_need_no_second_look(head: object, video: Path) -> None:
    animate(video, trim_start=0.215, trim_end=1.115)
    video.unlink()
    update()


def test_another_person_or_more_of_the_video_is_looked_for(
    scene: object, head: object, video: Path, seen: list
) -> None:
    clip = animate(video, trim_start=0.4, trim_end=1.2)
    assert seen == [("take one.mp4", None, pytest.approx(0.4), pytest.approx(1.2))]
    clip.trim_end = 1.0
    update()
    assert len(seen) == 1
    clip.trim_end = 1.8
    update()
    assert len(seen) == 2 and seen[-1][3] == pytest.approx(1.8)
    clip.person = 2
    update()
    assert seen[-1][1] == 1
    update()
    assert len(seen) == 3
    update(read_again=True)
    assert len(seen) == 4
    with video.open("ab") as stream:
        stream.write(b"more")
    update()
    assert "has changed since it was read" in clip.report


def test_undo_takes_the_clip_back(scene: object, head: object, video: Path) -> None:
    name = head.name
    bpy.ops.ed.undo_push(message="before")
    clip = animate(video)
    data, written = bytes(clip.data), keys(head)
    bpy.ops.ed.undo_push(message="clip")
    bpy.ops.ed.undo()
    assert not len(bpy.data.objects[name].neural_face.clips) and not len(bpy.data.actions)
    bpy.ops.ed.redo()
    head = bpy.data.objects[name]
    assert bytes(head.neural_face.clips[0].data) == data and keys(head) == written
    update()
    assert keys(head) == written


def test_a_copied_or_appended_head_keeps_its_clips(
    scene: object, head: object, video: Path, tmp_path: Path
) -> None:
    clip = animate(video)
    name, data = head.name, bytes(clip.data)
    copy = head.copy()
    assert bytes(copy.neural_face.clips[0].data) == data
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    with bpy.data.libraries.load(str(tmp_path / "a.blend")) as (_, wanted):
        wanted.objects = [name]
    assert bytes(wanted.objects[0].neural_face.clips[0].data) == data


def test_the_video_stands_beside_the_head_in_time(scene: object, head: object, video: Path) -> None:
    scene.render.fps = 50
    clip = animate(video, frame_start=11, trim_start=0.4)
    picture = clip.picture
    user = picture.image_user
    assert picture.data.source == "MOVIE" and picture.parent is head.parent
    assert user.use_auto_refresh and picture.location.x > max(v.co.x for v in head.data.vertices)

    def shown(frame: int) -> int:
        scene.frame_set(frame)
        found = picture.evaluated_get(bpy.context.evaluated_depsgraph_get()).image_user
        return frame - user.frame_start + 1 + found.frame_offset

    def wanted(frame: int) -> int:
        return 1 + round((clip.trim_start + (frame - 11) / 50 * clip.speed) * FPS)

    frames = (11, 12, 40, clip.frame_last)
    assert [shown(frame) for frame in frames] == [wanted(frame) for frame in frames]
    clip.speed = 2.0
    update()
    assert not curves(picture)  # one picture a frame needs none
    assert shown(30) == wanted(30)
    clip.show_video = False
    update()
    assert clip.picture is None and not bpy.data.images.get(video.name)


def test_its_sound_is_in_the_sequencer(
    scene: object, head: object, video: Path, tmp_path: Path, seen: list
) -> None:
    scene.render.fps = 25
    clip = animate(video)
    assert not scene.sequence_editor or not len(scene.sequence_editor.strips)
    bpy.ops.neural_face.remove_clip()
    loud = made_sound(tmp_path / "loud.wav")
    clip = animate(loud, frame_start=21, show_video=False)
    [strip] = scene.sequence_editor.strips
    assert (strip.frame_final_start, strip.mute) == (21, False)
    clip.trim_start, clip.trim_end, clip.frame_start = 0.4, 1.2, 31
    update()
    assert (strip.frame_final_start, strip.frame_final_end) == (31, 31 + 21)
    assert strip.frame_offset_start == 10
    clip.speed = 2.0
    update()
    assert strip.mute and "sound is muted" in clip.report
    clip.play_sound = False
    update()
    assert not len(scene.sequence_editor.strips) and not len(bpy.data.sounds)


def test_a_rig_without_the_bone_gets_it(scene: object, head: object, video: Path) -> None:
    """As files have it that were made before there was a video layer."""
    from neural_face.neural_face_addon.scene import heads

    armature = heads.rig(head)
    bpy.context.view_layer.objects.active = armature
    head.parent_bone = "Head Speech"
    bpy.ops.object.mode_set(mode="EDIT")
    armature.data.edit_bones.remove(armature.data.edit_bones["Head Video"])
    bpy.ops.object.mode_set(mode="OBJECT")
    armature.hide_set(True)
    bpy.context.view_layer.objects.active = head
    fails(bpy.ops.neural_face.animate_video, "needs another bone", filepath=str(video))
    armature.hide_set(False)
    clip = animate(video, use_head=False)
    assert head.parent_bone == "Head Video" and bpy.context.active_object == head
    assert armature.data.bones["Head Video"].parent.name == "Head Speech"
    assert 'pose.bones["Head Video"].location' in {path for path, _ in curves(armature)}
    scene.frame_set(clip.frame_first)
    np.testing.assert_allclose(np.array(head.matrix_world), np.eye(4), atol=1e-6)


def test_what_cannot_be_done_leaves_everything(
    scene: object, head: object, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neural_face.neural_face_addon.scene import playback
    from neural_face.neural_face_addon.system import jobs, runtime

    operator = bpy.ops.neural_face.animate_video
    clip = animate(video)
    before, data, actions = keys(head), bytes(clip.data), len(bpy.data.actions)

    def unchanged() -> bool:
        same = keys(head) == before and bytes(clip.data) == data
        return same and len(head.neural_face.clips) == 1 and len(bpy.data.actions) == actions

    def no_face(*_arguments: object) -> None:
        raise VideoError("No face was found.")

    def slow(_head: object, _path: Path, progress: Callable, *_: object) -> None:
        while True:
            progress(0.1, "Looking")

    monkeypatch.setattr(runtime, "analyse_video", no_face)
    fails(operator, "No face was found", filepath=str(video))
    fails(bpy.ops.neural_face.update_clip, "No face was found", read_again=True)
    assert unchanged()
    fails(operator, "There is no head Nobody", filepath=str(video), head="Nobody")
    monkeypatch.setattr(runtime, "analyse_video", slow)
    from neural_face.neural_face_addon.clip import clips

    settings = clips.settings_of(head.neural_face.video) | {"filepath": str(video)}
    job = jobs.Job(clips.work(head, clips.first_request(scene, head, settings))).start()
    job.cancel()
    with pytest.raises(CancelledError, match="nothing was changed"):
        job.result()
    assert unchanged()
    monkeypatch.setattr(playback.open_head(head), "video", None)
    monkeypatch.undo()
    monkeypatch.setattr(playback.open_head(head), "video", None)
    fails(operator, "has no video network", filepath=str(video))
    fails(bpy.ops.neural_face.update_clip, "has no video network")
    assert unchanged()


def test_files_that_are_no_videos(scene: object, head: object, tmp_path: Path) -> None:
    pytest.importorskip("mediapipe", reason="reading videos needs mediapipe")
    operator = bpy.ops.neural_face.animate_video
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    for path in (text, tmp_path / "missing.mp4", tmp_path):
        fails(operator, "video", filepath=str(path))
    assert head.animation_data is None and not len(head.neural_face.clips)


def test_a_clip_follows_its_sliders(
    scene: object, head: object, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    from neural_face.neural_face_addon import live_solving
    from test_addon_edits import App

    clip = animate(video)
    before = codes(head, clip)
    name = head.name
    App.tempdir = bpy.app.tempdir
    monkeypatch.setattr(live_solving.bpy, "app", App)
    clip.strength = 0.25
    assert live_solving.state(clip) == "BUSY"
    time.sleep(live_solving.DELAY)
    while live_solving._tick() is not None:
        time.sleep(0.01)
    monkeypatch.undo()
    clip = bpy.data.objects[name].neural_face.clips[0]
    assert live_solving.state(clip) == ""
    np.testing.assert_allclose(codes(bpy.data.objects[name], clip), 0.25 * before, atol=1e-4)


def test_dropping_a_video(scene: object, tiny_head: Path, video: Path) -> None:
    handler = bpy.types.FileHandler.bl_rna_get_subclass_py("NEURALFACE_FH_video")
    assert handler.bl_import_operator == "neural_face.animate_video"
    extensions = handler.bl_file_extensions.split(";")
    assert {".mp4", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".m4v"} <= set(extensions)

    class Context:
        class area:  # noqa: N801
            type = "VIEW_3D"

    assert not handler.poll_drop(Context)
    assert not bpy.ops.neural_face.animate_video.poll()
    head = import_head(tiny_head)
    assert handler.poll_drop(Context)
    Context.area.type = "TEXT_EDITOR"
    assert not handler.poll_drop(Context)
    bpy.context.view_layer.objects.active = None
    bpy.ops.neural_face.animate_video("INVOKE_DEFAULT", filepath=str(video))
    assert len(head.neural_face.clips) == 1
    operator = bpy.ops.neural_face.animate_video.get_rna_type()
    assert operator.properties["filepath"].is_skip_save
