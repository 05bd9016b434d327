"""What the speech layer had where a line now is: kept with the line, put back before it changes."""

import base64
import zlib
from dataclasses import replace

import bpy
import numpy as np

from . import keyframes, layer_curves
from .keyframes import Channels
from .layers import SPEECH


def take_down(
    line: bpy.types.PropertyGroup, channels: list[Channels], values: list[np.ndarray]
) -> None:
    """Keep what is under a line, where there are keys; none for nothing.

    Args:
        line: Whose range is meant.
        channels: Of the speech layer.
        values: What they hold at each frame of the line, (T, elements) each.
    """
    span = line.frame_first, line.frame_last
    keyed = any(keyframes.has_keys(item.owner, item.data_path, span) for item in channels)
    data = np.concatenate(values, 1).astype("<f4").tobytes() if keyed else b""
    line.under = base64.b85encode(zlib.compress(data)).decode() if data else ""


def put_back(obj: bpy.types.Object, line: bpy.types.PropertyGroup) -> None:
    """Leave the speech layer as if the line had never been there."""
    span = line.frame_first, line.frame_last
    if span[1] < span[0]:
        return
    layer_curves.clear(obj, SPEECH, span)
    if line.under:
        frames = np.arange(span[0], span[1] + 1.0)
        data = zlib.decompress(base64.b85decode(line.under))
        values = np.frombuffer(data, "<f4").reshape(len(frames), -1)
        keyframes.write(_filled(obj, values), frames)
    line.under, line.frame_last = "", line.frame_first - 1


def _filled(obj: bpy.types.Object, values: np.ndarray) -> list[Channels]:
    """Channels with values (T, elements of all), for owners that still have an action."""
    rows = len(values)
    empty = np.zeros((rows, sum(obj.neural_face.sizes)), np.float32)
    found, start = [], 0
    for item in layer_curves.channels(obj, SPEECH, empty, np.zeros((rows, 6), np.float32)):
        end = start + item.values.shape[1]
        if end <= values.shape[1] and keyframes.bag_of(item.owner) is not None:
            found.append(replace(item, values=values[:, start:end]))
        start = end
    return found
