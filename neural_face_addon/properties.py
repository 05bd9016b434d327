"""What a head object keeps in the .blend: its head file, code, sliders, line and cues."""

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

from .classes import classes_factory

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


def _code(label: str) -> FloatVectorProperty:
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


class NEURALFACE_PG_cue(bpy.types.PropertyGroup):
    """A timed viseme of the spoken line; times from the line's start."""

    viseme: StringProperty(name="Viseme")
    phone: StringProperty(name="Phone", description="ARPAbet symbol")
    start: FloatProperty(name="Start", unit="TIME_ABSOLUTE")
    end: FloatProperty(name="End", unit="TIME_ABSOLUTE")


class NEURALFACE_PG_style(bpy.types.PropertyGroup):
    """An acting style that the head has takes of; its name is all there is."""


class NEURALFACE_PG_speech(bpy.types.PropertyGroup):
    """The line to speak and what became of it."""

    text: StringProperty(name="Text", description="Line to speak")
    audio_filepath: StringProperty(
        name="Recording",
        description="Sound or video that says the line; without a line its sounds are recognised",
        subtype="FILE_PATH",
    )
    rate: FloatProperty(
        name="Rate", description="Tempo of speech", default=1.0, min=0.25, max=4.0, soft_max=2.0
    )
    style: StringProperty(name="Style", description="Acting style; empty for neutral")
    strength: FloatProperty(
        name="Strength",
        description="How much mouth and face move; lips still close",
        default=1.0,
        min=0.0,
        max=2.0,
    )
    pause: FloatProperty(
        name="Pause", description="Length of pauses", default=1.0, min=0.0, max=5.0, soft_max=2.0
    )
    seed: IntProperty(name="Variation", description="Another reading of the same line", min=0)
    frame_start: IntProperty(name="Start Frame", description="Where the line begins", default=1)
    report: StringProperty(name="Last Result", description="What the last line wrote")
    cues: CollectionProperty(type=NEURALFACE_PG_cue)


class NEURALFACE_PG_head(bpy.types.PropertyGroup):
    """A captured head on a mesh object; `filepath` is empty on every other object."""

    filepath: StringProperty(name="Head File", description="File that holds the head")
    sha256: StringProperty(name="Hash", description="SHA-256 of the head file")
    head_name: StringProperty(name="Name", description="Name of the captured actor")
    sizes: IntVectorProperty(name="Sizes", size=len(REGIONS), description="Code elements in use")
    sliders: CollectionProperty(type=NEURALFACE_PG_slider)
    styles: CollectionProperty(type=NEURALFACE_PG_style)
    speech: PointerProperty(type=NEURALFACE_PG_speech)
    mouth: _code("Mouth")
    left_eye: _code("Left Eye")
    right_eye: _code("Right Eye")
    face: _code("Face")


_register_classes, _unregister_classes = classes_factory(
    NEURALFACE_PG_slider,
    NEURALFACE_PG_cue,
    NEURALFACE_PG_style,
    NEURALFACE_PG_speech,
    NEURALFACE_PG_head,
)


def register() -> None:
    """Register the groups and give every object one."""
    _register_classes()
    bpy.types.Object.neural_face = PointerProperty(type=NEURALFACE_PG_head, name="Neural Face")


def unregister() -> None:
    """Take them away again."""
    if hasattr(bpy.types.Object, "neural_face"):
        del bpy.types.Object.neural_face
    _unregister_classes()
