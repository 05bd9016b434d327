"""What a layer had where a passage now is: kept with it, put back before it changes."""

import base64
import zlib
from dataclasses import replace

import bpy
import numpy as np

from ..scene import keyframes, layer_curves
from ..scene.keyframes import Channels
from ..scene.layers import Layer


def take_down(passage: bpy.types.PropertyGroup, channels: list[Channels]) -> None:
    """Keep the layer's keys in the passage's range; '' for none."""
    span = passage.frame_first, passage.frame_last
    keyed = [keyframes.key_frames(item.owner, item.data_path, span) for item in channels]
    frames = np.unique(np.concatenate(keyed))
    rows = np.concatenate([frames[:, None], *layer_curves.before(channels, frames)], 1)
    data = zlib.compress(rows.astype("<f4").tobytes())
    passage.under = base64.b85encode(data).decode() if len(frames) else ""
    passage.under_elements = rows.shape[1] - 1


def put_back(obj: bpy.types.Object, passage: bpy.types.PropertyGroup, layer: Layer) -> None:
    """Leave the layer as if the passage had never been there."""
    span = passage.frame_first, passage.frame_last
    if span[1] < span[0]:
        return
    layer_curves.remove_keys(obj, layer, span)
    if passage.under:
        rows = np.frombuffer(zlib.decompress(base64.b85decode(passage.under)), "<f4")
        rows = rows.reshape(-1, 1 + passage.under_elements)
        keyframes.write(_filled(obj, layer, rows[:, 1:]), rows[:, 0])
    passage.under, passage.frame_last = "", passage.frame_first - 1


def _filled(obj: bpy.types.Object, layer: Layer, values: np.ndarray) -> list[Channels]:
    """Channels with values (T, elements of all), for owners that still have an action."""
    rows = len(values)
    empty = np.zeros((rows, sum(obj.neural_face.sizes)), np.float32)
    found, start = [], 0
    for item in layer_curves.channels(obj, layer, empty, np.zeros((rows, 6), np.float32)):
        end = start + item.values.shape[1]
        if end <= values.shape[1] and keyframes.bag_of(item.owner) is not None:
            found.append(replace(item, values=values[:, start:end]))
        start = end
    return found
