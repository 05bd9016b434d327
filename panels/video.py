"""Panels: let the head follow a video; the clips it has and how they are put on it."""

import bpy

from ..neural_face_addon.passage import passages
from ..neural_face_addon.scene import heads
from ..neural_face_addon.stored.clip_properties import (
    CLIP,
    BesideSettings,
    PassageSettings,
    Retargeting,
)
from ..neural_face_addon.stored.declared import settings_of
from ..neural_face_addon.system import packages
from ..neural_face_addon.system.classes import classes_factory
from .base import ClipPanel, HeadPanel, draw_setting, draw_state, hand_over, wrapped

ICONS = {"VIDEO": "FILE_MOVIE", "RECORDED": "REC"}


class NEURALFACE_UL_clips(bpy.types.UIList):
    """Clips with their frames."""

    bl_idname = "NEURALFACE_UL_clips"

    def draw_item(
        self, _context: bpy.types.Context, layout: bpy.types.UILayout, _data: object,
        item: bpy.types.PropertyGroup, _icon: int, _active: object, _name: str,
    ) -> None:  # fmt: skip
        """Show one."""
        row = layout.row()
        row.label(text=item.name, icon=ICONS[item.source])
        part = row.row()
        part.alignment = "RIGHT"
        part.label(text=f"{item.frame_first}–{item.frame_last}")


class NEURALFACE_PT_video(HeadPanel, bpy.types.Panel):
    """The video to follow."""

    bl_idname = "NEURALFACE_PT_video"
    bl_label = "Video"

    def draw(self, context: bpy.types.Context) -> None:
        """Show the next clip and those there are."""
        obj = heads.required(context)
        self._draw_next(obj.neural_face.video)
        clip = passages.active_or_none(obj, passages.CLIPS)
        if clip is not None:
            self._draw_clips(obj.neural_face, clip)

    def _draw_next(self, video: bpy.types.PropertyGroup) -> None:
        layout = self.layout
        layout.prop(video, "filepath", text="", icon="FILE_MOVIE", placeholder="Video of a face")
        button = layout.operator("neural_face.animate_video", text="Animate Video", icon="PLAY")
        hand_over(button, video, CLIP)
        status = packages.status()
        if status.ready and not status.video:
            layout.label(text="Packages for videos are missing", icon="ERROR")
            layout.operator("neural_face.copy_install_command", icon="COPYDOWN")
        row = layout.row(align=True)
        button = row.operator("neural_face.live_video", text="Live", icon="OUTLINER_OB_CAMERA")
        button.device, button.frame_start = video.device, video.frame_start
        row.operator("neural_face.animate_arkit", text="ARKit", icon="IMPORT")
        row.operator("neural_face.export_arkit", text="", icon="EXPORT")
        header, body = layout.panel("neural_face_next_clip", default_closed=True)
        header.label(text="More")
        if body:
            body.use_property_split = True
            body.use_property_decorate = False
            for name in ("person", "trim_start", "trim_end", "device"):
                body.prop(video, name)
            for name in settings_of(BesideSettings, PassageSettings):
                body.prop(video, name)

    def _draw_clips(self, group: bpy.types.PropertyGroup, clip: bpy.types.PropertyGroup) -> None:
        layout = self.layout
        row = layout.row()
        row.template_list("NEURALFACE_UL_clips", "", group, "clips", group, "active_clip", rows=2)
        buttons = row.column(align=True)
        buttons.operator("neural_face.remove_clip", text="", icon="REMOVE")
        buttons.operator("neural_face.update_clip", text="", icon="FILE_REFRESH")
        draw_state(layout, clip)


class NEURALFACE_PT_clip(ClipPanel, bpy.types.Panel):
    """Where the clip comes from, where it lies."""

    bl_idname = "NEURALFACE_PT_clip"
    bl_label = "Clip"

    def draw(self, context: bpy.types.Context) -> None:
        """Show what is known of its source, then its place."""
        layout = self.layout
        clip = self.active(context)
        column = layout.column(align=True)
        for text in wrapped(clip.about):
            column.label(text=text)
        for warning in clip.warnings.splitlines():
            for number, text in enumerate(wrapped(warning)):
                column.label(text=text, icon="BLANK1" if number else "ERROR")
        layout.use_property_split = True
        layout.use_property_decorate = False
        if clip.source == "VIDEO":
            for name in ("filepath", "person"):
                layout.prop(clip, name)
            layout.operator("neural_face.update_clip", text="Read Again").read_again = True
            for name in settings_of(BesideSettings):
                layout.prop(clip, name)
        for name in (*settings_of(PassageSettings), "action"):
            if name != "target":
                layout.prop(clip, name)


class NEURALFACE_PT_retargeting(ClipPanel, bpy.types.Panel):
    """How the clip is put on the head."""

    bl_idname = "NEURALFACE_PT_retargeting"
    bl_label = "Performance"
    bl_options = set()

    def draw(self, context: bpy.types.Context) -> None:
        """Show the settings."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        clip = self.active(context)
        column = layout.column(align=True)
        for item in settings_of(Retargeting).values():
            column = layout.column(align=True) if item.apart else column
            if item.name != "facing" or clip.source == "VIDEO":
                draw_setting(column, clip, item)


register, unregister = classes_factory(
    NEURALFACE_UL_clips, NEURALFACE_PT_video, NEURALFACE_PT_retargeting, NEURALFACE_PT_clip
)
