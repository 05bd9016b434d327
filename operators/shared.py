"""What operators on the active head, its lines and clips, and on files share."""

from collections.abc import Callable

import bpy
from bpy.props import StringProperty

from ..neural_face_addon.passage import passages
from ..neural_face_addon.passage.passages import CLIPS, LINES, Kind
from ..neural_face_addon.scene import heads
from ..neural_face_addon.system.reporting import NeuralFaceError
from ..neural_face_addon.system.tasks import TaskOperator

Found = tuple[bpy.types.Object, bpy.types.PropertyGroup]
"""A head and one of its lines or clips."""


class HeadOperator:
    """Mixin: acts on the active head."""

    bl_options = {"REGISTER", "UNDO"}
    poll_message_set: Callable[[str], None]

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


class PassageOperator(HeadOperator):
    """Mixin: acts on the active head's active line or clip."""

    kind: Kind

    @classmethod
    def disabled_reason(cls, context: bpy.types.Context) -> str:
        """Also without one."""
        reason = heads.disabled_reason(context)
        if reason or len(cls.kind.of(heads.required(context))):
            return reason
        return f"{cls.kind.none}: the head has no {cls.kind.name}"

    def active(self, context: bpy.types.Context) -> Found:
        """The active head and its active line or clip.

        Raises:
            NeuralFaceError: It has none.
        """
        obj = heads.required(context)
        return obj, passages.active(obj, self.kind)

    def found(self, name: str, uid: int) -> Found:
        """A head and its line or clip, by what they keep while a task runs.

        Raises:
            NeuralFaceError: They are gone.
        """
        obj = bpy.data.objects.get(name)
        passage = passages.by_uid(obj, uid) if obj is not None and heads.is_head(obj) else None
        if obj is None or passage is None:
            raise NeuralFaceError(
                f"The {self.kind.name} or its head was deleted; nothing was changed."
            )
        return obj, passage


class LineOperator(PassageOperator):
    """Mixin: acts on the active head's active line."""

    kind = LINES


class ClipOperator(PassageOperator):
    """Mixin: acts on the active head's active clip."""

    kind = CLIPS


class FileOperator(TaskOperator):
    """A `TaskOperator` with a file: asks for it unless one was dropped or given."""

    filepath: StringProperty(name="File", subtype="FILE_PATH", options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for a file where there is none."""
        if self.filepath:
            return super().invoke(context, event)
        self._browsed = True
        context.window_manager.fileselect_add(self)  # pyright: ignore[reportArgumentType] mixin
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """With the file that was chosen: still in the background, for there is a user."""
        browsed, self._browsed = getattr(self, "_browsed", False), False
        return self.begin(context) if browsed else super().execute(context)


def chosen(items: bpy.types.bpy_prop_collection, index: int, active: int, what: str) -> int:
    """Index meant by an operator's: the active one for −1.

    Raises:
        NeuralFaceError: There is no such item.
    """
    index = active if index < 0 else index
    if not 0 <= index < len(items):
        raise NeuralFaceError(f"There is no {what} {index + 1}: the line has {len(items)}.")
    return index
