"""Keyframes in bulk, the same way on every supported Blender; keys outside a range stay.

All owners of a line share one action where they can, each with a slot of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

SAME_FRAME = 0.01
"""Frames nearer than this are one to Blender."""


def _number(name: str, item: str) -> int:
    return bpy.types.Keyframe.bl_rna.properties[name].enum_items[item].value


_CHOICES = {
    "interpolation": _number("interpolation", "LINEAR"),
    "easing": _number("easing", "AUTO"),
    "type": _number("type", "KEYFRAME"),
    "handle_left_type": _number("handle_left_type", "AUTO_CLAMPED"),
    "handle_right_type": _number("handle_right_type", "AUTO_CLAMPED"),
}
_NUMBERS = {"back": 1.70158, "amplitude": 0.0, "period": 0.0}
_MARKS = ("select_control_point", "select_left_handle", "select_right_handle")
_PLACES = {"handle_left": -1 / 3, "co": 0.0, "handle_right": 1 / 3}

Keys = dict[str, np.ndarray]
"""Every attribute of a curve's keys, (K,) or (K, 2) each."""


@dataclass(frozen=True)
class Channels:
    """Values of one property over time.

    Attributes:
        owner: Data-block that is animated.
        data_path: Property of it, from the data-block.
        values: (frames, elements) one curve for each element.
        group: Of the curves, for the editors.
    """

    owner: bpy.types.Object
    data_path: str
    values: np.ndarray
    group: str


def assigned_action(owner: bpy.types.Object) -> bpy.types.Action | None:
    """The action that animates `owner`."""
    return owner.animation_data.action if owner.animation_data else None


def assign(action: bpy.types.Action, owner: bpy.types.Object) -> None:
    """Have `owner` animated by a slot of its own; the action it had is kept in the file."""
    data = owner.animation_data or owner.animation_data_create()
    if data.action not in (None, action) and data.action.is_editable:
        data.action.use_fake_user = True
    if data.action != action or data.action_slot is None:
        known = [slot for slot in action.slots if slot.name_display == owner.name]
        fitting = [slot for slot in known if slot.target_id_type == owner.id_type]
        slot = fitting[0] if fitting else action.slots.new(owner.id_type, owner.name)
        data.action = action
        data.action_slot = slot


def bag_of(owner: bpy.types.Object, ensure: bool = False) -> bpy.types.ActionChannelbag | None:
    """What holds the curves of an owner; with `ensure` its assigned action gets one."""
    action = assigned_action(owner)
    slot = owner.animation_data.action_slot if owner.animation_data else None
    if action is None or slot is None:
        return None
    if ensure:
        layer = action.layers[0] if action.layers else action.layers.new("Layer")
        strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
        return strip.channelbag(slot, ensure=True)
    strips = [strip for layer in action.layers for strip in layer.strips]
    bags = [strip.channelbag(slot) for strip in strips]
    return next((bag for bag in bags if bag is not None), None)


def curves_of(owner: bpy.types.Object) -> dict[tuple[str, int], bpy.types.FCurve]:
    """All curves of an owner by data path and element."""
    bag = bag_of(owner)
    return {(curve.data_path, curve.array_index): curve for curve in bag.fcurves} if bag else {}


def sampled(
    owner: bpy.types.Object, data_path: str, still: np.ndarray, frames: np.ndarray
) -> np.ndarray:
    """Values (T, elements) of a property at `frames`: of its curves, else those it has (elements,).

    The scene's frame stays where it is.
    """
    values = np.tile(np.asarray(still, np.float32), (len(frames), 1))
    curves = curves_of(owner)
    times = np.asarray(frames, float).tolist()
    for element in range(values.shape[1]):
        curve = curves.get((data_path, element))
        if curve is not None:
            values[:, element] = [curve.evaluate(time) for time in times]
    return values


