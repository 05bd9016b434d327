"""Preferences: where the numeric packages are, which device decodes, which Python trains."""

import bpy
from bpy.props import EnumProperty, StringProperty

from .scene import playback
from .system import packages, runtime
from .system.classes import classes_factory
from .system.preference_values import ROOT


def _changed(_preferences: object, _context: object) -> None:
    runtime.close_all()
    runtime.refresh()
    playback.forget_all()


class NEURALFACE_AP_preferences(bpy.types.AddonPreferences):
    """Settings of the whole extension."""

    bl_idname = ROOT

    packages: StringProperty(
        name="Python Packages",
        description="Folder with torch and the other packages: an environment or a pip target",
        subtype="DIR_PATH",
        update=_changed,
    )
    device: EnumProperty(
        name="Device",
        description="What decodes the heads",
        items=(
            ("AUTO", "Automatic", "A CUDA card when there is one"),
            ("CPU", "CPU", "Processor only"),
            ("CUDA", "CUDA", "NVIDIA card"),
        ),
        update=_changed,
    )
    training_python: StringProperty(
        name="Training Python",
        description="Python, or an environment's folder, with torch and the other packages, which "
        "makes heads. Blender's own Python with the folder above where this is empty",
        subtype="FILE_PATH",
    )
    expression_weights: StringProperty(
        name="Expression Weights",
        description="deca_model.tar of DECA or a checkpoint of EMOCA. Only heads that were trained "
        "on these networks' features need it to follow videos",
        subtype="FILE_PATH",
    )

    def draw(self, _context: bpy.types.Context) -> None:
        """Show the settings and what they lead to."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "packages")
        layout.prop(self, "device")
        layout.prop(self, "training_python")
        layout.prop(self, "expression_weights")
        status = packages.status()
        layout.label(text=status.sentence, icon="CHECKMARK" if status.ready else "ERROR")
        if not status.ready:
            layout.label(text=packages.install_command(), icon="CONSOLE")
            layout.operator("neural_face.copy_install_command")


register, unregister = classes_factory(NEURALFACE_AP_preferences)
