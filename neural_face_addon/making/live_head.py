"""The head of the weights so far, in the viewport: added once, then renewed as training goes."""

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...models.errors import NeuralFaceError
from ...models.making.workspace import PREVIEW, default_workspace
from ..scene import heads, playback, rig
from ..system import runtime
from ..system.jobs import Job

if TYPE_CHECKING:
    from ...models.actor import Actor
    from ...models.making.status import MakingStatus

log = logging.getLogger(__name__)

FINISHED = 0
"""Version of a head that shows the finished file."""


@dataclass
class _Opening:
    """A head file that is being read for an object."""

    job: Job
    path: Path
    version: int
    code: np.ndarray


_opening: dict[Path, _Opening] = {}
_refused: set[tuple[Path, int]] = set()
_given: dict[str, bytes] = {}
"""Object → the code that it was last given here; another one is the user's."""


def forget() -> None:
    """Stop reading."""
    for opening in _opening.values():
        opening.job.cancel()
    _opening.clear()
    _refused.clear()
    _given.clear()


def update(output: Path, status: "MakingStatus", busy: bool) -> bool:
    """Bring a making's live head up to date; whether there is more to do.

    Reading a file takes a while, so one call begins it and a later one shows what was read.
    """
    if output in _opening:
        if not _opening[output].job.done or bpy.context.mode != "OBJECT":
            return True
        _finish(output)
    wanted = _wanted(output, status, busy)
    if wanted is None:
        return False
    path, version, code = wanted
    _opening[output] = _Opening(Job(lambda _p: runtime.open_fresh(path)).start(), path, version,
                                code)  # fmt: skip
    return True


def found(output: Path) -> bpy.types.Object | None:
    """The object that shows a making's weights so far."""
    preview = str(default_workspace(output) / PREVIEW)
    named = (o for o in heads.every() if bpy.path.abspath(o.neural_face.filepath) == preview)
    return next(named, None)


def _wanted(
    output: Path, status: "MakingStatus", busy: bool
) -> tuple[Path, int, np.ndarray] | None:
    """File, version and code that should be shown and are not yet."""
    obj, preview = found(output), status.preview
    code = np.array(preview.code, np.float32)
    folder = default_workspace(output)
    if not busy:
        finished = status.state == "done" and not status.until and obj is not None
        # the finished head's sliders mean something else than the preview's: it is shown at rest
        wanted = (output, FINISHED, 0 * code) if finished else None
    elif preview.version and (obj is None or obj.neural_face.making_version != preview.version):
        wanted = (folder / preview.head, preview.version, code)
    else:
        wanted = None
    return None if wanted is None or (output, wanted[1]) in _refused else wanted


def _finish(output: Path) -> None:
    opening = _opening.pop(output)
    try:
        head = opening.job.result()
        with _context():
            show(output, head, opening.path, opening.version, opening.code)
    except NeuralFaceError as error:  # a preview that was just being replaced, an edit
        log.warning("live head: %s", error)
        _refused.add((output, opening.version))


@contextlib.contextmanager
def _context() -> Iterator[None]:
    """Timers have no window of their own."""
    windows = bpy.context.window_manager.windows
    if bpy.context.window is not None or not windows:
        yield
        return
    with bpy.context.temp_override(window=windows[0]):
        yield


def show(
    output: Path, head: "Actor", path: Path, version: int, code: np.ndarray
) -> bpy.types.Object:
    """Show an opened head on the making's object, which is added where there is none.

    Args:
        output: The head file that is made.
        head: Opened.
        path: Its file.
        version: Of the preview, or `FINISHED`.
        code: (Z,) expression to show, unless the user has chosen another.
    """
    obj = found(output)
    if obj is None:
        obj = _added(head, path)
        _give(obj, code)
    else:
        own = _given.get(obj.name) == heads.code(obj).tobytes()
        rig.renew(obj, head, path)
        if own:
            _give(obj, code)
    obj.neural_face.making_version = version
    playback.show(obj, heads.code(obj))
    return obj


def _added(head: "Actor", path: Path) -> bpy.types.Object:
    """A new object at the 3D cursor; who works on another head goes on with that."""
    context = bpy.context
    before = heads.active(context)
    obj = rig.build(context, head, path, context.scene.cursor.location)
    if before is not None and heads.is_head(before):
        obj.select_set(False)
        before.select_set(True)
        context.view_layer.objects.active = before
    return obj


def _give(obj: bpy.types.Object, code: np.ndarray) -> None:
    if len(code) == sum(obj.neural_face.sizes):
        heads.set_code(obj, code)
    _given[obj.name] = heads.code(obj).tobytes()
