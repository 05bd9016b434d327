"""Stages of a making, and the runner that does those which are not done yet."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import NeuralFaceError
from ..progress import Progress
from .status import StageStatus, StatusWriter, relative
from .workspace import Outcome, Workspace, identity

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """One step of the making.

    Attributes:
        name: Unique, short.
        label: For people.
        work: Does it, told where to report; goes on where it was when it was stopped before.
        seconds: How long it is expected to take: its share of the progress.
        settings: What its result depends on besides the stages that it needs (JSON values).
        needs: Names of the stages whose results it reads.
        leaves: Files that are there once it is done.
        owns: Files and folders that are deleted when its settings change.
    """

    name: str
    label: str
    work: Callable[[Progress], Outcome]
    seconds: float = 10.0
    settings: Mapping = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    leaves: tuple[Path, ...] = ()
    owns: tuple[Path, ...] = ()


def run_stages(stages: Sequence[Stage], workspace: Workspace, status: StatusWriter) -> dict:
    """Do every stage that is not done under its present settings; the figures of all.

    Raises:
        CancelledError: Somebody asked to stop; what is done is kept.
        NeuralFaceError: A stage failed, with its reason.
    """
    clock = _Clock(stages)
    entries = [StageStatus(stage.name, stage.label) for stage in stages]
    status.tell(stages=entries)
    figures: dict = {}
    identities: dict[str, str] = {}
    for stage, entry in zip(stages, entries, strict=True):
        status.check()
        needed = [identities[name] for name in stage.needs]
        identities[stage.name] = known = identity(stage.name, stage.settings, needed)
        entry.state = "running"
        status.tell(stage=stage.name, label=stage.label, stage_fraction=0.0)
        clock.begin(stage)
        outcome = workspace.outcome(stage.name, known, stage.leaves)
        if outcome is None:
            workspace.begin(stage.name, known, stage.owns)
            outcome = stage.work(_reporter(clock, status))
            _show(outcome, workspace, status)
            if outcome.error:
                raise NeuralFaceError(outcome.error)
            workspace.finish(stage.name, outcome)
        else:
            _show(outcome, workspace, status)
        clock.end(stage)
        entry.state, entry.note = "done", outcome.note
        if outcome.note:
            log.warning("%s: %s", stage.label, outcome.note)
        status.tell(fraction=clock.fraction(1.0), stage_fraction=1.0)
        figures |= outcome.figures
    return figures


def _show(outcome: Outcome, workspace: Workspace, status: StatusWriter) -> None:
    here = workspace.folder
    shown = {label: relative(Path(path), here) for label, path in outcome.pictures.items()}
    known = status.status
    findings = {
        kind: [*known.findings.get(kind, []), *sentences]
        for kind, sentences in outcome.findings.items()
    }
    status.tell(pictures=known.pictures | shown, findings=known.findings | findings)


def _reporter(clock: "_Clock", status: StatusWriter) -> Progress:
    def report(fraction: float, message: str) -> None:
        status.check()
        fraction = min(max(fraction, 0.0), 1.0)
        status.tell(
            stage_fraction=fraction,
            fraction=clock.fraction(fraction),
            seconds_left=clock.left(fraction),
            message=message,
        )

    return report


class _Clock:
    """Shares of the progress, and the time left: measured for this stage, expected for the next."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self._all = sum(stage.seconds for stage in stages)
        self._waiting, self._done = self._all, 0.0
        self._now, self._began, self._first = 0.0, 0.0, -1.0

    def begin(self, stage: Stage) -> None:
        self._now, self._began, self._first = stage.seconds, time.monotonic(), -1.0
        self._waiting -= stage.seconds

    def end(self, stage: Stage) -> None:
        self._done += stage.seconds
        self._now = 0.0

    def fraction(self, of_stage: float) -> float:
        """How far all of it is."""
        return min(1.0, (self._done + of_stage * self._now) / self._all) if self._all else 1.0

    def left(self, fraction: float) -> float:
        """Seconds, from how fast the stage went since it began or went on."""
        if self._first < 0 or fraction < self._first:
            self._first, self._began = fraction, time.monotonic()
        gone, gained = time.monotonic() - self._began, fraction - self._first
        expected = (1 - fraction) * self._now
        if gone > 2 and gained > 1e-4:
            expected = gone * (1 - fraction) / gained
        return expected + self._waiting
