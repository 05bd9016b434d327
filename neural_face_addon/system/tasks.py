"""An operator whose work runs in the background: modal with progress and Esc, or blocking."""

import time
from collections.abc import Callable, Generator
from typing import Any

import bpy

from ...models.errors import CancelledError
from .jobs import Job, Work
from .reporting import reported

Step = tuple[float, str]
"""How far something is, 0…1, and what is being done."""
SLICE = 0.05
"""Seconds of the main thread that gathering may take at a time."""


def _no_progress(_fraction: float, _message: str) -> None:
    pass


class TaskOperator:
    """Mixin. Blender's data is read in `prepare` and changed in `finish`, both on the main thread.

    Between them runs the work that `prepare` returned; it knows no bpy. So a task that fails or is
    cancelled has changed nothing. What takes long to read from Blender is read before `prepare`,
    by `gather`, a little at a time.
    """

    interval = 0.1
    """Seconds between two looks at the job."""
    prepare: Callable[[bpy.types.Context], Work]
    finish: Callable[[bpy.types.Context, Any], None]
    report: Callable[[set[str], str], None]
    bl_label: str

    def gather(self, _context: bpy.types.Context) -> Generator[Step, None, None]:
        """Steps of reading on the main thread; closed where it stands when the user cancels."""
        yield from ()

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do all of it now."""
        for _ in self.gather(context):
            pass
        self.finish(context, self.prepare(context)(_no_progress))
        return {"FINISHED"}

    @reported
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Begin in the background where there is a window."""
        return self.execute(context) if bpy.app.background else self.begin(context)

    @reported
    def begin(self, context: bpy.types.Context) -> set[str]:
        """Start the work and look at it from time to time."""
        self._job, self._steps = None, self.gather(context)
        self._step: Step = (0.0, "")
        self._gather_on(context)
        manager = context.window_manager
        self._timer = manager.event_timer_add(self.interval, window=context.window)
        manager.progress_begin(0, 100)
        manager.modal_handler_add(self)  # pyright: ignore[reportArgumentType] mixin
        return {"RUNNING_MODAL"}

    @reported
    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Look at the job; Esc stops it."""
        if event.type == "ESC" and event.value == "PRESS":
            if self._job is None:
                self._stop_gathering(context)
                raise CancelledError("Cancelled; nothing was changed.")
            self._job.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if self._job is None:
            try:
                self._gather_on(context)
            except BaseException:
                self.clean_up(context)
                raise
        if self._job is None or not self._job.done:
            self.show_progress(context)
            return {"RUNNING_MODAL"}
        self.clean_up(context)
        self.finish(context, self._job.result())
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator: a window closes, another file is loaded."""
        if self._job is None:
            self._stop_gathering(context)
            return
        self._job.cancel()
        self.clean_up(context)

    def _gather_on(self, context: bpy.types.Context) -> None:
        """Gather for a moment; when there is no more, start the work."""
        end = time.monotonic() + SLICE
        for step in self._steps:
            self._step = step
            if time.monotonic() > end:
                return
        self._job = Job(self.prepare(context)).start()

    def _stop_gathering(self, context: bpy.types.Context) -> None:
        self._steps.close()
        self.clean_up(context)

    def show_progress(self, context: bpy.types.Context) -> None:
        """Tell how far the work is."""
        job = self._job
        fraction, message = self._step if job is None else (job.fraction, job.message)
        context.window_manager.progress_update(100 * fraction)
        context.workspace.status_text_set(
            f"{self.bl_label}: {message} {fraction:.0%} (Esc cancels)"
        )

    def clean_up(self, context: bpy.types.Context) -> None:
        """Take away what showed the progress."""
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        context.workspace.status_text_set(None)
