"""Panel: the layers whose sum is shown."""

import bpy

from ..neural_face_addon.passage import passages
from ..neural_face_addon.scene import heads, layer_curves, layers
from ..neural_face_addon.system.classes import classes_factory
from .base import HeadPanel


class NEURALFACE_PT_layers(HeadPanel, bpy.types.Panel):
    """What is keyed on each layer, and how much of it shows."""

    bl_idname = "NEURALFACE_PT_layers"
    bl_label = "Layers"
    bl_parent_id = "NEURALFACE_PT_speech"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Show one box for each."""
        obj = heads.required(context)
        for layer in layers.LAYERS:
            self._draw_layer(obj, layer)

    def _draw_layer(self, obj: bpy.types.Object, layer: layers.Layer) -> None:
        count, first, last = layer_curves.keyed(obj, layer)
        box = self.layout.box()
        row = box.row()
        row.label(text=layer.label, icon="RENDERLAYERS")
        keys = f"{count} keys, frames {first:.0f}–{last:.0f}" if count else "no keys"
        row.label(text=keys)
        if layer.group:
            row = box.row()
            row.use_property_split = True
            row.prop(layer.properties(obj), "influence", slider=True)
        row = box.row(align=True)
        row.enabled = count > 0
        for extent, text in (("SCENE", "Clear Scene Range"), ("ALL", "Clear All")):
            button = row.operator("neural_face.clear_layer", text=text)
            button.layer, button.extent = layer.name, extent
        for kind in passages.KINDS:
            for passage in kind.of(obj) if kind.layer is layer else ():
                span = f"{passage.frame_first}–{passage.frame_last}"
                box.label(text=f"{passage.name}: {span}", icon="DOT")


register, unregister = classes_factory(NEURALFACE_PT_layers)
