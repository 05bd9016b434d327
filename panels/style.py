"""Panel: how the active line is played."""

import bpy

from ..neural_face_addon.scene import heads
from ..neural_face_addon.system.classes import classes_factory
from .base import LinePanel


class NEURALFACE_PT_style(LinePanel, bpy.types.Panel):
    """Style of the line over its time, how much, and what moves."""

    bl_idname = "NEURALFACE_PT_style"
    bl_label = "Style"

    def draw(self, context: bpy.types.Context) -> None:
        """Show the styles, the style's sliders, then what comes after the style."""
        layout = self.layout
        layout.use_property_split = True
        obj = heads.active(context)
        line = self.active(context)
        layout.prop(line, "style_first")
        layout.prop(line, "style_second")
        row = layout.row()
        row.enabled = bool(line.style_second)
        row.prop(line, "style_mix", slider=True)
        column = layout.column(align=True)
        for index, axis in enumerate(obj.neural_face.style_axes):
            row = column.row(align=True)
            row.use_property_split = False
            row.prop(line, "style_offset", index=index, text=axis.name, slider=True)
            row.prop_decorator(line, "style_offset", index=index)
        layout.use_property_decorate = False
        column = layout.column()
        for name in ("strength", "articulation", "smoothing"):
            column.prop(line, name)
        row = layout.row(align=True)
        row.use_property_split = False
        row.prop(line, "parts", expand=True)


register, unregister = classes_factory(NEURALFACE_PT_style)
