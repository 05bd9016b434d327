"""Lines: where their keys go, how they meet what is there, solving them again, removing them."""

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")
pytest.importorskip("g2p_en", reason="reading text needs g2p-en")

from heads_in_blender import curves, import_head, keys

TEXT = "Bob may move my baby"
OTHER = "See five big fish"
JAW = ("neural_face.speech_layer.mouth", 0)
PLAIN = {"blend_in": 0.0, "blend_out": 0.0}


@pytest.fixture
def head(scene: object, tiny_head: Path) -> object:
    return import_head(tiny_head)


def speak(text: str = TEXT, **settings: object) -> object:
    """A new line, by the operator."""
    assert bpy.ops.neural_face.animate_text(text=text, **settings) == {"FINISHED"}
    return bpy.context.active_object.neural_face.lines[-1]


def update() -> None:
    assert bpy.ops.neural_face.update_line() == {"FINISHED"}


def points(head: object, key: tuple[str, int] = JAW) -> dict[int, float]:
    return {round(p.co[0]): p.co[1] for p in curves(head)[key].keyframe_points}


def layer_values(head: object, first: int, last: int) -> np.ndarray:
    """The speech layer's code at frames (T, Z)."""
    from neural_face.neural_face_addon.scene import layer_curves, layers

    return layer_curves.codes_at(head, layers.SPEECH, np.arange(first, last + 1.0))


def fails(operator: object, sentence: str, **arguments: object) -> None:
    with pytest.raises(RuntimeError, match=sentence) as caught:
        operator(**arguments)
    assert "Traceback" not in str(caught.value)


def test_lines_go_to_the_current_action_beside_other_keys(scene: object, head: object) -> None:
    from neural_face.neural_face_addon.scene import heads

    armature = heads.rig(head)
    head.neural_face.mouth[0] = 1.5
    bpy.ops.neural_face.key_expression()
    head.keyframe_insert("location", frame=4)
    armature.pose.bones["Head"].keyframe_insert("rotation_euler", frame=3)
    action, own = head.animation_data.action, armature.animation_data.action
    before, turned = keys(head), keys(armature)
    first = speak(frame_start=10)
    second = speak(OTHER, frame_start=200)
    assert head.animation_data.action == action and armature.animation_data.action == own
    after = keys(head)
    assert {key: after[key] for key in before} == before
    assert {key: keys(armature)[key] for key in turned} == turned
    assert ('pose.bones["Head Speech"].location', 0) in curves(armature)
    frames = set(points(head))
    assert set(range(first.frame_first, first.frame_last + 1)) <= frames
    assert set(range(200, second.frame_last + 1)) <= frames
    assert not frames & set(range(first.frame_last + 1, 200))
    assert (first.action, first.name, second.name) == (action, TEXT, OTHER)


def test_the_first_line_makes_an_action_and_an_earlier_one_keeps_its_keys(
    scene: object, head: object
) -> None:
    from neural_face.neural_face_addon.scene import heads

    line = speak(frame_start=1)
    assert head.animation_data.action.name == TEXT
    assert heads.rig(head).animation_data.action == head.animation_data.action
    before = {frame: value for frame, value in points(head).items() if frame < 40}
    speak(OTHER, frame_start=40, existing="CLEAR")
    after = points(head)
    assert {frame: after[frame] for frame in before} == before
    assert line.frame_last > 40


def test_adding_and_replacing(scene: object, head: object) -> None:
    first = speak(**PLAIN)
    under = layer_values(head, first.frame_first, first.frame_last)
    bpy.ops.neural_face.clear_layer(layer="SPEECH")
    second = speak(OTHER, frame_start=11, **PLAIN)
    alone = layer_values(head, 11, second.frame_last)
    bpy.ops.neural_face.remove_line()
    bpy.ops.neural_face.update_line()
    added = speak(OTHER, frame_start=11, existing="ADD", **PLAIN)
    last = added.frame_last
    held = np.concatenate([under[10:], np.repeat(under[-1:], max(last - len(under), 0), 0)])
    np.testing.assert_allclose(layer_values(head, 11, last), alone + held[: last - 10], atol=1e-4)
    update()  # once more is not twice
    np.testing.assert_allclose(layer_values(head, 11, last), alone + held[: last - 10], atol=1e-4)
    head.neural_face.lines[-1].existing = "CLEAR"
    update()
    np.testing.assert_allclose(layer_values(head, 11, last), alone, atol=1e-5)


