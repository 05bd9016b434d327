"""Keyframes in bulk, the same way on every supported Blender: one action, a slot per owner."""

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

_LINEAR = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items["LINEAR"].value


@dataclass(frozen=True)
class Channels:
    """Values of one property over time.

    Attributes:
        owner: Data-block that is animated.
        data_path: Property of it, from the data-block.
        values: (frames, elements) one curve for each element.
        group: Of the curves, for the editors.
    """

    owner: bpy.types.ID
    data_path: str
    values: np.ndarray
    group: str


def write_action(
    name: str, frames: np.ndarray, channels: Sequence[Channels]
) -> tuple[bpy.types.Action, int]:
    """Make an action of its own and assign it to the channels' owners.

    Actions that the owners had keep every key; they are only taken off, and kept in the file.

    Args:
        name: Of the action.
        frames: (T,) increasing.
        channels: Each with values (T, elements).

    Returns:
        The action and the number of keys in it.
    """
    action = bpy.data.actions.new(name)
    bags = {}
    for item in channels:
        if item.owner.session_uid not in bags:
            bags[item.owner.session_uid] = _assigned_bag(action, item.owner)
        for element, values in enumerate(item.values.T):
            _write_curve(bags[item.owner.session_uid], item, element, frames, values)
    return action, sum(item.values.size for item in channels)


def _assigned_bag(action: bpy.types.Action, owner: bpy.types.ID) -> bpy.types.ActionChannelbag:
    """A new slot for `owner` in `action`, assigned to it; what holds the slot's curves."""
    data = owner.animation_data or owner.animation_data_create()
    if data.action is not None:
        data.action.use_fake_user = True
    slot = action.slots.new(id_type=owner.id_type, name=owner.name)
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    data.action = action
    data.action_slot = slot
    return strip.channelbag(slot, ensure=True)


def _write_curve(
    bag: bpy.types.ActionChannelbag,
    item: Channels,
    element: int,
    frames: np.ndarray,
    values: np.ndarray,
) -> None:
    curve = bag.fcurves.new(item.data_path, index=element)
    curve.group = bag.groups.get(item.group) or bag.groups.new(item.group)
    points = curve.keyframe_points
    points.add(len(frames))
    points.foreach_set("co", np.stack([frames, values], -1).astype(np.float32).ravel())
    points.foreach_set("interpolation", np.full(len(frames), _LINEAR, np.int32))
    curve.update()
