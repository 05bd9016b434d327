"""The curves of a layer: its code and head pose over time, written, read and cleared."""

from collections.abc import Sequence

import bpy
import numpy as np

from ..stored.head_properties import REGIONS
from . import heads, keyframes, layers
from .keyframes import Channels
from .layers import LAYERS, Layer
from .rig import bone_channels, head_pose

POSE = ("rotation_euler", "location")


def bone_of(armature: bpy.types.Object | None, layer: Layer) -> bpy.types.PoseBone | None:
    """The layer's bone; rigs of older files have one bone for all."""
    bones = armature.pose.bones if armature else {}
    return bones.get(layer.bone) or bones.get(LAYERS[0].bone)


def bone_path(bone: bpy.types.PoseBone, name: str) -> str:
    """Data path of a pose bone's property, from the armature."""
    return f'pose.bones["{bpy.utils.escape_identifier(bone.name)}"].{name}'


def channels(
    obj: bpy.types.Object, layer: Layer, codes: np.ndarray, head_pose: np.ndarray
) -> list[Channels]:
    """What to key for codes (T, Z) and head poses (T, 6): regions first, then the bone."""
    found = [
        Channels(obj, layer.path(name), codes[:, part], f"{layer.label}: {REGIONS[name]}")
        for name, part in heads.region_slices(obj)
    ]
    armature = heads.rig(obj)
    bone = bone_of(armature, layer)
    if armature is not None and bone is not None:
        pairs = zip(POSE, bone_channels(head_pose), strict=True)
        found += [Channels(armature, bone_path(bone, n), v, bone.name) for n, v in pairs]
    return found


def before(items: Sequence[Channels], frames: np.ndarray) -> list[np.ndarray]:
    """What the curves of channels hold at `frames`, (T, elements) each; 0 where there are none."""
    return [
        keyframes.sampled(item.owner, item.data_path, np.zeros(item.values.shape[1]), frames)
        for item in items
    ]


def codes_at(obj: bpy.types.Object, layer: Layer, frames: np.ndarray) -> np.ndarray:
    """The layer's part of the code (T, Z) at `frames`, with influence; drivers are not asked."""
    still = layers.code_of(obj, layer)
    parts = [
        keyframes.sampled(obj, layer.path(name), still[part], frames)
        for name, part in heads.region_slices(obj)
    ]
    return np.concatenate(parts, 1) * influence_at(obj, layer, frames)


def influence_at(obj: bpy.types.Object, layer: Layer, frames: np.ndarray) -> np.ndarray:
    """(T, 1) how much of the layer shows at `frames`."""
    if not layer.group:
        return np.ones((len(frames), 1), np.float32)
    still = np.array([layers.influence(obj, layer)])
    return keyframes.sampled(obj, layer.path("influence"), still, frames)


def shown_at(
    obj: bpy.types.Object, frames: np.ndarray, chosen: Sequence[Layer] = LAYERS
) -> np.ndarray:
    """What layers show together, (T, Z), at `frames`."""
    total = np.zeros((len(frames), sum(obj.neural_face.sizes)), np.float32)
    for layer in chosen:
        total += codes_at(obj, layer, frames)
    return total


def pose_at(
    obj: bpy.types.Object, frames: np.ndarray, chosen: Sequence[Layer] = LAYERS
) -> np.ndarray:
    """How the bones of layers turn the head together: head poses (T, 6) at `frames`."""
    armature = heads.rig(obj)
    if armature is None:
        return head_pose([], len(frames))
    bones = list(dict.fromkeys(bone_of(armature, layer) for layer in chosen))
    moves = [_bone_at(armature, bone, frames) for bone in bones if bone is not None]
    return head_pose(moves, len(frames))


def _bone_at(
    armature: bpy.types.Object, bone: bpy.types.PoseBone, frames: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (T, 3) and location (T, 3) of a bone at `frames`."""
    rotation, location = (
        keyframes.sampled(armature, bone_path(bone, name), np.array(getattr(bone, name)), frames)
        for name in POSE
    )
    return rotation, location


def whole_frames(span: tuple[int, int]) -> np.ndarray:
    """Frames (T,) from the first to the last."""
    return np.arange(span[0], span[1] + 1.0)


def now(obj: bpy.types.Object, layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """Code (Z,) and head pose (6,) that a layer has at this moment."""
    bone = bone_of(heads.rig(obj), layer)
    moves = []
    if bone is not None:
        rotation, location = (np.array(getattr(bone, name))[None] for name in POSE)
        moves.append((rotation, location))
    return layers.code_of(obj, layer), head_pose(moves, 1)[0]


def set_now(obj: bpy.types.Object, layer: Layer, code: np.ndarray, pose: np.ndarray) -> None:
    """Give a layer a code (Z,) and head pose (6,) without keys."""
    heads.set_code(obj, code, layer=layer)
    bone = bone_of(heads.rig(obj), layer)
    if bone is not None:
        for name, values in zip(POSE, bone_channels(np.asarray(pose)[None]), strict=True):
            setattr(bone, name, values[0].tolist())


def keyed(obj: bpy.types.Object, layer: Layer) -> tuple[int, float, float]:
    """How many keys the layer has, and the first and last frame of them."""
    count, first, last = 0, np.inf, -np.inf
    for owner, path in _paths(obj, layer):
        for (data_path, _), curve in keyframes.curves_of(owner).items():
            points = curve.keyframe_points
            if data_path == path and len(points):
                count += len(points)
                first, last = min(first, points[0].co[0]), max(last, points[-1].co[0])
    return count, first, last


def remove_keys(obj: bpy.types.Object, layer: Layer, span: tuple[float, float]) -> bool:
    """Remove the layer's keys inside a span; whether there were any. Its curves stay."""
    found = [keyframes.remove(owner, path, span) for owner, path in _paths(obj, layer)]
    return any(found)


def tidy(obj: bpy.types.Object, layer: Layer) -> None:
    """Remove the layer's curves without keys; what they moved goes back to rest.

    Else the last frame's face would stay.
    """
    for owner, path in _paths(obj, layer):
        if keyframes.remove_empty(owner, path):
            _rest(owner, path)


def _paths(obj: bpy.types.Object, layer: Layer) -> list[tuple[bpy.types.Object, str]]:
    found = [(obj, layer.path(name)) for name in REGIONS]
    armature = heads.rig(obj)
    bone = bone_of(armature, layer)
    if armature is None or bone is None:
        return found
    return found + [(armature, bone_path(bone, name)) for name in POSE]


def _rest(owner: bpy.types.Object, path: str) -> None:
    holder, _, name = path.rpartition(".")
    group = owner.path_resolve(holder)
    setattr(group, name, [0.0] * len(getattr(group, name)))
