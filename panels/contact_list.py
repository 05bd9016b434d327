"""Panel: where the lips of the active line must meet, and whether they do."""

import bpy

from ..neural_face_addon.system.classes import classes_factory
from .base import LinePanel


class NEURALFACE_UL_contacts(bpy.types.UIList):
    """Contacts with their gap; open ones are marked."""

    bl_idname = "NEURALFACE_UL_contacts"

    def draw_item(
        self, _context: bpy.types.Context, layout: bpy.types.UILayout, _data: object,
        item: bpy.types.PropertyGroup, _icon: int, _active: object, _name: str,
    ) -> None:  # fmt: skip
        """Show one."""
        row = layout.row(align=True)
        row.alert = not item.closed
        icon = "CHECKMARK" if item.closed else "ERROR"
        row.label(text=f"{item.phone}  {item.word}", icon=icon)
        part = row.row()
        part.alignment = "RIGHT"
        part.label(text=f"{item.frame}: {item.gap:.1f} mm")


class NEURALFACE_PT_contacts(LinePanel, bpy.types.Panel):
    """Lips at p, b, m, f and v."""

    bl_idname = "NEURALFACE_PT_contacts"
    bl_label = "Lip Contact"

    def draw(self, context: bpy.types.Context) -> None:
        """Show the measured contacts."""
        layout = self.layout
        line = self.active(context)
        layout.operator("neural_face.check_contacts", icon="VIEWZOOM")
        if not len(line.contacts):
            return
        row = layout.row()
        row.template_list(
            "NEURALFACE_UL_contacts", "", line, "contacts", line, "active_contact", rows=3
        )
        buttons = row.column(align=True)
        buttons.operator("neural_face.jump_to_contact", text="", icon="EYEDROPPER")
        button = buttons.operator("neural_face.fix_contact", text="", icon="MODIFIER")
        button.index = line.active_contact
        still_open = sum(not contact.closed for contact in line.contacts)
        row = layout.row()
        row.enabled = still_open > 0
        row.operator("neural_face.fix_contact", text=f"Fix All Open ({still_open})").index = -1


register, unregister = classes_factory(NEURALFACE_UL_contacts, NEURALFACE_PT_contacts)
