"""Making a head from Blender: begin, stop, go on, find again, errors, the live head, the panel."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")

from test_addon_panels import draw

FAKE = Path(__file__).with_name("fake_making.py")


@pytest.fixture
def making(addon: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    from neural_face.neural_face_addon.making import head_making

    yield head_making
    for child in head_making._children.values():
        child.process.kill()
        child.process.wait()
    head_making._children.clear()
    head_making._seen.clear()


@pytest.fixture
def settings(scene: object, making: ModuleType, tmp_path: Path) -> object:
    (tmp_path / "capture").mkdir()
    group = scene.neural_face_making
    group.capture_directory, group.filepath = (
        str(tmp_path / "capture"),
        str(tmp_path / "anna.nface"),
    )
    return group


@pytest.fixture
def mode(making: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def choose(name: str) -> None:
        def command(request: object, python: str) -> list[str]:
            return [python, str(FAKE), name, *real(request, python)[3:]]

        monkeypatch.setattr(making.making_process, "command", command)

    real = making.making_process.command
    choose("slow")
    return choose


def output(settings: object) -> Path:
    return Path(settings.filepath)


def until(condition: Callable[[], object], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def begin(making: ModuleType) -> None:
    making.start(making.request(bpy.context.scene))


def state(making: ModuleType, settings: object) -> str:
    return making.making_state(output(settings)).state


def steps(settings: object) -> int:
    path = output(settings).with_suffix(".making") / "steps.txt"
    return len(path.read_text()) if path.exists() else 0


def test_a_script_waits_for_the_head(settings: object, mode: Callable, tmp_path: Path) -> None:
    mode("quick")
    other, capture = str(tmp_path / "berta.nface"), settings.capture_directory
    done = bpy.ops.neural_face.train_head(capture_directory=capture, filepath=other)
    assert done == {"FINISHED"}
    assert settings.filepath == other
    assert (tmp_path / "berta.making" / "steps.txt").read_text() == 40 * "x"
    notes = draw("NEURALFACE_PT_make_head")
    assert "Finished" in notes["label"] and "Checking" in notes["label"]
    assert [name for name, _ in notes["operator"]] == [
        "neural_face.check_capture",
        "neural_face.train_head",
        "neural_face.show_making",
    ]


def test_stop_and_resume_lose_nothing(making: ModuleType, settings: object, mode: Callable) -> None:
    begin(making)
    assert state(making, settings) in ("starting", "running")
    until(lambda: steps(settings) > 2)
    until(lambda: making.making_state(output(settings)).status.fraction > 0.1)
    notes = draw("NEURALFACE_PT_make_head")
    assert 0.1 < notes["progress"][0][0] < 1 and notes["progress"][1][1] == "Regions"
    assert next(name for name, _ in notes["operator"]) == "neural_face.stop_making"
    assert bpy.ops.neural_face.stop_making() == {"FINISHED"}
    until(lambda: state(making, settings) == "stopped")
    before = steps(settings)
    assert 2 < before < 40
    assert "Stopped at" in "".join(draw("NEURALFACE_PT_make_head")["label"])
    mode("quick")
    assert bpy.ops.neural_face.train_head() == {"FINISHED"}
    assert steps(settings) == 40


def test_twice_at_once_is_refused(making: ModuleType, settings: object, mode: Callable) -> None:
    begin(making)
    with pytest.raises(RuntimeError, match="is being made already"):
        bpy.ops.neural_face.train_head()
    until(lambda: state(making, settings) == "running")
    making._children.clear()  # as in another Blender
    with pytest.raises(RuntimeError, match="is being made already"):
        bpy.ops.neural_face.train_head()
    making.stop(output(settings))
    until(lambda: state(making, settings) == "stopped")


def test_found_again_in_another_file(
    making: ModuleType, settings: object, mode: Callable, tmp_path: Path
) -> None:
    head = settings.filepath
    begin(making)
    until(lambda: state(making, settings) == "running")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    child = making._children.pop(Path(head))
    making._seen.clear()  # as Blender does when it is closed
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    assert making.seen(bpy.context.scene).state == ""
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    group = bpy.context.scene.neural_face_making
    assert group.filepath == head
    assert making.making_state(Path(head)).state == "running"
    assert making.seen(bpy.context.scene).busy
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.context.scene.neural_face_making.filepath = head
    assert making._tick() == 1.0
    assert bpy.ops.neural_face.stop_making() == {"FINISHED"}
    assert child.process.wait(300) == 1
    assert making._tick() is None
    assert making.seen(bpy.context.scene).state == "stopped"


@pytest.mark.skipif(not hasattr(os, "getsid"), reason="sessions are POSIX")
def test_process_is_detached(making: ModuleType, settings: object, mode: Callable) -> None:
    begin(making)
    process = making._children[output(settings)].process
    assert os.getsid(process.pid) == process.pid != os.getsid(0)


def test_killed_making_says_so_and_goes_on(
    making: ModuleType, settings: object, mode: Callable
) -> None:
    begin(making)
    until(lambda: steps(settings) > 2)
    process = making._children[output(settings)].process
    os.kill(process.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    until(lambda: state(making, settings) == "interrupted")
    notes = draw("NEURALFACE_PT_make_head")
    assert any("ended unexpectedly" in " ".join(notes["label"][i : i + 2]) for i in range(9))
    before = steps(settings)
    mode("quick")
    assert bpy.ops.neural_face.train_head() == {"FINISHED"}
    assert 2 < before < steps(settings) == 40


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ("wrong", "The loss is not a number; lower the learning rate"),
        ("defect", "Something unexpected happened"),
        ("dumb", "The training did not start: There is no torch in this Python"),
        ("bad", "There is only one camera; use two or more"),
    ],
)
def test_failures_in_words(
    making: ModuleType, settings: object, mode: Callable, chosen: str, sentence: str
) -> None:
    mode(chosen)
    with pytest.raises(RuntimeError, match=sentence):
        bpy.ops.neural_face.train_head()
    notes = draw("NEURALFACE_PT_make_head")
    assert sentence.partition(";")[0][:30] in " ".join(notes["label"])
    assert notes["alert"]
    assert notes["operator"][1][1].names >= {"capture_directory", "filepath"}


def test_check_shows_its_findings(making: ModuleType, settings: object, mode: Callable) -> None:
    assert bpy.ops.neural_face.check_capture() == {"FINISHED"}
    notes = draw("NEURALFACE_PT_make_head")
    assert "Camera 3 is blurred; focus it." in " ".join(notes["label"])
    assert "Checked" in notes["label"] and steps(settings) == 0
    assert bpy.ops.neural_face.show_making(picture="Contact Sheet") == {"FINISHED"}
    with pytest.raises(RuntimeError, match="There is no Overlay yet"):
        bpy.ops.neural_face.show_making(picture="Overlay")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"capture_directory": ""}, "Choose the capture folder first"),
        ({"capture_directory": "/nowhere/at/all"}, "There is no folder"),
        ({"filepath": ""}, "Choose the head file to make first"),
        ({"filepath": "//anna.nface"}, "Save the .blend first"),
    ],
)
def test_bad_settings(
    settings: object, mode: Callable, changes: dict[str, str], sentence: str
) -> None:
    for name, value in changes.items():
        setattr(settings, name, value)
    with pytest.raises(RuntimeError, match=sentence):
        bpy.ops.neural_face.train_head()
    assert draw("NEURALFACE_PT_make_head") is not None


def test_unwritable_place_and_wrong_python(
    settings: object, mode: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from neural_face.neural_face_addon.system import preference_values as preferences

    (tmp_path / "file").write_text("")
    settings.filepath = str(tmp_path / "file" / "anna.nface")
    with pytest.raises(RuntimeError, match="cannot be started"):
        bpy.ops.neural_face.train_head()
    settings.filepath = str(tmp_path / "anna.nface")
    monkeypatch.setattr(preferences, "training_python", lambda: "/no/such/python")
    with pytest.raises(RuntimeError, match=r"cannot be started.*/no/such/python"):
        bpy.ops.neural_face.train_head()


def test_command_line_carries_every_text(making: ModuleType, settings: object) -> None:
    settings.head_name, settings.consent, settings.minutes = "Anna B.", "--yes, I do", 2.5
    words = making.making_process.command(making.request(bpy.context.scene, "check"), "python")
    assert words[:4] == ["python", "-m", "models", "train"]
    assert words[4:7] == [settings.capture_directory, "-o", settings.filepath]
    expected = {"--until=check", "--name=Anna B.", "--consent=--yes, I do", "--minutes=2.5"}
    assert expected <= set(words)
    assert not any(word.startswith("--licence") for word in words)


def test_real_command_understands_it(making: ModuleType, settings: object) -> None:
    import argparse

    from models.making.options import add_arguments

    settings.consent = "--yes, I do"
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    words = making.making_process.command(making.request(bpy.context.scene), "python")
    options = parser.parse_args(words[4:])
    assert (options.consent, options.video_minutes) == ("--yes, I do", 12.0)
    assert options.source == Path(settings.capture_directory)


def test_live_head_sharpens(
    making: ModuleType, settings: object, mode: Callable, tiny_head: Path
) -> None:
    from heads_in_blender import assert_shows
    from neural_face.neural_face_addon.making import live_head
    from neural_face.neural_face_addon.scene import heads

    mode(f"preview:{tiny_head}")
    begin(making)
    until(lambda: making._tick() and live_head.found(output(settings)))
    obj = live_head.found(output(settings))
    assert obj.neural_face.making_version == 1
    assert_shows(obj, np.full(24, 0.25))
    folder = output(settings).with_suffix(".making")
    (folder / "seen_1").touch()
    until(lambda: making._tick() and obj.neural_face.making_version == 2)
    assert live_head.found(output(settings)) == obj and len(heads.every()) == 1
    assert len(obj.neural_face.sliders) == 24
    assert_shows(obj, np.full(24, 0.5))
    heads.set_code(obj, np.full(24, -0.5, np.float32))  # from now on the user's
    (folder / "seen_2").touch()
    until(lambda: making._tick() is None)
    assert Path(obj.neural_face.filepath) == output(settings)
    assert obj.neural_face.making_version == 0
    assert_shows(obj, np.full(24, -0.5))


def test_no_live_head_where_it_is_not_wanted(
    making: ModuleType, settings: object, mode: Callable, tiny_head: Path
) -> None:
    from neural_face.neural_face_addon.scene import heads

    settings.live = False
    mode(f"preview:{tiny_head}")
    begin(making)
    until(lambda: state(making, settings) == "running")
    until(lambda: making.making_state(output(settings)).status.preview.version == 1)
    making._tick()
    time.sleep(0.3)
    making._tick()
    assert heads.every() == []


def test_timer_runs_with_a_window_only_and_ends_with_the_addon(
    making: ModuleType, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.watch()
    assert not bpy.app.timers.is_registered(making._tick)
    monkeypatch.setattr(making, "_has_window", lambda: True)
    making.watch()
    assert bpy.app.timers.is_registered(making._tick)
    making.unregister()
    assert not bpy.app.timers.is_registered(making._tick)


def test_panel_without_torch_says_what_is_missing(
    scene: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neural_face.neural_face_addon.system import packages

    missing = packages.Status(False, "Missing Python packages: torch.", ("torch",), "")
    monkeypatch.setattr(packages, "status", lambda: missing)
    labels = " ".join(draw("NEURALFACE_PT_make_head")["label"])
    assert "live head needs packages" in labels