def test_removing_a_line_brings_back_what_was_there(scene: object, head: object) -> None:
    first = speak()
    before = layer_values(head, 1, first.frame_last)
    speak(OTHER, frame_start=11)
    strips = len(scene.sequence_editor.strips) if scene.sequence_editor else 0
    assert bpy.ops.neural_face.remove_line() == {"FINISHED"}
    np.testing.assert_allclose(layer_values(head, 1, first.frame_last), before, atol=1e-5)
    assert [line.name for line in head.neural_face.lines] == [TEXT]
    assert not strips or len(scene.sequence_editor.strips) == strips - 1
    bpy.ops.neural_face.remove_line()
    assert not [path for path, _ in curves(head)] and not len(head.neural_face.lines)
    assert not np.array(head.neural_face.speech_layer.mouth).any()
    fails(bpy.ops.neural_face.remove_line, "has no line")


def test_blending_meets_what_is_there(scene: object, head: object) -> None:
    raw_line = speak(**PLAIN)
    raw = layer_values(head, 1, raw_line.frame_last)
    bpy.ops.neural_face.remove_line()
    layer = head.neural_face.speech_layer
    for frame in (1, 400):
        layer.mouth[0] = 2.0
        head.keyframe_insert("neural_face.speech_layer.mouth", index=0, frame=frame)
    line = speak(blend_in=0.4, blend_out=0.2, frame_start=11)
    fps = scene.render.fps
    count = line.frame_last - line.frame_first
    times = np.arange(count + 1) / fps
    rise, fall = (np.clip(t, 0, 1) for t in (times / 0.4, (times[-1] - times) / 0.2))
    share = (rise**2 * (3 - 2 * rise)) * (fall**2 * (3 - 2 * fall))
    expected = raw * share[:, None]
    expected[:, 0] += 2.0 * (1 - share)
    np.testing.assert_allclose(layer_values(head, 11, line.frame_last), expected, atol=1e-4)
    assert points(head)[1] == points(head)[400] == 2.0


@pytest.mark.parametrize(("fps", "base"), [(24, 1.001), (60, 1.0), (12, 1.0)])
def test_any_frame_rate(scene: object, head: object, fps: int, base: float) -> None:
    scene.render.fps, scene.render.fps_base = fps, base
    line = speak(frame_start=-20)
    rate = fps / base
    assert line.frame_first == -20
    assert line.frame_last - line.frame_first == pytest.approx(line.seconds * rate, abs=1.01)
    assert sorted(points(head)) == list(range(-20, line.frame_last + 1))
    assert len(curves(head)[JAW].keyframe_points) == line.frame_last + 21


def test_moving_a_line_moves_its_keys_and_voice(scene: object, head: object) -> None:
    line = speak()
    values = list(points(head).values())
    line.frame_start = 101
    update()
    assert list(points(head)) == list(range(101, 101 + len(values)))
    np.testing.assert_allclose(list(points(head).values()), values, atol=1e-5)
    for strip in scene.sequence_editor.strips if scene.sequence_editor else ():
        assert strip.frame_final_start == 101
    assert len(scene.sequence_editor.strips if scene.sequence_editor else [0]) == 1


