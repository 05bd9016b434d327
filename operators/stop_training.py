"""Stop the making of a head, and look at what it has come to so far."""

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ..neural_face_addon.making import head_making
from ..neural_face_addon.system.classes import classes_factory
from ..neural_face_addon.system.reporting import NeuralFaceError, reported


class NEURALFACE_OT_stop_making(bpy.types.Operator):
    """Stop the making soon; what is done is kept, and it can go on later"""

    bl_idname = "neural_face.stop_making"
    bl_label = "Stop"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only while it is at work."""
        busy = head_making.seen(context.scene).busy
        cls.poll_message_set("No head is being made")
        return busy

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the process to stop."""
        output = head_making.output_of(context.scene)
        if output is not None:
            head_making.stop(output)
        return {"FINISHED"}


class NEURALFACE_OT_show_making(bpy.types.Operator):
    """Open a picture, video or page that the making has left so far"""

    bl_idname = "neural_face.show_making"
    bl_label = "Show"

    picture: StringProperty(name="Picture", description="Its name in the panel")

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """In the program that the system opens such files with."""
        path = self._path(context)
        if bpy.app.background:
            self.report({"INFO"}, str(path))
        else:
            bpy.ops.wm.path_open(filepath=str(path))
        return {"FINISHED"}

    def _path(self, context: bpy.types.Context) -> Path:
        path = head_making.picture_of(context.scene, self.picture)
        if path is None:
            raise NeuralFaceError(f"There is no {self.picture or 'picture'} yet.")
        return path


register, unregister = classes_factory(NEURALFACE_OT_stop_making, NEURALFACE_OT_show_making)
