"""Baking animated meshes, Alembic and USD files into performances."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.errors import NeuralFaceError

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")
cv2 = pytest.importorskip("cv2", reason="textures need OpenCV")

from test_addon_clips import fails

OPERATOR = bpy.ops.neural_face
Sampled = dict[str, object]


@pytest.fixture
def sampled(scene: object, monkeypatch: pytest.MonkeyPatch) -> Sampled:
    """What comes to the numeric layer, which is not asked."""
    from neural_face.neural_face_addon.system import runtime

    seen: Sampled = {}

    def taken(source: Path, output: Path, name: str, _progress: Callable) -> str:
        with np.load(source / "geometry.npz") as arrays:
            seen.update({key: arrays[key] for key in arrays.files})
        seen["files"] = sorted(p.relative_to(source).as_posix() for p in source.rglob("*.*"))
        seen["pictures"] = [
            cv2.imread(str(source / name))[..., ::-1] for name in seen["files"] if ".png" in name
        ]
        seen["source"], seen["name"], seen["output"] = source, name, output
        seen["about"] = (source / "sequence.json").read_text()
        if "transcript.txt" in seen["files"]:
            seen["text"] = (source / "transcript.txt").read_text()
        return "done"

    monkeypatch.setattr(runtime, "performance_from_sequence", taken)
    return seen


def _image(name: str, colour: tuple[float, float, float], side: int = 4) -> object:
    image = bpy.data.images.new(name, side, side)
    image.pixels.foreach_set(np.tile(np.float32([*colour, 1]), side * side))
    return image


def _material(name: str, image: object | None) -> object:
    material = bpy.data.materials.new(name)
    if material.node_tree is None:
        material.use_nodes = True
    if image is not None:
        nodes, links = material.node_tree.nodes, material.node_tree.links
        texture = nodes.new("ShaderNodeTexImage")
        texture.image = image
        shader = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
        links.new(texture.outputs["Color"], shader.inputs["Base Color"])
    return material


def _quad(image: object | None = None) -> object:
    """A moving, bending quad and a triangle; active."""
    mesh = bpy.data.meshes.new("sheet")
    corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (2, 0, 0)]
    mesh.from_pydata(corners, [], [(0, 1, 2, 3), (1, 4, 2)])
    layer = mesh.uv_layers.new(name="map")
    layer.uv.foreach_set("vector", np.linspace(0, 0.9, 14, dtype=np.float32))
    mesh.materials.append(_material("skin", image or _image("skin", (1, 0.5, 0))))
    obj = bpy.data.objects.new("sheet", mesh)
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    obj.select_set(True)
    obj.shape_key_add(name="Basis")
    key = obj.shape_key_add(name="up")
    key.data[0].co = (0, 0, 1)
    for frame, value in ((1, 0.0), (5, 1.0)):
        key.value = value
        key.keyframe_insert("value", frame=frame)
        obj.location.x = value
        obj.keyframe_insert("location", frame=frame)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 5
    scene.frame_set(3)
    return obj


def _bake(folder: Path, **arguments: object) -> None:
    assert OPERATOR.performance_from_mesh(directory=str(folder), **arguments) == {"FINISHED"}


def test_shape_keys_and_moving_objects_are_sampled(sampled: Sampled, tmp_path: Path) -> None:
    _quad()
    _bake(tmp_path / "out", frame_start=1, frame_end=5, text="Hello.")
    positions = sampled["positions"]
    assert positions.shape == (5, 5, 3)
    np.testing.assert_allclose(positions[0, 0], [0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(positions[4, 0], [1, 0, 1], atol=1e-6)
    np.testing.assert_allclose(positions[4, 1], [2, 0, 0], atol=1e-6)
    middle = positions[:, 0, 2]
    assert (np.diff(middle) > 0).all()
    assert len(sampled["triangles"]) == 3
    corner = sampled["uvs"][sampled["uv_triangles"]]
    own = {tuple(row) for row in np.linspace(0, 0.9, 14, dtype=np.float32).reshape(-1, 2)}
    assert {tuple(row) for row in corner.reshape(-1, 2)} == own
    (picture,) = sampled["pictures"]
    assert picture[0, 0].tolist() == [255, 128, 0]
    assert sampled["text"] == "Hello." and '"fps": 24.0' in sampled["about"]
    assert sampled["output"] == tmp_path / "out" and sampled["name"] == "sheet"
    assert bpy.context.scene.frame_current == 3
    assert not sampled["source"].exists()  # nothing stays behind


def test_modifiers_and_the_scenes_range(sampled: Sampled, tmp_path: Path) -> None:
    obj = _quad()
    modifier = obj.modifiers.new("push", "DISPLACE")
    modifier.direction, modifier.strength, modifier.mid_level = "Z", 0.25, 0.0
    bpy.context.scene.frame_end = 2
    _bake(tmp_path / "out")
    assert len(sampled["positions"]) == 2
    np.testing.assert_allclose(sampled["positions"][0, :, 2], 0.25, atol=1e-6)


def test_image_sequences_follow_the_frames(sampled: Sampled, tmp_path: Path) -> None:
    for number in range(1, 6):
        picture = np.full((4, 4, 3), 10 * number, np.uint8)
        cv2.imwrite(str(tmp_path / f"skin_{number:03d}.png"), picture)
    image = bpy.data.images.load(str(tmp_path / "skin_001.png"))
    image.source = "SEQUENCE"
    obj = _quad(image)
    nodes = obj.material_slots[0].material.node_tree.nodes
    user = next(node for node in nodes if node.type == "TEX_IMAGE").image_user
    user.frame_duration, user.frame_start = 5, 2
    _bake(tmp_path / "out", frame_start=1, frame_end=4)
    assert [int(picture[0, 0, 0]) for picture in sampled["pictures"]] == [10, 10, 20, 30]
    user.frame_offset = 3
    fails(
        OPERATOR.performance_from_mesh, r"skin_006\.png cannot be read",
        directory=str(tmp_path / "no"), frame_start=1, frame_end=4,
    )  # fmt: skip
    assert not (tmp_path / "no").exists()


def test_colours_of_float_images_are_encoded(sampled: Sampled, tmp_path: Path) -> None:
    image = bpy.data.images.new("linear", 4, 4, float_buffer=True)
    image.pixels.foreach_set(np.tile(np.float32([0.2140, 0.0, 2.0, 1]), 16))
    _quad(image)
    _bake(tmp_path / "out", frame_end=1)
    np.testing.assert_allclose(sampled["pictures"][0][0, 0], [127, 0, 255], atol=1)


@pytest.mark.parametrize("kind", ["abc", "usdc"])
def test_files_are_imported_for_a_while(sampled: Sampled, tmp_path: Path, kind: str) -> None:
    path, scene = tmp_path / f"face.{kind}", bpy.context.scene
    _quad()
    if kind == "abc":
        bpy.ops.wm.alembic_export(filepath=str(path), start=1, end=5, as_background_job=False)
    else:
        bpy.ops.wm.usd_export(filepath=str(path), export_animation=True)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end, scene.render.fps = 7, 9, 24
    before = {item.name_full for item in bpy.data.user_map()}
    picture = tmp_path / "skin.png"
    cv2.imwrite(str(picture), np.full((4, 4, 3), 77, np.uint8))
    _bake(tmp_path / "out", filepath=str(path), texture_filepath=str(picture))
    assert sampled["name"] == "face" and sampled["pictures"][0][0, 0, 0] == 77
    positions = sampled["positions"]
    assert positions.shape == (5, 5, 3)
    corner = positions[:, np.linalg.norm(positions[4] - [1, 0, 1], axis=1).argmin()]
    np.testing.assert_allclose(corner[[0, 4]], [[0, 0, 0], [1, 0, 1]], atol=1e-5)
    assert {item.name_full for item in bpy.data.user_map()} == before
    assert (scene.frame_start, scene.frame_end, scene.render.fps) == (7, 9, 24)


def test_a_folder_of_textures(sampled: Sampled, tmp_path: Path) -> None:
    _quad()
    (tmp_path / "skins").mkdir()
    fails(
        OPERATOR.performance_from_mesh, "holds no pictures",
        directory=str(tmp_path / "no"), texture_filepath=str(tmp_path / "skins"),
    )  # fmt: skip
    for number in range(5):
        cv2.imwrite(str(tmp_path / "skins" / f"{number}.png"), np.full((4, 4, 3), number, "u1"))
    _bake(tmp_path / "out", texture_filepath=str(tmp_path / "skins"))
    assert [int(picture[0, 0, 0]) for picture in sampled["pictures"]] == [0, 1, 2, 3, 4]


def test_what_cannot_be_baked_is_said(sampled: Sampled, tmp_path: Path) -> None:
    def refused(sentence: str, **arguments: object) -> None:
        asked = {"directory": str(tmp_path / "no")} | arguments
        fails(OPERATOR.performance_from_mesh, sentence, **asked)
        assert not (tmp_path / "no").exists() and not sampled
        assert bpy.context.scene.frame_current in (1, 3)

    refused("Select the mesh of an animated face")
    obj = _quad()
    refused("frame range is empty", frame_start=5, frame_end=4)
    refused("Choose a folder", directory="")
    refused("no Alembic or USD file", filepath=str(tmp_path / "face.fbx"))
    refused("There is no file", filepath=str(tmp_path / "face.abc"))
    (tmp_path / "bad.abc").write_bytes(b"nothing")
    refused(r"bad\.abc", filepath=str(tmp_path / "bad.abc"))
    refused(r"recording none\.wav cannot be read", audio_filepath=str(tmp_path / "none.wav"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.txt").write_text("mine")
    refused("full is not empty", directory=str(tmp_path / "full"))
    modifier = obj.modifiers.new("cut", "BUILD")
    modifier.frame_start, modifier.frame_duration = 1, 4
    refused("no faces|another topology in frame", frame_start=2, frame_end=5)
    obj.modifiers.clear()
    obj.data.materials.append(_material("other", _image("other", (0, 0, 0))))
    obj.data.polygons[1].material_index = 1
    refused("several images")
    obj.data.materials.clear()
    refused("show no image")
    obj.data.materials.append(_material("plain", None))
    refused("show no image")
    obj.data.uv_layers.remove(obj.data.uv_layers[0])
    obj.data.update()
    (tmp_path / "any.png").write_bytes(b"")
    refused("has no UVs", texture_filepath=str(tmp_path / "any.png"))


def test_a_failure_leaves_no_folder(
    scene: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neural_face.neural_face_addon.system import runtime

    def fail(_source: Path, output: Path, *_: object) -> str:
        output.mkdir(parents=True)
        (output / "begun").write_text("")
        raise NeuralFaceError("No face is seen.")

    monkeypatch.setattr(runtime, "performance_from_sequence", fail)
    _quad()
    fails(OPERATOR.performance_from_mesh, "No face is seen", directory=str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_an_animated_face_becomes_a_performance(scene: object, tmp_path: Path) -> None:
    """From shape keys on a mesh in Blender to what heads are trained from."""
    pytest.importorskip("torch", reason="the numeric layer needs torch")
    pytest.importorskip("moderngl", reason="looking at meshes needs moderngl")
    from rendered_faces import needs_landmarker

    needs_landmarker()
    from foreign_actor import foreign_actor

    from models.errors import MissingDependencyError
    from models.performance import Performance

    try:
        actor = foreign_actor(4)
    except MissingDependencyError as error:
        pytest.skip(str(error))
    mesh = bpy.data.meshes.new("actor")
    mesh.from_pydata(actor.vertices[0].tolist(), [], actor.faces.tolist())
    layer = mesh.uv_layers.new(name="map")
    layer.uv.foreach_set("vector", actor.uvs[actor.faces].astype(np.float32).ravel())
    side = actor.textures.shape[1]
    image = bpy.data.images.new("skin", side, side)
    pixels = np.ones((side, side, 4), np.float32)
    pixels[..., :3] = actor.textures[0][::-1] / 255
    image.pixels.foreach_set(pixels.ravel())
    mesh.materials.append(_material("skin", image))
    obj = bpy.data.objects.new("Actor", mesh)
    scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    obj.shape_key_add(name="Basis")
    for frame in range(1, 4):
        key = obj.shape_key_add(name=f"frame {frame}")
        key.data.foreach_set("co", actor.vertices[frame].astype(np.float32).ravel())
        for other in range(4):
            key.value = float(other == frame)
            key.keyframe_insert("value", frame=other)
    _bake(tmp_path / "out", frame_start=0, frame_end=3)
    performance = Performance.open(tmp_path / "out")
    (take,) = performance.takes
    assert (take.name, len(take), performance.fps) == ("Actor", 4, 24.0)
    moved = np.linalg.norm(np.diff(performance.vertices(take), axis=0), axis=-1).max(1)
    assert (moved > 0.003).all() and (moved < 0.05).all()
    turned = np.abs(np.diff(take.head_pose[:, :3], axis=0)).max(1)
    assert (turned > 0.05).all()
    texture, _ = performance.texture(take, 0)
    assert np.abs(texture.astype(int) - actor.textures[0]).max() <= 1
