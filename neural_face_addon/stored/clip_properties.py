"""What a clip, a performance taken from a video or file, keeps in the .blend."""

from collections.abc import Callable
from dataclasses import dataclass

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ...models.arkit.arkit_take import ArkitSettings
from ...models.settings import setting, settings_of
from ...models.video.retarget_settings import ResidualSettings, Retargeting, VideoSource
from ..system.classes import classes_factory
from . import changes, declared
from .passage_properties import Kept, PassageSettings

_SOURCE_ITEMS = (
    ("VIDEO", "Video", "A video, which can be put on the head anew with other settings"),
    ("RECORDED", "Recorded", "A performance of this head, from a file or a camera"),
)


@dataclass(frozen=True)
class BesideSettings:
    """What of the video is in the scene beside the head."""

    show_video: bool = setting(
        True, "Show Video", "Show the video beside the head, in time with it"
    )
    play_sound: bool = setting(
        True, "Play Sound", "Put the video's sound into the sequencer; it is heard where the video "
        "plays at its own speed",
    )  # fmt: skip


CLIP = (VideoSource, BesideSettings, Retargeting, ResidualSettings, PassageSettings)
"""What is declared of a clip: the same for a clip, the next clip and the operator."""


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
    more = {name: {"update": placed} for name in settings_of(BesideSettings)}
    return declared.mixin(*CLIP, update=update, options=options, more=more)


def recording_settings(options: frozenset[str] = frozenset()) -> type:
    """A mixin of the settings of a recording of face shapes, beside a clip's."""
    return declared.mixin(ArkitSettings, options=options)


def _clip_changed(clip: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    changes.announce(clip)


class NEURALFACE_PG_video(clip_settings(), bpy.types.PropertyGroup):
    """Settings of the next clip."""

    device: IntProperty(name="Camera", description="Number of the camera; 0 is the first", min=0)


class NEURALFACE_PG_clip(
    Kept, clip_settings(_clip_changed, _clip_changed), bpy.types.PropertyGroup
):
    """A performance from a video or file, with everything that solving it again needs."""

    source: EnumProperty(name="Source", items=_SOURCE_ITEMS, options=set())
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
