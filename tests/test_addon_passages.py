"""Passages of made-up motion on their layer: keyed, blended, moved, taken away, without speech."""

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")

from heads_in_blender import curves, import_head

from models.parameters import AnimationParameters
from models.pose import to_world

FRAMES, SIZE = 20, 24
RNG = np.random.default_rng(4)
FIRST, OTHER = (
    AnimationParameters(
        np.arange(FRAMES) / 24,
        RNG.normal(size=(FRAMES, SIZE)).astype(np.float32),
        (0.3 * RNG.normal(size=(FRAMES, 6))).astype(np.float32),
    )
    for _ in range(2)
)
SHARP = {"blend_in": 0.0, "blend_out": 0.0}


@pytest.fixture
def head(scene: object, tiny_head: Path) -> object:
    scene.render.fps = 24
    return import_head(tiny_head)


def made(head: object, motion: AnimationParameters = FIRST, **values: object) -> object:
    """A new passage on the speech layer, written; by default nothing of it is blended."""
    from neural_face.neural_face_addon.passage import passages

    passage = passages.add(head, passages.LINES, SHARP | values)
    written(head, passage, motion)
    return passage


def written(head: object, passage: object, motion: AnimationParameters, fps: float = 24.0) -> None:
    from neural_face.neural_face_addon.passage import passages

    passages.write(head, passage, motion, fps)


def layer_codes(head: object, first: int, last: int) -> np.ndarray:
    """The speech layer's code at frames (T, Z)."""
    from neural_face.neural_face_addon.scene import layer_curves, layers

    return layer_curves.codes_at(head, layers.SPEECH, np.arange(first, last + 1.0))


def test_a_passage_is_keyed_frame_by_frame(scene: object, head: object) -> None:
    passage = made(head, frame_start=11)
    assert (passage.frame_first, passage.frame_last) == (11, 30)
    np.testing.assert_allclose(layer_codes(head, 11, 30), FIRST.codes, atol=1e-6)
    points = curves(head)["neural_face.speech_layer.mouth", 0].keyframe_points
    assert {point.interpolation for point in points} == {"LINEAR"}
    assert [point.co[0] for point in points] == list(range(11, 31))


def test_times_are_seconds_at_any_frame_rate(scene: object, head: object) -> None:
    from neural_face.neural_face_addon.stored import timing

    scene.render.fps, scene.render.fps_base = 60, 1.25
    assert timing.frame_rate(scene) == pytest.approx(48)
    passage = made(head)
    written(head, passage, FIRST, timing.frame_rate(scene))
    assert (passage.frame_first, passage.frame_last) == (1, 1 + 2 * (FRAMES - 1))
    np.testing.assert_allclose(layer_codes(head, 1, 39)[::2], FIRST.codes, atol=1e-6)


def test_a_passage_replaces_or_adds_to_what_is_there(scene: object, head: object) -> None:
    made(head)
    over = made(head, OTHER, existing="ADD")
    np.testing.assert_allclose(layer_codes(head, 1, 20), FIRST.codes + OTHER.codes, atol=1e-5)
    over.existing = "CLEAR"
    written(head, over, OTHER)
    np.testing.assert_allclose(layer_codes(head, 1, 20), OTHER.codes, atol=1e-5)


def test_a_passage_blends_in_and_out(scene: object, head: object) -> None:
    made(head)
    over = made(head, OTHER)
    over.blend_in, over.blend_out = 8 / 24, 4 / 24
    written(head, over, OTHER)
    step = np.arange(FRAMES)
    rise, fall = np.clip(step / 8, 0, 1), np.clip(step[::-1] / 4, 0, 1)
    share = (rise**2 * (3 - 2 * rise) * fall**2 * (3 - 2 * fall))[:, None]
    expected = share * OTHER.codes + (1 - share) * FIRST.codes
    np.testing.assert_allclose(layer_codes(head, 1, 20), expected, atol=1e-5)


@pytest.mark.parametrize("start", [1, 8])
def test_what_lay_under_a_passage_comes_back(scene: object, head: object, start: int) -> None:
    from neural_face.neural_face_addon.passage import passages

    made(head)
    whole = layer_codes(head, 1, 40)
    over = made(head, OTHER, frame_start=start)
    assert np.abs(layer_codes(head, 1, 40) - whole).max() > 0.5
    passages.remove(scene, head, over)
    np.testing.assert_allclose(layer_codes(head, 1, 40), whole, atol=1e-6)
    points = curves(head)["neural_face.speech_layer.mouth", 0].keyframe_points
    assert [point.co[0] for point in points] == list(range(1, 21))


def test_keys_beside_a_passage_that_were_changed_since_stay_so(scene: object, head: object) -> None:
    from neural_face.neural_face_addon.passage import passages

    made(head)
    over = made(head, OTHER, frame_start=8)
    curve = curves(head)["neural_face.speech_layer.mouth", 0]
    curve.keyframe_points[2].co[1] = 7.0
    curve.keyframe_points.insert(60.0, 5.0)
    passages.remove(scene, head, over)
    points = curves(head)["neural_face.speech_layer.mouth", 0].keyframe_points
    assert [point.co[0] for point in points] == [*range(1, 21), 60.0]
    assert points[2].co[1] == 7.0 and points[-1].co[1] == 5.0
    np.testing.assert_allclose(layer_codes(head, 8, 20), FIRST.codes[7:], atol=1e-6)


