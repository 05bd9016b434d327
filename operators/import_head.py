"""Import a captured head from a file: menu, drag and drop, script."""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty
from mathutils import Vector

from ..neural_face_addon.scene import rig
from ..neural_face_addon.system import runtime
from ..neural_face_addon.system.classes import classes_factory, menu_entry
from ..neural_face_addon.system.jobs import Work
from .shared import FileOperator


class NEURALFACE_OT_import_head(FileOperator, bpy.types.Operator):
    """Import a captured head with its rig and expression sliders"""

    bl_idname = "neural_face.import_head"
    bl_label = "Import Head"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: StringProperty(default="*.nface", options={"HIDDEN", "SKIP_SAVE"})

    def prepare(self, _context: bpy.types.Context) -> Work:
        """Opening the file takes a while; it knows no scene."""
        self._path = Path(bpy.path.abspath(self.filepath))
        return lambda _progress: runtime.open_fresh(self._path)

    def finish(self, context: bpy.types.Context, result: Any) -> None:
        """Build the head at the world's origin, where files belong."""
        obj = rig.build(context, result, self._path, Vector())
        self.report({"INFO"}, f"{obj.name}: {len(result.sliders)} sliders")


class NEURALFACE_FH_head(bpy.types.FileHandler):
    """Head files dropped into a window."""

    bl_idname = "NEURALFACE_FH_head"
    bl_label = "Captured Head"
    bl_import_operator = "neural_face.import_head"
    bl_file_extensions = ".nface"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """3D viewports and outliners take heads."""
        return context.area is not None and context.area.type in {"VIEW_3D", "OUTLINER"}


register, unregister = classes_factory(
    NEURALFACE_OT_import_head,
    NEURALFACE_FH_head,
    menus={
        "TOPBAR_MT_file_import": menu_entry(
            NEURALFACE_OT_import_head, text="Captured Head (.nface)"
        )
    },
)
