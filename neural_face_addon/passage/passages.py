"""Passages of a head: its lines on the speech layer, its clips on the video layer.

What both do alike: making, keying, blending with what is there, curves over their time, removing.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ...models.errors import NeuralFaceError
from ...models.settings import settings_of
from ..scene import keyframes, layer_curves
from ..scene.heads import rig
from ..scene.keyframes import Channels
from ..scene.layers import SPEECH, VIDEO, Layer
from ..stored import changes
from . import under, voices

if TYPE_CHECKING:
    from ...models.parameters import AnimationParameters


Settings = dict[str, Any]
"""What a passage is made with, as plain values."""


@dataclass(frozen=True)
class Kind:
    """A kind of passage; a head has a list of each.

    Attributes:
        name: For the user.
        items: Property of the head with the list.
        index: Property of the head with the number of the active one.
        layer: That it is keyed on.
        none: What to do first where there is none.
    """

    name: str
    items: str
    index: str
    layer: Layer
    none: str

    def of(self, obj: bpy.types.Object) -> bpy.types.bpy_prop_collection_idprop:
        """All of a head."""
        return getattr(obj.neural_face, self.items)

    @property
    def path(self) -> str:
        """How the data path of each begins, from the object."""
        return f"neural_face.{self.items}["


LINES = Kind("line", "lines", "active_line", SPEECH, "Animate a text first")
CLIPS = Kind("clip", "clips", "active_clip", VIDEO, "Animate a video first")
KINDS = (LINES, CLIPS)


def kind_of(passage: bpy.types.PropertyGroup) -> Kind:
    """Whether it is a line or a clip."""
    path = passage.path_from_id()
    return next(kind for kind in KINDS if path.startswith(kind.path))


def active_or_none(obj: bpy.types.Object, kind: Kind) -> bpy.types.PropertyGroup | None:
    """The one that the panels show, None where there is none."""
    found, index = kind.of(obj), getattr(obj.neural_face, kind.index)
    return found[index] if 0 <= index < len(found) else None


def active(obj: bpy.types.Object, kind: Kind) -> bpy.types.PropertyGroup:
    """The one that the panels show.

    Raises:
        NeuralFaceError: The head has none.
    """
    found = active_or_none(obj, kind)
    if found is None:
        raise NeuralFaceError(f"{obj.name} has no {kind.name}. {kind.none}.")
    return found


def by_uid(obj: bpy.types.Object | None, uid: int) -> bpy.types.PropertyGroup | None:
    """A passage by the number it keeps, None where it is gone."""
    found = [item for kind in KINDS for item in kind.of(obj)] if obj is not None else ()
    return next((item for item in found if item.uid == uid), None)


def picked(declared: type, values: Settings) -> Settings:
    """Those of one declaration."""
    return {name: values[name] for name in settings_of(declared)}


def add(obj: bpy.types.Object, kind: Kind, values: Settings) -> bpy.types.PropertyGroup:
    """A new passage with settings, made the active one; nothing is solved yet."""
    passage = kind.of(obj).add()
    with changes.silence():
        for name, value in values.items():
            setattr(passage, name, set(value) if isinstance(value, frozenset) else value)
        passage.uid = secrets.randbelow(2**31 - 1) + 1
    setattr(obj.neural_face, kind.index, len(kind.of(obj)) - 1)
    return passage


def begin_action(obj: bpy.types.Object, passage: bpy.types.PropertyGroup) -> None:
    """Give the head an action of the passage's own, where that is wanted."""
    if passage.target == "NEW":
        action = bpy.data.actions.new(passage.name)
        for owner in _owners(obj):
            keyframes.assign(action, owner)


def check_writable(obj: bpy.types.Object, passage: bpy.types.PropertyGroup | None = None) -> None:
    """See that keys can be written, for a passage that may be new.

    Raises:
        NeuralFaceError: The action is linked, or the head has another one by now.
    """
    actions = [keyframes.assigned_action(owner) for owner in _owners(obj)]
    for action in actions:
        if action is not None and not action.is_editable:
            raise NeuralFaceError(f"The action {action.name} is linked: make it local first.")
    action = actions[0]
    if passage is not None and passage.action is not None and passage.action != action:
        name = kind_of(passage).name
        raise NeuralFaceError(
            f"The {name}'s keys are in the action {passage.action.name}: assign that to "
            f"{obj.name}, or choose another for the {name}."
        )


def write(
    obj: bpy.types.Object,
    passage: bpy.types.PropertyGroup,
    parameters: "AnimationParameters",
    fps: float,
) -> int:
    """Key a passage on its layer in place of what it wrote before; how many keys.

    It is blended with what is there.
    """
    layer = kind_of(passage).layer
    under.put_back(obj, passage, layer)
    passage.action = _assigned(obj, passage)
    times = np.asarray(parameters.times)
    frames = passage.frame_start + np.round(times * fps)
    passage.frame_first, passage.frame_last = int(frames[0]), int(frames[-1])
    channels = layer_curves.channels(
        obj, layer, np.asarray(parameters.codes), np.asarray(parameters.head_pose)
    )
    there = layer_curves.before(channels, frames)
    under.take_down(passage, channels)
    share = blend(times, passage.blend_in, passage.blend_out)[:, None]
    kept = 0.0 if passage.existing == "CLEAR" else 1.0
    blended = [
        Channels(
            item.owner, item.data_path,
            share * (item.values + kept * old) + (1 - share) * old, item.group,
        )
        for item, old in zip(channels, there, strict=True)
    ]  # fmt: skip
    return keyframes.write(blended, frames)


