"""Panels: the expression, one sub-panel of named sliders for each region."""

import bpy

from ..neural_face_addon.scene import heads
from ..neural_face_addon.stored.head_properties import REGIONS
from ..neural_face_addon.system.classes import classes_factory
from .base import HeadPanel

SHOWN_AT_ONCE = 8
"""Sliders move less and less of the face; the others are under More."""

BUTTONS = (
    ("reset", "Reset", "LOOP_BACK"),
    ("random", "Random", "FILE_REFRESH"),
    ("mirror", "Mirror", "MOD_MIRROR"),
    ("key", "Key", "KEY_HLT"),
)


class NEURALFACE_PT_expression(HeadPanel, bpy.types.Panel):
    """Buttons for the whole expression."""

    bl_idname = "NEURALFACE_PT_expression"
    bl_label = "Expression"

    def draw(self, _context: bpy.types.Context) -> None:
        """Show the buttons."""
        _draw_buttons(self.layout, "ALL", text=True)


class _RegionPanel(HeadPanel):
    """Mixin: the sliders of one region."""

    bl_parent_id = "NEURALFACE_PT_expression"
    region = ""

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """Small buttons beside the title."""
        _draw_buttons(self.layout, self.region.upper(), text=False)

    def draw(self, context: bpy.types.Context) -> None:
        """Show the sliders that do most, the others under More."""
        layout = self.layout
        obj = heads.required(context)
        part = next(part for name, part in heads.region_slices(obj) if name == self.region)
        sliders = list(obj.neural_face.sliders)[part]
        self._draw_sliders(layout.column(align=True), obj, sliders, 0)
        if len(sliders) > SHOWN_AT_ONCE:
            header, body = layout.panel(f"neural_face_{self.region}_more", default_closed=True)
            header.label(text="More")
            if body:
                self._draw_sliders(body.column(align=True), obj, sliders, SHOWN_AT_ONCE)

    def _draw_sliders(
        self, column: bpy.types.UILayout, obj: bpy.types.Object, sliders: list, first: int
    ) -> None:
        last = len(sliders) if first else SHOWN_AT_ONCE
        for index, slider in list(enumerate(sliders))[first:last]:
            text = slider.name.partition(": ")[2] or slider.name
            row = column.row(align=True)  # beside the slider, long names would be clipped
            row.prop(obj.neural_face, self.region, index=index, text=text, slider=True)
            row.prop_decorator(obj.neural_face, self.region, index=index)


def _draw_buttons(layout: bpy.types.UILayout, region: str, *, text: bool) -> None:
    """Icons in one row, or two rows with text, which would be clipped in one."""
    column = layout.column(align=True)
    row = column.row(align=True)
    for number, (name, label, icon) in enumerate(BUTTONS):
        if text and number == len(BUTTONS) // 2:
            row = column.row(align=True)
        button = row.operator(
            f"neural_face.{name}_expression", text=label if text else "", icon=icon, emboss=text
        )
        button.region = region


class NEURALFACE_PT_mouth(_RegionPanel, bpy.types.Panel):
    """Sliders of the mouth."""

    bl_label = REGIONS["mouth"]
    region = "mouth"


class NEURALFACE_PT_left_eye(_RegionPanel, bpy.types.Panel):
    """Sliders of the left eye."""

    bl_label = REGIONS["left_eye"]
    bl_options = {"DEFAULT_CLOSED"}
    region = "left_eye"


class NEURALFACE_PT_right_eye(_RegionPanel, bpy.types.Panel):
    """Sliders of the right eye."""

    bl_label = REGIONS["right_eye"]
    bl_options = {"DEFAULT_CLOSED"}
    region = "right_eye"


class NEURALFACE_PT_face(_RegionPanel, bpy.types.Panel):
    """Sliders of the rest of the face."""

    bl_label = REGIONS["face"]
    bl_options = {"DEFAULT_CLOSED"}
    region = "face"


register, unregister = classes_factory(
    NEURALFACE_PT_expression,
    NEURALFACE_PT_mouth,
    NEURALFACE_PT_left_eye,
    NEURALFACE_PT_right_eye,
    NEURALFACE_PT_face,
)
