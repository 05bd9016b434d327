"""A line's cues: they fill its time without gaps, so neighbours share an edge that moves for both.

Functions take a line, a property group; they write its cues and mark what they touch as edited.
"""

from dataclasses import dataclass

import bpy

from ...models.speech.lip_contact import LIMITS
from ...models.speech.visemes import REST, VISEMES

NEED_LIPS = tuple(LIMITS)
SHORTEST, LONGEST = 0.035, 0.45
"""Seconds outside which a sound is marked."""
LEAST = 0.005
"""Seconds that a cue keeps whatever is done to it."""


@dataclass(frozen=True)
class KeptCue:
    """A cue as plain values, for work that knows no bpy; fields as the property's."""

    start: float
    end: float
    viseme: str
    phone: str
    stress: int = -1
    word: int = -1
    strength: float = 1.0
    edited: bool = False
    sealed: bool = False


def kept(line: bpy.types.PropertyGroup) -> tuple[KeptCue, ...]:
    """The cues as plain values."""
    names = tuple(KeptCue.__dataclass_fields__)
    return tuple(KeptCue(*(getattr(cue, name) for name in names)) for cue in line.cues)


def keep(line: bpy.types.PropertyGroup, found: tuple[KeptCue, ...]) -> None:
    """Put plain values in place of the cues, only as far as they differ."""
    if not len(line.cues):  # the list hides rests, with which a line begins
        line.active_cue = next((i for i, cue in enumerate(found) if cue.viseme != REST), 0)
    if kept(line) != found:
        line.cues.clear()
        for cue in found:
            _set(line.cues.add(), cue)
    line.active_cue = min(line.active_cue, max(len(found) - 1, 0))


def _set(item: bpy.types.PropertyGroup, cue: KeptCue) -> None:
    for name in KeptCue.__dataclass_fields__:
        setattr(item, name, getattr(cue, name))


def edited(line: bpy.types.PropertyGroup, index: int, name: str) -> None:
    """Bring into order what an edit of one property means for the cue and its neighbours."""
    cue = line.cues[index]
    cue.edited |= name != "sealed"
    if name == "viseme" and cue.phone not in VISEMES[cue.viseme]:
        cue.phone = VISEMES[cue.viseme][0]
    elif name == "start":
        move_edge(line, index, cue.start)
    elif name == "end":
        move_edge(line, index + 1, cue.end)


def move_edge(line: bpy.types.PropertyGroup, edge: int, time: float) -> None:
    """Move the edge before cue `edge` to a time, as far as its two cues leave room."""
    before = line.cues[edge - 1] if edge > 0 else None
    after = line.cues[edge] if edge < len(line.cues) else None
    low = before.start + LEAST if before else 0.0
    high = after.end - LEAST if after else float("inf")
    time = max(low, min(time, high))
    if before:
        before.end, before.edited = time, True
    if after:
        after.start, after.edited = time, True


def insert(line: bpy.types.PropertyGroup, index: int, after: bool) -> int:
    """A new cue like cue `index`, in one half of its time; the new one's index."""
    cue = line.cues[index]
    values = {name: getattr(cue, name) for name in KeptCue.__dataclass_fields__}
    middle = 0.5 * (cue.start + cue.end)
    cue.edited = True
    values |= {"edited": True, "sealed": False, "start" if after else "end": middle}
    setattr(cue, "end" if after else "start", middle)
    _set(line.cues.add(), KeptCue(**values))
    place = index + after
    line.cues.move(len(line.cues) - 1, place)
    return place


def delete(line: bpy.types.PropertyGroup, index: int) -> None:
    """Remove a cue; its neighbours share its time."""
    cue = line.cues[index]
    start, end = cue.start, cue.end
    line.cues.remove(index)
    if 0 < index < len(line.cues):
        start = end = 0.5 * (start + end)
    if index > 0:
        line.cues[index - 1].end, line.cues[index - 1].edited = end, True
    if index < len(line.cues):
        line.cues[index].start, line.cues[index].edited = start, True


def mark(cue: bpy.types.PropertyGroup) -> str:
    """What is wrong with a cue's length; '' for nothing."""
    length = cue.end - cue.start
    if cue.viseme == REST or SHORTEST <= length <= LONGEST:
        return ""
    return "Too short to be seen" if length < SHORTEST else "Too long for one sound"
