"""The lines of a head: which is meant, making and removing them, style over a line's time."""

import secrets

import bpy
import numpy as np

from . import changes, keyframes, layer_curves, markers, runtime, under, voices
from .layers import SPEECH, Layer
from .line_properties import SETTINGS

_LONGEST_NAME = 48
_PATH = "neural_face.lines["


def active(obj: bpy.types.Object) -> bpy.types.PropertyGroup:
    """The line that the panels show.

    Raises:
        NeuralFaceError: The head has none.
    """
    group = obj.neural_face
    if not 0 <= group.active_line < len(group.lines):
        raise runtime.user_error(f"{obj.name} has no line yet: animate a text first.")
    return group.lines[group.active_line]


def by_uid(obj: bpy.types.Object | None, uid: int) -> bpy.types.PropertyGroup | None:
    """A line by the number it keeps, None where it is gone."""
    found = obj.neural_face.lines if obj is not None else ()
    return next((line for line in found if line.uid == uid), None)


def line_name(text: str) -> str:
    """Name for a line and its action: its beginning, cut at a word."""
    words = " ".join(text.split())
    if len(words) > _LONGEST_NAME:
        words = words[:_LONGEST_NAME].rpartition(" ")[0] or words[:_LONGEST_NAME]
    return words.rstrip(" .") or words  # Blender counts namesakes with a point and a number


def settings_of(source: object) -> dict[str, object]:
    """Settings of a line, the next line or an operator as plain values."""
    values = {name: getattr(source, name) for name in SETTINGS}
    return values | {"style_offset": tuple(source.style_offset), "parts": frozenset(source.parts)}


def add(obj: bpy.types.Object, settings: dict[str, object]) -> bpy.types.PropertyGroup:
    """A new line with settings, made the active one; nothing is solved yet."""
    group = obj.neural_face
    line = group.lines.add()
    with changes.silence():
        for name, value in settings.items():
            setattr(line, name, set(value) if name == "parts" else value)
        line.uid = secrets.randbelow(2**31 - 1) + 1
    group.active_line = len(group.lines) - 1
    return line


def remove(scene: bpy.types.Scene, obj: bpy.types.Object, line: bpy.types.PropertyGroup) -> str:
    """Remove a line with its keys, markers and voice; the speech layer is as it was before it.

    Keys in an action that the head no longer has stay there. A sentence about what was done.
    """
    report = f"Removed the line {line.name}"
    index = next(i for i, other in enumerate(obj.neural_face.lines) if other == line)
    if line.action is None or line.action == keyframes.assigned_action(obj):
        under.put_back(obj, line)
        layer_curves.tidy(obj, SPEECH)
    else:
        report += f"; its keys stay in the action {line.action.name}"
    markers.remove(scene, line)
    voices.remove_voice(scene, line)
    _renumber_curves(obj, index)
    obj.neural_face.lines.remove(index)
    last = max(len(obj.neural_face.lines) - 1, 0)
    obj.neural_face.active_line = min(obj.neural_face.active_line, last)
    return report


def _renumber_curves(obj: bpy.types.Object, removed: int) -> None:
    """Curves of lines name them by index: those of later lines move up, the removed line's go."""
    bag = keyframes.bag_of(obj)
    for curve in list(bag.fcurves) if bag else ():
        if curve.data_path.startswith(_PATH):
            number, _, rest = curve.data_path.removeprefix(_PATH).partition("]")
            if int(number) == removed:
                bag.fcurves.remove(curve)
            elif int(number) > removed:
                curve.data_path = f"{_PATH}{int(number) - 1}]{rest}"


def style_curve(
    obj: bpy.types.Object, line: bpy.types.PropertyGroup, fps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times (K,) seconds, mix (K,) and offset (K, S) over a line, from its curves or as set."""
    path = line.path_from_id()
    axes = len(obj.neural_face.style_axes)
    curves = [c for (p, _), c in keyframes.curves_of(obj).items() if p.startswith(f"{path}.style_")]
    ends = [curve.range()[1] for curve in curves]
    last = max([line.frame_start + line.seconds * fps, *ends]) if curves else line.frame_start
    frames = np.arange(line.frame_start, max(int(np.ceil(last)), line.frame_start) + 1)
    mix = keyframes.sampled(obj, f"{path}.style_mix", np.array([line.style_mix]), frames)
    still = np.array(line.style_offset)
    offset = keyframes.sampled(obj, f"{path}.style_offset", still, frames)[:, :axes]
    return (frames - line.frame_start) / fps, mix[:, 0].clip(0, 1), offset


def still_curve(
    obj: bpy.types.Object, settings: dict[str, object]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same for settings that no curve moves."""
    offset = np.array(settings["style_offset"])[: len(obj.neural_face.style_axes)]
    return np.zeros(1), np.array([settings["style_mix"]]), offset[None]


def word_text(line: bpy.types.PropertyGroup, index: int) -> str:
    """Text of a word, '' outside."""
    return line.words[index].text if 0 <= index < len(line.words) else ""


def clear_layer(obj: bpy.types.Object, layer: Layer, span: tuple[float, float]) -> bool:
    """Remove a layer's keys inside a span; lines forget what they would put back there."""
    if layer is SPEECH:
        for line in obj.neural_face.lines:
            if line.frame_first <= span[1] and line.frame_last >= span[0]:
                line.under = ""
    found = layer_curves.remove_keys(obj, layer, span)
    layer_curves.tidy(obj, layer)
    return found
