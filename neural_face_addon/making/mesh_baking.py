"""An animated mesh as a plain mesh sequence on disk, whatever moves it."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ...models.errors import NeuralFaceError
from ..stored.timing import frame_rate
from ..system import runtime

IMPORTERS = {
    ".abc": ("alembic_import", {"as_background_job": False}),
    **dict.fromkeys((".usd", ".usda", ".usdc", ".usdz"), ("usd_import", {})),
}
"""Suffix → Blender's own importer and its arguments."""
SHOWN = ("Base Color", "Emission Color", "Color")
"""Inputs of shaders through which a texture is what is seen, the likeliest first."""
PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")


@dataclass(frozen=True)
class Source:
    """Where a mesh gets its colours from.

    Attributes:
        image: In its material; None where `path` is given.
        user: Which frame of an image sequence is shown when.
        path: A picture, or a folder with one for each frame.
    """

    image: bpy.types.Image | None = None
    user: bpy.types.ImageUser | None = None
    path: Path | None = None


def disabled_reason(obj: bpy.types.Object | None) -> str:
    """Why an object cannot be baked; '' when it can."""
    if obj is None or obj.type != "MESH":
        return "Select the mesh of an animated face first"
    return "Leave Edit Mode first" if obj.mode == "EDIT" else ""


def bake(
    scene: bpy.types.Scene, obj: bpy.types.Object, frames: range, source: Source, folder: Path
) -> Iterator[tuple[float, str]]:
    """Write a sequence folder; yields how far it is, and leaves the scene at its frame.

    Raises:
        NeuralFaceError: The mesh has no UVs, its topology changes, or its texture is of no use.
    """
    if not len(frames):
        raise NeuralFaceError("The frame range is empty: set the last frame after the first.")
    write_textures(source, frames, folder)
    shown, positions = scene.frame_current, []
    topology: dict[str, np.ndarray] = {}
    try:
        for place, frame in enumerate(frames):
            yield place / len(frames), f"frame {frame}"
            scene.frame_set(frame)
            here, found = _read(obj)
            topology = topology or found
            if not all(np.array_equal(found[k], topology[k]) for k in ("triangles", "sizes")):
                raise NeuralFaceError(
                    f"The mesh {obj.name} has another topology in frame {frame} than in frame "
                    f"{frames[0]}: turn off what adds or removes vertices while it moves."
                )
            positions.append(here)
    finally:
        scene.frame_set(shown)
    arrays = {key: topology[key] for key in ("triangles", "uvs", "uv_triangles")}
    np.savez(folder / "geometry.npz", positions=np.stack(positions), **arrays)
    (folder / "sequence.json").write_text(json.dumps({"fps": frame_rate(scene)}))


def _read(obj: bpy.types.Object) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """World positions (N, 3) of the evaluated mesh, and its triangles and UVs."""
    try:
        evaluated = obj.evaluated_get(bpy.context.evaluated_depsgraph_get())
    except ReferenceError:
        raise NeuralFaceError("The mesh was deleted; nothing was made.") from None
    mesh = evaluated.to_mesh()
    try:
        layer = next((uvs for uvs in mesh.uv_layers if uvs.active_render), None)
        if layer is None:
            raise NeuralFaceError(
                f"The mesh {obj.name} has no UVs: unwrap it, so that every part has its place."
            )
        mesh.calc_loop_triangles()
        count, matrix = len(mesh.loop_triangles), np.array(evaluated.matrix_world)
        if not count:
            raise NeuralFaceError(f"The mesh {obj.name} has no faces.")
        positions = np.empty(3 * len(mesh.vertices), np.float32)
        triangles, loops = np.empty((2, 3 * count), np.int32)
        uvs = np.empty(2 * len(mesh.loops), np.float32)
        mesh.vertices.foreach_get("co", positions)
        mesh.loop_triangles.foreach_get("vertices", triangles)
        mesh.loop_triangles.foreach_get("loops", loops)
        layer.uv.foreach_get("vector", uvs)
        sizes = np.array([len(mesh.vertices), len(mesh.polygons), len(mesh.loops)])
    finally:
        evaluated.to_mesh_clear()
    world = positions.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
    topology = {
        "triangles": triangles.reshape(-1, 3),
        "uvs": uvs.reshape(-1, 2),
        "uv_triangles": loops.reshape(-1, 3),
        "sizes": sizes,
    }
    return world.astype(np.float32), topology


