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


def wrapped(text: str, width: int = 40) -> list[str]:
    """Lines of at most about `width` characters: labels do not wrap."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
