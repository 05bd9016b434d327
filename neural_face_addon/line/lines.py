"""What a line of speech has of its own: its name, its style over time, its words."""

import bpy
import numpy as np

from ...models.settings import chosen
from ..passage import passages
from ..stored import markers
from ..stored.line_properties import LINE

_LONGEST_NAME = 48


def line_name(text: str) -> str:
    """Name for a line and its action: its beginning, cut at a word."""
    words = " ".join(text.split())
    if len(words) > _LONGEST_NAME:
        words = words[:_LONGEST_NAME].rpartition(" ")[0] or words[:_LONGEST_NAME]
    return words.rstrip(" .") or words  # Blender counts namesakes with a point and a number


def settings_of(source: object) -> passages.Settings:
    """Settings of a line, the next line or an operator as plain values."""
    return chosen(source, *LINE)


def remove(scene: bpy.types.Scene, obj: bpy.types.Object, line: bpy.types.PropertyGroup) -> str:
    """Remove a line with its keys, markers and voice; a sentence about what was done."""
    markers.remove(scene, line)
    return passages.remove(scene, obj, line)


def style_curve(
    obj: bpy.types.Object, line: bpy.types.PropertyGroup, fps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times (K,) seconds, mix (K,) and offset (K, S) over a line, from its curves or as set."""
    times, (mix, offset) = passages.over_time(obj, line, ("style_mix", "style_offset"), fps)
    return times, mix[:, 0].clip(0, 1), offset[:, : len(obj.neural_face.style_axes)]


def still_curve(
    obj: bpy.types.Object, settings: passages.Settings
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same for settings that no curve moves."""
    offset = np.array(settings["style_offset"])[: len(obj.neural_face.style_axes)]
    return np.zeros(1), np.array([settings["style_mix"]]), offset[None]


def word_text(line: bpy.types.PropertyGroup, index: int) -> str:
    """Text of a word, '' outside."""
    return line.words[index].text if 0 <= index < len(line.words) else ""
