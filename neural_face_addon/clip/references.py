"""The video of a clip as a picture beside the head, in time with it."""

from pathlib import Path

import bpy
import numpy as np

from ..scene import heads, keyframes
from ..scene.heads import bounds
from ..scene.keyframes import Channels
from ..stored.timing import frame_rate

GAP = 0.15
"""Space between head and picture, as a share of the head's height."""
_OFFSET = "image_user.frame_offset"


def synchronise(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    clip: bpy.types.PropertyGroup,
    path: Path,
    picture_rate: float,
) -> None:
    """Show the video at `path` as the clip now lies, or take it away where it is not wanted.

    Args:
        scene: That gets the picture.
        obj: The head.
        clip: Of the head.
        path: The video.
        picture_rate: Pictures in a second of it.
    """
    if not clip.show_video:
        remove(clip)
        return
    if clip.picture is None:
        clip.picture = _add(scene, obj, clip.name)
    if clip.picture.data is None or Path(bpy.path.abspath(clip.picture.data.filepath)) != path:
        clip.picture.data = bpy.data.images.load(str(path), check_existing=True)
    _time(clip, frame_rate(scene), picture_rate)


def remove(clip: bpy.types.PropertyGroup) -> None:
    """Take the picture away, and its video where nothing else shows it."""
    picture = clip.picture
    if picture is None:
        return
    image, action = picture.data, keyframes.assigned_action(picture)
    bpy.data.objects.remove(picture)
    if image is not None and not image.users:
        bpy.data.images.remove(image)
    if action is not None and not action.users:
        bpy.data.actions.remove(action)


def _add(scene: bpy.types.Scene, obj: bpy.types.Object, name: str) -> bpy.types.Object:
    """An empty at the actor's left, as high as the head, that moves with its rig."""
    picture = bpy.data.objects.new(f"{name} Video", None)
    picture.empty_display_type = "IMAGE"
    low, high = bounds(obj)
    height = high.z - low.z
    picture.empty_display_size = height
    picture.location = (high.x + (0.5 + GAP) * height, low.y, (low.z + high.z) / 2)
    picture.rotation_euler = (np.pi / 2, 0.0, 0.0)
    picture.hide_render = True
    picture.image_user.use_auto_refresh = True
    for collection in obj.users_collection or (scene.collection,):
        collection.objects.link(picture)
    armature = heads.rig(obj)
    if armature is not None:
        picture.parent = armature
        picture.matrix_parent_inverse = armature.matrix_world.inverted()
    return picture


def _time(clip: bpy.types.PropertyGroup, fps: float, picture_rate: float) -> None:
    """Blender shows a picture of the video on each frame: an offset makes up for other rates."""
    picture = clip.picture
    frames = np.arange(clip.frame_first, clip.frame_last + 1.0)
    passed = frames - clip.frame_first
    shown = np.round((clip.trim_start + passed / fps * clip.speed) * picture_rate)
    offsets = shown - passed
    user = picture.image_user
    user.frame_start, user.frame_duration = clip.frame_first, len(frames)
    user.frame_offset = int(offsets[0])
    keyframes.remove(picture, _OFFSET)
    if np.ptp(offsets):
        if keyframes.assigned_action(picture) is None:
            keyframes.assign(bpy.data.actions.new(picture.name), picture)
        keyframes.write([Channels(picture, _OFFSET, offsets[:, None], "Video")], frames)
    else:
        keyframes.remove_empty(picture, _OFFSET)
