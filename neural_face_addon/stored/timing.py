"""Frames in a second; what the times of a line depend on, and whether they still hold."""

import hashlib
import json

import bpy

_NAMES = ("text", "audio_filepath", "timings_filepath", "rate", "pause")


def frame_rate(scene: bpy.types.Scene) -> float:
    """Frames per second."""
    return scene.render.fps / scene.render.fps_base


def fingerprint(line: bpy.types.PropertyGroup) -> str:
    """Changes with whatever the times of a line depend on."""
    return hashlib.sha256(json.dumps([getattr(line, n) for n in _NAMES]).encode()).hexdigest()


def holds(line: bpy.types.PropertyGroup) -> bool:
    """Whether the line's cues have the times of its text and tempo."""
    return len(line.cues) > 0 and fingerprint(line) == line.timed_for
