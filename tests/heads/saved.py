"""A .blend as a former version saved it, and what was in it.

`python tests/heads/saved.py ROOT` writes both with the version in ROOT (they were written by
34a381b in Blender 4.5, the oldest that must be opened).
"""

import importlib.util
import json
import shutil
import sys
import tempfile
from pathlib import Path

import bpy

FOLDER = Path(__file__).resolve().parent
BLEND, VALUES = FOLDER / "saved.blend", FOLDER / "saved.json"
LINE = {
    "text": "Bob may see my baby.", "style_first": "happy", "style_second": "neutral",
    "style_mix": 0.25, "strength": 0.75, "articulation": 1.5, "smoothing": 0.0625, "rate": 1.25,
    "pause": 1.5, "seed": 7, "parts": {"mouth", "brows", "head"}, "blend_in": 0.25,
    "blend_out": 0.5, "existing": "ADD", "frame_start": 5,
}  # fmt: skip
CLIP = {
    "strength": 0.5, "mouth_strength": 1.5, "eyes_strength": 0.75, "brows_strength": 0.0,
    "head_strength": 2.0, "smoothing": 0.0625, "speed": 0.5, "mirror": True, "use_head": False,
    "facing": False, "eye_contact": 0.5, "trim_start": 0.25, "trim_end": 1.5, "person": 2,
    "show_video": False, "play_sound": False, "frame_start": 90, "blend_in": 0.0,
}  # fmt: skip
MAKING = {
    "head_name": "Anna", "licence": "CC0-1.0", "consent": "Anna agreed", "minutes": 2.5,
    "speech_minutes": 0.0, "video_minutes": 99.0, "live": False, "filepath": "//anna.nface",
}  # fmt: skip


def values_of(group: object) -> dict:
    """Everything that a property group keeps, but what it points to, as plain values."""
    found = {}
    for prop in group.bl_rna.properties:
        if prop.identifier in ("rna_type", "bl_system_properties_get", "data"):
            continue
        value = getattr(group, prop.identifier)
        if prop.type == "COLLECTION":
            found[prop.identifier] = [values_of(item) for item in value]
        elif isinstance(value, bpy.types.PropertyGroup):
            found[prop.identifier] = values_of(value)
        elif prop.type == "POINTER":
            found[prop.identifier] = value.name if value else None
        elif isinstance(value, set):
            found[prop.identifier] = sorted(value)
        else:
            found[prop.identifier] = list(value) if hasattr(value, "foreach_get") else value
    return found


def keys_of(obj: object) -> dict[str, list[float]]:
    """The values that the head's action keys, by curve."""
    curves = obj.animation_data.action.layers[0].strips[0].channelbags[0].fcurves
    return {
        f"{curve.data_path}[{curve.array_index}]": [point.co[1] for point in curve.keyframe_points]
        for curve in curves
        if "layer" in curve.data_path
    }


def save(folder: Path) -> None:
    """Animate a head in `folder` and write file and values."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    bpy.ops.neural_face.import_head(filepath=str(folder / "tiny.nface"))
    obj, scene = bpy.context.object, bpy.context.scene
    bpy.ops.neural_face.animate_text(method="STYLE", **LINE)
    obj.neural_face.lines[0].residual[1] = 1.0
    obj.neural_face.lines[0].style_offset[0] = -0.5
    obj.neural_face.lines[0].cues[2].strength = 1.25
    bpy.ops.neural_face.update_line()
    bpy.ops.neural_face.animate_text(text="See papa.", method="EXAMPLES", frame_start=60)
    take = str(folder / "take.csv")
    bpy.ops.neural_face.export_arkit(filepath=take, frame_start=5, frame_end=55)
    bpy.ops.neural_face.animate_arkit(filepath=take, **CLIP)
    for group, values in ((obj.neural_face.speech, LINE), (obj.neural_face.video, CLIP),
                          (scene.neural_face_making, MAKING)):  # fmt: skip
        for name, value in values.items():
            setattr(group, name, value)
    found = {
        "head": values_of(obj.neural_face),
        "making": values_of(scene.neural_face_making),
        "keys": keys_of(obj),
    }
    VALUES.write_text(json.dumps(found), encoding="utf-8")
    bpy.ops.wm.save_as_mainfile(filepath=str(BLEND), compress=True)


def main(root: Path) -> None:
    spec = importlib.util.spec_from_file_location(
        "neural_face", root / "__init__.py", submodule_search_locations=[str(root)]
    )
    package = sys.modules["neural_face"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    package.register()
    try:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(FOLDER / "tiny.nface", folder)
            save(Path(folder))
    finally:
        package.unregister()  # without which Blender 4.5 hangs at exit


if __name__ == "__main__":
    main(Path(sys.argv[1]))
