"""Import a captured head from a file: menu, drag and drop, script."""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty
from mathutils import Vector

from ..neural_face_addon import rig, runtime
from ..neural_face_addon.classes import classes_factory
from ..neural_face_addon.jobs import Work
from ..neural_face_addon.tasks import TaskOperator


class NEURALFACE_OT_import_head(TaskOperator, bpy.types.Operator):
    """Import a captured head with its rig and expression sliders"""

    bl_idname = "neural_face.import_head"
    bl_label = "Import Head"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="File", subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: StringProperty(default="*.nface", options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for a file, unless one was dropped."""
        if self.filepath:
            return super().invoke(context, event)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

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


def _draw_menu(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    menu.layout.operator(NEURALFACE_OT_import_head.bl_idname, text="Captured Head (.nface)")


_register_classes, _unregister_classes = classes_factory(
    NEURALFACE_OT_import_head, NEURALFACE_FH_head
)


def register() -> None:
    """Register with an entry under File > Import."""
    _register_classes()
    bpy.types.TOPBAR_MT_file_import.append(_draw_menu)


def unregister() -> None:
    """Take both away."""
    bpy.types.TOPBAR_MT_file_import.remove(_draw_menu)
    _unregister_classes()
