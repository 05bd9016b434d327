"""A typed line becomes keys, cues and a voice; nothing else changes."""

import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")
pytest.importorskip("g2p_en", reason="reading text needs g2p-en")

from heads_in_blender import assert_shows, curves, import_head, keys

from models.speech.manner import Manner, StyleCurve

TEXT = "Bob may move my baby"


@pytest.fixture
def head(scene: object, tiny_head: Path) -> object:
    return import_head(tiny_head)


def moved(head: object, line: object, fps: float, **settings: object) -> object:
    """What the numeric layer gives for a line's cues."""
    from neural_face.neural_face_addon.scene import playback

    from models.animate import move
    from models.speech.visemes import Cue

    names = ("start", "end", "viseme", "phone", "stress", "word", "strength")
    cues = [Cue(*(getattr(cue, name) for name in names)) for cue in line.cues]
    words = [word.text for word in line.words]
    return move(playback.open_head(head), cues, words, fps=fps, **settings)


@pytest.mark.parametrize("method", ["STYLE", "EXAMPLES"])
def test_writes_what_the_numeric_layer_gives(scene: object, head: object, method: str) -> None:
    from neural_face.neural_face_addon.scene import heads, playback

    from models.animate import animate_text

    scene.render.fps, scene.render.fps_base = 24, 1.001
    operator = bpy.ops.neural_face.animate_text
    done = operator(text=TEXT, frame_start=11, method=method, blend_in=0, blend_out=0)
    assert done == {"FINISHED"}
    action, line = head.animation_data.action, head.neural_face.lines[0]
    assert action.name == TEXT
    fps = 24 / 1.001
    voice = Path(bpy.app.tempdir) / "again.wav"
    spoken = animate_text(playback.open_head(head), TEXT, fps=fps, voice_path=voice).line
    assert [cue.phone for cue in line.cues] == [cue.phone for cue in spoken.cues]
    times = [[(cue.start, cue.end) for cue in cues] for cues in (line.cues, spoken.cues)]
    np.testing.assert_allclose(*times, atol=1e-5)
    manner = Manner(StyleCurve("neutral"))
    result = moved(head, line, fps, method=method, manner=manner)
    codes = result.codes
    face = curves(head)
    assert len(face) == codes.shape[1] == 24
    points = np.array([p.co for p in face["neural_face.speech_layer.left_eye", 1].keyframe_points])
    np.testing.assert_allclose(points[:, 1], codes[:, 9], atol=1e-5, rtol=1e-5)
    np.testing.assert_allclose(points[:, 0], 11 + result.times * fps, atol=1e-3)
    armature = heads.rig(head)
    assert armature.animation_data.action == action
    turn = curves(armature)['pose.bones["Head Speech"].rotation_euler', 1]
    values = [p.co[1] for p in turn.keyframe_points]
    np.testing.assert_allclose(values, result.head_pose[:, 2], atol=1e-5, rtol=1e-5)
    assert f"{len(codes) * 30} keys on frames 11 to " in line.report


def test_speaks_on_every_frame(scene: object, head: object) -> None:
    bpy.ops.neural_face.animate_text(text=TEXT)
    face = curves(head)
    for frame in (3, 9):
        scene.frame_set(frame)
        sizes = (("mouth", 8), ("left_eye", 4), ("right_eye", 4), ("face", 8))
        code = [
            face[f"neural_face.speech_layer.{n}", i].evaluate(frame)
            for n, size in sizes
            for i in range(size)
        ]
        assert_shows(head, np.array(code))


def test_cues_and_settings_are_kept_in_the_file(
    scene: object, head: object, tmp_path: Path
) -> None:
    bpy.ops.neural_face.animate_text(text=TEXT, rate=1.5, pause=0.5, seed=2, frame_start=7)
    name = head.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    speech = bpy.data.objects[name].neural_face.lines[0]
    assert (speech.text, speech.rate, speech.pause) == (TEXT, 1.5, 0.5)
    assert (speech.seed, speech.frame_start) == (2, 7)
    assert len(speech.cues) > 8
    starts, ends = ([getattr(cue, key) for cue in speech.cues] for key in ("start", "end"))
    assert starts == sorted(starts)
    assert all(start < end for start, end in zip(starts, ends, strict=True))
    assert {"M", "B"} <= {phone for cue in speech.cues for phone in cue.phone.split()}


