"""What a spoken line keeps in the .blend: settings, words, cues, lip contacts."""

from collections.abc import Callable, Iterable

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    StringProperty,
)

from ...models.speech.line_settings import LineSettings
from ...models.speech.manner import Manner, StyleSettings
from ...models.speech.visemes import VISEMES
from ...models.video.retarget_settings import ResidualSettings
from ..system.classes import classes_factory
from . import changes, cues, declared, markers, words
from .passage_properties import Kept, PassageSettings

LINE = (LineSettings, StyleSettings, Manner, ResidualSettings, PassageSettings)
"""What is declared of a line: the same for a line, the next line and the operator."""
_VISEME_ITEMS = tuple((name, name, f"As in {' '.join(phones)}") for name, phones in VISEMES.items())


def _styles(
    group: bpy.types.PropertyGroup, _context: bpy.types.Context, typed: str
) -> Iterable[tuple[str, str]]:
    """Named styles first, then takes to be like, with what is said in them."""
    head = getattr(group.id_data, "neural_face", None)
    if head is None:
        return []
    found = [(style.name, "Style") for style in head.styles]
    found += [(take.name, take.text) for take in head.takes]
    return [pair for pair in found if typed.lower() in " ".join(pair).lower()]


def line_settings(
    update: Callable | None = None,
    retyped: Callable | None = None,
    options: frozenset[str] = frozenset(),
) -> type:
    """A mixin of a line's settings.

    Args:
        update: Called by Blender when one is edited.
        retyped: The same for the text.
        options: Of all of them, as Blender's properties take.
    """
    suggested = {"search": _styles, "search_options": {"SUGGESTION"}}
    more = {
        "text": {"update": retyped},
        "method": {"default": "EXAMPLES"},
        "style_first": suggested,
        "style_second": suggested,
    }
    return declared.mixin(*LINE, update=update, options=options, more=more)


def line_of(part: bpy.types.PropertyGroup) -> tuple[bpy.types.PropertyGroup, int]:
    """The line that a cue, word or contact belongs to, and its index there."""
    path, _, index = part.path_from_id().removesuffix("]").rpartition("[")
    return part.id_data.path_resolve(path.rpartition(".")[0]), int(index)


def _line_changed(line: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    changes.announce(line)


def _text_changed(line: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    if not changes.silent():
        words.lose_places(line)
        changes.announce(line)


def _markers_changed(line: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    markers.synchronise(context.scene, line)


def _cue_changed(name: str) -> Callable:
    """What Blender calls when a property of a cue was edited."""

    def changed(cue: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
        if changes.silent():
            return
        line, index = line_of(cue)
        with changes.silence():
            cues.edited(line, index, name)
        changes.announce(line)

    return changed


def _word_changed(word: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    if changes.silent():
        return
    line, index = line_of(word)
    with changes.silence():
        words.edited(line, index)
    changes.announce(line)


class NEURALFACE_PG_cue(bpy.types.PropertyGroup):
    """A timed viseme; times from the line's start."""

    viseme: EnumProperty(
        name="Viseme", description="Shape of the mouth", items=_VISEME_ITEMS,
        options=set(), update=_cue_changed("viseme"),
    )  # fmt: skip
    phone: StringProperty(name="Phone", description="ARPAbet symbol", options=set())
    start: FloatProperty(
        name="Start", description="From the line's start; the cue before ends there",
        min=0.0, precision=3, step=1, unit="TIME_ABSOLUTE",
        options=set(), update=_cue_changed("start"),
    )  # fmt: skip
    end: FloatProperty(
        name="End", description="From the line's start; the cue after begins there",
        min=0.0, precision=3, step=1, unit="TIME_ABSOLUTE",
        options=set(), update=_cue_changed("end"),
    )  # fmt: skip
    strength: FloatProperty(
        name="Strength", description="How far the mouth goes for it", default=1.0, min=0.0,
        max=3.0, soft_max=2.0, options=set(), update=_cue_changed("strength"),
    )  # fmt: skip
    stress: IntProperty(name="Stress", default=-1, min=-1, max=2, options=set())
    word: IntProperty(name="Word", description="Index; -1 for none", default=-1, options=set())
    edited: BoolProperty(name="Edited", description="Kept when timed anew", options=set())
    sealed: BoolProperty(
        name="Sealed", description="Lips are closed on what all layers show", options=set(),
        update=_cue_changed("sealed"),
    )  # fmt: skip


class NEURALFACE_PG_word(bpy.types.PropertyGroup):
    """A spoken word."""

    text: StringProperty(
        name="Word", description="Another spelling is pronounced anew; none leaves the word out",
        options=set(), update=_word_changed,
    )  # fmt: skip
    start: IntProperty(name="Start", description="First character in the text", options=set())
    end: IntProperty(name="End", description="One past the last character", options=set())
    changed: BoolProperty(name="Changed", description="To be pronounced anew", options=set())


class NEURALFACE_PG_contact(bpy.types.PropertyGroup):
    """A sound that needs the lips, as measured."""

    cue: IntProperty(name="Cue", description="Index of its cue")
    phone: StringProperty(name="Phone")
    word: StringProperty(name="Word")
    frame: IntProperty(name="Frame", description="Where the lips are closest")
    gap: FloatProperty(name="Gap", description="Millimetres between the lips", precision=2)
    limit: FloatProperty(name="Limit", description="Millimetres that count as closed", precision=2)
    closed: BoolProperty(name="Closed")


class NEURALFACE_PG_marker(bpy.types.PropertyGroup):
    """A timeline marker that the line has set: its name and frame."""

    frame: IntProperty(name="Frame")


class NEURALFACE_PG_speech(line_settings(), bpy.types.PropertyGroup):
    """Settings of the next line."""


class NEURALFACE_PG_line(
    Kept, line_settings(_line_changed, _text_changed), bpy.types.PropertyGroup
):
    """A spoken line: its settings, and everything that solving it again needs."""

    timed_for: StringProperty(
        name="Timed For", description="Text and tempo that the cues come from", options=set()
    )
    show_markers: BoolProperty(
        name="Timeline Markers", description="Show the line's cues as timeline markers",
        options=set(), update=_markers_changed,
    )  # fmt: skip
    markers: CollectionProperty(type=NEURALFACE_PG_marker)
    words: CollectionProperty(type=NEURALFACE_PG_word)
    cues: CollectionProperty(type=NEURALFACE_PG_cue)
    contacts: CollectionProperty(type=NEURALFACE_PG_contact)
    active_word: IntProperty(name="Word", options=set())
    active_cue: IntProperty(name="Cue", options=set())
    active_contact: IntProperty(name="Contact", options=set())


register, unregister = classes_factory(
    NEURALFACE_PG_cue,
    NEURALFACE_PG_word,
    NEURALFACE_PG_contact,
    NEURALFACE_PG_marker,
    NEURALFACE_PG_speech,
    NEURALFACE_PG_line,
)
