"""From a capture folder to a head by the whole command, with a tracker that knows the answer."""

import argparse
import dataclasses
import shutil
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import soundfile
from capture_scenes import ring_of_cameras
from tiny import tiny_footage, tiny_performance

from models.actor import Actor
from models.capture.check_report import CheckReport, Entry
from models.capture.folder import CaptureTake, write_capture, write_picture
from models.errors import CancelledError, CaptureError, NeuralFaceError
from models.head.file import read_head_file
from models.making import spoken_takes, train_command
from models.making.options import STAGES
from models.making.plan import Plan
from models.making.status import DONE, FAILED, STOPPED, read_status
from models.making.workspace import Workspace
from models.performance import Performance, PerformanceWriter


class Systems:
    """Stands for what reads, tracks, textures and crops a capture; notes what was asked for."""

    def __init__(self, truth: Performance) -> None:
        self.truth, self.asked = truth, []
        self.errors: list[str] = []
        self.stop_in = self.broken = ""

    def check(self, folder: Path, progress: object) -> CheckReport:
        self.note("check", progress)
        errors = [Entry("error", "cameras", sentence) for sentence in self.errors]
        dark = Entry("warning", "pictures", "Camera c3 is a little dark.")
        return CheckReport(folder.name, (*errors, dark))

    def track(
        self, capture: Path, output: Path, about: dict, processes: int, progress: object
    ) -> Performance:
        self.note("track", progress)
        writer = PerformanceWriter(output, self.truth.mesh, self.truth.fps, about)
        for take in self.truth.takes:
            nothing = spoken_takes.Phones.build([], [], [])
            writer.add(
                dataclasses.replace(take, kind="motion", split="train", phones=nothing, text="")
            )
        return writer.finish()

    def extract(
        self, capture: Path, mesh: object, takes: list, output: Path, about: dict, **options: object
    ) -> Performance:
        self.note("extract", options["progress"])
        shutil.copytree(self.truth.folder / "textures", output / "textures", dirs_exist_ok=True)
        return Performance.open(output)

    def footage(self, capture: Path, performance: Performance, output: Path, progress: object):  # noqa: ANN201
        self.note("footage", progress)
        if self.broken == "footage":
            raise CaptureError("No face was found.")
        return tiny_footage(output, performance.takes)

    def align(self, path: Path, text: str | None, progress: object) -> SimpleNamespace:
        self.note("align", progress)
        said = next(take for take in self.truth.takes if take.name == path.stem)
        return SimpleNamespace(phones=said.phones, warnings=())

    def note(self, name: str, progress: object) -> None:
        self.asked.append(name)
        progress(0.5, name)
        if self.stop_in == name:
            raise CancelledError("stopped")


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Performance:
    import torch

    torch.set_num_threads(1)
    return tiny_performance(tmp_path_factory.mktemp("truth"))


@pytest.fixture
def systems(truth: Performance, monkeypatch: pytest.MonkeyPatch) -> Systems:
    found = Systems(truth)
    for module, name, function in (
        ("models.capture.check", "check", found.check),
        ("models.tracking.track", "track", found.track),
        ("models.texture.extract", "extract", found.extract),
        ("models.making.captured_footage", "footage_of_capture", found.footage),
    ):
        fake = ModuleType(module)
        setattr(fake, name, function)
        monkeypatch.setitem(sys.modules, module, fake)
    monkeypatch.setattr(spoken_takes.spoken_takes, "__defaults__", (found.align,))
    return found


@pytest.fixture
def capture(truth: Performance, tmp_path: Path) -> Path:
    folder, cameras, takes = tmp_path / "anna", ring_of_cameras(32)[:2], []
    for take in truth.takes:
        audio = f"{take.name}.wav" if take.text else ""
        frames = tuple(int(frame) for frame in take.pictured)
        takes.append(CaptureTake(take.name, take.fps, len(take), frames, audio, take.text))
        for camera in cameras:
            for frame in take.pictured[:1]:
                write_picture(
                    folder, camera.name, take.name, int(frame), np.zeros((32, 32, 3), np.uint8)
                )
        if audio:
            soundfile.write(folder / audio, np.zeros(800), 8000)
    write_capture(folder, cameras, takes, None)
    return folder


def make(capture: Path, *more: str) -> dict:
    parser = argparse.ArgumentParser()
    train_command.add_arguments(parser)
    words = [str(capture), "-o", str(capture.parent / "anna.nface"), "--device", "cpu"]
    words += ["--steps", "2", "--batch", "2", "--speech-steps", "2", "--video-steps", "2"]
    return train_command.run(parser.parse_args([*words, *more]))


