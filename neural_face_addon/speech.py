"""Puts a spoken line on a head: keys of the speech layer, cues, words, voice, markers."""

import uuid
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np

from . import (
    changes,
    contacts,
    cues,
    keyframes,
    layer_curves,
    lines,
    markers,
    playback,
    runtime,
    timing,
    under,
    voices,
    words,
)
from .heads import rig
from .keyframes import Channels
from .layers import SPEECH
from .solving import Request, Solved, solve

Settings = dict[str, object]


def first_request(scene: bpy.types.Scene, obj: bpy.types.Object, settings: Settings) -> Request:
    """What a new line asks for.

    Raises:
        NeuralFaceError: The head cannot be opened or lacks a style or the method, the action
            cannot be written to.
    """
    if settings["target"] == "CURRENT":
        _check_writable(obj)
    return _request(scene, obj, settings, lines.still_curve(obj, settings))


def request(
    scene: bpy.types.Scene, obj: bpy.types.Object, line: bpy.types.PropertyGroup
) -> Request:
    """What solving a line again asks for: its cues hold unless text, tempo or sound changed.

    Raises:
        NeuralFaceError: As for `first_request`; or the head has another action by now.
    """
    _check_writable(obj, line)
    settings = lines.settings_of(line)
    curve = lines.style_curve(obj, line, frame_rate(scene))
    return _request(
        scene, obj, settings, curve,
        timed_anew=not timing.holds(line),
        cues=cues.kept(line), words=words.kept(line) if len(line.cues) else (),
    )  # fmt: skip


def work(obj: bpy.types.Object, asked: Request) -> Callable[..., Solved]:
    """What solves a request off the main thread."""
    head = playback.open_head(obj)
    return lambda progress: solve(head, asked, progress)


def frame_rate(scene: bpy.types.Scene) -> float:
    """Frames per second."""
    return scene.render.fps / scene.render.fps_base


def _request(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    settings: Settings,
    curve: tuple[np.ndarray, np.ndarray, np.ndarray],
    **kept: object,
) -> Request:
    paths = [bpy.path.abspath(settings[f"{name}_filepath"]) for name in ("audio", "timings")]
    recording, timings = (Path(path) if path else None for path in paths)
    played = {name: settings[name] for name in ("strength", "articulation", "smoothing", "parts")}
    styles = (settings["style_first"], settings["style_second"])
    head = playback.open_head(obj)
    return Request(
        **{name: settings[name] for name in ("text", "method", "rate", "pause", "seed")},
        fps=frame_rate(scene),
        manner=runtime.manner(head, settings["method"], *styles, curve, **played),
        recording=recording,
        timings=timings,
        # Blender empties this folder when it ends
        voice_path=Path(bpy.app.tempdir) / f"neural_face_{uuid.uuid4().hex}.wav",
        **kept,
    )


def _check_writable(obj: bpy.types.Object, line: bpy.types.PropertyGroup | None = None) -> None:
    actions = [keyframes.assigned_action(owner) for owner in _owners(obj)]
    for action in actions:
        if action is not None and not action.is_editable:
            raise runtime.user_error(f"The action {action.name} is linked: make it local first.")
    action = actions[0]
    if line is not None and line.action is not None and line.action != action:
        raise runtime.user_error(
            f"The line's keys are in the action {line.action.name}: assign that to {obj.name}, or "
            "choose another for the line."
        )


def add_line(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    settings: Settings,
    asked: Request,
    solved: Solved,
) -> str:
    """Make a new line and write it; a sentence about what was written."""
    line = lines.add(obj, settings)
    if settings["target"] == "NEW":
        action = bpy.data.actions.new(_name(line))
        for owner in _owners(obj):
            keyframes.assign(action, owner)
    return apply(scene, obj, line, asked, solved)


def apply(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    line: bpy.types.PropertyGroup,
    asked: Request,
    solved: Solved,
) -> str:
    """Write a solved line in place of what it wrote before; a sentence about it.

    A scene that ends before the line does is made longer, never shorter.

    Raises:
        NeuralFaceError: The head has another action by now.
    """
    _check_writable(obj, line)
    with changes.silence():
        under.put_back(obj, line)
        line.name = _name(line)
        line.seconds = solved.seconds
        cues.keep(line, solved.cues)
        words.keep(line, solved.words)
        line.timed_for = timing.fingerprint(line)
        count = _write_keys(obj, line, asked, solved)
        contacts.renew(obj, line, asked.fps)
    markers.synchronise(scene, line)
    if solved.voice is not None:
        recorded = asked.recording is not None
        voices.replace_voice(scene, line, Path(solved.voice), recorded)
    voices.move_voice(scene, line)
    scene.frame_end = max(scene.frame_end, line.frame_last)
    line.report = _report(line, count, solved)
    playback.show_all(bpy.context.evaluated_depsgraph_get())
    return line.report


def _report(line: bpy.types.PropertyGroup, count: int, solved: Solved) -> str:
    where = f"frames {line.frame_first} to {line.frame_last} in the action {line.action.name}"
    return "; ".join((f"{count} keys on {where}", *solved.notes))


def _write_keys(
    obj: bpy.types.Object, line: bpy.types.PropertyGroup, asked: Request, solved: Solved
) -> int:
    """Key the line on the speech layer, blended with what is there; how many keys."""
    line.action = _assigned(obj, line)
    times = np.asarray(solved.parameters.times)
    frames = line.frame_start + np.round(times * asked.fps)
    line.frame_first, line.frame_last = int(frames[0]), int(frames[-1])
    channels = layer_curves.channels(
        obj, SPEECH, np.asarray(solved.parameters.codes), np.asarray(solved.parameters.head_pose)
    )
    there = layer_curves.before(channels, frames)
    under.take_down(line, channels)
    share = blend(times, line.blend_in, line.blend_out)[:, None]
    kept = 0.0 if line.existing == "CLEAR" else 1.0
    blended = [
        Channels(
            item.owner, item.data_path,
            share * (item.values + kept * old) + (1 - share) * old, item.group,
        )
        for item, old in zip(channels, there, strict=True)
    ]  # fmt: skip
    return keyframes.write(blended, frames)


def _assigned(obj: bpy.types.Object, line: bpy.types.PropertyGroup) -> bpy.types.Action:
    """The head's action, made where there is none; a rig without one shares it."""
    action = keyframes.assigned_action(obj) or bpy.data.actions.new(line.name)
    for owner in _owners(obj):
        keyframes.assign(keyframes.assigned_action(owner) or action, owner)
    return action


def _owners(obj: bpy.types.Object) -> list[bpy.types.Object]:
    """What a line animates: the head and its rig."""
    armature = rig(obj)
    return [obj, armature] if armature is not None else [obj]


def _name(line: bpy.types.PropertyGroup) -> str:
    return lines.line_name(line.text or Path(line.audio_filepath or line.timings_filepath).stem)


def blend(times: np.ndarray, rise: float, fall: float) -> np.ndarray:
    """Share (T,) of a line that shows at `times`: it rises and falls smoothly."""
    share = np.ones(len(times))
    for distance, length in ((times, rise), (times[-1] - times, fall)):
        if length > 0:
            part = np.clip(distance / length, 0, 1)
            share *= part * part * (3 - 2 * part)
    return share
