"""Makes Blender's properties of declared settings."""

from collections.abc import Callable, Mapping
from typing import Any

from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    StringProperty,
)

from ...models.settings import Setting, settings_of

_PLAIN = {bool: BoolProperty, int: IntProperty, float: FloatProperty, str: StringProperty}
_SUBTYPES = {"share": "FACTOR", "file": "FILE_PATH", "folder": "DIR_PATH"}


def mixin(
    *declared: type,
    update: Callable | None = None,
    options: frozenset[str] = frozenset(),
    more: Mapping[str, Mapping] | None = None,
) -> type:
    """A mixin of property groups and operators.

    Args:
        declared: Dataclasses with the settings.
        update: Called by Blender when one is edited.
        options: Of all of them, as Blender's properties take.
        more: Name of a setting → what only Blender knows of it.
    """
    every = {
        name: _property(item, {"update": update} | dict((more or {}).get(name, {})), options)
        for name, item in settings_of(*declared).items()
    }
    return type("Settings", (), {"__annotations__": every, "__doc__": "Declared settings."})


def _property(item: Setting, more: dict[str, Any], options: frozenset[str]) -> object:
    """A property, not yet registered."""
    several = isinstance(item.default, frozenset)
    marks = {"ENUM_FLAG"} if several else {"ANIMATABLE"} if item.keyed else set()
    about: dict[str, Any] = {"name": item.label, "description": item.sentence}
    about |= {"options": marks | options} | more
    if item.choices:
        default = set(item.default) if several else item.default or None
        return EnumProperty(**({"items": item.choices, "default": default} | about))
    if item.value_type is not bool:
        about |= {"subtype": _SUBTYPES.get(item.kind, "NONE")}
    if item.value_type in (int, float):
        about |= _limits(item)
    if item.value_type is float:
        about |= {"unit": "TIME_ABSOLUTE" if item.kind == "seconds" else "NONE"}
        about |= {"precision": 1} if item.kind == "minutes" else {}
    if item.size:
        return FloatVectorProperty(size=item.size, **about)
    return _PLAIN[item.value_type](**({"default": item.default} | about))


def _limits(item: Setting) -> dict[str, float]:
    ends = {"min": item.low, "max": item.high, "soft_min": item.soft[0], "soft_max": item.soft[1]}
    return {name: end for name, end in ends.items() if end is not None}
