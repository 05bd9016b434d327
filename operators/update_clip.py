"""Solve the active clip again, or remove it."""

from typing import Any

import bpy
from bpy.props import BoolProperty

from ..neural_face_addon.clip import clips
from ..neural_face_addon.system.classes import classes_factory
from ..neural_face_addon.system.jobs import Work
from ..neural_face_addon.system.reporting import reported
from ..neural_face_addon.system.tasks import TaskOperator
from .shared import ClipOperator


class NEURALFACE_OT_update_clip(ClipOperator, TaskOperator, bpy.types.Operator):
    """Put the active clip on the head again with its settings; the video is not needed for that"""

    bl_idname = "neural_face.update_clip"
    bl_label = "Update Clip"

    read_again: BoolProperty(
        name="Read Again", description="Look at the video again, because it has changed",
        options={"SKIP_SAVE"},
    )  # fmt: skip

    def prepare(self, context: bpy.types.Context) -> Work:
        """Take down what the clip now is."""
        obj, clip = self.active(context)
        self._name, self._uid = obj.name, clip.uid
        self._asked = clips.request(context.scene, obj, clip, self.read_again)
        return clips.work(obj, self._asked)

    def finish(self, context: bpy.types.Context, result: Any) -> None:
        """Write it in place of what it was."""
        obj, clip = self.found(self._name, self._uid)
        self.report({"INFO"}, clips.apply(context.scene, obj, clip, self._asked, result))


class NEURALFACE_OT_remove_clip(ClipOperator, bpy.types.Operator):
    """Remove the active clip with its keys, and the video and sound beside it"""

    bl_idname = "neural_face.remove_clip"
    bl_label = "Remove Clip"

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove it."""
        obj, clip = self.active(context)
        self.report({"INFO"}, clips.remove(context.scene, obj, clip))
        return {"FINISHED"}


register, unregister = classes_factory(NEURALFACE_OT_update_clip, NEURALFACE_OT_remove_clip)
