"""Classes handed to Blender and taken back, with their menu entries."""

from collections.abc import Callable, Mapping
from typing import Any

import bpy

Draw = Callable[[bpy.types.Menu, bpy.types.Context], None]


def classes_factory(
    *classes: type, menus: Mapping[str, Draw] | None = None
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Functions that register `classes` in order, and unregister in reverse those that are.

    Unlike Blender's own factory, the second undoes a registration that failed half-way.

    Args:
        classes: To register.
        menus: Name of a menu of Blender's → what draws an entry in it.
    """
    entries = menus or {}

    def register() -> None:
        for cls in classes:
            bpy.utils.register_class(cls)
        for menu, draw in entries.items():
            getattr(bpy.types, menu).append(draw)

    def unregister() -> None:
        for menu, draw in entries.items():
            getattr(bpy.types, menu).remove(draw)
        for cls in reversed(classes):
            if cls.is_registered:
                bpy.utils.unregister_class(cls)

    return register, unregister


def menu_entry(operator: type, **appearance: Any) -> Draw:
    """What draws an operator as an entry of a menu."""

    def draw(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
        menu.layout.operator(operator.bl_idname, **appearance)

    return draw
