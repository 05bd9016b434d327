"""Lines and clips solved again while they are edited: soon after the last edit, in the background.

Without a window nothing happens by itself: `neural_face.update_line` and `update_clip` are called
instead.
"""

import logging
import time
from collections.abc import Callable

import bpy

from ..models.errors import NeuralFaceError
from .clip import clips
from .line import speech
from .passage import passages
from .passage.passages import CLIPS, LINES
from .scene.heads import is_head
from .stored import changes
from .system.jobs import Job

log = logging.getLogger(__name__)

DELAY = 0.1
"""Seconds after the last edit."""
_TICK = 0.05

Key = tuple[str, int]
"""Name of the head and number of the passage."""
_SOLVERS = {LINES: speech, CLIPS: clips}
"""What has `request`, `work` and `apply` for a kind of passage."""

_due: dict[Key, float] = {}
_running: dict[Key, tuple[Job, object]] = {}
_failed: dict[Key, str] = {}


def schedule(passage: bpy.types.PropertyGroup) -> None:
    """Solve a passage soon; edits until then are one, what is being solved is out of date."""
    if bpy.app.background or not passage.report:
        return
    key = (passage.id_data.name, passage.uid)
    _stop(key)
    _due[key] = time.monotonic() + DELAY
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=DELAY)


def state(passage: bpy.types.PropertyGroup) -> str:
    """For panels: 'BUSY', or why it could not be solved, or ''."""
    key = (passage.id_data.name, passage.uid)
    return "BUSY" if key in _due or key in _running else _failed.get(key, "")


def forget() -> None:
    """Undo, redo or another file: what was asked for no longer holds."""
    for key in list(_running):
        _stop(key)
    _due.clear()
    _failed.clear()


def _stop(key: Key) -> None:
    if key in _running:
        _running.pop(key)[0].cancel()


def _tick() -> float | None:
    """Begin what is due and write what is done; None when there is nothing left."""
    for key, moment in list(_due.items()):
        if moment <= time.monotonic():
            del _due[key]
            _try(key, _begin)
    for key, (job, _) in list(_running.items()):
        if job.done:
            _try(key, _finish)
    return _TICK if _due or _running else None


def _try(key: Key, step: Callable[[Key], None]) -> None:
    """A failure is kept for the panel; what keeps failing must not stop the timer."""
    try:
        _failed.pop(key, None)
        step(key)
    except NeuralFaceError as error:
        _failed[key] = str(error)
    except Exception as error:
        log.exception("Cannot update a passage of %s", key[0])
        _failed[key] = f"{type(error).__name__}: {error}"
    redraw()


def _found(key: Key) -> tuple[bpy.types.Object, bpy.types.PropertyGroup] | None:
    obj = bpy.data.objects.get(key[0])
    passage = passages.by_uid(obj, key[1]) if obj is not None and is_head(obj) else None
    return (obj, passage) if obj is not None and passage is not None else None


def _begin(key: Key) -> None:
    found = _found(key)
    if found is not None:
        solver = _SOLVERS[passages.kind_of(found[1])]
        asked = solver.request(bpy.context.scene, *found)
        _running[key] = Job(solver.work(found[0], asked)).start(), asked


def _finish(key: Key) -> None:
    job, asked = _running.pop(key)
    solved = job.result()
    found = _found(key)
    if found is not None:
        kind = passages.kind_of(found[1])
        _SOLVERS[kind].apply(bpy.context.scene, *found, asked, solved)
        bpy.ops.ed.undo_push(message=f"Update {kind.name.title()}")


def redraw() -> None:
    """Have every viewport drawn again, with its panels."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


def register() -> None:
    """Listen to edits."""
    changes.listen(schedule)


def unregister() -> None:
    """Stop."""
    changes.unlisten(schedule)
    forget()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
