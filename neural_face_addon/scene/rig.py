"""Builds a head in the scene: mesh with parts, materials, and an armature for the head pose."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
import numpy as np
from mathutils import Euler, Matrix, Vector

from ...models.errors import NeuralFaceError
from ...models.speech.manner import MOST_STYLE_AXES, NEUTRAL
from ...models.video.retarget_settings import MOST_RESIDUAL_AXES
from ..stored.head_properties import MOST_ELEMENTS, REGIONS
from ..system import runtime
from . import heads, materials, playback
from .layers import LAYERS, Layer

if TYPE_CHECKING:
    from ...models.actor import Actor
    from ...models.mesh import HeadMesh

HANDLE = 0.05
"""Metres that the animator's bone stands out above the head, where it can be picked."""
INSIDE = 0.5
"""Share of the way from pivot to crown that the other layers' bones have: out of the way."""
HEAD_POSE_MODE = "XZY"
"""Rotation mode of the bones: they stand upright, so their axes are X, Z, −Y of the head."""


def build(
    context: bpy.types.Context, head: "Actor", path: Path, location: Vector
) -> bpy.types.Object:
    """Add an opened head to the scene and make it the active object.

    Raises:
        NeuralFaceError: The head has more sliders than a property holds, or broken faces.
    """
    _check(head)
    if context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    name = head.info.name or path.stem
    obj = bpy.data.objects.new(name, _mesh(name, head.mesh))
    for material in _materials(name, head):
        obj.data.materials.append(material)
    _describe(obj, head, path)
    rig = _armature(context, name, head.mesh)
    context.collection.objects.link(obj)
    _hang(obj, rig, LAYERS[-1])
    rig.location = location
    for other in context.selected_objects:
        other.select_set(False)
    obj.select_set(True)
    context.view_layer.objects.active = obj
    heads.forget()
    playback.show(obj, heads.code(obj))
    return obj


def renew(obj: bpy.types.Object, head: "Actor", path: Path) -> None:
    """Have an object show another file of the same actor: a later state of its training.

    Raises:
        NeuralFaceError: The other head has another mesh.
    """
    _check(head)
    expected = len(head.mesh.vertices) + sum(len(part.uvs) for part in head.mesh.parts)
    if len(obj.data.vertices) != expected:
        raise NeuralFaceError(
            f"{path.name} has another mesh than {obj.name}; import it as a new head."
        )
    group = obj.neural_face
    before = group.filepath, group.sha256
    _describe(obj, head, path)
    if before != (group.filepath, group.sha256):
        runtime.close(Path(bpy.path.abspath(before[0])), before[1])
    playback.forget(obj)


def _check(head: "Actor") -> None:
    sizes = [sum(s.region == name for s in head.sliders) for name in REGIONS]
    if max(sizes) > MOST_ELEMENTS:
        raise NeuralFaceError(
            f"{head.info.name} has {max(sizes)} sliders in one region; Blender holds "
            f"{MOST_ELEMENTS}."
        )
    for part in head.mesh.parts:
        if part.faces.size and not 0 <= part.faces.min() <= part.faces.max() < len(part.uvs):
            raise NeuralFaceError(f"{head.info.name} has broken faces in its {part.name}.")


def _mesh(name: str, source: "HeadMesh") -> bpy.types.Mesh:
    counts = np.cumsum([len(source.vertices), *(len(part.uvs) for part in source.parts)])
    pieces = [source.faces, *(p.faces + n for p, n in zip(source.parts, counts, strict=False))]
    faces = np.concatenate(pieces).astype(np.int32)
    uvs = np.concatenate([source.uvs, *(part.uvs for part in source.parts)]).astype(np.float32)
    slots = np.repeat(np.arange(len(pieces), dtype=np.int32), [len(piece) for piece in pieces])
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(uvs))
    mesh.loops.add(faces.size)
    mesh.polygons.add(len(faces))
    mesh.attributes["position"].data.foreach_set(
        "vector", playback.positions(source, source.vertices).ravel()
    )
    mesh.loops.foreach_set("vertex_index", faces.ravel())
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, 3, dtype=np.int32))
    mesh.polygons.foreach_set("material_index", slots)
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", uvs[faces.ravel()].ravel())
    mesh.update(calc_edges=True)
    mesh.shade_smooth()
    return mesh


def _materials(name: str, head: "Actor") -> list[bpy.types.Material]:
    pixels = runtime.pixel_buffer(*head.base_texture.shape[:2]).fill(head.base_texture)
    made = [materials.head_material(name, materials.head_image(name, pixels))]
    for part in head.mesh.parts:
        label = f"{name} {part.name}"
        made.append(materials.part_material(label, materials.part_image(label, part.texture)))
    return made


