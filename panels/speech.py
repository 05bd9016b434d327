"""Panel: type a line and let the head speak it."""

import bpy

from ..neural_face_addon import heads
from ..neural_face_addon.classes import classes_factory
from .base import HeadPanel, wrapped


class NEURALFACE_PT_speech(HeadPanel, bpy.types.Panel):
    """The line to speak."""

    bl_idname = "NEURALFACE_PT_speech"
    bl_label = "Speech"

    def draw(self, context: bpy.types.Context) -> None:
        """Show the line, its settings and what the last one became."""
        layout = self.layout
        group = heads.active(context).neural_face
        speech = group.speech
        layout.prop(speech, "text", text="", icon="SPEAKER", placeholder="Line to speak")
        layout.prop(speech, "audio_filepath", text="", icon="SOUND", placeholder="Recording")
        row = layout.row()
        row.enabled = bool(speech.text.strip() or speech.audio_filepath)
        button = row.operator("neural_face.animate_text", icon="PLAY")
        settings = ("rate", "pause", "strength", "seed", "frame_start")
        for name in ("text", "audio_filepath", "style", *settings):
            setattr(button, name, getattr(speech, name))
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop_search(speech, "style", group, "styles")
        for name in settings:
            layout.prop(speech, name)
        if speech.report:
            column = layout.column(align=True)
            for line in wrapped(f"{speech.report}; {len(speech.cues)} cues"):
                column.label(text=line)


register, unregister = classes_factory(NEURALFACE_PT_speech)
