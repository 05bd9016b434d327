"""What operators on the active head and its lines share."""

import bpy

from ..neural_face_addon import heads, lines, runtime


class HeadOperator:
    """Mixin: acts on the active head."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Needs a head."""
        reason = cls.disabled_reason(context)
        cls.poll_message_set(reason)
        return not reason

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        """Why it cannot act; '' when it can."""
        return heads.disabled_reason(context)


class LineOperator(HeadOperator):
    """Mixin: acts on the active head's active line."""

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        """Also without a line."""
        reason = heads.disabled_reason(context)
        if reason or len(heads.active(context).neural_face.lines):
            return reason
        return "Animate a text first: the head has no line"


def line_of(context: bpy.types.Context) -> tuple[bpy.types.Object, bpy.types.PropertyGroup]:
    """The active head and its active line.

    Raises:
        NeuralFaceError: It has none.
    """
    obj = heads.active(context)
    return obj, lines.active(obj)


def chosen(items: bpy.types.bpy_prop_collection, index: int, active: int, what: str) -> int:
    """Index meant by an operator's: the active one for −1.

    Raises:
        NeuralFaceError: There is no such item.
    """
    index = active if index < 0 else index
    if not 0 <= index < len(items):
        raise runtime.user_error(f"There is no {what} {index + 1}: the line has {len(items)}.")
    return index