def report(passage: bpy.types.PropertyGroup, count: int, notes: Sequence[str]) -> str:
    """A sentence about what was written."""
    span = f"frames {passage.frame_first} to {passage.frame_last}"
    return "; ".join((f"{count} keys on {span} in the action {passage.action.name}", *notes))


def make_room(scene: bpy.types.Scene, passage: bpy.types.PropertyGroup) -> None:
    """A scene that ends before the passage does is made longer, never shorter."""
    scene.frame_end = max(scene.frame_end, passage.frame_last)


def remove(scene: bpy.types.Scene, obj: bpy.types.Object, passage: bpy.types.PropertyGroup) -> str:
    """Remove a passage with its keys and sound; its layer is as it was before it.

    Keys in an action that the head no longer has stay there. A sentence about what was done.
    """
    kind = kind_of(passage)
    found = f"Removed the {kind.name} {passage.name}"
    index = next(i for i, other in enumerate(kind.of(obj)) if other == passage)
    if passage.action is None or passage.action == keyframes.assigned_action(obj):
        under.put_back(obj, passage, kind.layer)
        layer_curves.tidy(obj, kind.layer)
    else:
        found += f"; its keys stay in the action {passage.action.name}"
    voices.remove_voice(scene, passage)
    _renumber_curves(obj, kind, index)
    kind.of(obj).remove(index)
    last = max(len(kind.of(obj)) - 1, 0)
    setattr(obj.neural_face, kind.index, min(getattr(obj.neural_face, kind.index), last))
    return found


def _renumber_curves(obj: bpy.types.Object, kind: Kind, removed: int) -> None:
    """Curves name passages by index: those of later ones move up, the removed one's go."""
    bag = keyframes.bag_of(obj)
    if bag is None:
        return
    for curve in list(bag.fcurves):
        if curve.data_path.startswith(kind.path):
            number, _, rest = curve.data_path.removeprefix(kind.path).partition("]")
            if int(number) == removed:
                bag.fcurves.remove(curve)
            elif int(number) > removed:
                curve.data_path = f"{kind.path}{int(number) - 1}]{rest}"


def over_time(
    obj: bpy.types.Object, passage: bpy.types.PropertyGroup, names: Sequence[str], fps: float
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Times (K,) in seconds and values (K, elements) of properties over a passage.

    From their curves, else as set.
    """
    paths = [f"{passage.path_from_id()}.{name}" for name in names]
    curves = [c for (path, _), c in keyframes.curves_of(obj).items() if path in paths]
    start = passage.frame_start
    ends = [curve.range()[1] for curve in curves]
    last = max([start + passage.seconds * fps, *ends]) if curves else start
    frames = np.arange(start, max(int(np.ceil(last)), start) + 1)
    still = [np.atleast_1d(getattr(passage, name)) for name in names]
    values = [
        keyframes.sampled(obj, path, value, frames)
        for path, value in zip(paths, still, strict=True)
    ]
    return (frames - start) / fps, values


def clear_layer(obj: bpy.types.Object, layer: Layer, span: tuple[float, float]) -> bool:
    """Remove a layer's keys inside a span; passages forget what they would put back there."""
    for kind in KINDS:
        for passage in kind.of(obj) if kind.layer is layer else ():
            if passage.frame_first <= span[1] and passage.frame_last >= span[0]:
                passage.under = ""
    found = layer_curves.remove_keys(obj, layer, span)
    layer_curves.tidy(obj, layer)
    return found


def blend(times: np.ndarray, rise: float, fall: float) -> np.ndarray:
    """Share (T,) of a passage that shows at `times`: it rises and falls smoothly."""
    share = np.ones(len(times))
    for distance, length in ((times, rise), (times[-1] - times, fall)):
        if length > 0:
            part = np.clip(distance / length, 0, 1)
            share *= part * part * (3 - 2 * part)
    return share


def _assigned(obj: bpy.types.Object, passage: bpy.types.PropertyGroup) -> bpy.types.Action:
    """The head's action, made where there is none; a rig without one shares it."""
    action = keyframes.assigned_action(obj) or bpy.data.actions.new(passage.name)
    for owner in _owners(obj):
        keyframes.assign(keyframes.assigned_action(owner) or action, owner)
    return action


def _owners(obj: bpy.types.Object) -> list[bpy.types.Object]:
    """What a passage animates: the head and its rig."""
    armature = rig(obj)
    return [obj, armature] if armature is not None else [obj]
