"""The one place where an expected failure becomes a sentence for the user."""

import functools
import inspect
import logging
from collections.abc import Callable

import bpy

from ...models.errors import CancelledError, NeuralFaceError

log = logging.getLogger(__name__)

Method = Callable[..., set[str]]


def reported(method: Method) -> Method:
    """Turn an expected failure in an operator's method into a report and CANCELLED."""

    def guarded(self: bpy.types.Operator, *arguments: object) -> set[str]:
        try:
            return method(self, *arguments)
        except NeuralFaceError as error:
            log.info("%s: %s", self.bl_idname, error)
            self.report({"INFO" if isinstance(error, CancelledError) else "ERROR"}, str(error))
            return {"CANCELLED"}

    # Blender counts a method's arguments, so both kinds name theirs
    def with_context(self: bpy.types.Operator, context: bpy.types.Context) -> set[str]:
        return guarded(self, context)

    def with_event(
        self: bpy.types.Operator, context: bpy.types.Context, event: bpy.types.Event
    ) -> set[str]:
        return guarded(self, context, event)

    takes_event = len(inspect.signature(method).parameters) == 3
    wrapper: Method = with_event if takes_event else with_context
    return functools.wraps(method)(wrapper)
