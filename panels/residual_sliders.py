"""Panels: the residual of the active line and of the active clip."""

import bpy

from ..neural_face_addon.scene import heads
from ..neural_face_addon.system.classes import classes_factory
from .base import ClipPanel, LinePanel, PassagePanel, draw_axes


class _ResidualPanel(PassagePanel):
    """Mixin: sliders along the head's residual axes."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for heads with such axes."""
        obj = heads.active(context)
        return obj is not None and super().poll(context) and len(obj.neural_face.residual_axes) > 0

    def draw(self, context: bpy.types.Context) -> None:
        """Show them, and where else a residual may come from."""
        layout = self.layout
        passage = self.active(context)
        column = layout.column(align=True)
        draw_axes(column, passage, "residual", heads.required(context).neural_face.residual_axes)
        row = layout.row(align=True)
        button = row.operator("neural_face.copy_residual", icon="COPYDOWN")
        button.kind = self.kind.name.upper()


class NEURALFACE_PT_line_residual(_ResidualPanel, LinePanel, bpy.types.Panel):
    """What changes the performance of the line."""

    bl_idname = "NEURALFACE_PT_line_residual"
    bl_label = "Residual"


class NEURALFACE_PT_clip_residual(_ResidualPanel, ClipPanel, bpy.types.Panel):
    """What changes the performance of the clip."""

    bl_idname = "NEURALFACE_PT_clip_residual"
    bl_label = "Residual"


register, unregister = classes_factory(NEURALFACE_PT_line_residual, NEURALFACE_PT_clip_residual)