def source_of(obj: bpy.types.Object) -> Source:
    """The one image that the materials on an object's faces show.

    Raises:
        NeuralFaceError: They show none, or several.
    """
    used = {polygon.material_index for polygon in obj.data.polygons}
    slots = [slot.material for index, slot in enumerate(obj.material_slots) if index in used]
    found = [_shown(material) for material in slots if material is not None]
    sources = {source.image: source for source in found if source is not None}
    if not sources:
        raise NeuralFaceError(
            f"The materials of {obj.name} show no image: bake their colours to one, or choose a "
            "texture."
        )
    if len(sources) > 1 or None in found:
        raise NeuralFaceError(
            f"The materials of {obj.name} show several images ({len(sources)}) or also plain "
            "colours: bake them to one image with UVs that do not overlap, or choose a texture."
        )
    (source,) = sources.values()
    image = source.image
    if image is not None and image.source in ("MOVIE", "TILED", "VIEWER"):
        raise NeuralFaceError(
            f"The image {image.name} is a {image.source.lower()}: use one picture or an image "
            "sequence."
        )
    return source


def _shown(material: bpy.types.Material) -> Source | None:
    """The image texture nearest upstream of what a material's surface shows."""
    if material.node_tree is None:
        return None
    output = material.node_tree.get_output_node("ALL")
    waiting = [output.inputs["Surface"]] if output else []
    while waiting:
        socket = waiting.pop(0)
        for link in socket.links:
            node = link.from_node
            if node.type == "TEX_IMAGE" and node.image is not None:
                return Source(node.image, node.image_user)
            waiting += _upstream(node)
    return None


def _upstream(node: bpy.types.Node) -> list[bpy.types.NodeSocket]:
    """Inputs that may bring the colour that a node shows."""
    if any(socket.type == "SHADER" for socket in node.outputs):
        named = [node.inputs[name] for name in SHOWN if name in node.inputs]
        return named + [socket for socket in node.inputs if socket.type == "SHADER"]
    return [socket for socket in node.inputs if socket.type == "RGBA"]


def add_speech(folder: Path, recording: str, text: str) -> None:
    """Put a recording (path or '') and what is said in it into a sequence folder.

    Raises:
        NeuralFaceError: The recording is missing.
    """
    if recording:
        _copy(Path(recording), folder / "audio.wav", "recording")
    if text:
        (folder / "transcript.txt").write_text(text, encoding="utf-8")


def write_textures(source: Source, frames: range, folder: Path) -> None:
    """Write one picture for all frames, or one for each.

    Raises:
        NeuralFaceError: A picture is missing or cannot be read.
    """
    if source.path is not None:
        _copy_pictures(source.path, folder)
    elif source.image is None:
        raise ValueError("a source needs a path or an image")
    elif source.image.source == "SEQUENCE" and source.user is not None:
        for place, frame in enumerate(frames):
            path = frame_of_sequence(source.image, source.user, frame)
            _copy(path, folder / f"texture_{place:06d}{path.suffix}")
    else:
        runtime.write_picture(folder / "texture.png", _pixels(source.image))


def frame_of_sequence(image: bpy.types.Image, user: bpy.types.ImageUser, frame: int) -> Path:
    """The file of an image sequence that is shown in a frame of the scene."""
    count, number = max(user.frame_duration, 1), frame - user.frame_start + 1
    number = (number - 1) % count + 1 if user.use_cyclic else min(max(number, 1), count)
    path = Path(bpy.path.abspath(image.filepath, library=image.library))
    stem = re.sub(
        r"\d+(?=\D*$)",
        lambda digits: f"{number + user.frame_offset:0{len(digits[0])}d}",
        path.stem,
    )
    return path.with_name(stem + path.suffix)


