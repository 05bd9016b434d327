"""What a clip, a performance taken from a video or file, keeps in the .blend."""

from collections.abc import Callable

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..system.classes import classes_factory
from . import changes, choices, passage_properties
from .passage_properties import Kept, passage_settings

STRENGTHS = {part: f"{part}_strength" for part in choices.PARTS}
"""Part → property of a clip."""
PLAYED = (
    *("strength", *STRENGTHS.values(), "smoothing", "speed", "mirror"),
    *("use_head", "facing", "eye_contact", "trim_start", "trim_end"),
)
"""How a clip is put on the head: all of it changes without looking at the video again."""
SETTINGS = (
    *("filepath", "person", "show_video", "play_sound"),
    *PLAYED,
    *passage_properties.SETTINGS,
)
"""What `clip_settings` defines: the same for a clip, the next clip and the operator."""


def clip_settings(
    update: Callable | None = None,
    placed: Callable | None = None,
    options: frozenset[str] = frozenset(),
) -> type:
    """A mixin of a clip's settings.

    Args:
        update: Called by Blender when one is edited.
        placed: The same for what only concerns the video beside the head.
        options: Of all of them, as Blender's properties take.
    """
    plain = {"options": set(options), "update": update}
    beside = {"options": set(options), "update": placed}

    class Settings(passage_settings(update, options)):
        """A clip's settings."""

        filepath: StringProperty(
            name="File", description="Video of a face", subtype="FILE_PATH", **plain
        )
        person: IntProperty(
            name="Person", description="Whose face is followed, from the left; 0 for the largest",
            min=0, **plain,
        )  # fmt: skip
        show_video: BoolProperty(
            name="Show Video", description="Show the video beside the head, in time with it",
            default=True, **beside,
        )  # fmt: skip
        play_sound: BoolProperty(
            name="Play Sound", description="Put the video's sound into the sequencer; it is heard "
            "where the video plays at its own speed", default=True, **beside,
        )  # fmt: skip
        strength: FloatProperty(
            name="Strength", description="How much everything moves", default=1.0, min=0.0,
            max=3.0, soft_max=2.0, **plain,
        )  # fmt: skip
        mouth_strength: _strength("Mouth", "mouth", plain)
        eyes_strength: _strength("Eyes", "eyes", plain)
        brows_strength: _strength("Brows", "brows", plain)
        head_strength: _strength("Head", "head", plain)
        smoothing: FloatProperty(
            name="Smoothing", description="Softens all movement", min=0.0, max=1.0, soft_max=0.2,
            unit="TIME_ABSOLUTE", **plain,
        )  # fmt: skip
        speed: FloatProperty(
            name="Speed", description="2 plays twice as fast", default=1.0, min=0.1, max=10.0,
            soft_min=0.25, soft_max=4.0, **plain,
        )  # fmt: skip
        mirror: BoolProperty(name="Mirror", description="Left becomes right", **plain)
        use_head: BoolProperty(
            name="Head Pose", description="Turn the head as well", default=True, **plain
        )
        facing: BoolProperty(
            name="Face Forward", description="The average direction becomes straight ahead",
            default=True, **plain,
        )  # fmt: skip
        eye_contact: FloatProperty(
            name="Eye Contact", description="Turns the eyes to the camera", min=0.0, max=1.0,
            subtype="FACTOR", **plain,
        )  # fmt: skip
        trim_start: FloatProperty(
            name="Trim Start", description="Second of the video where to begin", min=0.0,
            unit="TIME_ABSOLUTE", **plain,
        )  # fmt: skip
        trim_end: FloatProperty(
            name="Trim End", description="Second of the video where to stop; 0 at its end",
            min=0.0, unit="TIME_ABSOLUTE", **plain,
        )  # fmt: skip

    return Settings


def _strength(name: str, part: str, more: dict) -> FloatProperty:
    return FloatProperty(
        name=name, description=choices.PARTS[part], default=1.0, min=0.0, max=3.0, soft_max=2.0,
        **more,
    )  # fmt: skip


def _clip_changed(clip: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    changes.announce(clip)


class NEURALFACE_PG_video(clip_settings(), bpy.types.PropertyGroup):
    """Settings of the next clip."""

    device: IntProperty(name="Camera", description="Number of the camera; 0 is the first", min=0)


class NEURALFACE_PG_clip(
    Kept, clip_settings(_clip_changed, _clip_changed), bpy.types.PropertyGroup
):
    """A performance from a video or file, with everything that solving it again needs."""

    source: EnumProperty(name="Source", items=choices.SOURCE_ITEMS, options=set())
    data: StringProperty(
        name="Data", description="What was seen in the video, or the recorded performance",
        subtype="BYTE_STRING", options=set(),
    )  # fmt: skip
    made_for: StringProperty(
        name="Made For", description="File and person that the data come from", options=set()
    )
    first_second: FloatProperty(name="From", unit="TIME_ABSOLUTE", options=set())
    last_second: FloatProperty(name="To", unit="TIME_ABSOLUTE", options=set())
    whole: BoolProperty(
        name="Whole", description="The data reach to the video's end", options=set()
    )
    file_size: StringProperty(name="File Size", description="Bytes", options=set())
    file_sha256: StringProperty(name="Hash", description="SHA-256 of the file", options=set())
    about: StringProperty(name="About", description="Frames, size and length", options=set())
    warnings: StringProperty(
        name="Warnings", description="What to know about the video, a line each", options=set()
    )
    picture: PointerProperty(
        name="Video", description="Shows the video beside the head", type=bpy.types.Object
    )


register, unregister = classes_factory(NEURALFACE_PG_video, NEURALFACE_PG_clip)
