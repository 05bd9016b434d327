"""Lip contact of the active line: measure, look at, correct."""

import bpy
from bpy.props import IntProperty

from ..neural_face_addon.line import contacts
from ..neural_face_addon.stored import changes
from ..neural_face_addon.stored.timing import frame_rate
from ..neural_face_addon.system.classes import classes_factory
from ..neural_face_addon.system.reporting import reported
from .shared import LineOperator, chosen


class NEURALFACE_OT_check_contacts(LineOperator, bpy.types.Operator):
    """Measure how far the lips are apart at each p, b, m, f and v of the line"""

    bl_idname = "neural_face.check_contacts"
    bl_label = "Check Lip Contact"

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Measure and list."""
        obj, line = self.active(context)
        still_open = contacts.check(obj, line, frame_rate(context.scene))
        count = len(line.contacts)
        self.report({"INFO"}, f"{still_open} of {count} lip contacts are open")
        return {"FINISHED"}


class NEURALFACE_OT_jump_to_contact(LineOperator, bpy.types.Operator):
    """Show the frame where the lips are closest"""

    bl_idname = "neural_face.jump_to_contact"
    bl_label = "Jump to Contact"

    index: IntProperty(
        name="Contact", description="-1 for the active one", default=-1, min=-1,
        options={"SKIP_SAVE"},
    )  # fmt: skip

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Go there."""
        _, line = self.active(context)
        index = chosen(line.contacts, self.index, line.active_contact, "contact")
        line.active_contact = index
        context.scene.frame_set(line.contacts[index].frame)
        return {"FINISHED"}


class NEURALFACE_OT_fix_contact(LineOperator, bpy.types.Operator):
    """Close the lips on the speech layer, around the sound only; kept when the line is updated"""

    bl_idname = "neural_face.fix_contact"
    bl_label = "Fix Lip Contact"

    index: IntProperty(
        name="Contact", description="-1 for all that are open", default=-1, min=-1,
        options={"SKIP_SAVE"},
    )  # fmt: skip

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Close them and measure again."""
        obj, line = self.active(context)
        fps = frame_rate(context.scene)
        contacts.check(obj, line, fps)
        wanted = [number for number, item in enumerate(line.contacts) if not item.closed]
        if self.index >= 0:
            wanted = [chosen(line.contacts, self.index, -1, "contact")]
        with changes.silence():
            fixed = contacts.fix(obj, line, wanted, fps)
            still_open = contacts.check(obj, line, fps)
        self.report({"INFO"}, f"{fixed} lip contacts corrected, {still_open} are still open")
        return {"FINISHED"}


register, unregister = classes_factory(
    NEURALFACE_OT_check_contacts, NEURALFACE_OT_jump_to_contact, NEURALFACE_OT_fix_contact
)