def test_style_and_settings_are_solved_again_without_new_times(
    scene: object, head: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neural_face.neural_face_addon.system import runtime

    line = speak(style="neutral", **PLAIN)
    before = layer_values(head, 1, line.frame_last)
    cues = [(cue.start, cue.end) for cue in line.cues]
    monkeypatch.setattr(runtime, "time_line", None)
    line.style_first, line.strength, line.parts = "happy", 0.5, {"mouth"}
    update()
    after = layer_values(head, 1, line.frame_last)
    assert [(cue.start, cue.end) for cue in line.cues] == cues
    assert np.abs(after - before).max() > 0.1
    assert not after[:, 8:16].any()


def test_what_is_shown_follows_at_once(scene: object, head: object) -> None:
    from heads_in_blender import assert_shows

    line = speak(method="EXAMPLES")
    scene.frame_set(20)
    line.style_first = "happy"
    update()
    assert_shows(head, layer_values(head, 20, 20)[0])
    bpy.ops.neural_face.remove_line()
    assert_shows(head, np.zeros(24))


def test_a_keyed_mix_changes_the_result_over_time(scene: object, head: object) -> None:
    speak(OTHER, frame_start=300)
    line = speak(style="neutral", style_second="happy", **PLAIN)
    neutral = layer_values(head, 1, line.frame_last)
    line.style_mix = 1.0
    update()
    happy = layer_values(head, 1, line.frame_last)
    middle = line.frame_last // 2
    for frame, value in ((middle - 1, 0.0), (middle, 1.0)):
        line.style_mix = value
        head.keyframe_insert("neural_face.lines[1].style_mix", frame=frame)
    update()
    mixed = layer_values(head, 1, line.frame_last)

    def nearer(frames: slice) -> float:
        """Distance of the mouth to neutral, as a share of that to happy."""
        parts = [np.abs(mixed - other)[frames, :8].mean() for other in (neutral, happy)]
        return parts[0] / parts[1]

    assert nearer(slice(5, middle - 8)) < 0.8 < 1.25 < nearer(slice(middle + 8, -5))
    assert scene.frame_current == 1
    head.neural_face.active_line = 0
    bpy.ops.neural_face.remove_line()
    assert ("neural_face.lines[0].style_mix", 0) in curves(head)
    bpy.ops.neural_face.remove_line()
    assert ("neural_face.lines[0].style_mix", 0) not in curves(head)


def test_examples_take_the_style_that_prevails(scene: object, head: object) -> None:
    line = speak(style="neutral", style_second="happy", method="EXAMPLES", **PLAIN)
    neutral = layer_values(head, 1, line.frame_last)
    for frame, value in ((1, 0.0), (5, 1.0)):
        line.style_mix = value
        head.keyframe_insert("neural_face.lines[0].style_mix", frame=frame)
    update()
    mixed = layer_values(head, 1, line.frame_last)
    assert np.abs(mixed - neutral).max() > 0.1
    line.style_first, line.style_second = "happy", ""
    update()
    np.testing.assert_allclose(mixed, layer_values(head, 1, line.frame_last), atol=1e-5)


def test_a_style_curve_covers_the_line(scene: object, head: object) -> None:
    from neural_face.neural_face_addon.line import lines

    line = speak(frame_start=21, **PLAIN)
    before = layer_values(head, 21, line.frame_last)
    update()
    assert np.array_equal(layer_values(head, 21, line.frame_last), before)
    line.style_offset[0] = 2.0
    update()
    moved = np.abs(layer_values(head, 21, line.frame_last) - before).max()
    assert moved > 0, "a network of three steps hardly heeds style, but it does"
    for frame, value in ((21, 0.0), (31, 1.0)):
        line.style_offset[0] = value
        head.keyframe_insert("neural_face.lines[0].style_offset", index=0, frame=frame)
    curve = curves(head)["neural_face.lines[0].style_offset", 0]
    curve.keyframe_points[0].interpolation = "LINEAR"
    times, mix, offset = lines.style_curve(head, line, 24.0)
    assert offset.shape == (len(times), len(head.neural_face.style_axes)) and not mix.any()
    np.testing.assert_allclose(times[:2], [0, 1 / 24])
    np.testing.assert_allclose(offset[[0, 5, 10, 15], 0], [0, 0.5, 1, 1], atol=1e-5)


def test_another_action_is_not_written_to(scene: object, head: object) -> None:
    speak()
    first = head.animation_data.action
    speak(OTHER, target="NEW")
    head.neural_face.active_line = 0
    before = keys(head)
    fails(bpy.ops.neural_face.update_line, f"keys are in the action {TEXT}")
    assert keys(head) == before
    bpy.ops.neural_face.remove_line()
    assert keys(head) == before and len(first.layers[0].strips[0].channelbags[0].fcurves)
    head.neural_face.lines[0].action = first
    fails(bpy.ops.neural_face.update_line, f"keys are in the action {TEXT}")
    head.neural_face.lines[0].action = head.animation_data.action
    update()
    assert head.animation_data.action != first


def test_markers_follow_the_cues_and_leave_others_alone(scene: object, head: object) -> None:
    scene.timeline_markers.new("Closed Lips", frame=500)
    line = speak(frame_start=31)
    line.show_markers = True
    fps = scene.render.fps
    expected = sorted(
        (31 + round(cue.start * fps), cue.viseme) for cue in line.cues if cue.viseme != "Rest"
    )

    def ours() -> list[tuple[int, str]]:
        return sorted((m.frame, m.name) for m in scene.timeline_markers if m.frame != 500)

    assert ours() == expected
    line.frame_start = 41
    update()
    assert ours() == [(frame + 10, name) for frame, name in expected]
    line.show_markers = False
    assert ours() == []
    line.show_markers = True
    bpy.ops.neural_face.remove_line()
    assert [(m.frame, m.name) for m in scene.timeline_markers] == [(500, "Closed Lips")]


def test_words_are_said_otherwise(scene: object, head: object) -> None:
    line = speak("Bob has 25 fish")
    texts = [word.text for word in line.words]
    assert texts == ["bob", "has", "twenty", "five", "fish"]
    line.words[0].text = "papa"
    assert line.text == "papa has 25 fish"
    update()
    assert line.words[0].text == "papa"
    assert [cue.phone for cue in line.cues if cue.word == 0] == ["P", "AA", "P", "AH"]
    line.words[3].text = "six"
    assert line.text == "papa has twenty six fish"
    line.words[1].text = ""
    update()
    assert [word.text for word in line.words] == ["papa", "twenty", "six", "fish"]
    bpy.ops.neural_face.insert_word(text="big", index=2)
    assert line.text.split() == ["papa", "twenty", "six", "big", "fish"]
    update()
    assert [word.text for word in line.words] == ["papa", "twenty", "six", "big", "fish"]
    fails(bpy.ops.neural_face.insert_word, "no word to insert", text=" ")
    fails(bpy.ops.neural_face.insert_word, "no word 10", text="a", index=9)


def test_a_line_without_cues_is_spoken_afresh(scene: object, head: object) -> None:
    line = speak()
    before = [(cue.phone, cue.start) for cue in line.cues]
    for _ in before:
        bpy.ops.neural_face.delete_cue()
    assert not len(line.cues)
    update()
    assert [(cue.phone, cue.start) for cue in line.cues] == before


def test_another_text_is_timed_anew(scene: object, head: object) -> None:
    line = speak()
    line.text = OTHER
    assert {(word.start, word.end) for word in line.words} == {(-1, -1)}
    update()
    assert [word.text for word in line.words] == OTHER.lower().split()
    assert (line.words[1].start, line.words[1].end) == (4, 8)
    assert line.name == OTHER and line.report.endswith(f"in the action {TEXT}")


def test_words_of_a_recording_keep_its_time(
    scene: object, head: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neural_face.neural_face_addon.stored import timing
    from neural_face.neural_face_addon.system import runtime

    line = speak()
    line.audio_filepath = "/take.wav"
    line.timed_for = timing.fingerprint(line)
    monkeypatch.setattr(runtime, "time_line", None)
    span = [(c.start, c.end) for c in line.cues if c.word == 1]
    line.words[1].text = "papa"
    update()
    papa = [cue for cue in line.cues if cue.word == 1]
    assert [cue.phone for cue in papa] == ["P", "AA", "P", "AH"]
    assert papa[0].start == pytest.approx(span[0][0]) and papa[-1].end == pytest.approx(span[-1][1])
    assert line.text.split()[1] == "papa" and not line.words[1].changed
    bpy.ops.neural_face.insert_word(text="see", index=1)
    update()
    assert [word.text for word in line.words] == ["bob", "papa", "see", "move", "my", "baby"]
    assert [cue.phone for cue in line.cues if cue.word == 2] == ["S", "IY"]
    line.words[0].text = ""
    update()
    assert line.words[0].text == "papa"
    assert [cue.phone for cue in line.cues if cue.word == 0] == ["P", "AA", "P", "AH"]


def test_contacts_are_measured_on_all_layers_and_fixed(scene: object, head: object) -> None:
    from neural_face.neural_face_addon.scene import heads, playback, poses

    line = speak(**PLAIN)
    bpy.ops.neural_face.check_contacts()
    assert len(line.contacts) == sum(cue.phone in "PBMFV" for cue in line.cues)
    assert [contact.closed for contact in line.contacts] == [True] * len(line.contacts)
    opened = playback.open_head(head)
    examples = opened.examples.codes
    wide = examples[np.argmax(opened.lip_gaps(examples.astype(np.float32)))].copy()
    wide[8:] = 0
    contact = line.contacts[1]
    for frame, code in ((contact.frame - 3, 0 * wide), (contact.frame, wide)):
        heads.set_code(head, code)
        poses.key(head, "ALL", frame)
    heads.set_code(head, 0 * wide)
    poses.key(head, "ALL", contact.frame + 3)
    before, hand = layer_values(head, 1, line.frame_last), keys(head)
    bpy.ops.neural_face.check_contacts()
    contact = line.contacts[1]
    assert not contact.closed and contact.gap > contact.limit
    cue, frame = contact.cue, contact.frame
    bpy.ops.neural_face.jump_to_contact(index=1)
    assert scene.frame_current == frame
    assert bpy.ops.neural_face.fix_contact(index=1) == {"FINISHED"}
    assert line.contacts[1].closed and line.cues[cue].sealed
    after = layer_values(head, 1, line.frame_last)
    moved = np.flatnonzero(np.abs(after - before).max(1) > 1e-6) + 1
    reach = (0.06 + line.cues[cue].end - line.cues[cue].start) * scene.render.fps
    assert len(moved) and np.abs(moved - frame).max() <= reach + 2
    np.testing.assert_array_equal(after[:, 8:], before[:, 8:])
    assert {k: v for k, v in keys(head).items() if "speech_layer" not in k[0]} == {
        k: v for k, v in hand.items() if "speech_layer" not in k[0]
    }
    line.seed = 5
    update()
    assert line.cues[cue].sealed and line.contacts[1].closed
    head.neural_face.speech_layer.influence = 0.0
    fails(bpy.ops.neural_face.fix_contact, "influence is too small", index=0)
    fails(bpy.ops.neural_face.fix_contact, "no contact 100", index=99)


def test_what_cannot_be_done_is_said(scene: object, head: object) -> None:
    operators = bpy.ops.neural_face
    fails(operators.update_line, "Animate a text first")
    fails(operators.delete_cue, "Animate a text first")
    line = speak()
    before = keys(head)
    for operator in (operators.jump_to_cue, operators.insert_cue, operators.delete_cue):
        fails(operator, "There is no cue 1000", index=999)
    fails(operators.nudge_cue, "There is no cue 1000", index=999)
    line.style_first = "bored"
    fails(operators.update_line, "no style 'bored'")
    line.style_first, line.text = "", "\N{ROCKET}"
    fails(operators.update_line, "Nothing in the text can be spoken")
    assert keys(head) == before
    bpy.data.objects.remove(head)
    fails(operators.update_line, "Select a head")


def test_a_head_without_networks_speaks_by_examples(
    scene: object, tiny_head: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models.actor import Actor

    head = import_head(tiny_head)
    monkeypatch.setattr(Actor, "methods", ("EXAMPLES",))
    operator = bpy.ops.neural_face.animate_text
    fails(operator, "cannot speak by the method Style; choose Examples", text=TEXT, method="STYLE")
    assert speak().method == "EXAMPLES"
    assert import_head(tiny_head).neural_face.speech.method == "EXAMPLES"
    assert head.neural_face.speech.method == "STYLE"


def test_a_linked_action_is_named(scene: object, head: object, tmp_path: Path) -> None:
    speak()
    bpy.data.libraries.write(str(tmp_path / "a.blend"), {head.animation_data.action})
    with bpy.data.libraries.load(str(tmp_path / "a.blend"), link=True) as (_, wanted):
        wanted.actions = [TEXT]
    head.animation_data.action = wanted.actions[0]
    fails(bpy.ops.neural_face.animate_text, "is linked", text=OTHER)


def test_styles_to_search_for(scene: object, head: object) -> None:
    from neural_face.neural_face_addon.stored import line_properties

    found = line_properties._styles(head.neural_face.speech, bpy.context, "")
    assert found[:2] == [("happy", "Style"), ("neutral", "Style")]
    assert ("line_0", "see my baby") in found
    takes = [name for name, kind in found if kind != "Style"]
    assert "line_1" not in takes  # held out
    spoken = line_properties._styles(head.neural_face.speech, bpy.context, "my baby")
    assert {text for _, text in spoken} == {"see my baby"}
    found = line_properties._styles(head.neural_face.speech, bpy.context, "HAP")
    assert found == [("happy", "Style")]
    line = speak(style=takes[-1], method="EXAMPLES", **PLAIN)
    like = layer_values(head, 1, line.frame_last)
    line.style_first = "happy"
    update()
    np.testing.assert_allclose(layer_values(head, 1, line.frame_last), like, atol=1e-5)
