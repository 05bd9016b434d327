"""Watches the making of heads, which runs outside Blender: what the panel shows, the live head.

All that is known stands in the making's own files, so a making is found again by whoever knows its
head file: another .blend, another Blender. Nothing here is kept in memory but what was last seen.
"""

import logging
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...models.errors import CancelledError, NeuralFaceError
from ...models.making.options import MakingSettings
from ...models.making.status import MakingStatus, ask_to_stop, read_status
from ...models.making.workspace import default_workspace
from ...models.settings import settings_of
from .. import live_solving
from ..system import packages
from . import live_head, making_process
from .making_process import MakingRequest

log = logging.getLogger(__name__)

_TICK = 1.0
_WAIT = 0.3
RESUMABLE = ("stopped", "failed", "interrupted")
"""States from which the same command goes on."""


@dataclass(frozen=True)
class MakingState:
    """What is known of a making.

    Attributes:
        state: One of the status's; 'starting' where the process has said nothing yet, '' where
            nothing was ever begun.
        trouble: Why it failed, a sentence.
        status: All that it tells, None where it tells nothing.
    """

    state: str = ""
    trouble: str = ""
    status: MakingStatus | None = None

    @property
    def busy(self) -> bool:
        """Whether a process is at work."""
        return self.state in ("starting", "running")


@dataclass(frozen=True)
class _Child:
    """A process begun by this Blender, and when."""

    process: subprocess.Popen
    began: float


_seen: dict[Path, MakingState] = {}
_children: dict[Path, _Child] = {}


def output_of(scene: bpy.types.Scene) -> Path | None:
    """The head file that the scene's settings name."""
    named = scene.neural_face_making.filepath.strip()
    if not named:
        return None
    path = Path(bpy.path.abspath(named))
    return path if path.suffix == ".nface" else path.with_name(f"{path.name}.nface")


def request(scene: bpy.types.Scene, until: str = "") -> MakingRequest:
    """What the scene's settings ask for.

    Args:
        scene: Has the settings.
        until: Stage after which to stop, '' for the whole head.

    Raises:
        NeuralFaceError: A folder or file is not chosen, or is not there.
    """
    group, output = scene.neural_face_making, output_of(scene)
    if not group.capture_directory.strip():
        raise NeuralFaceError("Choose the capture folder first.")
    source = Path(bpy.path.abspath(group.capture_directory))
    if not source.exists():
        raise NeuralFaceError(f"There is no folder {source}.")
    if output is None:
        raise NeuralFaceError("Choose the head file to make first.")
    if not output.is_absolute():
        raise NeuralFaceError("Save the .blend first, or choose a head file with its full path.")
    options = {"--until": until}
    for name, item in settings_of(MakingSettings).items():
        value = getattr(group, name)
        options[item.flag] = f"{value:g}" if isinstance(value, float) else value
    return MakingRequest(source, output, options)


def start(asked: MakingRequest) -> None:
    """Begin a making, or go on with it.

    Raises:
        NeuralFaceError: It is at work already, or cannot be started.
    """
    if making_state(asked.output).busy:
        raise NeuralFaceError(f"{asked.output.name} is being made already; stop that first.")
    _children[asked.output] = _Child(making_process.start(asked), time.time())
    making_state(asked.output)
    watch()


def stop(output: Path) -> None:
    """Ask a making to stop; it does so at its next report of progress, and keeps what is done."""
    ask_to_stop(default_workspace(output))


def picture_of(scene: bpy.types.Scene, name: str) -> Path | None:
    """A picture that the scene's making has drawn; None where there is none of that name."""
    output = output_of(scene)
    status = making_state(output).status if output else None
    named = status.pictures.get(name) if status else None
    if output is None or named is None:
        return None
    path = (default_workspace(output) / named).resolve()
    return path if path.is_file() else None


def wait(output: Path) -> None:
    """Wait for a making's end.

    Raises:
        NeuralFaceError: It failed or was stopped; with the sentence that it left.
    """
    while making_state(output).busy:
        time.sleep(_WAIT)
    now = _seen[output]
    if now.state == "stopped":
        raise CancelledError("Stopped; making the head again goes on where it was.")
    if now.state != "done":
        raise NeuralFaceError(now.trouble)


def seen(scene: bpy.types.Scene) -> MakingState:
    """What was last seen of the scene's making; for panels, which only read."""
    output = output_of(scene)
    return _seen.get(output, MakingState()) if output else MakingState()


def making_state(output: Path) -> MakingState:
    """Read what a making tells now."""
    folder, child = default_workspace(output), _children.get(output)
    ended = child is None or child.process.poll() is not None
    try:
        status = read_status(folder)
    except NeuralFaceError as error:
        found = MakingState("failed", str(error))
    else:
        if child is not None and (status is None or status.updated < child.began):
            # the process has said nothing yet, or never will
            words = making_process.last_words(folder) or "the log is empty"
            trouble = f"The training did not start: {words}" if ended else ""
            found = MakingState("failed" if ended else "starting", trouble, status)
        elif status is None:
            found = MakingState()
        else:
            found = MakingState(status.state, _trouble(status, folder), status)
    _seen[output] = found
    return found


def _trouble(status: MakingStatus, folder: Path) -> str:
    if status.state != "interrupted":
        return status.error
    words = making_process.last_words(folder)
    said = f" Its last words: {words}" if words else ""
    return f"The training ended unexpectedly; resume goes on where it was.{said}"


def watch() -> None:
    """Look at the makings of all scenes from now on, while they are at work."""
    if _has_window() and not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=0.1, persistent=True)


def _has_window() -> bool:
    return not bpy.app.background


def _outputs() -> Iterator[tuple[Path, bpy.types.Scene]]:
    for scene in bpy.data.scenes:
        output = output_of(scene)
        if output is not None and output.is_absolute():
            yield output, scene


def _tick() -> float | None:
    """Look at every making; None when none is at work and every live head shows what it should."""
    again = False
    for output, scene in _outputs():
        before = _seen.get(output)
        now = making_state(output)
        if now != before:
            live_solving.redraw()
        again = again or now.busy
        if scene.neural_face_making.live and now.status is not None and packages.status().ready:
            again = live_head.update(output, now.status, now.busy) or again
    return _TICK if again else None


def register() -> None:
    """Find what is being made already."""
    watch()


def unregister() -> None:
    """Stop looking; what is at work goes on."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    live_head.forget()
    _seen.clear()
    _children.clear()
