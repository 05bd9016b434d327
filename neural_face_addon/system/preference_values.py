"""What the preferences say, for everyone who must not know how they are drawn."""

import sys
from pathlib import Path

import bpy

ROOT = __name__.removesuffix(".neural_face_addon.system.preference_values")
"""The extension's package, under which Blender keeps its preferences."""


def _get() -> bpy.types.AddonPreferences | None:
    """The preferences, or None where the package was not loaded as an extension."""
    addon = bpy.context.preferences.addons.get(ROOT)
    return addon.preferences if addon else None


def packages_folder() -> str:
    """Folder to import packages from, '' for none; an environment's own one is found inside it."""
    preferences = _get()
    if preferences is None or not preferences.packages:
        return ""
    folder = Path(bpy.path.abspath(preferences.packages))
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    inside = (folder / "lib" / version / "site-packages", folder / "Lib" / "site-packages")
    return str(next((path for path in inside if path.is_dir()), folder))


def training_python() -> str:
    """Python that makes heads, '' for this one; of an environment's folder, the one inside it."""
    preferences = _get()
    if preferences is None or not preferences.training_python:
        return ""
    path = Path(bpy.path.abspath(preferences.training_python))
    inside = (path / "bin" / "python", path / "Scripts" / "python.exe", path / "python.exe")
    return str(next((file for file in inside if file.is_file()), path))


def device() -> str | None:
    """'cpu', 'cuda' or None for the best there is."""
    preferences = _get()
    return (
        None if preferences is None or preferences.device == "AUTO" else preferences.device.lower()
    )


def expression_weights() -> Path | None:
    """Weights of the expression network that heads with ResNet-50 features need; None for none."""
    preferences = _get()
    if preferences is None or not preferences.expression_weights:
        return None
    return Path(bpy.path.abspath(preferences.expression_weights))
