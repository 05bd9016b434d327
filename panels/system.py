"""Panel: whether heads can be decoded here, and what is missing."""

import bpy

from ..neural_face_addon.system import packages, preference_values
from ..neural_face_addon.system.classes import classes_factory
from .base import SidebarPanel, wrapped


class NEURALFACE_PT_system(SidebarPanel, bpy.types.Panel):
    """State of the numeric packages."""

    bl_idname = "NEURALFACE_PT_system"
    bl_label = "System"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, _context: bpy.types.Context) -> None:
        """Show it."""
        layout = self.layout
        status = packages.status()
        if status.ready:
            layout.label(text=f"PyTorch {status.version}", icon="CHECKMARK")
            layout.label(text=f"Device: {preference_values.device() or 'automatic'}", icon="BLANK1")
            return
        column = layout.column()
        column.alert = True
        for line in wrapped(status.sentence):
            column.label(text=line)
        layout.operator("neural_face.copy_install_command", icon="COPYDOWN")
        layout.operator("neural_face.reload_heads", icon="FILE_REFRESH")


register, unregister = classes_factory(NEURALFACE_PT_system)
