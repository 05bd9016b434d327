"""Clear the keys of a layer."""

import math

import bpy
from bpy.props import EnumProperty

from ..neural_face_addon.passage import passages
from ..neural_face_addon.scene import heads, layers, playback
from ..neural_face_addon.system.classes import classes_factory
from ..neural_face_addon.system.reporting import reported
from .shared import HeadOperator


class NEURALFACE_OT_clear_layer(HeadOperator, bpy.types.Operator):
    """Remove the keys of one layer; other layers keep theirs"""

    bl_idname = "neural_face.clear_layer"
    bl_label = "Clear Layer"

    layer: EnumProperty(name="Layer", items=layers.LAYER_ITEMS, options={"SKIP_SAVE"})
    extent: EnumProperty(
        name="Extent",
        items=(
            ("ALL", "All", "Every key of the layer"),
            ("SCENE", "Scene Range", "Keys from the scene's first to its last frame"),
        ),
        options={"SKIP_SAVE"},
    )

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Clear it."""
        scene, obj = context.scene, heads.required(context)
        layer = layers.by_name(self.layer)
        scene_range = float(scene.frame_start), float(scene.frame_end)
        span = scene_range if self.extent == "SCENE" else (-math.inf, math.inf)
        found = passages.clear_layer(obj, layer, span)
        playback.show(obj, heads.code(obj))
        self.report({"INFO"}, f"{layer.label} cleared" if found else "There was nothing to clear")
        return {"FINISHED"}


register, unregister = classes_factory(NEURALFACE_OT_clear_layer)
