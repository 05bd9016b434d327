"""What every panel of the tab shares."""

import bpy

from ..neural_face_addon import heads


class SidebarPanel:
    """Mixin: a panel in the viewport's sidebar."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Neural Face"


class HeadPanel(SidebarPanel):
    """Mixin: a panel that needs a head."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for the active object's head."""
        return heads.active(context) is not None


class LinePanel(HeadPanel):
    """Mixin: a sub-panel of Speech that needs a line."""

    bl_parent_id = "NEURALFACE_PT_speech"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only where the head has a line."""
        obj = heads.active(context)
        return obj is not None and active_line(obj) is not None


def active_line(obj: bpy.types.Object) -> bpy.types.PropertyGroup | None:
    """The line that the panels show, None where there is none."""
    group = obj.neural_face
    there = 0 <= group.active_line < len(group.lines)
    return group.lines[group.active_line] if there else None


def wrapped(text: str, width: int = 40) -> list[str]:
    """Lines of at most about `width` characters: labels do not wrap."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