def write(channels: Sequence[Channels], frames: np.ndarray) -> int:
    """Replace what the channels have from the first to the last frame; how many keys were written.

    The owners must have an action. Keys outside stay.

    Args:
        channels: Each with values (T, elements).
        frames: (T,) increasing.
    """
    span = float(frames[0]), float(frames[-1])
    for item in channels:
        bag, curves = bag_of(item.owner, ensure=True), curves_of(item.owner)
        if bag is None:
            raise ValueError(f"{item.owner.name} has no action")
        for element, values in enumerate(item.values.T):
            curve = curves.get((item.data_path, element))
            if curve is None:
                curve = bag.fcurves.new(item.data_path, index=element)
                curve.group = bag.groups.get(item.group) or bag.groups.new(item.group)
            _replace(curve, span, _linear(frames, values))
    return sum(item.values.size for item in channels)


def key_frames(owner: bpy.types.Object, data_path: str, span: tuple[float, float]) -> np.ndarray:
    """Frames (K,) inside a span at which any element of a property has a key."""
    found = [_read(c)["co"][:, 0] for (path, _), c in curves_of(owner).items() if path == data_path]
    frames = np.unique(np.concatenate(found)) if found else np.empty(0, np.float32)
    return frames[(frames >= span[0]) & (frames <= span[1])]


def remove(
    owner: bpy.types.Object, data_path: str, span: tuple[float, float] = (-np.inf, np.inf)
) -> bool:
    """Remove a property's keys inside a span; whether there were any. Empty curves stay."""
    none = _linear(np.empty(0), np.empty(0))
    curves = [curve for (path, _), curve in curves_of(owner).items() if path == data_path]
    found = [_replace(curve, span, none) for curve in curves]
    return any(found)


def remove_empty(owner: bpy.types.Object, data_path: str) -> bool:
    """Remove curves without keys; whether the property has none left that had some."""
    bag = bag_of(owner)
    curves = [curve for (path, _), curve in curves_of(owner).items() if path == data_path]
    empty = [curve for curve in curves if not len(curve.keyframe_points)]
    if bag is not None:
        for curve in empty:
            bag.fcurves.remove(curve)
    return bool(curves) and len(empty) == len(curves)


def _replace(curve: bpy.types.FCurve, span: tuple[float, float], new: Keys) -> bool:
    """Put `new` keys in place of those inside the span; whether there were any."""
    old = _read(curve)
    frames = old["co"][:, 0]
    before = frames < span[0] - SAME_FRAME
    after = frames > span[1] + SAME_FRAME
    found = not (before | after).all()
    if found or len(new["co"]):
        parts = [{name: old[name][mask] for name in old} for mask in (before, after)]
        _fill(curve, {n: np.concatenate([parts[0][n], new[n], parts[1][n]]) for n in old})
    return found


def _linear(frames: np.ndarray, values: np.ndarray) -> Keys:
    """Keys with straight lines between them."""
    count = len(frames)
    step = float(frames[1] - frames[0]) if count > 1 else 1.0
    keys: Keys = {name: np.full(count, value, np.int32) for name, value in _CHOICES.items()}
    keys |= {name: np.full(count, value, np.float32) for name, value in _NUMBERS.items()}
    keys |= {name: np.zeros(count, bool) for name in _MARKS}
    places = {n: np.stack([frames + part * step, values], -1) for n, part in _PLACES.items()}
    return keys | {name: place.astype(np.float32) for name, place in places.items()}


def _read(curve: bpy.types.FCurve) -> Keys:
    points = curve.keyframe_points
    keys = _linear(np.zeros(len(points)), np.zeros(len(points)))
    for name, values in keys.items():
        points.foreach_get(name, values.ravel())
    return keys


def _fill(curve: bpy.types.FCurve, keys: Keys) -> None:
    points = curve.keyframe_points
    points.clear()
    points.add(len(keys["co"]))
    for name, values in keys.items():
        points.foreach_set(name, np.ascontiguousarray(values).ravel())
    curve.update()
