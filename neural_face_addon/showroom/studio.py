"""A portrait studio for previews: camera and background for a head; video and stills."""

import tempfile
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

from ..scene import materials
from ..scene.heads import bounds

SIZE = (512, 640)
SHEET_PERCENTAGE = 75
LENS, FILM = 85.0, 24.0
"""Millimetres: the usual portrait lens, under which a head keeps its proportions."""
FRAMING = 0.9, 0.045
"""Part of the head's height that the picture shows, and how far it is shifted up: the neck ends
below the picture's edge."""
BACKGROUND = (0.16, 0.17, 0.19, 1.0)
SAMPLES = 4


def set_up(scene: bpy.types.Scene, head: bpy.types.Object) -> None:
    """Point a camera at `head`, in its captured light alone: clean with few samples, so quick."""
    _add_camera(scene, *bounds(head))
    for socket in materials.light_sockets(head):
        socket.default_value = 1.0
    world = bpy.data.worlds.new("Studio")
    if world.node_tree is None:
        world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = BACKGROUND
    scene.world = world
    scene.view_settings.view_transform = "Standard"
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    scene.render.resolution_percentage = 100
    scene.render.engine = "CYCLES"
    scene.cycles.samples = SAMPLES
    scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 2


def _add_camera(scene: bpy.types.Scene, low: Vector, high: Vector) -> None:
    """A camera in front of a box that frames it as a portrait."""
    camera = bpy.data.objects.new("Portrait", bpy.data.cameras.new("Portrait"))
    scene.collection.objects.link(camera)
    camera.data.lens = LENS
    camera.data.sensor_fit = "VERTICAL"
    camera.data.sensor_height = FILM
    height = high.z - low.z
    share, shift = FRAMING
    distance = share * height * LENS / FILM
    middle = (low + high) / 2
    camera.location = (middle.x, low.y - distance, middle.z + shift * height)
    camera.rotation_euler = (np.pi / 2, 0.0, 0.0)
    camera.data.clip_start = distance / 100
    scene.camera = camera


def render_video(scene: bpy.types.Scene, path: Path) -> None:
    """Render the scene's frame range with its sound to an MP4 at `path`."""
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"
    encoder = scene.render.ffmpeg
    encoder.format, encoder.codec, encoder.audio_codec = "MPEG4", "H264", "AAC"
    encoder.constant_rate_factor = "HIGH"
    scene.render.use_file_extension = False
    scene.render.filepath = str(path)
    bpy.ops.render.render(animation=True, scene=scene.name)


def render_sheet(
    scene: bpy.types.Scene,
    frames: list[int],
    columns: int,
    path: Path,
    percentage: int = SHEET_PERCENTAGE,
) -> None:
    """Render `frames` and write them side by side, `columns` to a row, as one PNG at `path`."""
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):
        settings.media_type = "IMAGE"
    settings.file_format = "PNG"
    scene.render.resolution_percentage = percentage
    with tempfile.TemporaryDirectory() as folder:
        cells = [_render_still(scene, frame, Path(folder)) for frame in frames]
    rows = [np.hstack(cells[start : start + columns]) for start in range(0, len(cells), columns)]
    sheet = np.vstack(rows[::-1])  # Blender's rows run upwards
    image = bpy.data.images.new("Contact Sheet", sheet.shape[1], sheet.shape[0])
    image.pixels.foreach_set(np.ascontiguousarray(sheet, np.float32).ravel())
    image.file_format = "PNG"
    image.save(filepath=str(path))
    bpy.data.images.remove(image)


def _render_still(scene: bpy.types.Scene, frame: int, folder: Path) -> np.ndarray:
    """Pixels (rows, columns, 4) of one frame, rows upwards."""
    scene.frame_set(frame)
    scene.render.filepath = str(folder / f"{frame}.png")
    bpy.ops.render.render(write_still=True, scene=scene.name)
    image = bpy.data.images.load(scene.render.filepath)
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    columns, rows = image.size
    bpy.data.images.remove(image)
    return pixels.reshape(rows, columns, 4)
