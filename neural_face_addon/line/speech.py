"""Puts a spoken line on a head: keys of the speech layer, cues, words, voice, markers."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ...models.speech.line_settings import LineSettings
from ...models.speech.manner import Manner, StyleCurve
from ..passage import passages, residuals, voices
from ..passage.passages import LINES, Settings
from ..scene import playback
from ..stored import changes, cues, markers, timing, words
from ..stored.timing import frame_rate
from . import contacts, lines
from .line_solving import Request, Solved, solve

if TYPE_CHECKING:
    from ...models.video.retarget_settings import ResidualCurve


def first_request(scene: bpy.types.Scene, obj: bpy.types.Object, settings: Settings) -> Request:
    """What a new line asks for.

    Raises:
        NeuralFaceError: The head cannot be opened or lacks a style or the method, the action
            cannot be written to.
    """
    if settings["target"] == "CURRENT":
        passages.check_writable(obj)
    curve, residual = lines.still_curve(obj, settings), residuals.still(obj, settings)
    return _request(scene, obj, settings, curve, residual)


def request(
    scene: bpy.types.Scene, obj: bpy.types.Object, line: bpy.types.PropertyGroup
) -> Request:
    """What solving a line again asks for: its cues hold unless text, tempo or sound changed.

    Raises:
        NeuralFaceError: As for `first_request`; or the head has another action by now.
    """
    passages.check_writable(obj, line)
    fps = frame_rate(scene)
    curve, residual = lines.style_curve(obj, line, fps), residuals.curve(obj, line, fps)
    return _request(
        scene, obj, lines.settings_of(line), curve, residual,
        timed_anew=not timing.holds(line),
        cues=cues.kept(line), words=words.kept(line) if len(line.cues) else (),
    )  # fmt: skip


def work(obj: bpy.types.Object, asked: Request) -> Callable[..., Solved]:
    """What solves a request off the main thread."""
    head = playback.open_head(obj)
    return lambda progress: solve(head, asked, progress)


def _request(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    settings: Settings,
    curve: tuple[np.ndarray, np.ndarray, np.ndarray],
    residual: "ResidualCurve | None",
    **kept: Any,
) -> Request:
    names = ("audio_filepath", "timings_filepath")
    settings = settings | {name: bpy.path.abspath(settings[name]) for name in names}
    styles = (settings["style_first"], settings["style_second"])
    playback.open_head(obj).check_speech(settings["method"], *styles)
    return Request(
        LineSettings(**passages.picked(LineSettings, settings)),
        fps=frame_rate(scene),
        manner=Manner(StyleCurve(*styles, *curve), **passages.picked(Manner, settings)),
        residual=residual,
        # Blender empties this folder when it ends
        voice_path=Path(bpy.app.tempdir) / f"neural_face_{uuid.uuid4().hex}.wav",
        **kept,
    )


def add_line(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    settings: Settings,
    asked: Request,
    solved: Solved,
) -> str:
    """Make a new line and write it; a sentence about what was written."""
    line = passages.add(obj, LINES, settings)
    line.name = _name(line)
    passages.begin_action(obj, line)
    return apply(scene, obj, line, asked, solved)


def apply(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    line: bpy.types.PropertyGroup,
    asked: Request,
    solved: Solved,
) -> str:
    """Write a solved line in place of what it wrote before; a sentence about it.

    Raises:
        NeuralFaceError: The head has another action by now.
    """
    passages.check_writable(obj, line)
    with changes.silence():
        line.name = _name(line)
        line.seconds = solved.seconds
        cues.keep(line, solved.cues)
        words.keep(line, solved.words)
        line.timed_for = timing.fingerprint(line)
        count = passages.write(obj, line, solved.parameters, asked.fps)
        contacts.renew(obj, line, asked.fps)
    markers.synchronise(scene, line)
    if solved.voice is not None:
        recorded = asked.said.recording is not None
        voices.replace_voice(scene, line, Path(solved.voice), recorded)
    voices.move_voice(scene, line)
    passages.make_room(scene, line)
    line.report = passages.report(line, count, solved.notes)
    playback.show_all(bpy.context.evaluated_depsgraph_get())
    return line.report


def _name(line: bpy.types.PropertyGroup) -> str:
    return lines.line_name(line.text or Path(line.audio_filepath or line.timings_filepath).stem)
