"""What every panel of the tab shares."""

from collections.abc import Iterable

import bpy

from ..neural_face_addon import live_solving
from ..neural_face_addon.passage import passages
from ..neural_face_addon.passage.passages import CLIPS, LINES, Kind
from ..neural_face_addon.scene import heads
from ..neural_face_addon.stored.declared import Setting, settings_of


class SidebarPanel:
    """Mixin: a panel in the viewport's sidebar."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Neural Face"
    layout: bpy.types.UILayout


class HeadPanel(SidebarPanel):
    """Mixin: a panel that needs a head."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for the active object's head."""
        return heads.active(context) is not None


class PassagePanel(HeadPanel):
    """Mixin: a sub-panel that needs a line or clip."""

    bl_options = {"DEFAULT_CLOSED"}
    kind: Kind

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only where the head has one."""
        obj = heads.active(context)
        return obj is not None and passages.active_or_none(obj, cls.kind) is not None

    def active(self, context: bpy.types.Context) -> bpy.types.PropertyGroup:
        """The line or clip that is shown."""
        return passages.active(heads.required(context), self.kind)


class LinePanel(PassagePanel):
    """Mixin: a sub-panel of Speech that needs a line."""

    bl_parent_id = "NEURALFACE_PT_speech"
    kind = LINES


class ClipPanel(PassagePanel):
    """Mixin: a sub-panel of Video that needs a clip."""

    bl_parent_id = "NEURALFACE_PT_video"
    kind = CLIPS


def draw_setting(
    layout: bpy.types.UILayout,
    group: bpy.types.PropertyGroup,
    item: Setting,
    axes: Iterable[bpy.types.PropertyGroup] = (),
) -> None:
    """A setting as it is declared: sliders along named axes, a row of buttons, or a field."""
    if item.size:
        draw_axes(layout.column(align=True), group, item.name, axes)
    elif isinstance(item.default, frozenset):
        row = layout.row(align=True)
        row.use_property_split = False
        row.prop(group, item.name, expand=True)
    else:
        layout.prop(group, item.name, slider=item.slider or item.kind == "share")


def draw_axes(
    column: bpy.types.UILayout,
    group: bpy.types.PropertyGroup,
    name: str,
    axes: Iterable[bpy.types.PropertyGroup],
) -> None:
    """A slider for each axis of the head."""
    for index, axis in enumerate(axes):
        row = column.row(align=True)
        row.use_property_split = False
        row.prop(group, name, index=index, text=axis.name, slider=True)
        row.prop_decorator(group, name, index=index)


def hand_over(
    button: bpy.types.OperatorProperties, group: bpy.types.PropertyGroup, declared: tuple[type, ...]
) -> None:
    """Give a button the settings of the next line or clip."""
    for name in settings_of(*declared):
        setattr(button, name, getattr(group, name))


def draw_state(layout: bpy.types.UILayout, passage: bpy.types.PropertyGroup) -> None:
    """Whether it is being solved, why it could not be, or what was written."""
    state = live_solving.state(passage)
    column = layout.column(align=True)
    column.alert = state not in ("", "BUSY")
    if state == "BUSY":
        column.label(text="Updating…", icon="SORTTIME")
        return
    for text in wrapped(state or passage.report):
        column.label(text=text)


def wrapped(text: str, width: int = 40) -> list[str]:
    """Lines of at most about `width` characters: labels do not wrap."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
