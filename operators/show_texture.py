"""Show a head's texture in Solid view."""

import bpy

from ..neural_face_addon.system.classes import classes_factory


class NEURALFACE_OT_show_texture(bpy.types.Operator):
    """Show textures in this viewport as the cameras saw them: flat, for their light is captured"""

    bl_idname = "neural_face.show_texture"
    bl_label = "Show Texture"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only in a 3D viewport."""
        return isinstance(context.space_data, bpy.types.SpaceView3D)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Solid view, lit and coloured by the texture alone."""
        space = context.space_data
        if not isinstance(space, bpy.types.SpaceView3D):
            return {"CANCELLED"}
        shading = space.shading
        shading.type, shading.color_type, shading.light = "SOLID", "TEXTURE", "FLAT"
        return {"FINISHED"}


register, unregister = classes_factory(NEURALFACE_OT_show_texture)
