"""Solve the active line again, or remove it."""

from typing import Any

import bpy

from ..neural_face_addon.line import lines, speech
from ..neural_face_addon.system.classes import classes_factory
from ..neural_face_addon.system.jobs import Work
from ..neural_face_addon.system.reporting import reported
from ..neural_face_addon.system.tasks import TaskOperator
from .shared import LineOperator


class NEURALFACE_OT_update_line(LineOperator, TaskOperator, bpy.types.Operator):
    """Solve the active line again with its edits; timed anew if its text, tempo or sound changed"""

    bl_idname = "neural_face.update_line"
    bl_label = "Update Line"

    def prepare(self, context: bpy.types.Context) -> Work:
        """Take down what the line now is."""
        obj, line = self.active(context)
        self._name, self._uid = obj.name, line.uid
        self._asked = speech.request(context.scene, obj, line)
        return speech.work(obj, self._asked)

    def finish(self, context: bpy.types.Context, result: Any) -> None:
        """Write it in place of what it was."""
        obj, line = self.found(self._name, self._uid)
        self.report({"INFO"}, speech.apply(context.scene, obj, line, self._asked, result))


class NEURALFACE_OT_remove_line(LineOperator, bpy.types.Operator):
    """Remove the active line with its keys, voice and markers"""

    bl_idname = "neural_face.remove_line"
    bl_label = "Remove Line"

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove it."""
        obj, line = self.active(context)
        self.report({"INFO"}, lines.remove(context.scene, obj, line))
        return {"FINISHED"}


register, unregister = classes_factory(NEURALFACE_OT_update_line, NEURALFACE_OT_remove_line)
