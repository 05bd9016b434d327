"""What a scene keeps of the head that is being made: where from, where to, what is said of it."""

import bpy
from bpy.props import BoolProperty, FloatProperty, PointerProperty, StringProperty

from ..making import head_making
from ..system.classes import classes_factory


def _changed(_group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    head_making.watch()


def _minutes(label: str, minutes: float, least: float, tip: str) -> FloatProperty:
    return FloatProperty(
        name=label,
        description=tip,
        default=minutes,
        min=least,
        soft_max=600.0,
        precision=1,
        options=set(),
    )


class NEURALFACE_PG_making(bpy.types.PropertyGroup):
    """A head in the making."""

    capture_directory: StringProperty(
        name="Capture",
        description="Folder with the calibrated footage, or with a performance already tracked",
        subtype="DIR_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
        update=_changed,
    )
    filepath: StringProperty(
        name="Head File",
        description="Head file to make; it is worked on in a folder beside it",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
        update=_changed,
    )
    head_name: StringProperty(name="Name", description="Of the captured actor")
    licence: StringProperty(name="Licence", description="Under which the head may be used")
    consent: StringProperty(name="Consent", description="Who agreed to what, and when")
    minutes: _minutes("Face", 30.0, 0.1, "Minutes to train the models of the face's regions")
    speech_minutes: _minutes("Speech", 30.0, 0.0, "Minutes to train speech; 0 for none")
    video_minutes: _minutes(
        "Video", 12.0, 0.0, "Minutes to train how the head follows videos; 0 for none"
    )
    live: BoolProperty(
        name="Live Head",
        description="Show the head in the viewport while it is trained",
        default=True,
        options=set(),
        update=_changed,
    )


_register_classes, _unregister_classes = classes_factory(NEURALFACE_PG_making)


def register() -> None:
    """Give every scene one."""
    _register_classes()
    bpy.types.Scene.neural_face_making = PointerProperty(
        type=NEURALFACE_PG_making, name="Head in the Making"
    )


def unregister() -> None:
    """Take them away again."""
    if hasattr(bpy.types.Scene, "neural_face_making"):
        del bpy.types.Scene.neural_face_making
    _unregister_classes()
