"""Timeline markers of a line's cues; never the user's own."""

import bpy

from ...models.speech.visemes import REST


def synchronise(scene: bpy.types.Scene, line: bpy.types.PropertyGroup) -> None:
    """Set the line's markers as its cues are, or take them away where they are not wanted."""
    remove(scene, line)
    if not line.show_markers:
        return
    fps = scene.render.fps / scene.render.fps_base
    for cue in line.cues:
        if cue.viseme != REST:
            frame = line.frame_start + round(cue.start * fps)
            scene.timeline_markers.new(cue.viseme, frame=frame)
            mark = line.markers.add()
            mark.name, mark.frame = cue.viseme, frame


def remove(scene: bpy.types.Scene, line: bpy.types.PropertyGroup) -> None:
    """Take away those that the line set and nobody has moved or renamed since."""
    for mark in line.markers:
        found = [
            marker
            for marker in scene.timeline_markers
            if (marker.name, marker.frame) == (mark.name, mark.frame) and marker.camera is None
        ]
        if found:
            scene.timeline_markers.remove(found[-1])
    line.markers.clear()
