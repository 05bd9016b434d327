"""What a scene keeps of the head that is being made: where from, where to, what is said of it."""

import bpy
from bpy.props import BoolProperty, PointerProperty, StringProperty

from ...models.making.options import MakingSettings
from ..stored import declared
from ..system.classes import classes_factory
from . import head_making


def _changed(_group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    head_making.watch()


class NEURALFACE_PG_making(declared.mixin(MakingSettings), bpy.types.PropertyGroup):
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
