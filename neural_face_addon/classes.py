"""Classes handed to Blender and taken back."""

from collections.abc import Callable

import bpy


def classes_factory(*classes: type) -> tuple[Callable[[], None], Callable[[], None]]:
    """Functions that register `classes` in order, and unregister in reverse those that are.

    Unlike Blender's own factory, the second undoes a registration that failed half-way.
    """

    def register() -> None:
        for cls in classes:
            bpy.utils.register_class(cls)

    def unregister() -> None:
        for cls in reversed(classes):
            if cls.is_registered:
                bpy.utils.unregister_class(cls)

    return register, unregister
