"""Panel: type a line and let the head speak it; the lines it has."""

import bpy

from ..neural_face_addon.passage import passages
from ..neural_face_addon.scene import heads
from ..neural_face_addon.stored.declared import settings_of
from ..neural_face_addon.stored.line_properties import LINE, LineSettings, PassageSettings
from ..neural_face_addon.system.classes import classes_factory
from .base import HeadPanel, draw_state, hand_over

SHOWN = ("text", "audio_filepath", "method", "style_first", "frame_start")
"""Settings of the next line that are always shown; the others are under More."""


class NEURALFACE_UL_lines(bpy.types.UIList):
    """Lines with their first frame."""

    bl_idname = "NEURALFACE_UL_lines"

    def draw_item(
        self, _context: bpy.types.Context, layout: bpy.types.UILayout, _data: object,
        item: bpy.types.PropertyGroup, _icon: int, _active: object, _name: str,
    ) -> None:  # fmt: skip
        """Show one."""
        row = layout.row()
        row.label(text=item.name, icon="SOUND" if item.audio_filepath else "SPEAKER")
        part = row.row()
        part.alignment = "RIGHT"
        part.label(text=f"{item.frame_first}–{item.frame_last}")


class NEURALFACE_PT_speech(HeadPanel, bpy.types.Panel):
    """The line to speak."""

    bl_idname = "NEURALFACE_PT_speech"
    bl_label = "Speech"

    def draw(self, context: bpy.types.Context) -> None:
        """Show the next line and those there are."""
        group = heads.required(context).neural_face
        self._draw_next(group.speech)
        line = passages.active_or_none(heads.required(context), passages.LINES)
        if line is not None:
            self._draw_lines(group, line)

    def _draw_next(self, speech: bpy.types.PropertyGroup) -> None:
        layout = self.layout
        layout.prop(speech, "text", text="", icon="SPEAKER", placeholder="Line to speak")
        layout.prop(speech, "audio_filepath", text="", icon="SOUND", placeholder="Recording")
        row = layout.row()
        row.enabled = bool(speech.text.strip() or speech.audio_filepath or speech.timings_filepath)
        button = row.operator("neural_face.animate_text", icon="PLAY")
        hand_over(button, speech, LINE)
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        for name in SHOWN[2:]:
            column.prop(speech, name)
        header, body = layout.panel("neural_face_next_line", default_closed=True)
        header.label(text="More")
        if body:
            body.use_property_split = True
            body.use_property_decorate = False
            for name in (*settings_of(LineSettings), "strength", *settings_of(PassageSettings)):
                if name not in SHOWN:
                    body.prop(speech, name)

    def _draw_lines(self, group: bpy.types.PropertyGroup, line: bpy.types.PropertyGroup) -> None:
        layout = self.layout
        row = layout.row()
        row.template_list("NEURALFACE_UL_lines", "", group, "lines", group, "active_line", rows=2)
        buttons = row.column(align=True)
        buttons.operator("neural_face.remove_line", text="", icon="REMOVE")
        buttons.operator("neural_face.update_line", text="", icon="FILE_REFRESH")
        draw_state(layout, line)
        header, body = layout.panel("neural_face_line", default_closed=True)
        header.label(text="Line")
        if body:
            body.use_property_split = True
            body.use_property_decorate = False
            for name in (*settings_of(LineSettings, PassageSettings), "action", "show_markers"):
                if name != "target":
                    body.prop(line, name)


register, unregister = classes_factory(NEURALFACE_UL_lines, NEURALFACE_PT_speech)
