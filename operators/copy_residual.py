"""Copy the residual of another performance."""

import bpy
from bpy.props import EnumProperty

from ..neural_face_addon.passage import passages, residuals
from ..neural_face_addon.scene import heads, layers
from ..neural_face_addon.stored.timing import frame_rate
from ..neural_face_addon.system.classes import classes_factory
from ..neural_face_addon.system.reporting import reported
from .shared import HeadOperator


class NEURALFACE_OT_copy_residual(HeadOperator, bpy.types.Operator):
    """Key the residual of the line or clip as another layer, or all of them, play in its frames"""

    bl_idname = "neural_face.copy_residual"
    bl_label = "Copy Residual"

    kind: EnumProperty(
        name="For",
        items=(("LINE", "Line", "The active line"), ("CLIP", "Clip", "The active clip")),
        default="CLIP",
        options={"SKIP_SAVE"},
    )
    source: EnumProperty(
        name="From",
        items=(("ALL", "All Layers", "What is shown"), *layers.LAYER_ITEMS),
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask whose residual."""
        return context.window_manager.invoke_props_popup(self, _event)

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Key it; the line or clip is then solved again."""
        obj = heads.required(context)
        kind = passages.LINES if self.kind == "LINE" else passages.CLIPS
        passage = passages.active(obj, kind)
        chosen = layers.LAYERS if self.source == "ALL" else (layers.by_name(self.source),)
        count = residuals.copy(obj, passage, chosen, frame_rate(context.scene))
        self.report({"INFO"}, f"{count} keys of the residual")
        return {"FINISHED"}


register, unregister = classes_factory(NEURALFACE_OT_copy_residual)
