"""Preferences: where the numeric packages are and which device decodes."""

import sys
from pathlib import Path

import bpy
from bpy.props import EnumProperty, StringProperty

from .classes import classes_factory

_ROOT = __package__.rpartition(".")[0]


def _changed(_preferences: object, _context: object) -> None:
    from . import playback, runtime

    runtime.close_all()
    runtime.refresh()
    playback.forget_all()


class NEURALFACE_AP_preferences(bpy.types.AddonPreferences):
    """Settings of the whole extension."""

    bl_idname = _ROOT

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

    def draw(self, _context: bpy.types.Context) -> None:
        """Show the settings and what they lead to."""
        from . import runtime

        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "packages")
        layout.prop(self, "device")
        status = runtime.status()
        layout.label(text=status.sentence, icon="CHECKMARK" if status.ready else "ERROR")
        if not status.ready:
            layout.label(text=runtime.install_command(), icon="CONSOLE")
            layout.operator("neural_face.copy_install_command")


def _get() -> NEURALFACE_AP_preferences | None:
    """The preferences, or None where the package was not loaded as an extension."""
    addon = bpy.context.preferences.addons.get(_ROOT)
    return addon.preferences if addon else None


def packages_folder() -> str:
    """Folder to import packages from, '' for none; an environment's own one is found inside it."""
    settings = _get()
    if settings is None or not settings.packages:
        return ""
    folder = Path(bpy.path.abspath(settings.packages))
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    inside = (folder / "lib" / version / "site-packages", folder / "Lib" / "site-packages")
    return str(next((path for path in inside if path.is_dir()), folder))


def device() -> str | None:
    """'cpu', 'cuda' or None for the best there is."""
    settings = _get()
    return None if settings is None or settings.device == "AUTO" else settings.device.lower()


register, unregister = classes_factory(NEURALFACE_AP_preferences)
