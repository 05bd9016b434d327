"""What a head object keeps in the .blend: head file, codes, sliders, styles, lines and clips."""

from typing import Any

import bpy
from bpy.props import (
    CollectionProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    IntVectorProperty,
    PointerProperty,
    StringProperty,
)

from ..system.classes import classes_factory
from . import clip_properties, line_properties
from .clip_properties import NEURALFACE_PG_clip, NEURALFACE_PG_video
from .line_properties import NEURALFACE_PG_line, NEURALFACE_PG_speech

REGIONS = {
    "mouth": "Mouth",
    "left_eye": "Left Eye",
    "right_eye": "Right Eye",
    "face": "Face",
}
"""Property of the region's code → label, in the order of the expression code."""
MOST_ELEMENTS = 32
"""A vector property of Blender holds no more."""


def _changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Have the object evaluated, also after a script; `handlers` then shows the new code once."""
    group.id_data.update_tag()


def _code(label: str) -> Any:
    return FloatVectorProperty(
        name=label,
        description="Expression of this region, in standard deviations of the capture",
        size=MOST_ELEMENTS,
        soft_min=-3.0,
        soft_max=3.0,
        step=5,
        precision=2,
        options={"ANIMATABLE"},
        override={"LIBRARY_OVERRIDABLE"},
        update=_changed,
    )


class NEURALFACE_PG_slider(bpy.types.PropertyGroup):
    """One element of the expression code: its name is what it does."""

    low: FloatProperty(name="Low", description="First percentile of the capture")
    high: FloatProperty(name="High", description="99th percentile of the capture")


class NEURALFACE_PG_style(bpy.types.PropertyGroup):
    """A style, style axis or residual axis of the head; its name is all there is."""


class NEURALFACE_PG_take(bpy.types.PropertyGroup):
    """A captured take whose style a line may have."""

    text: StringProperty(name="Text", description="What is said in it")


class NEURALFACE_PG_layer(bpy.types.PropertyGroup):
    """A layer's own expression, added to what other layers show."""

    mouth: _code("Mouth")
    left_eye: _code("Left Eye")
    right_eye: _code("Right Eye")
    face: _code("Face")
    influence: FloatProperty(
        name="Influence",
        description="How much of the layer's expression shows; its head turns are keyed in full",
        default=1.0,
        min=0.0,
        max=2.0,
        subtype="FACTOR",
        options={"ANIMATABLE"},
        override={"LIBRARY_OVERRIDABLE"},
        update=_changed,
    )


class NEURALFACE_PG_head(bpy.types.PropertyGroup):
    """A captured head on a mesh object; `filepath` is empty on every other object."""

    filepath: StringProperty(name="Head File", description="File that holds the head")
    sha256: StringProperty(name="Hash", description="SHA-256 of the head file")
    head_name: StringProperty(name="Name", description="Name of the captured actor")
    making_version: IntProperty(
        name="Preview", description="Which preview of its training the head shows; 0 for none"
    )
    sizes: IntVectorProperty(name="Sizes", size=len(REGIONS), description="Code elements in use")
    sliders: CollectionProperty(type=NEURALFACE_PG_slider)
    styles: CollectionProperty(type=NEURALFACE_PG_style)
    takes: CollectionProperty(type=NEURALFACE_PG_take)
    style_axes: CollectionProperty(type=NEURALFACE_PG_style)
    residual_axes: CollectionProperty(type=NEURALFACE_PG_style)
    speech: PointerProperty(type=NEURALFACE_PG_speech)
    lines: CollectionProperty(type=NEURALFACE_PG_line)
    active_line: IntProperty(name="Line", options=set())
    video: PointerProperty(type=NEURALFACE_PG_video)
    clips: CollectionProperty(type=NEURALFACE_PG_clip)
    active_clip: IntProperty(name="Clip", options=set())
    speech_layer: PointerProperty(type=NEURALFACE_PG_layer)
    video_layer: PointerProperty(type=NEURALFACE_PG_layer)
    mouth: _code("Mouth")
    left_eye: _code("Left Eye")
    right_eye: _code("Right Eye")
    face: _code("Face")


_register_classes, _unregister_classes = classes_factory(
    NEURALFACE_PG_slider,
    NEURALFACE_PG_style,
    NEURALFACE_PG_take,
    NEURALFACE_PG_layer,
    NEURALFACE_PG_head,
)


def register() -> None:
    """Register the groups and give every object one."""
    line_properties.register()
    clip_properties.register()
    _register_classes()
    bpy.types.Object.neural_face = PointerProperty(type=NEURALFACE_PG_head, name="Neural Face")


def unregister() -> None:
    """Take them away again."""
    if hasattr(bpy.types.Object, "neural_face"):
        del bpy.types.Object.neural_face
    _unregister_classes()
    clip_properties.unregister()
    line_properties.unregister()
