"""Speak a typed or recorded line: lip-sync keyframes for mouth, eyes, brows and head pose."""

from typing import Any

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty, StringProperty

from ..neural_face_addon import heads, runtime, speech
from ..neural_face_addon.classes import classes_factory
from ..neural_face_addon.jobs import Work
from ..neural_face_addon.tasks import TaskOperator


class NEURALFACE_OT_animate_text(TaskOperator, bpy.types.Operator):
    """Let the head speak a typed line, or follow a recording; the keys go to a new action"""

    bl_idname = "neural_face.animate_text"
    bl_label = "Animate Text"
    bl_options = {"REGISTER", "UNDO"}

    text: StringProperty(name="Text", description="Line to speak", options={"SKIP_SAVE"})
    audio_filepath: StringProperty(
        name="Recording",
        description="Sound or video that says the line; its timing is followed",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    method: EnumProperty(
        name="Method",
        items=(("EXAMPLES", "Examples", "Captured mouth movements, chosen and joined"),),
    )
    frame_start: IntProperty(name="Start Frame", default=1, options={"SKIP_SAVE"})
    rate: FloatProperty(name="Rate", default=1.0, min=0.25, max=4.0, options={"SKIP_SAVE"})
    pause: FloatProperty(name="Pause", default=1.0, min=0.0, max=5.0, options={"SKIP_SAVE"})
    seed: IntProperty(name="Variation", min=0, options={"SKIP_SAVE"})
    style: StringProperty(name="Style", options={"SKIP_SAVE"})
    strength: FloatProperty(name="Strength", default=1.0, min=0.0, max=2.0, options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Needs a head."""
        reason = heads.disabled_reason(context)
        cls.poll_message_set(reason)
        return not reason

    def prepare(self, context: bpy.types.Context) -> Work:
        """Take down what is asked for."""
        obj = heads.active(context)
        render = context.scene.render
        self._name = obj.name
        self._line = speech.Line(
            self.text,
            self.method,
            self.rate,
            self.pause,
            self.seed,
            self.style,
            self.strength,
            self.frame_start,
            render.fps / render.fps_base,
            self.audio_filepath,
        )
        return speech.work(obj, self._line)

    def finish(self, context: bpy.types.Context, result: Any) -> None:
        """Write keys, cues and voice."""
        obj = bpy.data.objects.get(self._name)
        if not heads.is_head(obj):
            raise runtime.user_error(f"{self._name} was deleted or renamed; nothing was changed.")
        self.report({"INFO"}, speech.apply(context.scene, obj, self._line, result))


register, unregister = classes_factory(NEURALFACE_OT_animate_text)