def test_capture_becomes_a_head(systems: Systems, capture: Path) -> None:
    said = ("--name", "Anna", "--consent", "Anna agreed", "--licence", "CC-BY-4.0")
    result = make(capture, *said)
    assert systems.asked == ["check", "track", "extract", *["align"] * 6, "footage"]
    assert set(result["figures"]) == {"mouth", "left_eye", "right_eye", "face"}
    assert (result["takes"], result["spoken_takes"], result["held_out_takes"]) == (9, 6, 1)
    document = read_head_file(capture.parent / "anna.nface").document
    assert (document["name"], document["licence"]) == ("Anna", "CC-BY-4.0")
    assert document["provenance"] == "Tracked from the multi-view capture anna."
    assert document["card"]["consent"] == "Anna agreed"
    assert document["card"]["notes"] == ["Camera c3 is a little dark."]
    head = Actor.open(capture.parent / "anna.nface", "cpu")
    assert head.style is not None and head.video is not None
    assert {take.text for take in head.examples.takes} >= {"see my baby", "we move papa"}
    left = read_status(capture.parent / "anna.making")
    assert left.state == DONE
    assert list(left.pictures) == ["Overlay", "Textures", "Preview", "Contact Sheet", "Card"]
    for named in left.pictures.values():
        assert (capture.parent / "anna.making" / named).is_file()
    before = len(systems.asked)
    again = make(capture, *said)
    assert again["figures"] == result["figures"] and len(systems.asked) == before
    renamed = make(capture, "--name", "Berta", "--consent", "Anna agreed")
    assert renamed["figures"] == result["figures"] and len(systems.asked) == before
    assert read_head_file(capture.parent / "anna.nface").document["name"] == "Berta"


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_can_be_the_last(capture: Path, stage: str) -> None:
    parser = argparse.ArgumentParser()
    train_command.add_arguments(parser)
    options = parser.parse_args([str(capture), "-o", "anna.nface", "--until", stage])
    stages = Plan(options, Workspace(capture / "work"), lambda *_: None, list).stages()
    assert [each.name for each in stages] == list(STAGES[: STAGES.index(stage) + 1])


def test_new_words_do_not_track_again(systems: Systems, capture: Path) -> None:
    make(capture, "--until", "takes")
    done = list(systems.asked)
    soundfile.write(capture / "line_0.wav", np.zeros(900), 8000)
    make(capture, "--until", "takes")
    assert systems.asked[len(done) :] == ["check", *["align"] * 6]
    camera = next((capture / "images").iterdir())
    next(camera.iterdir()).unlink()
    make(capture, "--until", "track")
    assert systems.asked[-2:] == ["check", "track"]


def test_stopped_anywhere_it_goes_on(systems: Systems, capture: Path) -> None:
    for name in ("track", "extract", "align"):
        systems.stop_in, systems.asked = name, []
        with pytest.raises(CancelledError):
            make(capture, "--until", "takes")
        assert systems.asked[-1] == name and len(systems.asked) <= 2
        assert read_status(capture.parent / "anna.making").state == STOPPED
    systems.stop_in = ""
    assert make(capture, "--until", "takes")["spoken_takes"] == 6


def test_bad_capture_ends_with_its_sentences(systems: Systems, capture: Path) -> None:
    systems.errors = ["There is one camera only.", "No face was found.", "C.", "D."]
    with pytest.raises(NeuralFaceError, match="There is one camera only. No face.*And 1 more"):
        make(capture)
    left = read_status(capture.parent / "anna.making")
    assert left.state == FAILED and left.findings["errors"] == systems.errors
    assert systems.asked == ["check"]


def test_without_faces_or_speech_there_is_still_a_head(systems: Systems, capture: Path) -> None:
    systems.broken = "footage"
    for sound in capture.glob("*.wav"):
        sound.unlink()
    takes = [
        CaptureTake(t.name, t.fps, len(t), tuple(int(f) for f in t.pictured))
        for t in systems.truth.takes
    ]
    write_capture(capture, ring_of_cameras(32)[:2], takes, None)
    make(capture)
    head = Actor.open(capture.parent / "anna.nface", "cpu")
    assert head.style is None and head.video is None
    notes = " ".join(read_status(capture.parent / "anna.making").findings["notes"])
    assert "0 spoken takes teach no speech" in notes and "No face was found" in notes


@pytest.mark.parametrize(
    ("source", "more", "sentence"),
    [
        ("nowhere", (), "There is no .*nowhere"),
        ("anna", ("--until", "check", "--texture", "0"), "--texture must be more than zero"),
        ("performance", ("--until", "track"), "There is no stage track here"),
    ],
)
def test_impossible_wishes(
    systems: Systems, capture: Path, source: str, more: tuple[str, ...], sentence: str
) -> None:
    folder = capture.parent / source
    if source == "performance":
        shutil.copytree(systems.truth.folder, folder)
    with pytest.raises(NeuralFaceError, match=sentence):
        make(folder, *more)
