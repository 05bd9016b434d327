"""Add the head that comes with the extension."""

from typing import Any

import bpy

from ..neural_face_addon.scene import rig
from ..neural_face_addon.system import runtime
from ..neural_face_addon.system.classes import classes_factory, menu_entry
from ..neural_face_addon.system.jobs import Work
from ..neural_face_addon.system.tasks import TaskOperator


class NEURALFACE_OT_add_bundled_head(TaskOperator, bpy.types.Operator):
    """Add the bundled head at the 3D cursor; it was learnt from a synthetic capture"""

    bl_idname = "neural_face.add_bundled_head"
    bl_label = "Bundled Head"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Needs the file, which a source checkout may lack."""
        there = runtime.bundled_path().is_file()
        cls.poll_message_set("The bundled head is not part of this installation")
        return there

    def prepare(self, _context: bpy.types.Context) -> Work:
        """Opening the file takes a while; it knows no scene."""
        return lambda _progress: runtime.open_fresh(runtime.bundled_path())

    def finish(self, context: bpy.types.Context, result: Any) -> None:
        """Build the head at the 3D cursor."""
        place = context.scene.cursor.location
        obj = rig.build(context, result, runtime.bundled_path(), place)
        self.report({"INFO"}, f"{obj.name}: {len(result.sliders)} sliders")


register, unregister = classes_factory(
    NEURALFACE_OT_add_bundled_head,
    menus={"VIEW3D_MT_mesh_add": menu_entry(NEURALFACE_OT_add_bundled_head, icon="USER")},
)
