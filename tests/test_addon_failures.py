"""What goes wrong for a user ends in a sentence, and nothing has changed."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.errors import CancelledError

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")

from heads_in_blender import import_head

DATA = ("objects", "meshes", "materials", "images", "actions", "armatures", "sounds")


@pytest.fixture
def unchanged(scene: object) -> Iterator[None]:
    """Fails when the test has changed what is in the file since it called this."""
    before = {}
    yield lambda: before.update(contents())
    assert not before or before == contents()  # nothing was taken down by a skipped test


def contents() -> dict[str, list[str]]:
    found = {kind: sorted(item.name for item in getattr(bpy.data, kind)) for kind in DATA}
    for obj in bpy.data.objects:
        group = obj.neural_face
        action = obj.animation_data.action if obj.animation_data else None
        lines = [(line.text, line.report, len(line.cues)) for line in group.lines]
        found[obj.name] = [group.speech.text, lines, repr(action)]
    return found


def fails(operator: Callable, sentence: str, **arguments: object) -> None:
    """From a script an operator's reported error is a RuntimeError."""
    with pytest.raises(RuntimeError, match=sentence) as caught:
        operator(**arguments)
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "Cannot read the head file x.nface"),
        (b"", "not a head file"),
        (b"\x80\x04\x95 a pickle", "not a head file"),
        (b"PK\x03\x04 but not a zip", "damaged"),
    ],
)
def test_wrong_files(
    scene: object, tmp_path: Path, unchanged: Callable, content: bytes | None, sentence: str
) -> None:
    pytest.importorskip("torch", reason="reading a head needs torch")
    path = tmp_path / "x.nface"
    if content is not None:
        path.write_bytes(content)
    unchanged()
    fails(bpy.ops.neural_face.import_head, sentence, filepath=str(path))


def test_truncated_head(
    scene: object, tiny_head: Path, tmp_path: Path, unchanged: Callable
) -> None:
    path = tmp_path / "x.nface"
    path.write_bytes(tiny_head.read_bytes()[:-1000])
    unchanged()
    fails(bpy.ops.neural_face.import_head, "x.nface is damaged", filepath=str(path))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no text to speak"),
        ("   ", "There is no text to speak"),
        ("\N{GRINNING FACE}\N{ROCKET}", "Nothing in the text can be spoken"),
        ("word " * 2000, "The text has 10,000 characters"),
    ],
)
def test_texts_that_cannot_be_spoken(
    scene: object, tiny_head: Path, unchanged: Callable, text: str, sentence: str
) -> None:
    pytest.importorskip("g2p_en", reason="reading text needs g2p-en")
    import_head(tiny_head)
    unchanged()
    fails(bpy.ops.neural_face.animate_text, sentence, text=text)


def test_style_that_the_head_lacks(scene: object, tiny_head: Path, unchanged: Callable) -> None:
    import_head(tiny_head)
    unchanged()
    operator = bpy.ops.neural_face.animate_text
    fails(operator, "no style 'bored'; it has: happy, neutral", text="Hello.", style="bored")


def test_no_such_recording(scene: object, tiny_head: Path, unchanged: Callable) -> None:
    pytest.importorskip("pocketsphinx", reason="alignment needs pocketsphinx")
    import_head(tiny_head)
    unchanged()
    operator = bpy.ops.neural_face.animate_text
    fails(operator, "gone.wav", text="Hello.", audio_filepath="/gone.wav")


def test_missing_pocketsphinx(
    scene: object, tiny_head: Path, unchanged: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neural_face.neural_face_addon.system import runtime

    import_head(tiny_head)
    monkeypatch.setattr(runtime, "RECORDING_PACKAGES", {"no_such_module": "pocketsphinx"})
    unchanged()
    operator = bpy.ops.neural_face.animate_text
    fails(operator, "pocketsphinx", text="Hello.", audio_filepath="a.wav")


@pytest.mark.parametrize(
    "operator", ["animate_text", "reset_expression", "random_expression", "key_expression"]
)
def test_no_head_selected(scene: object, unchanged: Callable, operator: str) -> None:
    unchanged()
    fails(getattr(bpy.ops.neural_face, operator), "Select a head")


def test_no_bundled_head(
    scene: object, tmp_path: Path, unchanged: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="reading a head needs torch")
    from neural_face.neural_face_addon.system import runtime

    monkeypatch.setattr(runtime, "bundled_path", lambda: tmp_path / "actor.nface")
    unchanged()
    fails(bpy.ops.neural_face.add_bundled_head, "not part of this installation")
    (tmp_path / "actor.nface").write_bytes(b"half of it")
    fails(bpy.ops.neural_face.add_bundled_head, "actor.nface")


def test_missing_torch_is_said_and_keys_stay(
    scene: object, tiny_head: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file with a head, opened where torch is missing."""
    from neural_face.neural_face_addon.scene import playback
    from neural_face.neural_face_addon.system import packages, runtime

    obj = import_head(tiny_head)
    bpy.ops.neural_face.key_expression()
    name = obj.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    monkeypatch.setitem(sys.modules, "torch", None)
    runtime.close_all()
    runtime.refresh()
    try:
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
        assert not packages.status().ready
        assert packages.status().missing == ("torch",)
        state = playback.shown(bpy.data.objects[name])
        assert "Missing Python packages: torch" in state.error
        before = contents()
        for operator, arguments in (
            (bpy.ops.neural_face.import_head, {"filepath": str(tiny_head)}),
            (bpy.ops.neural_face.animate_text, {"text": "Hello."}),
            (bpy.ops.neural_face.random_expression, {}),
        ):
            fails(operator, "Missing Python packages: torch", **arguments)
        assert before == contents()
        bpy.context.scene.frame_set(3)
        assert bpy.ops.neural_face.key_expression() == {"FINISHED"}
    finally:
        monkeypatch.undo()
        runtime.refresh()
    bpy.ops.neural_face.reload_heads()
    assert playback.shown(bpy.data.objects[name]).error == ""


def test_a_head_with_too_many_sliders(
    scene: object, tiny_head: Path, unchanged: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_head(tiny_head)
    from neural_face.neural_face_addon.scene import rig

    monkeypatch.setattr(rig, "MOST_ELEMENTS", 7)
    unchanged()
    fails(bpy.ops.neural_face.import_head, "8 sliders in one region", filepath=str(tiny_head))


def test_cancelled_half_way(
    scene: object, tiny_head: Path, unchanged: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work is stopped where it reports progress; what was asked for leaves no trace."""
    pytest.importorskip("g2p_en", reason="reading text needs g2p-en")
    from neural_face.neural_face_addon.line import lines, speech
    from neural_face.neural_face_addon.system import jobs

    obj = import_head(tiny_head)
    settings = lines.settings_of(obj.neural_face.speech) | {"text": "Bob may move my baby."}
    unchanged()
    work = speech.work(obj, speech.first_request(scene, obj, settings))

    def half_way(progress: Callable[[float, str], None]) -> object:
        def stop_late(fraction: float, message: str) -> None:
            if fraction >= 0.2:
                job.cancel()
            progress(fraction, message)

        return work(stop_late)

    job = jobs.Job(half_way).start()
    with pytest.raises(CancelledError, match="nothing was changed"):
        job.result()
