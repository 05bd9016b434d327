"""What lines and clips have in common: each is a passage, a stretch of one layer of a head."""

from collections.abc import Callable

import bpy
from bpy.props import (
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from . import choices

MOST_RESIDUAL_AXES = 12
"""Elements of `residual`."""
SETTINGS = ("frame_start", "residual", "blend_in", "blend_out", "target", "existing")
"""What `passage_settings` defines."""


def passage_settings(update: Callable | None = None, options: frozenset[str] = frozenset()) -> type:
    """A mixin of the settings that every passage has.

    Args:
        update: Called by Blender when one is edited.
        options: Of all of them, as Blender's properties take.
    """
    plain = {"options": set(options), "update": update}
    keyed = {"options": {"ANIMATABLE"} | options, "update": update}

    class Settings:
        """A passage's settings."""

        frame_start: IntProperty(
            name="Start Frame", description="Where it begins", default=1, **plain
        )
        residual: FloatVectorProperty(
            name="Residual", description="Changes the performance along this axis, in deviations",
            size=MOST_RESIDUAL_AXES, soft_min=-3.0, soft_max=3.0, **keyed,
        )  # fmt: skip
        blend_in: FloatProperty(
            name="Blend In", description="Time in which it takes over from what was there",
            default=0.1, min=0.0, max=10.0, soft_max=1.0, unit="TIME_ABSOLUTE", **plain,
        )  # fmt: skip
        blend_out: FloatProperty(
            name="Blend Out", description="Time in which it gives back to what was there",
            default=0.1, min=0.0, max=10.0, soft_max=1.0, unit="TIME_ABSOLUTE", **plain,
        )  # fmt: skip
        target: EnumProperty(
            name="Keys In", description="Action that takes the keys when it is new",
            items=choices.TARGET_ITEMS, **plain,
        )  # fmt: skip
        existing: EnumProperty(
            name="Existing Keys", description="What happens to the layer's other keys there",
            items=choices.EXISTING_ITEMS, **plain,
        )  # fmt: skip

    return Settings


class Kept:
    """Mixin: what is known of a passage that was written."""

    uid: IntProperty(name="Number", description="Stays the same when others go", options=set())
    action: PointerProperty(name="Action", description="Holds its keys", type=bpy.types.Action)
    seconds: FloatProperty(name="Length", unit="TIME_ABSOLUTE", options=set())
    frame_first: IntProperty(name="First Key", options=set())
    frame_last: IntProperty(name="Last Key", default=-1, options=set())
    under: StringProperty(
        name="Under", description="What the layer had in its range", options=set()
    )
    under_elements: IntProperty(name="Under Elements", description="Of a row", options=set())
    strip: StringProperty(name="Strip", description="Of its sound in the sequencer", options=set())
    report: StringProperty(name="Last Result", description="What was written", options=set())
