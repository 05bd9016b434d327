"""Layers of a head: what is shown is their sum. Each has a code of its own and a bone of its own.

A further layer is one more entry here and one more property of the head that keeps it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
import numpy as np

from ..stored.head_properties import MOST_ELEMENTS, REGIONS


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        name: Identifier in operators.
        label: For the user.
        group: Property of the head that keeps it; '' for the head's own sliders.
        bone: That it turns the head with; each is the child of the one before.
    """

    name: str
    label: str
    group: str
    bone: str

    def properties(self, obj: bpy.types.Object) -> bpy.types.PropertyGroup:
        """What holds the layer's code."""
        return getattr(obj.neural_face, self.group) if self.group else obj.neural_face

    def path(self, name: str) -> str:
        """Data path of one of its properties, from the object."""
        return ".".join(part for part in ("neural_face", self.group, name) if part)


HAND = Layer("HAND", "Hand", "", "Head")
SPEECH = Layer("SPEECH", "Speech", "speech_layer", "Head Speech")
VIDEO = Layer("VIDEO", "Video", "video_layer", "Head Video")
LAYERS = (HAND, SPEECH, VIDEO)
LAYER_ITEMS = tuple((layer.name, layer.label, f"The {layer.label} layer") for layer in LAYERS)


def by_name(name: str) -> Layer:
    """The layer of one of `LAYER_ITEMS`."""
    return next(layer for layer in LAYERS if layer.name == name)


def code_of(obj: bpy.types.Object, layer: Layer) -> np.ndarray:
    """Its part of the expression code (Z,) float32, without influence."""
    group = layer.properties(obj)
    buffer = np.empty(MOST_ELEMENTS, np.float32)
    parts = []
    for name, size in zip(REGIONS, obj.neural_face.sizes, strict=True):
        getattr(group, name).foreach_get(buffer)
        parts.append(buffer[:size].copy())
    return np.concatenate(parts)


def influence(obj: bpy.types.Object, layer: Layer) -> float:
    """How much of the layer shows; the head's own sliders always show."""
    return layer.properties(obj).influence if layer.group else 1.0


def code(obj: bpy.types.Object, chosen: Iterable[Layer] = LAYERS) -> np.ndarray:
    """What the layers show together: the expression code (Z,) float32."""
    total = np.zeros(sum(obj.neural_face.sizes), np.float32)
    for layer in chosen:
        share = influence(obj, layer)
        if share:
            total += np.float32(share) * code_of(obj, layer)
    return total