def _describe(obj: bpy.types.Object, head: "Actor", path: Path) -> None:
    group = obj.neural_face
    group.filepath = runtime.portable(path)
    group.sha256 = head.info.sha256
    group.head_name = head.info.name
    group.sizes = [sum(s.region == name for s in head.sliders) for name in REGIONS]
    for known in (
        *(group.sliders, group.styles, group.takes),
        *(group.style_axes, group.residual_axes),
    ):
        known.clear()
    for slider in head.sliders:
        item = group.sliders.add()
        item.name, item.low, item.high = slider.name, slider.low, slider.high
    for names, known in (
        (group.styles, head.style_names),
        (group.style_axes, head.style_axes[:MOST_STYLE_AXES]),
        (group.residual_axes, head.residual_axes[:MOST_RESIDUAL_AXES]),
    ):
        for name in known:
            names.add().name = name
    for take in head.spoken_takes:
        item = group.takes.add()
        item.name, item.text = take.name, take.text
    group.speech.style_first = NEUTRAL if NEUTRAL in head.style_names else ""
    group.speech.method = head.methods[0]


def _armature(context: bpy.types.Context, name: str, mesh: "HeadMesh") -> bpy.types.Object:
    """For each layer an upright bone at the pivot."""
    armature = bpy.data.armatures.new(f"{name} Rig")
    armature.display_type = "STICK"
    rig = bpy.data.objects.new(f"{name} Rig", armature)
    context.collection.objects.link(rig)
    with _edited(context, rig) as bones:
        bone = bones.new(LAYERS[0].bone)
        bone.head, bone.tail = Vector(mesh.pivot.tolist()), Vector(mesh.pivot.tolist())
        bone.tail.z = mesh.vertices[:, 2].max() + HANDLE
        bone.align_roll(Vector((0, -1, 0)))
        for layer in LAYERS[1:]:
            _add_bone(bones, layer)
    for pose_bone in rig.pose.bones:
        pose_bone.rotation_mode = HEAD_POSE_MODE
    return rig


@contextmanager
def _edited(
    context: bpy.types.Context, rig: bpy.types.Object
) -> Iterator[bpy.types.ArmatureEditBones]:
    """Blender makes bones in Edit Mode only, of the active object."""
    before = context.view_layer.objects.active
    context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        yield rig.data.edit_bones
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
        context.view_layer.objects.active = before


def _add_bone(bones: bpy.types.ArmatureEditBones, layer: Layer) -> None:
    """A layer's bone as the last of the row, a part of the first one's length."""
    first = bones[LAYERS[0].bone]
    last = next(bone for bone in reversed(LAYERS) if bone.bone in bones)
    bone = bones.new(layer.bone)
    bone.head = first.head
    bone.tail = first.head + INSIDE * (first.tail - first.head)
    bone.align_roll(Vector((0, -1, 0)))
    bone.parent = bones[last.bone]


def ensure_bone(obj: bpy.types.Object, layer: Layer) -> None:
    """Give a rig that was made before there was this layer its bone; the head hangs on it.

    Raises:
        NeuralFaceError: The rig is linked or hidden.
    """
    rig = heads.rig(obj)
    if rig is None or layer.bone in rig.data.bones or LAYERS[0].bone not in rig.data.bones:
        return
    if rig.library or rig.data.library or rig.override_library or not rig.visible_get():
        raise NeuralFaceError(
            f"{rig.name} needs another bone for the {layer.label.lower()} layer: make it local and "
            "show it."
        )
    if bpy.context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    with _edited(bpy.context, rig) as bones:
        _add_bone(bones, layer)
    rig.pose.bones[layer.bone].rotation_mode = HEAD_POSE_MODE
    _hang(obj, rig, layer)


def _hang(obj: bpy.types.Object, rig: bpy.types.Object, layer: Layer) -> None:
    """Parent to a layer's bone so that its rest pose leaves the head where it is."""
    bone = rig.data.bones[layer.bone]
    obj.parent, obj.parent_type, obj.parent_bone = rig, "BONE", bone.name
    at_tail = bone.matrix_local @ Matrix.Translation((0, bone.length, 0))
    obj.matrix_parent_inverse = at_tail.inverted()


def bone_channels(head_pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bone's rotation_euler (T, 3) in `HEAD_POSE_MODE` and location (T, 3) of poses (T, 6)."""
    swap, signs = [0, 2, 1], np.array([1, 1, -1])
    return head_pose[:, :3][:, swap] * signs, head_pose[:, 3:][:, swap] * signs


def head_pose(moves: Sequence[tuple[np.ndarray, np.ndarray]], frames: int) -> np.ndarray:
    """Head poses (`frames`, 6) of rotations and locations (T, 3 each) of bones in a row.

    The inverse of `bone_channels` where there is one bone.
    """
    poses = np.zeros((frames, 6), np.float32)
    swap, signs = [0, 2, 1], np.array([1, 1, -1])
    before = Euler((0.0, 0.0, 0.0), HEAD_POSE_MODE)
    for frame in range(frames):
        total = Matrix()
        for rotation, location in moves:
            turned = Euler(rotation[frame], HEAD_POSE_MODE).to_matrix().to_4x4()
            total = total @ Matrix.Translation(location[frame]) @ turned
        before = total.to_euler(HEAD_POSE_MODE, before)
        poses[frame, :3] = (np.array(before) * signs)[swap]
        poses[frame, 3:] = (np.array(total.translation) * signs)[swap]
    return poses
