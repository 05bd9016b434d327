"""The trainer: resume after kill -9, budgets, failures; the training command as a whole."""

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny import CODE_SIZES, tiny_performance

from models.errors import CancelledError, NeuralFaceError
from models.head.file import read_head_file
from models.head.inference import Head
from models.head.training.build_head import make_head
from models.head.training.region_task import TrainingConfig
from models.head.training.train_regions import _Overall
from models.making.options import add_arguments, config_from
from models.performance import Performance
from models.training import trainer as trainer_module
from models.training.trainer import Trainer

ROOT = Path(__file__).resolve().parent.parent
RUN = """
import sys, time
sys.path[:0] = [{root!r}, {tests!r}]
import torch
torch.set_num_threads(1)
from pathlib import Path
from models.performance import Performance
from models.head.training.region_data import load_training_data
from models.head.training.train_regions import train_regions
from models.training.trainer import Trainer
from models.head.training.region_task import TrainingConfig
from tiny import CODE_SIZES
init = Trainer.__init__
def often(self, *args, **kwargs):
    init(self, *args, save_every=0.0, **kwargs)
Trainer.__init__ = often
data = load_training_data(Performance.open({performance!r}))
def slow(fraction, message):
    if {hang} and "face: step 6" in message:
        Path({folder!r}, "half-way").touch()
        time.sleep(600)
config = TrainingConfig(steps=12, batch=2, gan_start=0.3)
training = train_regions(data, config, "cpu", Path({folder!r}), slow, CODE_SIZES)
torch.save([network.state_dict() for network in training.networks], {result!r})
"""


@pytest.fixture(scope="module")
def performance(tmp_path_factory: pytest.TempPathFactory) -> Performance:
    torch.set_num_threads(1)
    return tiny_performance(tmp_path_factory.mktemp("tiny"))


def _start(performance: Performance, folder: Path, hang: bool) -> subprocess.Popen:
    """Train in a process of its own; one that hangs is to be killed half-way."""
    code = RUN.format(
        root=str(ROOT),
        tests=str(ROOT / "tests"),
        performance=str(performance.folder),
        folder=str(folder),
        result=str(folder / "result.pt"),
        hang=hang,
    )
    folder.mkdir(exist_ok=True)
    return subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"OMP_NUM_THREADS": "1"})


def test_killed_training_ends_the_same(performance: Performance, tmp_path: Path) -> None:
    assert _start(performance, tmp_path / "whole", False).wait(240) == 0
    killed = _start(performance, tmp_path / "killed", True)
    while not (tmp_path / "killed" / "half-way").exists():
        assert killed.poll() is None
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    state = torch.load(tmp_path / "killed" / "face.pt", weights_only=True)
    assert state["step"] == 6, "the run was not stopped half-way"
    assert _start(performance, tmp_path / "killed", False).wait(240) == 0
    whole, resumed = (
        torch.load(tmp_path / name / "result.pt", weights_only=True) for name in ("whole", "killed")
    )
    for one, other in zip(whole, resumed, strict=True):
        for name, value in one.items():
            assert torch.allclose(value, other[name], atol=1e-6, rtol=1e-5), name


def test_what_runs_before_did_counts_at_once() -> None:
    reports = []
    overall = _Overall(
        lambda fraction, message: reports.append(fraction), {"mouth": 1.0, "face": 3.0}
    )
    overall.resume("face", 0.5)
    overall.report("mouth")(1, 0.2, {"loss": 1.0})
    assert reports == [pytest.approx((0.2 + 1.5) / 4)]


class _Counter:
    """A task that counts; fails or stops being finite where told."""

    def __init__(self, bad_at: int = -1) -> None:
        self.value, self.bad_at = 0.0, bad_at
        self.learners = (self,)

    def step(self, generator: torch.Generator, fraction: float) -> dict[str, float]:
        self.value += float(torch.rand(1, generator=generator))
        self.bad_at -= 1
        return {"loss": math.nan if self.bad_at == -1 else self.value}

    def state(self) -> dict:
        return {"value": self.value}

    def restore(self, state: dict) -> None:
        self.value = state["value"]


def test_resume_continues_the_random_numbers(tmp_path: Path) -> None:
    whole = _Counter()
    Trainer(whole, 10).run()
    first = Trainer(_Counter(), 4, checkpoint=tmp_path / "c.pt")
    first.run()
    second = _Counter()
    trainer = Trainer(second, 10, checkpoint=tmp_path / "c.pt")
    assert trainer.step == 4 and trainer.spent == first.spent > 0
    trainer.run()
    assert second.value == whole.value and trainer.spent > first.spent


def test_loss_that_is_no_number_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    trainer = Trainer(_Counter(bad_at=3), 10, checkpoint=path, save_every=0.0)
    with pytest.raises(NeuralFaceError, match="step 4: the loss loss is not a number"):
        trainer.run()
    assert torch.load(path, weights_only=True)["step"] == 3


