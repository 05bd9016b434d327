"""The making's stages, workspace and status: done once, redone where settings change, killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.errors import CancelledError, NeuralFaceError
from models.making.processes import birth, lives, own_birth
from models.making.stages import Stage, run_stages
from models.making.status import (
    DONE,
    FAILED,
    INTERRUPTED,
    RUNNING,
    STOPPED,
    MakingStatus,
    StatusWriter,
    ask_to_stop,
    read_status,
)
from models.making.workspace import Outcome, Workspace, default_workspace, fingerprint
from models.progress import Progress

FAKE = Path(__file__).with_name("fake_making.py")
WITHOUT_TORCH = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")

sys.meta_path.insert(0, Absent())
from models.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


class Chain:
    """Three stages, the third needs the first; each leaves a file and notes that it was run."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ran = folder, []
        self.settings = {"a": 1, "b": 1, "c": 1}

    def stages(self) -> list[Stage]:
        needs = {"a": (), "b": ("a",), "c": ("a",)}
        return [
            Stage(
                name,
                name.upper(),
                lambda progress, name=name: self.work(name, progress),
                1.0,
                {"value": self.settings[name]},
                needs[name],
                (self.folder / name / "left",),
                (self.folder / name,),
            )
            for name in "abc"
        ]

    def work(self, name: str, progress: Progress) -> Outcome:
        self.ran.append(name)
        folder = self.folder / name
        assert not (folder / "left").exists() or self.settings["c"] == "keeps"
        folder.mkdir(exist_ok=True)
        progress(0.5, "half")
        (folder / "left").write_text("")
        return Outcome({name: self.settings[name]})

    def run(self) -> dict:
        workspace = Workspace(self.folder)
        with StatusWriter(self.folder, MakingStatus()) as status:
            return run_stages(self.stages(), workspace, status)


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return Chain(tmp_path / "head.making")


def test_stages_are_done_once(chain: Chain) -> None:
    assert chain.run() == {"a": 1, "b": 1, "c": 1}
    assert chain.run() == {"a": 1, "b": 1, "c": 1}
    assert chain.ran == ["a", "b", "c"]


@pytest.mark.parametrize(("changed", "again"), [("c", "c"), ("b", "b"), ("a", "abc")])
def test_changed_settings_redo_what_depends_on_them(chain: Chain, changed: str, again: str) -> None:
    chain.run()
    chain.settings[changed] = 2
    assert chain.run()[changed] == 2
    assert "".join(chain.ran) == "abc" + again


def test_a_lost_file_is_made_again(chain: Chain) -> None:
    chain.run()
    chain.settings["c"] = chain.settings["c"]
    (chain.folder / "b" / "left").unlink()
    chain.run()
    assert "".join(chain.ran) == "abcb"


def test_status_tells_how_far_it_is(chain: Chain) -> None:
    reports = []

    def look(name: str, progress: Progress) -> Outcome:
        progress(0.25, "looking")
        reports.append((chain.status.status.fraction, chain.status.status.label))
        return Outcome(note="nothing to do" if name == "b" else "")

    chain.work = look
    with StatusWriter(chain.folder, MakingStatus()) as status:
        chain.status = status
        run_stages(chain.stages(), Workspace(chain.folder), status)
    assert [label for _, label in reports] == ["A", "B", "C"]
    assert [f for f, _ in reports] == pytest.approx([0.25 / 3, 1.25 / 3, 2.25 / 3])
    left = read_status(chain.folder)
    assert (left.state, left.fraction, left.seconds_left) == (DONE, 1.0, 0.0)
    assert [(s.name, s.state, s.note) for s in left.stages] == [
        ("a", "done", ""),
        ("b", "done", "nothing to do"),
        ("c", "done", ""),
    ]


def test_time_left_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    from models.making import stages

    now = [100.0]
    monkeypatch.setattr(stages.time, "monotonic", lambda: now[0])
    one, two = (Stage(n, n, lambda _p: Outcome(), seconds) for n, seconds in (("a", 10), ("b", 90)))
    clock = stages._Clock([one, two])
    clock.begin(one)
    assert clock.left(0.5) == pytest.approx(5 + 90)  # resumed half-way: as expected
    now[0] += 20
    assert clock.left(0.75) == pytest.approx(20 + 90)  # a quarter took 20 s
    clock.end(one)
    clock.begin(two)
    assert clock.left(0.0) == pytest.approx(90)
    assert clock.fraction(0.5) == pytest.approx(0.55)


def test_an_outcome_that_is_an_error_is_shown_and_not_kept(chain: Chain) -> None:
    chain.work = lambda name, _p: Outcome(findings={"errors": ["No."]}, error="No camera.")
    with pytest.raises(NeuralFaceError, match="No camera"):
        chain.run()
    left = read_status(chain.folder)
    assert (left.state, left.error, left.findings["errors"]) == (FAILED, "No camera.", ["No."])
    del chain.work
    chain.run()
    assert chain.ran == ["a", "b", "c"]


