"""Panel: how the active line is played."""

import bpy

from ..neural_face_addon.scene import heads
from ..neural_face_addon.stored.declared import settings_of
from ..neural_face_addon.stored.line_properties import Manner, StyleSettings
from ..neural_face_addon.system.classes import classes_factory
from .base import LinePanel, draw_setting


class NEURALFACE_PT_style(LinePanel, bpy.types.Panel):
    """Style of the line over its time, how much, and what moves."""

    bl_idname = "NEURALFACE_PT_style"
    bl_label = "Style"

    def draw(self, context: bpy.types.Context) -> None:
        """Show the styles, the style's sliders, then what comes after the style."""
        layout = self.layout
        layout.use_property_split = True
        axes = heads.required(context).neural_face.style_axes
        line = self.active(context)
        for item in settings_of(StyleSettings).values():
            part = layout.column()
            part.enabled = item.name != "style_mix" or bool(line.style_second)
            draw_setting(part, line, item, axes)
        layout.use_property_decorate = False
        column = layout.column()
        for item in settings_of(Manner).values():
            draw_setting(column, line, item)


register, unregister = classes_factory(NEURALFACE_PT_style)