def _copy_pictures(path: Path, folder: Path) -> None:
    if not path.is_dir():
        _copy(path, folder / f"texture{path.suffix}")
        return
    inside = [picture for picture in path.iterdir() if picture.suffix.lower() in PICTURES]
    if not inside:
        raise NeuralFaceError(f"The folder {path.name} holds no pictures.")
    (folder / "textures").mkdir()
    for picture in inside:
        _copy(picture, folder / "textures" / picture.name)


def _copy(source: Path, target: Path, what: str = "texture") -> None:
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise NeuralFaceError(
            f"The {what} {source.name} cannot be read: {error.strerror}."
        ) from error


def _pixels(image: bpy.types.Image) -> np.ndarray:
    """An image's pixels (H, W, 3) uint8 sRGB, top row first."""
    columns, rows = image.size
    if not rows or not len(image.pixels):
        raise NeuralFaceError(f"The image {image.name} cannot be read: is its file there?")
    pixels = np.empty(rows * columns * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    colour = pixels.reshape(rows, columns, image.channels)[::-1, :, :3]
    colour = np.broadcast_to(colour[..., :1] if image.channels < 3 else colour, (rows, columns, 3))
    if image.is_float:  # kept scene-linear
        bright = 1.055 * np.maximum(colour, 0.0031308) ** (1 / 2.4) - 0.055
        colour = np.where(colour <= 0.0031308, 12.92 * colour, bright)
    return np.rint(np.clip(colour, 0, 1) * 255).astype(np.uint8)


class Imported:
    """A file brought into the scene for a while; on leaving, everything is as it was."""

    def __init__(self, scene: bpy.types.Scene, path: Path) -> None:
        self._scene, self._path = scene, path

    def __enter__(self) -> bpy.types.Object:
        """Import; the mesh with the most vertices.

        Raises:
            NeuralFaceError: The file cannot be read, or holds no mesh.
        """
        path, scene = self._path, self._scene
        if path.suffix.lower() not in IMPORTERS:
            raise NeuralFaceError(f"{path.name} is no Alembic or USD file.")
        if not path.is_file():
            raise NeuralFaceError(f"There is no file {path.name}.")
        before = _everything()
        self._new: set[tuple[str, str]] = set()
        self._frames = scene.frame_start, scene.frame_end, scene.frame_current
        self._rate = scene.render.fps, scene.render.fps_base
        name, arguments = IMPORTERS[path.suffix.lower()]
        try:
            getattr(bpy.ops.wm, name)(filepath=str(path), set_frame_range=True, **arguments)
            self._new = _everything().keys() - before.keys()
            new = [item for key, item in _everything().items() if key in self._new]
            meshes = [i for i in new if isinstance(i, bpy.types.Object) and i.type == "MESH"]
            if not meshes:
                raise NeuralFaceError(f"{path.name} holds no mesh that Blender can read.")
        except RuntimeError as error:
            self.__exit__()
            raise NeuralFaceError(f"{path.name} cannot be imported: {error}") from error
        except BaseException:
            self.__exit__()
            raise
        return max(meshes, key=lambda obj: len(obj.data.vertices))

    def __exit__(self, *_: object) -> None:
        """Remove what the import brought."""
        scene = self._scene
        everything = _everything()
        bpy.data.batch_remove([everything[key] for key in self._new if key in everything])
        scene.frame_start, scene.frame_end, frame = self._frames
        scene.render.fps, scene.render.fps_base = self._rate
        scene.frame_set(frame)


def _everything() -> dict[tuple[str, str], bpy.types.ID]:
    """All data-blocks by type and name: references do not outlive an undo step."""
    return {(type(item).__name__, item.name_full): item for item in bpy.data.user_map()}
