"""Look after what the heads need: packages and head files."""

import bpy

from ..neural_face_addon.scene import playback
from ..neural_face_addon.system import packages, runtime
from ..neural_face_addon.system.classes import classes_factory


class NEURALFACE_OT_copy_install_command(bpy.types.Operator):
    """Copy the command that installs the missing Python packages into a folder of your choice"""

    bl_idname = "neural_face.copy_install_command"
    bl_label = "Copy Install Command"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """To the clipboard."""
        context.window_manager.clipboard = packages.install_command()
        self.report({"INFO"}, "Copied: put a folder of your choice in it and run it in a terminal")
        return {"FINISHED"}


class NEURALFACE_OT_reload_heads(bpy.types.Operator):
    """Look for packages and head files again and show every head anew"""

    bl_idname = "neural_face.reload_heads"
    bl_label = "Reload Heads"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Forget all and look again."""
        runtime.close_all()
        runtime.refresh()
        playback.forget_all()
        playback.show_all()
        return {"FINISHED"}


register, unregister = classes_factory(
    NEURALFACE_OT_copy_install_command, NEURALFACE_OT_reload_heads
)
