"""What the speech layer had where a line now is: kept with the line, put back before it changes."""

import base64
import zlib
from dataclasses import replace

import bpy
import numpy as np

from . import keyframes, layer_curves
from .keyframes import Channels
from .layers import SPEECH


def take_down(line: bpy.types.PropertyGroup, channels: list[Channels]) -> None:
    """Keep the speech layer's keys in the line's range; '' for none."""
    span = line.frame_first, line.frame_last
    keyed = [keyframes.key_frames(item.owner, item.data_path, span) for item in channels]
    frames = np.unique(np.concatenate(keyed))
    rows = np.concatenate([frames[:, None], *layer_curves.before(channels, frames)], 1)
    data = zlib.compress(rows.astype("<f4").tobytes())
    line.under = base64.b85encode(data).decode() if len(frames) else ""
    line.under_elements = rows.shape[1] - 1


def put_back(obj: bpy.types.Object, line: bpy.types.PropertyGroup) -> None:
    """Leave the speech layer as if the line had never been there."""
    span = line.frame_first, line.frame_last
    if span[1] < span[0]:
        return
    layer_curves.remove_keys(obj, SPEECH, span)
    if line.under:
        rows = np.frombuffer(zlib.decompress(base64.b85decode(line.under)), "<f4")
        rows = rows.reshape(-1, 1 + line.under_elements)
        keyframes.write(_filled(obj, rows[:, 1:]), rows[:, 0])
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
