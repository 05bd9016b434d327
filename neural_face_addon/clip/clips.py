"""Puts a clip on a head: keys of the video layer, the video beside it, its sound."""

import json
from collections.abc import Callable
from pathlib import Path

import bpy

from ...models.errors import NeuralFaceError
from ...models.settings import chosen
from ...models.video.retarget_settings import ResidualCurve, Retargeting
from ..passage import passages, residuals, voices
from ..passage.passages import CLIPS, Settings
from ..scene import playback, rig
from ..scene.layers import VIDEO
from ..stored import changes
from ..stored.clip_properties import CLIP
from ..stored.timing import frame_rate
from ..system import runtime
from . import clip_solving, references
from .clip_solving import ClipRequest, ClipSolved, Data, Reader

_LONGEST_NAME = 48


def settings_of(source: object) -> Settings:
    """Settings of a clip, the next clip or an operator as plain values."""
    return chosen(source, *CLIP)


def first_request(
    scene: bpy.types.Scene, obj: bpy.types.Object, settings: Settings, read: Reader | None = None
) -> ClipRequest:
    """What a new clip asks for: of a video, unless `read` reads something else.

    Raises:
        NeuralFaceError: The head cannot be opened, the action cannot be written to.
    """
    if settings["target"] == "CURRENT":
        passages.check_writable(obj)
    playback.open_head(obj)
    return ClipRequest(
        None,
        read or _video_reader(settings),
        frame_rate(scene),
        _played(settings, residuals.still(obj, settings)),
        _path(settings),
    )


def request(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    clip: bpy.types.PropertyGroup,
    read_again: bool = False,
) -> ClipRequest:
    """What solving a clip again asks for: what was seen holds unless file or person changed.

    Raises:
        NeuralFaceError: As for `first_request`; or the head has another action by now, or the
            source cannot be read again.
    """
    passages.check_writable(obj, clip)
    settings, fps = settings_of(clip), frame_rate(scene)
    held = bool(clip.data) and not read_again and _holds(clip)
    if clip.source != "VIDEO" and not held:
        raise NeuralFaceError(f"{clip.name} cannot be read again: import it as a new clip.")
    return ClipRequest(
        (clip.source, bytes(clip.data)) if held else None,
        _video_reader(settings),
        fps,
        _played(settings, residuals.curve(obj, clip, fps)),
        _path(settings),
        int(clip.file_size or 0),
    )


def work(obj: bpy.types.Object, asked: ClipRequest) -> Callable[..., ClipSolved]:
    """What solves a request off the main thread."""
    head = playback.open_head(obj)
    return lambda progress: clip_solving.solve(head, asked, progress)


def add_clip(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    settings: Settings,
    asked: ClipRequest,
    solved: ClipSolved,
) -> str:
    """Make a new clip and write it; a sentence about what was written.

    Raises:
        NeuralFaceError: The rig cannot get the bone that it lacks.
    """
    rig.ensure_bone(obj, VIDEO)
    clip = passages.add(obj, CLIPS, settings)
    clip.name = _name(asked.path)
    passages.begin_action(obj, clip)
    return apply(scene, obj, clip, asked, solved)


def apply(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    clip: bpy.types.PropertyGroup,
    asked: ClipRequest,
    solved: ClipSolved,
) -> str:
    """Write a solved clip in place of what it wrote before; a sentence about it.

    Raises:
        NeuralFaceError: The head has another action by now.
    """
    passages.check_writable(obj, clip)
    with changes.silence():
        if solved.data is not None:
            _keep(clip, solved.data)
        clip.seconds = float(solved.parameters.times[-1])
        count = passages.write(obj, clip, solved.parameters, asked.fps)
        notes = _place(scene, obj, clip, asked, solved) if clip.source == "VIDEO" else ()
    passages.make_room(scene, clip)
    clip.report = passages.report(clip, count, (*solved.notes, *notes))
    playback.show_all(bpy.context.evaluated_depsgraph_get())
    return clip.report


def remove(scene: bpy.types.Scene, obj: bpy.types.Object, clip: bpy.types.PropertyGroup) -> str:
    """Remove a clip with its keys, video and sound; a sentence about what was done."""
    references.remove(clip)
    return passages.remove(scene, obj, clip)


def _keep(clip: bpy.types.PropertyGroup, data: Data) -> None:
    clip.source, clip.data = data.source, data.content
    clip.file_size, clip.file_sha256 = str(data.size), data.sha256
    clip.about, clip.warnings = data.about, "\n".join(data.warnings)
    clip.first_second, clip.last_second = data.span
    clip.whole = data.whole
    clip.made_for = _fingerprint(clip)


def _place(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    clip: bpy.types.PropertyGroup,
    asked: ClipRequest,
    solved: ClipSolved,
) -> tuple[str, ...]:
    """Video and sound beside the head, as far as they are wanted and the file is there."""
    there = asked.path.is_file()
    if there or not clip.show_video:
        references.synchronise(scene, obj, clip, asked.path, solved.picture_rate)
    if there or not clip.play_sound:
        voices.synchronise(scene, clip, asked.path)
    if clip.play_sound and clip.strip and clip.speed != 1.0:
        return ("its sound is muted: it plays only at the video's own speed",)
    return ()


def _played(settings: Settings, residual: ResidualCurve | None) -> Settings:
    """Settings of a clip as `Retargeting` takes them."""
    played = passages.picked(Retargeting, settings)
    return played if residual is None else played | {"residual": residual}


def _video_reader(settings: Settings) -> Reader:
    span = settings["trim_start"], settings["trim_end"] or None
    return clip_solving.read_video(_path(settings), settings["person"], *span)


def _path(settings: Settings) -> Path:
    """Where the source is; one that has moved may lie beside the .blend."""
    beside = Path(bpy.data.filepath).parent if bpy.data.filepath else None
    return runtime.located(bpy.path.abspath(settings["filepath"]), beside)


def _holds(clip: bpy.types.PropertyGroup) -> bool:
    """Whether the data are of the clip's file and person, and reach as far as it is trimmed."""
    if clip.made_for != _fingerprint(clip):
        return False
    begins = clip.trim_start >= clip.first_second - 1e-3 or clip.first_second == 0.0
    ends = clip.whole or 0 < clip.trim_end <= clip.last_second + 1e-3
    return clip.source != "VIDEO" or (begins and ends)


def _fingerprint(clip: bpy.types.PropertyGroup) -> str:
    return json.dumps([clip.filepath, clip.person])


def _name(path: Path) -> str:
    return path.stem[:_LONGEST_NAME]
