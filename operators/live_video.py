"""Let a head follow a camera while somebody acts, and keep the take."""

from pathlib import Path

import bpy
from bpy.props import FloatProperty, IntProperty

from ..neural_face_addon.clip.clip_solving import Reader
from ..neural_face_addon.clip.live_session import Session
from ..neural_face_addon.scene import heads, layer_curves
from ..neural_face_addon.scene.layers import VIDEO
from ..neural_face_addon.system.classes import classes_factory
from ..neural_face_addon.system.reporting import NeuralFaceError
from ..neural_face_addon.system.tasks import TaskOperator
from .new_clip import NewClipOperator


class NEURALFACE_OT_live_video(NewClipOperator, bpy.types.Operator):
    """Let the head follow a camera. Return keeps the take on the video layer, Esc discards it"""

    bl_idname = "neural_face.live_video"
    bl_label = "Live Video"
    interval = 1 / 30

    device: IntProperty(
        name="Camera", description="Its number; 0 is the first", min=0, options={"SKIP_SAVE"}
    )
    seconds: FloatProperty(
        name="Length", description="When to stop by itself; 0 for not", min=0.0,
        unit="TIME_ABSOLUTE", options={"SKIP_SAVE"},
    )  # fmt: skip

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """No file means the camera: none is asked for."""
        return TaskOperator.invoke(self, context, event)

    def reader(self) -> Reader:
        """What follows the face until it is stopped."""
        if bpy.app.background and not (self.filepath or self.seconds):
            raise NeuralFaceError("Without a window a camera needs a length in seconds.")
        source = Path(bpy.path.abspath(self.filepath)) if self.filepath else self.device
        self._session = Session(source, self.seconds)
        self._before = None
        return self._session.read

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Return ends the take and keeps it."""
        if event.type in {"RET", "NUMPAD_ENTER"} and event.value == "PRESS":
            self._session.stop()
            return {"RUNNING_MODAL"}
        return super().modal(context, event)

    def show_progress(self, context: bpy.types.Context) -> None:
        """Show the face as it is now."""
        obj, now = bpy.data.objects.get(self._name), self._session.now
        if now is None or obj is None or not heads.is_head(obj):
            return
        if self._before is None:
            self._before = layer_curves.now(obj, VIDEO)
        layer_curves.set_now(obj, VIDEO, now.code, now.head_pose)
        state = "following" if now.confidence else "no face"
        context.workspace.status_text_set(
            f"Live Video: {now.seconds:.1f} s, {state} (Return keeps the take, Esc discards it)"
        )

    def clean_up(self, context: bpy.types.Context) -> None:
        """Leave the layer as it was."""
        TaskOperator.clean_up(self, context)
        obj = bpy.data.objects.get(self._name)
        if self._before is not None and obj is not None and heads.is_head(obj):
            layer_curves.set_now(obj, VIDEO, *self._before)


register, unregister = classes_factory(NEURALFACE_OT_live_video)