def test_seconds_end_a_training(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(trainer_module, "time", SimpleNamespace(monotonic=lambda: now[0]))

    class Slow(_Counter):
        def step(self, generator: torch.Generator, fraction: float) -> dict[str, float]:
            now[0] += 2.0
            return super().step(generator, fraction)

    def report(step: int, fraction: float, losses: dict[str, float]) -> None:
        now[0] += 100.0  # is no training

    trainer = Trainer(Slow(), None, seconds=15.0, reports=(report,))
    trainer.run()
    assert (trainer.step, trainer.spent, trainer.fraction) == (8, 16.0, 1.0)


def test_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    path.write_bytes(b"junk")
    with pytest.raises(NeuralFaceError, match=r"Cannot continue from c\.pt"):
        Trainer(_Counter(), 10, checkpoint=path)


def test_checkpoint_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    torch.save({"task": {}, "generator": torch.Generator().get_state(), "step": 3}, path)
    with pytest.raises(NeuralFaceError, match=r"version 1, this one continues 2.*or delete"):
        Trainer(_Counter(), 10, checkpoint=path)


def test_cancelling_stops_all_regions(performance: Performance) -> None:
    steps = []

    def cancel(fraction: float, message: str) -> None:
        steps.extend(map(int, re.findall(r"step (\d+)", message)))
        if 2 in steps:
            raise CancelledError("stopped by the user")

    config = TrainingConfig(steps=5000, batch=2)
    with pytest.raises(CancelledError, match="stopped by the user"):
        make_head(performance, config, "cpu", None, cancel, CODE_SIZES)
    assert max(steps) < 1000


def test_train_command(performance: Performance, tmp_path: Path) -> None:
    """The command writes a head, a report and figures; `info` reads them without torch."""
    output = tmp_path / "head.nface"
    command = [sys.executable, "-m", "models"]
    train = ["train", str(performance.folder), "-o", str(output), "--steps", "4", "--batch", "2"]
    train += ["--speech-steps", "3"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, *train, "--json"], cwd=ROOT, capture_output=True, env=environment, check=True
    )
    result = json.loads(done.stdout)
    assert set(result["figures"]) == set(CODE_SIZES)
    for figures in result["figures"].values():
        psnr = {method: values["psnr_db"] for method, values in figures.items()}
        assert psnr["pca"] > psnr["static_texture"] + 3
        assert psnr["model"] > psnr["static_texture"] + 3
    eyes = result["figures"]["left_eye"]
    assert abs(eyes["model"]["psnr_db"] - eyes["pca"]["psnr_db"]) < 1
    assert output.with_suffix(".report.png").stat().st_size > 10_000
    code = "import sys; sys.modules['torch'] = None; from models.__main__ import main; main()"
    info = subprocess.run(
        [sys.executable, "-c", code, "info", str(output), "--json"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    shown = json.loads(info.stdout)
    assert shown["name"] == "Tiny" and shown["licence"] == "CC0-1.0"
    assert shown["training"]["figures"] == result["figures"]
    assert set(shown["training"]["speech"]["losses"]) == {"core", "priors", "samplers"}
    again = tmp_path / "again.nface"
    speech = ["train", str(output), "-o", str(again), "--speech-steps", "2", "--json"]
    subprocess.run([*command, *speech], cwd=ROOT, capture_output=True, env=environment, check=True)
    old, new = read_head_file(output), read_head_file(again)
    assert np.array_equal(old.tensors["mouth.basis"], new.tensors["mouth.basis"])
    name = "style.networks.core.outlet.2.bias"
    assert not np.array_equal(old.tensors[name], new.tensors[name])


def test_held_out_takes_change_nothing(performance: Performance, tmp_path: Path) -> None:
    """Pictures of held-out takes must not reach the head."""
    config = TrainingConfig(steps=2, batch=2)
    first = make_head(performance, config, "cpu", code_sizes=CODE_SIZES)[0]
    takes = [take for take in performance.takes if take.split == "train"]
    fewer = Performance(
        performance.folder, performance.mesh, performance.fps, takes, performance.about
    )
    second = make_head(fewer, config, "cpu", code_sizes=CODE_SIZES)[0]
    for name, value in first.tensors.items():
        if not name.startswith("codes.mirror"):  # learnt from the motion of all takes
            step = 1 if np.issubdtype(value.dtype, np.integer) else 2e-3  # sums round by threads
            apart = np.abs(value.astype(float) - second.tensors[name].astype(float))
            assert apart.max() <= step, name


def test_options_out_of_range_are_named(tmp_path: Path) -> None:
    import argparse

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    options = parser.parse_args(["p", "-o", "h.nface", "--minutes", "-1"])
    with pytest.raises(NeuralFaceError, match="--minutes must be more than zero"):
        config_from(options)


def test_tiny_head_file_is_valid(tiny_head: Path) -> None:
    assert read_head_file(tiny_head).document["schema"] == 1
    assert Head.open(tiny_head).code_size == sum(CODE_SIZES.values())
