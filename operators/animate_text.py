"""Speak a typed or recorded line: lip-sync keyframes for mouth, eyes, brows and head pose."""

from typing import Any

import bpy
from bpy.props import StringProperty

from ..neural_face_addon.line import lines, speech
from ..neural_face_addon.scene import heads, playback
from ..neural_face_addon.stored.line_properties import line_settings
from ..neural_face_addon.system.classes import classes_factory
from ..neural_face_addon.system.jobs import Work
from ..neural_face_addon.system.reporting import NeuralFaceError
from ..neural_face_addon.system.tasks import TaskOperator
from .shared import HeadOperator


class NEURALFACE_OT_animate_text(
    line_settings(options=frozenset({"SKIP_SAVE"})), HeadOperator, TaskOperator, bpy.types.Operator
):
    """Let the head speak a typed line, or follow a recording; the keys go to its speech layer"""

    bl_idname = "neural_face.animate_text"
    bl_label = "Animate Text"

    style: StringProperty(
        name="Style", description="The same as the first style", options={"SKIP_SAVE", "HIDDEN"}
    )

    def prepare(self, context: bpy.types.Context) -> Work:
        """Take down what is asked for."""
        obj = heads.required(context)
        self._name = obj.name
        self._settings = lines.settings_of(self)
        self._settings["style_first"] = self.style or self.style_first
        if not self.properties.is_property_set("method"):
            self._settings["method"] = playback.open_head(obj).methods[0]
        self._asked = speech.first_request(context.scene, obj, self._settings)
        return speech.work(obj, self._asked)

    def finish(self, context: bpy.types.Context, result: Any) -> None:
        """Write keys, cues and voice."""
        obj = bpy.data.objects.get(self._name)
        if obj is None or not heads.is_head(obj):
            raise NeuralFaceError(f"{self._name} was deleted or renamed; nothing was changed.")
        report = speech.add_line(context.scene, obj, self._settings, self._asked, result)
        self.report({"INFO"}, report)


register, unregister = classes_factory(NEURALFACE_OT_animate_text)
