"""Lip contact on what all layers show together: measured at p b m f v, corrected on wish."""

from collections.abc import Iterable, Sequence

import bpy
import numpy as np

from ...models.errors import NeuralFaceError
from ...models.speech.lip_contact import contacts
from ..scene import keyframes, layer_curves, playback
from ..scene.keyframes import Channels
from ..scene.layers import LAYERS, SPEECH
from ..stored import cues
from ..stored.head_properties import REGIONS
from . import lines
from .line_solving import plain

MILLIMETRES = 1000.0
_LEAST_INFLUENCE = 0.05
_CHANGED = 1e-5


def check(obj: bpy.types.Object, line: bpy.types.PropertyGroup, fps: float) -> int:
    """Measure the line's contacts and keep them with it; how many are open.

    Raises:
        NeuralFaceError: The head cannot be opened.
    """
    head = playback.open_head(obj)
    frames, times = _frames(line, fps)
    codes = layer_curves.shown_at(obj, frames)
    found = contacts([plain(cue) for cue in cues.kept(line)], times, head.lip_gaps(codes))
    line.contacts.clear()
    for contact in found:
        item = line.contacts.add()
        item.cue, item.phone = contact.cue, contact.phone
        item.word = lines.word_text(line, line.cues[contact.cue].word)
        item.frame = line.frame_start + round(contact.time * fps)
        item.gap, item.limit = MILLIMETRES * contact.gap, MILLIMETRES * contact.limit
        item.closed = contact.closed
    line.active_contact = min(line.active_contact, max(len(found) - 1, 0))
    return sum(not contact.closed for contact in found)


def fix(
    obj: bpy.types.Object, line: bpy.types.PropertyGroup, chosen: Iterable[int], fps: float
) -> int:
    """Seal some of the measured contacts, now and whenever the line is solved; how many.

    Raises:
        NeuralFaceError: The head cannot be opened, or the speech layer hardly shows.
    """
    if not _shows(obj, line):
        raise NeuralFaceError(
            "The speech layer's influence is too small to close the lips with it."
        )
    sealed = [line.contacts[index].cue for index in chosen]
    _seal(obj, line, sealed, fps)
    for index in sealed:
        line.cues[index].sealed = True
    return len(sealed)


def renew(obj: bpy.types.Object, line: bpy.types.PropertyGroup, fps: float) -> None:
    """After a line was solved: seal what is to be sealed, measure again what was measured."""
    sealed = [index for index, cue in enumerate(line.cues) if cue.sealed]
    if sealed and _shows(obj, line):
        _seal(obj, line, sealed, fps)
    if len(line.contacts):
        check(obj, line, fps)


def _shows(obj: bpy.types.Object, line: bpy.types.PropertyGroup) -> bool:
    frames = np.arange(line.frame_first, line.frame_last + 1.0)
    return bool(layer_curves.influence_at(obj, SPEECH, frames).min() >= _LEAST_INFLUENCE)


def _frames(line: bpy.types.PropertyGroup, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """Frames of the line (T,) and their times in seconds from its start."""
    frames = np.arange(line.frame_first, line.frame_last + 1.0)
    return frames, (frames - line.frame_start) / fps


def _seal(
    obj: bpy.types.Object, line: bpy.types.PropertyGroup, chosen: Sequence[int], fps: float
) -> None:
    """Correct the speech layer's mouth where the lips of all layers together stay open."""
    head = playback.open_head(obj)
    frames, times = _frames(line, fps)
    influence = layer_curves.influence_at(obj, SPEECH, frames)
    codes = layer_curves.codes_at(obj, SPEECH, frames)
    others = layer_curves.shown_at(obj, frames, [layer for layer in LAYERS if layer != SPEECH])
    wanted = [plain(cue) for cue in cues.kept(line)]
    closed = head.speaker.finish.sealed(codes, times, [wanted[index] for index in chosen], others)
    changed = np.abs(closed - codes).max(1) > _CHANGED
    size = obj.neural_face.sizes[0]
    values = (closed / influence)[:, :size]
    for run in np.split(np.arange(len(frames)), np.flatnonzero(np.diff(changed)) + 1):
        if changed[run].all():
            mouth = Channels(obj, SPEECH.path("mouth"), values[run], REGIONS["mouth"])
            keyframes.write([mouth], frames[run])
