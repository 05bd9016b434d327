"""Panels: the cues and words of the active line."""

import bpy

from ..neural_face_addon.stored import cues
from ..neural_face_addon.stored.cues import NEED_LIPS, REST
from ..neural_face_addon.system.classes import classes_factory
from .base import LinePanel


class NEURALFACE_UL_cues(bpy.types.UIList):
    """Cues with their start; rests only on wish."""

    bl_idname = "NEURALFACE_UL_cues"

    show_rests: bpy.props.BoolProperty(name="Show Rests", description="List silences as well")

    def draw_item(
        self, _context: bpy.types.Context, layout: bpy.types.UILayout, _data: object,
        item: bpy.types.PropertyGroup, _icon: int, _active: object, _name: str,
    ) -> None:  # fmt: skip
        """Show one; a length that cannot be right is marked."""
        wrong = cues.mark(item)
        row = layout.row(align=True)
        row.alert = bool(wrong)
        row.label(text="", icon="ERROR" if wrong else "GREASEPENCIL" if item.edited else "BLANK1")
        # Side by side in a narrow sidebar: the end is the next one's start, and stands below.
        parts = row.split(factor=0.62, align=True)
        parts.prop(item, "viseme", text="", emboss=False)
        parts.label(text=f"{item.phone} {item.start:.2f}")

    def draw_filter(self, _context: bpy.types.Context, layout: bpy.types.UILayout) -> None:
        """Offer the rests."""
        row = layout.row(align=True)
        row.prop(self, "filter_name", text="")
        row.prop(self, "show_rests", toggle=True)

    def filter_items(
        self, _context: bpy.types.Context, data: bpy.types.PropertyGroup, name: str
    ) -> tuple[list[int], list[int]]:
        """By viseme or phone, in order of time."""
        wanted = self.filter_name.lower()
        flags = [
            self.bitflag_filter_item
            if (self.show_rests or cue.viseme != REST)
            and wanted in f"{cue.viseme} {cue.phone}".lower()
            else 0
            for cue in getattr(data, name)
        ]
        return flags, []


class NEURALFACE_UL_words(bpy.types.UIList):
    """Words, to be retyped."""

    bl_idname = "NEURALFACE_UL_words"

    def draw_item(
        self, _context: bpy.types.Context, layout: bpy.types.UILayout, _data: object,
        item: bpy.types.PropertyGroup, _icon: int, _active: object, _name: str,
    ) -> None:  # fmt: skip
        """Show one."""
        layout.prop(item, "text", text="", emboss=False)


class NEURALFACE_PT_cues(LinePanel, bpy.types.Panel):
    """What the mouth does when."""

    bl_idname = "NEURALFACE_PT_cues"
    bl_label = "Cues"

    def draw(self, context: bpy.types.Context) -> None:
        """Show the list and the active cue."""
        layout = self.layout
        line = self.active(context)
        row = layout.row()
        row.template_list("NEURALFACE_UL_cues", "", line, "cues", line, "active_cue", rows=5)
        buttons = row.column(align=True)
        buttons.operator("neural_face.jump_to_cue", text="", icon="EYEDROPPER")
        buttons.separator()
        for after, icon in ((False, "TRIA_UP"), (True, "TRIA_DOWN")):
            buttons.operator("neural_face.insert_cue", text="", icon=icon).after = after
        buttons.operator("neural_face.delete_cue", text="", icon="REMOVE")
        if 0 <= line.active_cue < len(line.cues):
            self._draw_cue(line.cues[line.active_cue])

    def _draw_cue(self, cue: bpy.types.PropertyGroup) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(cue, "viseme")
        for name in ("start", "end"):
            row = layout.row(align=True)
            row.prop(cue, name)
            for frames, icon in ((-1, "TRIA_LEFT"), (1, "TRIA_RIGHT")):
                button = row.operator("neural_face.nudge_cue", text="", icon=icon)
                button.edge, button.frames = name.upper(), frames
        layout.prop(cue, "strength", slider=True)
        if cue.phone in NEED_LIPS:
            layout.prop(cue, "sealed")
        wrong = cues.mark(cue)
        if wrong:
            row = layout.row()
            row.alert = True
            row.label(text=wrong, icon="ERROR")


class NEURALFACE_PT_words(LinePanel, bpy.types.Panel):
    """What is said."""

    bl_idname = "NEURALFACE_PT_words"
    bl_label = "Words"

    def draw(self, context: bpy.types.Context) -> None:
        """Show the list."""
        layout = self.layout
        line = self.active(context)
        if not len(line.words):
            layout.label(text="This line was recognised without a text", icon="INFO")
            return
        row = layout.row()
        row.template_list("NEURALFACE_UL_words", "", line, "words", line, "active_word", rows=3)
        row.column(align=True).operator("neural_face.insert_word", text="", icon="ADD")


register, unregister = classes_factory(
    NEURALFACE_UL_cues, NEURALFACE_UL_words, NEURALFACE_PT_cues, NEURALFACE_PT_words
)
