"""Put a word into the active line; a word is retyped or emptied in the list itself."""

import bpy
from bpy.props import IntProperty, StringProperty

from ..neural_face_addon.stored import changes, words
from ..neural_face_addon.system.classes import classes_factory
from ..neural_face_addon.system.reporting import NeuralFaceError, reported
from .shared import LineOperator, chosen


class NEURALFACE_OT_insert_word(LineOperator, bpy.types.Operator):
    """Insert a word after this one"""

    bl_idname = "neural_face.insert_word"
    bl_label = "Insert Word"

    text: StringProperty(name="Word", options={"SKIP_SAVE"})
    index: IntProperty(
        name="After Word", description="-1 for the active one", default=-1, min=-1,
        options={"SKIP_SAVE"},
    )  # fmt: skip

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the word."""
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, _context: bpy.types.Context) -> None:
        """Ask for no more than that."""
        self.layout.prop(self, "text")

    @reported
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Insert it and make it the active one."""
        _, line = self.active(context)
        text = " ".join(self.text.split())
        if not text:
            raise NeuralFaceError("There is no word to insert: type one.")
        index = chosen(line.words, self.index, line.active_word, "word")
        with changes.silence():
            line.active_word = words.insert(line, index, text)
        changes.announce(line)
        return {"FINISHED"}


register, unregister = classes_factory(NEURALFACE_OT_insert_word)