def test_follows_a_recording(scene: object, head: object, tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx", reason="alignment needs pocketsphinx")
    if not shutil.which("flite"):
        pytest.skip("flite is not installed")
    recording = tmp_path / "take.wav"
    subprocess.run(["flite", "-voice", "slt", "-t", f"{TEXT}.", "-o", recording], check=True)
    bpy.ops.neural_face.animate_text(text=TEXT, audio_filepath=str(recording), frame_start=5)
    [strip] = scene.sequence_editor.strips
    assert Path(bpy.path.abspath(strip.sound.filepath)) == recording
    assert strip.sound.packed_file is None and recording.is_file()
    assert strip.frame_final_start == 5
    speech = head.neural_face.lines[0]
    assert speech.audio_filepath == str(recording)
    assert {"M", "B"} <= {phone for cue in speech.cues for phone in cue.phone.split()}
    with wave.open(str(recording), "rb") as stream:
        seconds = stream.getnframes() / stream.getframerate()
    assert seconds - 0.6 < max(cue.end for cue in speech.cues) <= seconds + 0.05


def test_a_made_voice_travels_in_the_file(scene: object, head: object) -> None:
    from models.speech.voice import installed_voices

    if not installed_voices():
        pytest.skip("neither flite nor espeak-ng is installed")
    bpy.ops.neural_face.animate_text(text=TEXT)
    [strip] = scene.sequence_editor.strips
    assert strip.sound.packed_file.size > 10_000


def test_the_scene_is_long_enough_for_the_line(scene: object, head: object) -> None:
    scene.frame_end = 10
    bpy.ops.neural_face.animate_text(text=TEXT)
    last = max(p.co[0] for p in curves(head)["neural_face.speech_layer.mouth", 0].keyframe_points)
    assert last <= scene.frame_end < last + 1
    scene.frame_end = 5000
    bpy.ops.neural_face.animate_text(text=TEXT)
    assert scene.frame_end == 5000


def test_style_and_strength_reach_the_numeric_layer(scene: object, head: object) -> None:
    assert [style.name for style in head.neural_face.styles] == ["happy", "neutral"]
    settings = {"style_second": "neutral", "style_mix": 0.25, "articulation": 1.5}
    bpy.ops.neural_face.animate_text(
        text=TEXT, style="happy", strength=0.5, parts={"mouth"}, blend_in=0, blend_out=0, **settings
    )
    line = head.neural_face.lines[0]
    curve = StyleCurve("happy", "neutral", mix=np.array([0.25]))
    manner = Manner(curve, 0.5, 1.5, parts=frozenset({"mouth"}))
    result = moved(head, line, scene.render.fps, manner=manner)
    jaw = curves(head)["neural_face.speech_layer.mouth", 0]
    values = [point.co[1] for point in jaw.keyframe_points]
    np.testing.assert_allclose(values, result.codes[:, 0], atol=1e-5)
    assert (line.style_first, line.strength, line.parts) == ("happy", 0.5, {"mouth"})


def test_a_new_action_leaves_the_others_untouched(scene: object, head: object) -> None:
    bpy.ops.neural_face.key_expression()
    hand_made = head.animation_data.action
    before = keys(head)
    slot = head.animation_data.action_slot
    bpy.ops.neural_face.animate_text(text=TEXT, target="NEW")
    first = head.animation_data.action
    bpy.ops.neural_face.animate_text(text="See five fish.", target="NEW")
    assert len({hand_made, first, head.animation_data.action}) == 3
    head.animation_data.action, head.animation_data.action_slot = hand_made, slot
    assert keys(head) == before
    assert hand_made.use_fake_user and first.use_fake_user


def test_long_text_gives_a_short_action_name(addon: object) -> None:
    from neural_face.neural_face_addon.line.lines import line_name

    assert line_name("  One\n two ") == "One two"
    assert line_name("word " * 30) == ("word " * 9).strip()
    assert len(line_name("x" * 200)) == 48
    assert (line_name("Well. Yes."), line_name("...")) == ("Well. Yes", "...")


def test_voice_goes_to_a_free_channel(scene: object, tmp_path: Path) -> None:
    from neural_face.neural_face_addon.passage.voices import place_voice

    paths = [tmp_path / "a.wav", tmp_path / "b.wav"]
    for path in paths:
        with wave.open(str(path), "wb") as stream:
            stream.setparams((1, 2, 16000, 0, "NONE", ""))
            stream.writeframes(bytes(64000))
    strips = [
        place_voice(scene, path, "Line", start, 2.0)
        for path, start in zip(paths, (1, 20), strict=True)
    ]
    later = place_voice(scene, paths[0], "Line", 200, 2.0)
    assert [strip.channel for strip in (*strips, later)] == [1, 2, 1]
    assert strips[1].frame_final_start == 20


def test_undo_takes_the_line_back(scene: object, head: object) -> None:
    name = head.name
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.neural_face.animate_text(text=TEXT)
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    assert len(bpy.data.actions) == 0
    assert len(bpy.data.objects[name].neural_face.lines) == 0
    bpy.ops.ed.redo()
    assert bpy.data.objects[name].animation_data.action.name == TEXT


def test_armature_selected_means_its_head(scene: object, head: object) -> None:
    from neural_face.neural_face_addon.scene import heads

    bpy.context.view_layer.objects.active = heads.rig(head)
    bpy.ops.neural_face.animate_text(text=TEXT)
    assert head.animation_data.action.name == TEXT
