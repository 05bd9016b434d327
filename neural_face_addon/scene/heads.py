"""Find heads in the file and read or set their expression code. Keeps names, never pointers."""

from collections.abc import Iterator

import bpy
import numpy as np
from mathutils import Vector

from ...models.errors import NeuralFaceError
from ..stored.head_properties import REGIONS
from . import layers

_names: list[str] = []
_objects_seen = -1


def is_head(obj: bpy.types.Object | None) -> bool:
    """Whether `obj` is the mesh of a head."""
    return obj is not None and obj.type == "MESH" and bool(obj.neural_face.filepath)


def every() -> list[bpy.types.Object]:
    """All heads of the file. Walks the file's objects only when their number or names changed."""
    global _objects_seen
    named = [bpy.data.objects.get(name) for name in _names]
    found: list[bpy.types.Object] = [obj for obj in named if obj is not None and is_head(obj)]
    if len(bpy.data.objects) != _objects_seen or len(found) < len(named):
        _objects_seen = len(bpy.data.objects)
        found = [obj for obj in bpy.data.objects if obj.library is None and is_head(obj)]
        _names[:] = [obj.name for obj in found]
    return found


def forget() -> None:
    """Look again at the next call of `every`: another file, undo, a new head."""
    global _objects_seen
    _objects_seen = -1


def active(context: bpy.types.Context) -> bpy.types.Object | None:
    """The head meant by the active object: itself, its rig's or none."""
    obj = context.active_object
    if obj is None or is_head(obj):
        return obj
    return next((child for child in obj.children if is_head(child)), None)


def required(context: bpy.types.Context) -> bpy.types.Object:
    """The active head, for what is only offered where there is one.

    Raises:
        NeuralFaceError: There is none.
    """
    obj = active(context)
    if obj is None:
        raise NeuralFaceError("Select a head, or import one first.")
    return obj


def disabled_reason(context: bpy.types.Context) -> str:
    """Why a button for the active head is grey; '' when it is not."""
    obj = active(context)
    if obj is None:
        return "Select a head, or import one first"
    if obj.mode == "EDIT":
        return "Leave Edit Mode first"
    return ""


def rig(obj: bpy.types.Object) -> bpy.types.Object | None:
    """The armature that moves the head, if it still has one."""
    parent = obj.parent
    return parent if parent is not None and parent.type == "ARMATURE" else None


def region_slices(obj: bpy.types.Object) -> Iterator[tuple[str, slice]]:
    """Each region's property with its place in the expression code."""
    start = 0
    for name, size in zip(REGIONS, obj.neural_face.sizes, strict=True):
        yield name, slice(start, start + size)
        start += size


def code(obj: bpy.types.Object) -> np.ndarray:
    """What an original or evaluated object shows: the sum of its layers, (Z,) float32."""
    return layers.code(obj)


def set_code(
    obj: bpy.types.Object,
    values: np.ndarray,
    regions: frozenset[str] = frozenset(REGIONS),
    layer: layers.Layer = layers.HAND,
) -> None:
    """Set a layer's code (Z,), or only that of some regions."""
    group = layer.properties(obj)
    for name, part in region_slices(obj):
        if name in regions:
            whole = np.array(getattr(group, name), np.float32)
            whole[: part.stop - part.start] = values[part]
            setattr(group, name, whole.tolist())


def bounds(head: bpy.types.Object) -> tuple[Vector, Vector]:
    """Lowest and highest corner of the head's box in the world, metres."""
    corners = [head.matrix_world @ Vector(corner) for corner in head.bound_box]
    return (
        Vector([min(corner[axis] for corner in corners) for axis in range(3)]),
        Vector([max(corner[axis] for corner in corners) for axis in range(3)]),
    )