def test_a_moved_passage_leaves_its_old_place_as_it_was(scene: object, head: object) -> None:
    made(head)
    over = made(head, OTHER, frame_start=5)
    over.frame_start = 41
    written(head, over, OTHER)
    np.testing.assert_allclose(layer_codes(head, 1, 20), FIRST.codes, atol=1e-6)
    np.testing.assert_allclose(layer_codes(head, 41, 60), OTHER.codes, atol=1e-6)


def test_curves_of_later_passages_move_up_when_one_goes(scene: object, head: object) -> None:
    from neural_face.neural_face_addon.passage import passages

    first, _ = made(head), made(head, OTHER, frame_start=41)
    for index, value in ((0, 0.25), (1, 0.75)):
        line = head.neural_face.lines[index]
        line.style_mix = value
        head.keyframe_insert(f"neural_face.lines[{index}].style_mix", frame=1)
    passages.remove(scene, head, first)
    mixes = {path: c for (path, _), c in curves(head).items() if path.endswith("style_mix")}
    assert list(mixes) == ["neural_face.lines[0].style_mix"]
    assert mixes["neural_face.lines[0].style_mix"].evaluate(1) == pytest.approx(0.75)


def test_settings_over_time_begin_with_the_passage(scene: object, head: object) -> None:
    from neural_face.neural_face_addon.passage import passages

    line = made(head, frame_start=11)
    line.seconds = 19 / 24
    for frame, value in ((11, 0.0), (35, 1.0)):
        line.style_mix = value
        head.keyframe_insert("neural_face.lines[0].style_mix", frame=frame)
    curves(head)["neural_face.lines[0].style_mix", 0].keyframe_points[0].interpolation = "LINEAR"
    times, (values,) = passages.over_time(head, line, ["style_mix"], 24)
    np.testing.assert_allclose(values[:, 0], times, atol=1e-5)
    assert times[0] == 0 and times[-1] == pytest.approx(1)


def test_influence_counts_in_what_layers_show(scene: object, head: object) -> None:
    made(head)
    head.neural_face.speech_layer.influence = 0.5
    np.testing.assert_allclose(layer_codes(head, 1, 20), 0.5 * FIRST.codes, atol=1e-6)


def test_the_rig_turns_the_head_as_the_pose_says(scene: object, head: object) -> None:
    """Vertices in Blender's world are those of the numeric layer, frame by frame."""
    from neural_face.neural_face_addon.scene import layer_curves, layers, playback

    made(head)
    mesh = playback.open_head(head).mesh
    expected = to_world(mesh.vertices, FIRST.head_pose, mesh.pivot)
    for frame in (1, 7, 20):
        scene.frame_set(frame)
        matrix = np.array(head.matrix_world)
        found = mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3]
        np.testing.assert_allclose(found, expected[frame - 1], atol=1e-5)
    poses = layer_curves.pose_at(head, np.arange(1.0, 21.0), [layers.SPEECH])
    np.testing.assert_allclose(poses, FIRST.head_pose, atol=1e-5)


def test_what_is_shown_is_what_was_evaluated(scene: object, head: object) -> None:
    """While an animation is rendered, an original's values are stale; the evaluated ones count."""
    from neural_face.neural_face_addon.scene import heads, playback

    bpy.context.view_layer.update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    head.neural_face.mouth[0] = 2.0  # not evaluated yet
    assert heads.code(head)[0] == 2.0 != heads.code(head.evaluated_get(depsgraph))[0]
    playback.forget(head)
    playback.show_all(depsgraph)
    assert playback.shown(head).code == np.zeros(SIZE, np.float32).tobytes()
    bpy.context.view_layer.update()
    assert np.frombuffer(playback.shown(head).code, np.float32)[0] == 2.0


def test_hair_goes_with_the_skin_it_stands_on(scene: object, head: object) -> None:
    from neural_face.neural_face_addon.scene import playback

    mesh = playback.open_head(head).mesh
    rest, moved = (playback.positions(mesh, mesh.vertices + shift) for shift in (0.0, 0.01))
    assert len(rest) == len(head.data.vertices) > len(mesh.vertices)
    np.testing.assert_allclose(moved, rest + 0.01, atol=1e-6)


def test_videos_beside_the_head_show_the_picture_of_their_time() -> None:
    """At 24 frames a second of 30 pictures, played twice as fast from 0.5 s on."""
    from types import SimpleNamespace

    from neural_face.neural_face_addon.clip import references

    picture = bpy.data.objects.new("Picture", None)
    picture.empty_display_type = "IMAGE"
    clip = SimpleNamespace(
        picture=picture, frame_first=11, frame_last=34, trim_start=0.5, speed=2.0
    )
    references._time(clip, 24.0, 30.0)
    offsets = curves(picture)["image_user.frame_offset", 0]
    for frame in (11, 20, 34):
        seconds = 0.5 + 2 * (frame - 11) / 24
        shown = frame - 11 + offsets.evaluate(frame)
        assert shown == pytest.approx(30 * seconds, abs=0.51)
