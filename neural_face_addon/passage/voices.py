"""The sound of a line or clip: one strip in the sequencer."""

from pathlib import Path

import bpy

from ..stored.timing import frame_rate


def place_voice(
    scene: bpy.types.Scene, path: Path, name: str, frame_start: int, seconds: float
) -> bpy.types.Strip:
    """Add a sound on the lowest channel that is free there."""
    editor = scene.sequence_editor or scene.sequence_editor_create()
    frame_end = frame_start + seconds * frame_rate(scene)
    busy = {
        strip.channel
        for strip in editor.strips
        if strip.frame_final_start < frame_end and strip.frame_final_end > frame_start
    }
    channel = next(number for number in range(1, len(busy) + 2) if number not in busy)
    strip = editor.strips.new_sound(
        name=name, filepath=str(path), channel=channel, frame_start=frame_start
    )
    strip.sound.name = name
    return strip


def replace_voice(
    scene: bpy.types.Scene, line: bpy.types.PropertyGroup, path: Path, recorded: bool
) -> None:
    """Let the line be heard; a made voice is packed, a recording stays where the user keeps it."""
    remove_voice(scene, line)
    strip = place_voice(scene, path, line.name, line.frame_start, line.seconds)
    line.strip = strip.name
    if not recorded:
        strip.sound.pack()
        path.unlink(missing_ok=True)


def move_voice(scene: bpy.types.Scene, line: bpy.types.PropertyGroup) -> None:
    """Where the line now begins."""
    strip = _strip(scene, line)
    if strip is not None and strip.frame_start != line.frame_start:
        strip.frame_start = line.frame_start


def synchronise(scene: bpy.types.Scene, clip: bpy.types.PropertyGroup, path: Path) -> None:
    """Let a clip's video be heard, if it has a sound and that is wanted, as the clip now lies.

    Blender's sounds keep their speed: at any other the strip is muted.
    """
    strip = _strip(scene, clip)
    heard = strip is not None and Path(bpy.path.abspath(strip.sound.filepath)) == path
    if not clip.play_sound or (strip is not None and not heard):
        remove_voice(scene, clip)
    if not clip.play_sound:
        return
    if not heard and _has_sound(path):
        strip = place_voice(scene, path, clip.name, clip.frame_start, clip.seconds)
        clip.strip = strip.name
    strip = _strip(scene, clip)
    if strip is not None:
        fps = frame_rate(scene)
        first = round(clip.trim_start * fps)
        strip.frame_start = clip.frame_start - first
        strip.frame_offset_start = first
        last = round((clip.trim_start + clip.seconds) * fps) + 1
        strip.frame_offset_end = max(strip.frame_duration - last, 0)
        strip.mute = clip.speed != 1.0


def _has_sound(path: Path) -> bool:
    sound = bpy.data.sounds.load(str(path))
    found = sound.channels != "INVALID"
    bpy.data.sounds.remove(sound)
    return found


def remove_voice(scene: bpy.types.Scene, line: bpy.types.PropertyGroup) -> None:
    """Take the strip away, and its sound where nothing else plays it."""
    strip = _strip(scene, line)
    if strip is not None and scene.sequence_editor is not None:
        sound = strip.sound
        scene.sequence_editor.strips.remove(strip)
        if sound is not None and not sound.users:
            bpy.data.sounds.remove(sound)
    line.strip = ""


def _strip(scene: bpy.types.Scene, line: bpy.types.PropertyGroup) -> bpy.types.Strip | None:
    editor = scene.sequence_editor
    found = editor.strips.get(line.strip) if editor and line.strip else None
    return found if found is not None and found.type == "SOUND" else None
