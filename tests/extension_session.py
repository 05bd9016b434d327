"""Runs in a Blender process of its own with a fresh profile: installs, uses and removes the zip.

`python extension_session.py ZIP REPOSITORY HEAD_OR_EMPTY` writes one JSON object as its last line.
"""

import json
import sys
from pathlib import Path

import bpy

# isort: split
import addon_utils  # found only once bpy is loaded

MODULE = "bl_ext.ci.neural_face"
REGISTERED = (
    "AddonPreferences",
    "FileHandler",
    "Header",
    "KeyingSetInfo",
    "Menu",
    "Node",
    "Operator",
    "Panel",
    "PropertyGroup",
    "UIList",
)


def registered() -> dict[str, list[str]]:
    """Everything that an extension may leave behind in Blender, by kind."""
    return {
        "classes": sorted(
            f"{base}.{cls.__name__}"
            for base in REGISTERED
            for cls in _subclasses(getattr(bpy.types, base))
            if getattr(cls, "is_registered", False)
        ),
        "handlers": sorted(
            f"{name}.{function.__name__}"
            for name in dir(bpy.app.handlers)
            if isinstance(handlers := getattr(bpy.app.handlers, name), list)
            for function in handlers
        ),
        "properties": sorted(
            f"{owner}.{key}"
            for owner in dir(bpy.types)
            if hasattr(cls := getattr(bpy.types, owner), "bl_rna")
            for key in cls.bl_rna.properties.keys()  # noqa: SIM118
        ),
        "menu_entries": sorted(
            f"{name}.{function.__module__}.{function.__name__}"
            for name in dir(bpy.types)
            for function in _draw_functions(getattr(bpy.types, name))
            if not function.__module__.startswith("bl_ui.")
        ),
        "shortcuts": sorted(
            f"{keymap.name}.{item.idname}"
            for keymap in bpy.context.window_manager.keyconfigs.addon.keymaps
            for item in keymap.keymap_items
        ),
    }


def _subclasses(cls: type) -> list[type]:
    direct = cls.__subclasses__()
    return direct + [sub for child in direct for sub in _subclasses(child)]


def _draw_functions(cls: type) -> list:
    return getattr(getattr(cls, "draw", None), "_draw_funcs", [])


def leftovers(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """What `after` holds and `before` does not."""
    return sorted(item for kind in before for item in set(after[kind]) - set(before[kind]))


def making_begun(head: str, folder: str) -> list[str]:
    """Stages that a process of the installed copy did, which was begun from Blender."""
    output = Path(folder).parent / "made.nface"
    bpy.ops.neural_face.check_capture(capture_directory=head, filepath=str(output))
    status = json.loads((output.with_suffix(".making") / "status.json").read_text())
    return [f"{stage['name']} {stage['state']}" for stage in status["stages"]]


def main(archive: str, repository: str, head: str) -> None:
    """Install; enable, import the head if there is one, disable; twice, to find what piles up."""
    repositories = bpy.context.preferences.extensions.repos
    repositories.new(name="CI", module="ci", custom_directory=repository)
    registered()  # makes Blender build the classes that it builds on first use
    before = registered()
    bpy.ops.extensions.package_install_files(filepath=archive, repo="ci", enable_on_install=False)
    installed = sorted(str(p.relative_to(repository)) for p in Path(repository).rglob("*.*"))
    report = {"installed": installed, "heads": []}
    for _ in range(2):
        module = addon_utils.enable(MODULE, default_set=True)
        report["enabled"] = module is not None and MODULE in bpy.context.preferences.addons
        kept = bpy.context.preferences.addons[MODULE].preferences
        report["preferences"] = kept is not None and bool(kept.device)
        report["added"] = leftovers(before, registered())
        if head:
            bpy.ops.neural_face.import_head(filepath=head)
            report["heads"].append(bpy.context.object.name)
            report["making"] = making_begun(head, repository)
        addon_utils._is_first_reset()
        report["warnings"] = addon_utils._extensions_warnings_get().get(MODULE, [])
        addon_utils.disable(MODULE, default_set=True)
        report["left_over"] = leftovers(before, registered())
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
