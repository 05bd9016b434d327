"""What operators share that make a clip: which head is meant, reading, writing."""

from typing import Any

import bpy
from bpy.props import StringProperty
from bpy_extras import view3d_utils

from ..neural_face_addon.clip import clips
from ..neural_face_addon.clip.clip_solving import Reader
from ..neural_face_addon.scene import heads
from ..neural_face_addon.stored.clip_properties import clip_settings
from ..neural_face_addon.system.jobs import Work
from ..neural_face_addon.system.reporting import NeuralFaceError
from .shared import FileOperator


class NewClipOperator(clip_settings(options=frozenset({"SKIP_SAVE"})), FileOperator):
    """Mixin: makes a clip of a file for a head, which need not be active."""

    bl_options = {"REGISTER", "UNDO"}

    head: StringProperty(
        name="Head", description="Object to animate; empty for the active or only head",
        options={"SKIP_SAVE"},
    )  # fmt: skip

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Needs a head."""
        reason = "" if _meant(context) else heads.disabled_reason(context)
        cls.poll_message_set(reason)
        return not reason

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """A file dropped on a head is meant for that one."""
        if self.filepath and not self.head:
            below = _under_mouse(context, event)
            self.head = below.name if below else ""
        return super().invoke(context, event)

    def reader(self) -> Reader | None:
        """What reads the source; None for a video."""
        return None

    def prepare(self, context: bpy.types.Context) -> Work:
        """Take down what is asked for."""
        obj = bpy.data.objects.get(self.head) if self.head else _meant(context)
        if obj is None or not heads.is_head(obj):
            missing = f"There is no head {self.head}."
            raise NeuralFaceError(missing if self.head else "Select the head that is meant.")
        if obj.mode == "EDIT":
            raise NeuralFaceError("Leave Edit Mode first.")
        self._name = obj.name
        self._settings = clips.settings_of(self)
        self._asked = clips.first_request(context.scene, obj, self._settings, self.reader())
        return clips.work(obj, self._asked)

    def finish(self, context: bpy.types.Context, result: Any) -> None:
        """Write keys; place video and sound."""
        obj = bpy.data.objects.get(self._name)
        if obj is None or not heads.is_head(obj):
            raise NeuralFaceError(f"{self._name} was deleted or renamed; nothing was changed.")
        report = clips.add_clip(context.scene, obj, self._settings, self._asked, result)
        self.report({"INFO"}, report)


def _meant(context: bpy.types.Context) -> bpy.types.Object | None:
    """The active head, else the only one of the file."""
    every = heads.every()
    found = heads.active(context)
    return found if heads.is_head(found) else every[0] if len(every) == 1 else None


def _under_mouse(context: bpy.types.Context, event: bpy.types.Event) -> bpy.types.Object | None:
    """The head that the mouse points at in a 3D viewport."""
    area = context.area
    if area is None or area.type != "VIEW_3D":
        return None
    region = next((r for r in area.regions if r.type == "WINDOW"), None)
    if region is None or area.spaces.active is None:
        return None
    place = event.mouse_x - region.x, event.mouse_y - region.y
    view = area.spaces.active.region_3d
    origin = view3d_utils.region_2d_to_origin_3d(region, view, place)
    direction = view3d_utils.region_2d_to_vector_3d(region, view, place)
    depsgraph = context.evaluated_depsgraph_get()
    hit, *_, obj, _matrix = context.scene.ray_cast(depsgraph, origin, direction)
    return obj.original if hit and heads.is_head(obj.original) else None
