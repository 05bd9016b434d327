"""Poses of the hand layer: rest, one from the capture, the mirror image."""

import bpy
import numpy as np

from ..stored.head_properties import REGIONS
from . import heads, layers, playback
from .layers import HAND

REGION_ITEMS = (
    ("ALL", "All", "The whole head"),
    *((name.upper(), label, f"Only the {label.lower()}") for name, label in REGIONS.items()),
)
"""Choices of an operator's region."""


def chosen(region: str) -> frozenset[str]:
    """Regions meant by one of `REGION_ITEMS`."""
    return frozenset(REGIONS if region == "ALL" else (region.lower(),))


def _set(obj: bpy.types.Object, code: np.ndarray, regions: frozenset[str]) -> None:
    """Set and show at once: scripts do not wait for Blender's next update."""
    heads.set_code(obj, code, regions)
    playback.show(obj, heads.code(obj))


def reset(obj: bpy.types.Object, region: str) -> None:
    """Back to the neutral face."""
    _set(obj, np.zeros(sum(obj.neural_face.sizes), np.float32), chosen(region))


def randomize(obj: bpy.types.Object, region: str, seed: int | None) -> None:
    """A pose that the actor was captured in.

    Raises:
        NeuralFaceError: The head cannot be opened.
    """
    codes = playback.open_head(obj).examples.codes
    row = np.random.default_rng(seed).integers(len(codes))
    _set(obj, codes[row], chosen(region))


def mirror(obj: bpy.types.Object, region: str) -> None:
    """Left and right exchanged.

    Raises:
        NeuralFaceError: The head cannot be opened.
    """
    mirrored = playback.open_head(obj).mirrored(layers.code_of(obj, HAND))
    _set(obj, mirrored, chosen(region))


def key(obj: bpy.types.Object, region: str, frame: float) -> int:
    """Key the code as it is; how many keys were set."""
    count = 0
    for name, part in heads.region_slices(obj):
        if name not in chosen(region):
            continue
        for index in range(part.stop - part.start):
            path = f"neural_face.{name}"
            count += obj.keyframe_insert(path, index=index, frame=frame, group=REGIONS[name])
    return count
