"""Importing a head: what stands in the scene is what the file holds."""

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")

from heads_in_blender import assert_shows, codes, import_head, texture, vertices

from models.pose import to_world


def test_mesh_and_texture_are_the_decoded_neutral_face(scene: object, tiny_head: Path) -> None:
    obj = import_head(tiny_head)
    assert_shows(obj, np.zeros(24))


def test_topology_uvs_and_parts(scene: object, tiny_head: Path) -> None:
    from neural_face.neural_face_addon.scene import playback

    obj = import_head(tiny_head)
    mesh = playback.open_head(obj).mesh
    faces = np.array([list(p.vertices) for p in obj.data.polygons])
    head_faces = len(mesh.faces)
    assert (faces[:head_faces] == mesh.faces).all()
    assert (faces[head_faces:] == mesh.parts[0].faces + len(mesh.vertices)).all()
    slots = [p.material_index for p in obj.data.polygons]
    assert slots == [0] * head_faces + [1] * len(mesh.parts[0].faces)
    uvs = np.empty(2 * len(obj.data.loops), np.float32)
    obj.data.uv_layers["UVMap"].uv.foreach_get("vector", uvs)
    np.testing.assert_allclose(uvs.reshape(-1, 3, 2)[:head_faces], mesh.uvs[mesh.faces])
    assert not obj.data.validate()


def test_part_texture_is_the_files(scene: object, tiny_head: Path) -> None:
    obj = import_head(tiny_head)
    image = obj.material_slots[1].material.node_tree.nodes["Head Texture"].image
    assert tuple(image.size) == (8, 8)
    pixel = np.array(image.pixels[:4]) * 255
    np.testing.assert_allclose(pixel, (90, 60, 40, 255), atol=1)  # written as BGRA


def test_sliders_are_the_files(scene: object, tiny_head: Path) -> None:
    from neural_face.neural_face_addon.scene import playback

    obj = import_head(tiny_head)
    sliders = playback.open_head(obj).sliders
    assert [s.name for s in obj.neural_face.sliders] == [s.name for s in sliders]
    assert list(obj.neural_face.sizes) == [8, 4, 4, 8]
    np.testing.assert_allclose([s.high for s in obj.neural_face.sliders], [s.high for s in sliders])


@pytest.mark.parametrize("name", ["Head", "Head Speech"])
def test_bone_moves_the_head_as_the_head_pose_says(
    scene: object, tiny_head: Path, name: str
) -> None:
    from neural_face.neural_face_addon.scene import heads, playback, rig

    obj = import_head(tiny_head)
    head_pose = np.array([[0.2, -0.3, 0.4, 0.01, -0.02, 0.03]])
    rotation, location = rig.bone_channels(head_pose)
    bone = heads.rig(obj).pose.bones[name]
    bone.rotation_euler, bone.location = rotation[0], location[0]
    bpy.context.view_layer.update()
    world = np.array(obj.matrix_world)
    own = vertices(obj)
    mesh = playback.open_head(obj).mesh
    expected = to_world(own, head_pose[0], mesh.pivot)
    np.testing.assert_allclose(own @ world[:3, :3].T + world[:3, 3], expected, atol=1e-5)


def test_rest_pose_leaves_the_head_in_place(scene: object, tiny_head: Path) -> None:
    obj = import_head(tiny_head)
    bpy.context.view_layer.update()
    np.testing.assert_allclose(np.array(obj.matrix_world), np.eye(4), atol=1e-6)


def test_several_heads_have_their_own_codes(scene: object, tiny_head: Path) -> None:
    from neural_face.neural_face_addon.scene import heads

    first, second = import_head(tiny_head), import_head(tiny_head)
    wanted = codes(first, 2)
    for obj, code in zip((first, second), wanted, strict=True):
        heads.set_code(obj, code)
    bpy.context.view_layer.update()
    assert_shows(first, wanted[0])
    assert_shows(second, wanted[1])


def test_import_in_pose_mode_and_for_the_armature(scene: object, tiny_head: Path) -> None:
    from neural_face.neural_face_addon.scene import heads

    first = import_head(tiny_head)
    bpy.context.view_layer.objects.active = heads.rig(first)
    bpy.ops.object.mode_set(mode="POSE")
    assert heads.active(bpy.context) == first
    second = import_head(tiny_head)
    assert bpy.context.mode == "OBJECT"
    assert heads.every() == [first, second]


def test_base_texture_is_packed(scene: object, tiny_head: Path) -> None:
    """A reopened file shows a face even where torch is missing."""
    from neural_face.neural_face_addon.scene import playback

    obj = import_head(tiny_head)
    node = obj.material_slots[0].material.node_tree.nodes["Head Texture"]
    assert node.image.packed_file is not None
    node.image.reload()
    base = playback.open_head(obj).base_texture
    assert np.abs(texture(obj).astype(int) - base).max() <= 1


def test_dropping_a_head_file_imports_it(scene: object, tiny_head: Path) -> None:
    handler = bpy.types.FileHandler.bl_rna_get_subclass_py("NEURALFACE_FH_head")
    assert handler.bl_import_operator == "neural_face.import_head"
    assert handler.bl_file_extensions == ".nface"
    bpy.ops.neural_face.import_head("INVOKE_DEFAULT", filepath=str(tiny_head))
    assert bpy.context.object.neural_face.filepath == str(tiny_head)
