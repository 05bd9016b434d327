"""Puts a spoken line on a head: keys on an action of its own, cues, the voice in the sequencer."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from . import heads, playback, rig, runtime
from .keyframes import Channels, write_action
from .properties import REGIONS

if TYPE_CHECKING:
    from .runtime import SpeechResult

_LONGEST_NAME = 48


@dataclass(frozen=True)
class Line:
    """What is asked for.

    Attributes:
        text: To speak.
        method: 'EXAMPLES'.
        rate: Tempo, 1 is the actor's own.
        pause: Length of pauses, 1 is the actor's own.
        seed: Which of the equally good readings.
        style: Acting style, '' for neutral.
        strength: How much mouth and face move.
        frame_start: Where the line begins.
        fps: Of the scene.
        audio_filepath: Recording whose times to take, '' for none.
    """

    text: str
    method: str
    rate: float
    pause: float
    seed: int
    style: str
    strength: float
    frame_start: int
    fps: float
    audio_filepath: str = ""

    @property
    def recording(self) -> Path | None:
        """The recording's file."""
        path = bpy.path.abspath(self.audio_filepath)
        return Path(path) if path else None


def work(obj: bpy.types.Object, line: Line) -> Callable[..., "SpeechResult"]:
    """What animates the line off the main thread."""
    head = playback.open_head(obj)
    settings: dict[str, Any] = {
        "method": line.method,
        "rate": line.rate,
        "pause": line.pause,
        "seed": line.seed,
        "style": line.style,
        "strength": line.strength,
        "fps": line.fps,
        "recording": line.recording,
        # Blender empties this folder when it ends
        "voice_path": Path(bpy.app.tempdir) / f"neural_face_{uuid.uuid4().hex}.wav",
    }

    def animate(progress: Callable[[float, str], None]) -> "SpeechResult":
        return runtime.speak(head, line.text, progress, **settings)

    return animate


def apply(scene: bpy.types.Scene, obj: bpy.types.Object, line: Line, result: "SpeechResult") -> str:
    """Write keys, cues and voice; a sentence about what was written.

    A scene that ends before the line does is made longer, never shorter.
    """
    name = line_name(line.text or Path(line.audio_filepath).stem)
    frames = line.frame_start + np.asarray(result.parameters.times) * line.fps
    action, keys = write_action(name, frames, _channels(obj, result))
    _keep_cues(obj, line, result)
    if result.line.voice is not None:
        path = Path(result.line.voice)
        strip = place_voice(scene, path, name, line.frame_start, result.seconds)
        if line.recording is None:  # a recording stays where the user keeps it
            strip.sound.pack()
            path.unlink(missing_ok=True)
    first, last = int(frames[0]), int(np.ceil(frames[-1]))
    scene.frame_end = max(scene.frame_end, last)
    report = f"{keys} keys on frames {first} to {last} in the action {action.name}"
    if result.line.unknown:
        report += f"; not spoken: {' '.join(str(item) for item in result.line.unknown)}"
    report = "; ".join((report, *result.line.warnings))
    obj.neural_face.speech.report = report
    return report


def line_name(text: str) -> str:
    """Name of the action for a line: its beginning, cut at a word."""
    words = " ".join(text.split())
    if len(words) > _LONGEST_NAME:
        words = words[:_LONGEST_NAME].rpartition(" ")[0] or words[:_LONGEST_NAME]
    return words.rstrip(" .") or words  # Blender counts namesakes with a point and a number


def _channels(obj: bpy.types.Object, result: "SpeechResult") -> list[Channels]:
    codes = np.asarray(result.parameters.codes)
    channels = [
        Channels(obj, f"neural_face.{name}", codes[:, part], REGIONS[name])
        for name, part in heads.region_slices(obj)
    ]
    armature = heads.rig(obj)
    if armature is not None and rig.BONE in armature.pose.bones:
        rotation, location = rig.bone_channels(np.asarray(result.parameters.head_pose))
        bone = f'pose.bones["{rig.BONE}"]'
        channels.append(Channels(armature, f"{bone}.rotation_euler", rotation, rig.BONE))
        channels.append(Channels(armature, f"{bone}.location", location, rig.BONE))
    return channels


def _keep_cues(obj: bpy.types.Object, line: Line, result: "SpeechResult") -> None:
    speech = obj.neural_face.speech
    for name in ("text", "audio_filepath", "rate", "pause", "seed", "style", "strength"):
        setattr(speech, name, getattr(line, name))
    speech.frame_start = line.frame_start
    speech.cues.clear()
    for cue in result.line.cues:
        item = speech.cues.add()
        item.viseme, item.phone = str(cue.viseme), str(cue.phone)
        item.start, item.end = float(cue.start), float(cue.end)


def place_voice(
    scene: bpy.types.Scene, path: Path, name: str, frame_start: int, seconds: float
) -> bpy.types.Strip:
    """Add a sound on the lowest channel that is free there."""
    editor = scene.sequence_editor or scene.sequence_editor_create()
    frame_end = frame_start + seconds * scene.render.fps / scene.render.fps_base
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
