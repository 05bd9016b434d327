"""Edit the cues of the active line."""

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty

from ..neural_face_addon.stored import changes, cues
from ..neural_face_addon.stored.timing import frame_rate
from ..neural_face_addon.system.classes import classes_factory
from ..neural_face_addon.system.reporting import reported
from .shared import LineOperator, chosen


class _CueOperator(LineOperator):
    """Mixin: acts on a cue of the active line."""

    index: IntProperty(
        name="Cue", description="-1 for the active one", default=-1, min=-1, options={"SKIP_SAVE"}
    )

    def cue(self, context: bpy.types.Context) -> tuple[bpy.types.PropertyGroup, int]:
        """The line and the index of its cue."""
        _, line = self.active(context)
        return line, chosen(line.cues, self.index, line.active_cue, "cue")


class NEURALFACE_OT_jump_to_cue(_CueOperator, bpy.types.Operator):
    """Show the frame in the middle of the cue"""

    bl_idname = "neural_face.jump_to_cue"
    bl_label = "Jump to Cue"

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Go there."""
        line, index = self.cue(context)
        cue = line.cues[index]
        line.active_cue = index
        middle = 0.5 * (cue.start + cue.end) * frame_rate(context.scene)
        context.scene.frame_set(line.frame_start + round(middle))
        return {"FINISHED"}


class NEURALFACE_OT_insert_cue(_CueOperator, bpy.types.Operator):
    """Insert a cue in one half of this one's time"""

    bl_idname = "neural_face.insert_cue"
    bl_label = "Insert Cue"

    after: BoolProperty(name="After", default=True, options={"SKIP_SAVE"})

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Insert it and make it the active one."""
        line, index = self.cue(context)
        with changes.silence():
            line.active_cue = cues.insert(line, index, self.after)
        changes.announce(line)
        return {"FINISHED"}


class NEURALFACE_OT_delete_cue(_CueOperator, bpy.types.Operator):
    """Delete the cue; its neighbours share its time"""

    bl_idname = "neural_face.delete_cue"
    bl_label = "Delete Cue"

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Delete it."""
        line, index = self.cue(context)
        with changes.silence():
            cues.delete(line, index)
            line.active_cue = max(min(line.active_cue, len(line.cues) - 1), 0)
        changes.announce(line)
        return {"FINISHED"}


class NEURALFACE_OT_nudge_cue(_CueOperator, bpy.types.Operator):
    """Move the start or end of the cue by a frame; its neighbour moves along"""

    bl_idname = "neural_face.nudge_cue"
    bl_label = "Nudge Cue"

    edge: EnumProperty(
        name="Edge",
        items=(("START", "Start", "Where the cue begins"), ("END", "End", "Where the cue ends")),
        options={"SKIP_SAVE"},
    )
    frames: IntProperty(name="Frames", default=1, options={"SKIP_SAVE"})

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Move it."""
        line, index = self.cue(context)
        edge, cue = index + (self.edge == "END"), line.cues[index]
        time = cue.start if self.edge == "START" else cue.end
        with changes.silence():
            cues.move_edge(line, edge, time + self.frames / frame_rate(context.scene))
        changes.announce(line)
        return {"FINISHED"}


register, unregister = classes_factory(
    NEURALFACE_OT_jump_to_cue,
    NEURALFACE_OT_insert_cue,
    NEURALFACE_OT_delete_cue,
    NEURALFACE_OT_nudge_cue,
)
