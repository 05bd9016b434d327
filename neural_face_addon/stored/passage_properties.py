"""What lines and clips have in common: each is a passage, a stretch of one layer of a head."""

from dataclasses import dataclass

import bpy
from bpy.props import FloatProperty, IntProperty, PointerProperty, StringProperty

from ...models.settings import setting


@dataclass(frozen=True)
class PassageSettings:
    """Where a passage lies, and what becomes of the keys that are there."""

    frame_start: int = setting(1, "Start Frame", "Where it begins")
    target: str = setting(
        "CURRENT", "Keys In", "Action that takes the keys when it is new",
        choices=(
            ("CURRENT", "Current Action", "The head's action, beside its other keys"),
            ("NEW", "New Action", "An action of its own; the one before is kept"),
        ),
    )  # fmt: skip
    existing: str = setting(
        "CLEAR", "Existing Keys", "What happens to the layer's other keys there",
        choices=(
            ("CLEAR", "Replace", "Clear the layer in the range first"),
            ("ADD", "Add", "Add to what the layer has there"),
        ),
    )  # fmt: skip
    blend_in: float = setting(
        0.1, "Blend In", "Time in which it takes over from what was there", low=0.0, high=10.0,
        soft=(None, 1.0), kind="seconds",
    )  # fmt: skip
    blend_out: float = setting(
        0.1, "Blend Out", "Time in which it gives back to what was there", low=0.0, high=10.0,
        soft=(None, 1.0), kind="seconds",
    )  # fmt: skip


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