def test_stop_file_stops_at_the_next_report(chain: Chain) -> None:
    def work(name: str, progress: Progress) -> Outcome:
        ask_to_stop(chain.folder)
        for step in range(100):
            progress(step / 100, "")
            time.sleep(0.01)
        return Outcome()

    chain.work = work
    with pytest.raises(CancelledError, match="continues"):
        chain.run()
    left = read_status(chain.folder)
    assert left.state == STOPPED and 0 < left.stage_fraction < 0.5
    assert not (chain.folder / "stop").exists()


def _begin(mode: str, output: Path) -> subprocess.Popen:
    words = [sys.executable, str(FAKE), mode, "train", "capture", "-o", str(output)]
    return subprocess.Popen(words, env=os.environ | {"OMP_NUM_THREADS": "1"})


def _wait(output: Path, steps: int) -> None:
    path, end = default_workspace(output) / "steps.txt", time.monotonic() + 300
    while not path.exists() or len(path.read_text()) < steps:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_killed_process_is_found_out_and_goes_on(tmp_path: Path) -> None:
    output = tmp_path / "head.nface"
    process = _begin("slow", output)
    _wait(output, 3)
    folder = default_workspace(output)
    assert read_status(folder).state == RUNNING
    with pytest.raises(NeuralFaceError, match=f"worked on by process {process.pid}"):
        StatusWriter(folder, MakingStatus())
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert read_status(folder).state == INTERRUPTED
    before = len((folder / "steps.txt").read_text())
    assert before < 40
    assert _begin("quick", output).wait(300) == 0
    assert len((folder / "steps.txt").read_text()) == 40
    assert read_status(folder).state == DONE


def test_zombie_and_reused_number_are_not_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    end = time.monotonic() + 300
    while birth(process.pid) and time.monotonic() < end:
        time.sleep(0.01)
    assert birth(process.pid) == ""  # ended, nobody has asked for its exit status yet
    process.wait()
    assert lives(os.getpid(), own_birth())
    assert not lives(os.getpid(), "another birth") and not lives(os.getpid(), "")
    assert not lives(0, "1")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("status.json", "{", "cannot be read"),
        ("status.json", '{"schema": 99}', "another version"),
        ("state.json", "[]", "cannot be read"),
        ("state.json", '{"schema": 99, "stages": {}}', "another version"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, content: str, sentence: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(NeuralFaceError, match=sentence) as raised:
        read_status(tmp_path) if name == "status.json" else Workspace(tmp_path)
    assert name in str(raised.value)


def test_nothing_is_known_of_a_folder_without_a_making(tmp_path: Path) -> None:
    assert read_status(tmp_path / "none") is None


def test_fingerprint_follows_names_sizes_and_times(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    file = tmp_path / "a" / "x.png"
    file.write_bytes(b"1")
    first = fingerprint(tmp_path)
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "y").write_bytes(b"1")
    assert fingerprint(tmp_path) == first
    (tmp_path / "words.TXT").write_text("hello")
    assert fingerprint(tmp_path) != first
    assert fingerprint(tmp_path, frozenset({".txt"})) == first
    os.utime(file, (1, 1))
    assert fingerprint(tmp_path, frozenset({".txt"})) != first


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_the_real_command_and_keep_its_work(tmp_path: Path, asked: int) -> None:
    """Of the whole command, with a tiny performance; nothing of what was trained is lost."""
    torch = pytest.importorskip("torch", reason="training needs torch")
    from tiny import tiny_performance

    root = FAKE.parent.parent
    performance = tiny_performance(tmp_path / "performance").folder
    output = tmp_path / "anna.nface"
    command = [sys.executable, "-m", "models", "train", str(performance), "-o", str(output)]
    command += ["--steps", "400", "--batch", "2", "--speech-minutes", "0", "--until", "regions"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=root, env=environment, stderr=subprocess.PIPE)
    folder, end = default_workspace(output), time.monotonic() + 300
    while "step" not in getattr(read_status(folder), "message", ""):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.1)
    process.send_signal(asked)
    assert b"continues where it was" in process.communicate(timeout=300)[1]
    assert process.returncode == 2 and read_status(folder).state == STOPPED
    kept = torch.load(folder / "regions" / "face.pt", weights_only=True)["step"]
    assert kept > 0
    state = json.loads((folder / "state.json").read_text())["stages"]
    assert "outcome" in state["check"] and "outcome" not in state["regions"]
    shown = read_status(folder).preview
    assert shown.version >= 1 and (folder / shown.head).is_file()


def test_missing_package_is_named(tmp_path: Path) -> None:
    words = ["train", str(tmp_path), "-o", str(tmp_path / "a.nface")]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *words],
        cwd=FAKE.parent.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "torch" in done.stderr
    assert "The Python package torch is not installed" in read_status(tmp_path / "a.making").error
