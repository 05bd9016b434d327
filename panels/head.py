"""Panel: which head is active, import, and what is wrong with it."""

import bpy

from ..neural_face_addon.scene import heads, materials, playback
from ..neural_face_addon.system import packages
from ..neural_face_addon.system.classes import classes_factory
from .base import SidebarPanel, wrapped


class NEURALFACE_PT_head(SidebarPanel, bpy.types.Panel):
    """The active head."""

    bl_idname = "NEURALFACE_PT_head"
    bl_label = "Head"

    def draw(self, context: bpy.types.Context) -> None:
        """Show the head and where it comes from."""
        layout = self.layout
        row = layout.row(align=True)
        row.operator("neural_face.import_head", icon="IMPORT")
        row.operator("neural_face.add_bundled_head", icon="USER")
        if not packages.status().ready:
            layout.label(text="Packages are missing: see System", icon="ERROR")
        obj = heads.active(context)
        if obj is None:
            layout.label(text=heads.disabled_reason(context), icon="INFO")
            return
        layout.use_property_split = True
        layout.prop(obj, "name", text="Head")
        for socket in materials.light_sockets(obj)[:1]:
            layout.prop(socket, "default_value", text="Captured Light", slider=True)
        self._draw_shading(context)
        self._draw_state(obj)

    def _draw_shading(self, context: bpy.types.Context) -> None:
        """Offer the texture where the viewport hides it, as Blender's Solid view does at first."""
        shading = getattr(context.space_data, "shading", None)
        if shading and shading.type == "SOLID" and shading.color_type != "TEXTURE":
            self.layout.operator("neural_face.show_texture", icon="TEXTURE")

    def _draw_state(self, obj: bpy.types.Object) -> None:
        """Say why the head does not follow its sliders, or how far they lie from the capture."""
        layout = self.layout
        state = playback.shown(obj)
        if state.error:
            column = layout.column()
            column.alert = True
            for line in wrapped(state.error):
                column.label(text=line)
            layout.operator("neural_face.reload_heads", icon="FILE_REFRESH")
            return
        outside = state.distance > 1.0
        row = layout.row()
        row.alert = outside
        row.progress(
            factor=min(state.distance / 2.0, 1.0),
            text="Outside the Capture" if outside else "Inside the Capture",
        )


register, unregister = classes_factory(NEURALFACE_PT_head)
