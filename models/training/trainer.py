"""A training loop that knows no domain: steps, time budget, checkpoints, resume, reports.

Checkpoints hold the task's whole state, the random generator and the time spent, so that a run that
was killed and started again ends as if it had never stopped.
"""

import logging
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import torch

from ..errors import CancelledError, NeuralFaceError
from ..files import replacing

log = logging.getLogger(__name__)
CURVE_POINTS = 400
VERSION = 2
"""Of checkpoints."""
Curve = list[tuple[float, dict[str, float]]]
"""(how far the training was, mean losses since the point before) points."""
Report = Callable[[int, float, dict[str, float]], None]
"""Called after each step with the step's number, how far the training is (0…1) and its losses."""


class Learns(Protocol):
    """What a step changes."""

    def state(self) -> dict:
        """Everything the next step depends on, as tensors, numbers, strings, lists and dicts."""
        ...

    def restore(self, state: dict) -> None:
        """Continue from `state`."""


class Task(Protocol):
    """What a trainer trains."""

    @property
    def learners(self) -> Sequence[Learns]:
        """All that its steps change."""
        ...

    def step(self, generator: torch.Generator, fraction: float) -> dict[str, float]:
        """Do one optimisation step; all randomness from `generator`; return the losses."""
        ...


class Trainer:
    """Runs a task until its steps or its seconds are used up.

    Attributes:
        step: Steps done, in all runs together.
        spent: Seconds that these took.
    """

    def __init__(
        self,
        task: Task,
        steps: int | None,
        seconds: float | None = None,
        checkpoint: Path | None = None,
        seed: int = 0,
        save_every: float = 40.0,
        reports: tuple[Report, ...] = (),
    ) -> None:
        """Prepare, from the checkpoint when there is one.

        Args:
            task: What to train.
            steps: Steps to do; None with `seconds`.
            seconds: Most seconds to train, over all runs together.
            checkpoint: File to save to and to continue from.
            seed: Of the random generator.
            save_every: Seconds of training between checkpoints; reports take time as well, and a
                kill should cost less than a minute.
            reports: Called after each step.

        Raises:
            NeuralFaceError: The checkpoint is damaged or of another training.
            ValueError: Neither steps nor seconds are given.
        """
        if steps is None and seconds is None:
            raise ValueError("a training needs steps or seconds")
        self._task, self._steps, self._seconds = task, steps, seconds
        self._checkpoint, self._save_every, self._reports = checkpoint, save_every, reports
        self._generator = torch.Generator().manual_seed(seed)
        self.step, self.spent = 0, 0.0
        self._losses: dict[int, dict[str, list[float]]] = {}
        if checkpoint is not None and checkpoint.is_file():
            self._load(checkpoint)

    @property
    def fraction(self) -> float:
        """How far the training is, 0…1."""
        by_steps = self.step / self._steps if self._steps else 0.0
        by_time = self.spent / self._seconds if self._seconds else 0.0
        return min(1.0, max(by_steps, by_time))

    @property
    def curve(self) -> Curve:
        """Losses so far, also of the runs before this one."""
        return [
            (place / CURVE_POINTS, {name: total / count for name, (total, count) in sums.items()})
            for place, sums in sorted(self._losses.items())
        ]

    def _note(self, fraction: float, losses: dict[str, float]) -> None:
        sums = self._losses.setdefault(int(fraction * CURVE_POINTS), {})
        for name, value in losses.items():
            total, count = sums.get(name, (0.0, 0))
            sums[name] = [total + value, count + 1]

    def run(self) -> None:
        """Train to the end, saving on the way and at the end.

        Raises:
            NeuralFaceError: A loss is not a number; the last good checkpoint stays.
            CancelledError: From a report; what was trained is saved.
        """
        saved = self.spent
        while self.fraction < 1:
            begin, fraction = time.monotonic(), self.fraction
            losses = self._task.step(self._generator, fraction)
            wrong = [name for name, value in losses.items() if not math.isfinite(value)]
            if wrong:
                raise NeuralFaceError(
                    f"Training stopped at step {self.step + 1}: the {wrong[0]} loss is not a "
                    "number. The last good checkpoint was kept; start again with a lower "
                    "learning rate."
                )
            self._note(fraction, losses)
            self.step += 1
            self.spent += time.monotonic() - begin
            if self.spent - saved >= self._save_every:
                self.save()
                saved = self.spent
            self._report(losses)
        self.save()

    def _report(self, losses: dict[str, float]) -> None:
        """Tell everyone; one who stops the training costs nothing of it."""
        try:
            for report in self._reports:
                report(self.step, self.fraction, losses)
        except CancelledError:
            self.save()
            raise

    def save(self) -> None:
        """Write the checkpoint; the old one stays until the new one is whole."""
        if self._checkpoint is None:
            return
        state = {
            "version": VERSION,
            "learners": [learner.state() for learner in self._task.learners],
            "generator": self._generator.get_state(),
            "step": self.step,
            "spent": self.spent,
            "losses": self._losses,
        }
        with replacing(self._checkpoint) as temporary:
            torch.save(state, temporary)

    def _load(self, path: Path) -> None:
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            version = state.get("version", 1)
            if version == VERSION:
                self._resume(state)
        except Exception as error:  # torch raises many kinds for a damaged or foreign file
            raise NeuralFaceError(
                f"Cannot continue from {path.name} ({type(error).__name__}): it is damaged or of "
                "another training; delete it to start again."
            ) from error
        if version != VERSION:
            raise NeuralFaceError(
                f"Cannot continue from {path.name}: another version of this program saved it "
                f"(checkpoint version {version}, this one continues {VERSION}). Finish the "
                "training with that version, or delete the file to start again."
            )
        log.info("continuing from step %d of %s", self.step, path)

    def _resume(self, state: dict) -> None:
        for learner, saved in zip(self._task.learners, state["learners"], strict=True):
            learner.restore(saved)
        self._generator.set_state(state["generator"])
        self.step, self.spent = int(state["step"]), float(state["spent"])
        self._losses = state["losses"]
