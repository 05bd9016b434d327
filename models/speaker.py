"""What a head's takes and speech networks give to speech, prepared once."""

import weakref

from .head.inference import Head
from .speech.durations import DurationModel
from .speech.examples import ExampleAnimator, spoken_takes, style_of
from .speech.finish import Finisher
from .speech.lip_contact import LipGap
from .speech.manner import NEUTRAL
from .style.animator import StyleAnimator
from .style.style_model import StyleModel


class Speaker:
    """Both ways to speak, and the last step that they share.

    Attributes:
        examples: Speaks by examples.
        style: Speaks by networks; None where there are none.
        finish: The last step.
    """

    def __init__(self, head: Head, style: StyleModel | None) -> None:
        """Prepare; the head is not kept alive."""
        known = weakref.proxy(head)
        lip_gap: LipGap = lambda codes: known.lip_gaps(codes)  # noqa: E731
        self.examples = ExampleAnimator(head.examples, head.regions, lip_gap)
        self.style = StyleAnimator(style, head.regions) if style else None
        self.finish = Finisher.build(head.examples, head.regions, lip_gap)
        self._takes = spoken_takes(head.examples)
        self._durations: dict[str, DurationModel] = {}

    def acting_style(self, name: str) -> str:
        """The acting style of a named style or take; 'neutral' for any other name."""
        takes = {take.name: style_of(take) for take in self._takes}
        style = takes.get(name, name.partition(" (")[0])
        return style if style in takes.values() else NEUTRAL

    def durations(self, style: str) -> DurationModel:
        """As in the takes of a style; the shipped model where it has none."""
        style = self.acting_style(style)
        if style not in self._durations:
            takes = [take.phones for take in self._takes if style_of(take) == style]
            model = DurationModel.fit(takes) if takes else DurationModel.default()
            self._durations[style] = model
        return self._durations[style]
