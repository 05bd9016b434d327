"""Reset, draw at random, mirror and key the expression."""

import bpy
from bpy.props import EnumProperty, IntProperty

from ..neural_face_addon.scene import heads, poses
from ..neural_face_addon.system.classes import classes_factory
from ..neural_face_addon.system.reporting import reported
from .shared import HeadOperator


class _ExpressionOperator(HeadOperator):
    """Mixin: acts on the active head, on all of it or one region."""

    region: EnumProperty(name="Region", items=poses.REGION_ITEMS, options={"SKIP_SAVE"})


class NEURALFACE_OT_reset_expression(_ExpressionOperator, bpy.types.Operator):
    """Set the sliders to the neutral face"""

    bl_idname = "neural_face.reset_expression"
    bl_label = "Reset Expression"

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Zero everywhere."""
        poses.reset(heads.required(context), self.region)
        return {"FINISHED"}


class NEURALFACE_OT_random_expression(_ExpressionOperator, bpy.types.Operator):
    """Set the sliders to a random pose of the capture"""

    bl_idname = "neural_face.random_expression"
    bl_label = "Random Expression"

    seed: IntProperty(name="Seed", description="-1 for another pose each time", default=-1, min=-1)

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Draw one."""
        seed = None if self.seed < 0 else self.seed
        poses.randomize(heads.required(context), self.region, seed)
        return {"FINISHED"}


class NEURALFACE_OT_mirror_expression(_ExpressionOperator, bpy.types.Operator):
    """Exchange the left and right side of the expression"""

    bl_idname = "neural_face.mirror_expression"
    bl_label = "Mirror Expression"

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Mirror it."""
        poses.mirror(heads.required(context), self.region)
        return {"FINISHED"}


class NEURALFACE_OT_key_expression(_ExpressionOperator, bpy.types.Operator):
    """Insert keys for every slider at the current frame"""

    bl_idname = "neural_face.key_expression"
    bl_label = "Key Expression"

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Key it."""
        scene = context.scene
        count = poses.key(heads.required(context), self.region, scene.frame_current_final)
        self.report({"INFO"}, f"{count} keys on frame {scene.frame_current}")
        return {"FINISHED"}


register, unregister = classes_factory(
    NEURALFACE_OT_reset_expression,
    NEURALFACE_OT_random_expression,
    NEURALFACE_OT_mirror_expression,
    NEURALFACE_OT_key_expression,
)
