"""Trains all regions: side by side on a CPU's cores, one after another on a GPU."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import torch

from ...device import choose_device
from ...errors import CancelledError
from ...progress import Progress, silent
from ...training.trainer import Curve, Report, Trainer
from ..region_network import RegionNetwork
from .region_data import TrainingData
from .region_task import CODE_SIZES, RegionTask, TrainingConfig, start_network

MOST_WORKERS = 2
"""Regions trained at once on a CPU: two take about equally long (face; mouth and eyes)."""

Watch = Callable[[list[RegionNetwork]], None]
"""Told the regions' averaged networks once, before training changes them step by step."""


def unwatched(networks: list[RegionNetwork]) -> None:
    """Watch nothing."""


@dataclass(frozen=True)
class Training:
    """Trained networks and how they came about.

    Attributes:
        networks: One for each region, in the mesh's order.
        curves: Losses of each region over its training.
        seconds: Time spent training, in all runs together.
        steps: Steps of each region.
    """

    networks: list[RegionNetwork]
    curves: dict[str, Curve] = field(default_factory=dict)
    seconds: float = 0.0
    steps: dict[str, int] = field(default_factory=dict)


def train_regions(
    data: TrainingData,
    config: TrainingConfig,
    device: str | None = None,
    checkpoints: Path | None = None,
    progress: Progress = silent,
    code_sizes: dict[str, int] = CODE_SIZES,
    watch: Watch = unwatched,
) -> Training:
    """Train all regions; what checkpoints hold is not trained again.

    Args:
        data: Pictured frames.
        config: How.
        device: "cpu", "cuda" or None for the best there is.
        checkpoints: Folder for `REGION.pt`.
        progress: Told how far all regions together are; may raise CancelledError.
        code_sizes: Code elements of each region.
        watch: Told the networks that will be returned, as they are at the start.
    """
    place = choose_device(device)
    workers = min(MOST_WORKERS, os.cpu_count() or 1) if place == "cpu" else 1
    overall = _Overall(progress, dict(zip(code_sizes, config.shares, strict=True)))
    tasks: dict[str, RegionTask] = {}
    trainers: dict[str, Trainer] = {}
    for region, share in zip(data.regions, config.shares, strict=True):
        name = region.region.name
        overall.say(f"{name}: principal components")
        network = start_network(region, data.train, config, code_sizes[name]).to(place)
        tasks[name] = RegionTask(network, region, data.train, config)
        share_of_time = min(1.0, workers * share / sum(config.shares))
        trainers[name] = Trainer(
            tasks[name],
            config.steps,
            60 * config.minutes * share_of_time if config.minutes else None,
            checkpoints / f"{name}.pt" if checkpoints else None,
            config.seed,
            reports=(overall.report(name),),
        )
        overall.resume(name, trainers[name].fraction)
    watch([task.average for task in tasks.values()])
    longest_first = sorted(trainers, key=lambda name: -overall.shares[name])
    _run_all([trainers[name] for name in longest_first], workers, overall)
    return Training(
        [task.average.eval() for task in tasks.values()],
        {name: trainer.curve for name, trainer in trainers.items()},
        sum(trainer.spent for trainer in trainers.values()) / workers,
        {name: trainer.step for name, trainer in trainers.items()},
    )


def _run_all(trainers: list[Trainer], workers: int, overall: "_Overall") -> None:
    """Run trainers on threads that share the cores; the first failure stops all."""
    before = torch.get_num_threads()
    threads = max(1, before // workers)

    def run(trainer: Trainer) -> None:
        torch.set_num_threads(threads)  # counts for the calling thread
        trainer.run()

    with ThreadPoolExecutor(workers, "training") as pool:
        futures: list[Future] = [pool.submit(run, trainer) for trainer in trainers]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:  # also when the user interrupts: the pool waits for its threads
            overall.stop()
    torch.set_num_threads(before)
    errors = [error for future in futures if (error := future.exception()) is not None]
    # what stopped the first is the reason; the others were only told to stop
    errors.sort(key=lambda error: isinstance(error, _StoppedError))
    if errors:
        raise errors[0]


class _StoppedError(CancelledError):
    """Another region's training has failed."""


class _Overall:
    """Joins the regions' reports into one progress; thread-safe."""

    def __init__(self, progress: Progress, shares: dict[str, float]) -> None:
        self.shares, self._progress = shares, progress
        self._fractions = dict.fromkeys(shares, 0.0)
        self._lock, self._finished = threading.Lock(), False

    def stop(self) -> None:
        """Make every further report raise: called when one training failed or all ended."""
        self._finished = True

    def say(self, message: str) -> None:
        """Pass a message on."""
        done = sum(self.shares[name] * part for name, part in self._fractions.items())
        self._progress(done / sum(self.shares.values()), message)

    def resume(self, name: str, fraction: float) -> None:
        """Count what runs before this one did."""
        self._fractions[name] = fraction

    def report(self, name: str) -> Report:
        """The report of one region's trainer."""

        def report(step: int, fraction: float, losses: dict[str, float]) -> None:
            with self._lock:
                if self._finished:
                    raise _StoppedError("Training stopped.")
                self._fractions[name] = fraction
                shown = ", ".join(f"{key} {value:.3f}" for key, value in losses.items())
                self.say(f"{name}: step {step}, {shown}")

        return report
