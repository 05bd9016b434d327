"""An operator whose work runs in the background: modal with progress and Esc, or blocking."""

from collections.abc import Callable
from typing import Any

import bpy

from .errors import reported
from .jobs import Job, Work


def _no_progress(_fraction: float, _message: str) -> None:
    pass


class TaskOperator:
    """Mixin. Blender's data is read in `prepare` and changed in `finish`, both on the main thread.

    Between them runs the work that `prepare` returned; it knows no bpy. So a task that fails or is
    cancelled has changed nothing.
    """

    interval = 0.1
    """Seconds between two looks at the job."""
    prepare: Callable[[bpy.types.Context], Work]
    finish: Callable[[bpy.types.Context, Any], None]
    report: Callable[[set[str], str], None]

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do all of it now."""
        self.finish(context, self.prepare(context)(_no_progress))
        return {"FINISHED"}

    @reported
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Begin in the background where there is a window."""
        return self.execute(context) if bpy.app.background else self.begin(context)

    @reported
    def begin(self, context: bpy.types.Context) -> set[str]:
        """Start the work and look at it from time to time."""
        self._job = Job(self.prepare(context)).start()
        manager = context.window_manager
        self._timer = manager.event_timer_add(self.interval, window=context.window)
        manager.progress_begin(0, 100)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    @reported
    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Look at the job; Esc stops it."""
        if event.type == "ESC" and event.value == "PRESS":
            self._job.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if not self._job.done:
            self.show_progress(context)
            return {"RUNNING_MODAL"}
        self.clean_up(context)
        self.finish(context, self._job.result())
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator: a window closes, another file is loaded."""
        self._job.cancel()
        self.clean_up(context)

    def show_progress(self, context: bpy.types.Context) -> None:
        """Tell how far the work is."""
        context.window_manager.progress_update(100 * self._job.fraction)
        context.workspace.status_text_set(
            f"{self.bl_label}: {self._job.message} {self._job.fraction:.0%} (Esc cancels)"
        )

    def clean_up(self, context: bpy.types.Context) -> None:
        """Take away what showed the progress."""
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        context.workspace.status_text_set(None)
