"""What a line says, by which method, and how fast."""

from dataclasses import dataclass
from pathlib import Path

from ..errors import TextError
from ..settings import check, setting

METHOD_CHOICES = (
    ("STYLE", "Style", "The whole face and head, in a style you choose"),
    ("EXAMPLES", "Examples", "Captured mouth movements, chosen and joined"),
)


@dataclass(frozen=True)
class LineSettings:
    """A line to speak; without a method, by the best that the head has."""

    text: str = setting("", "Text", "Line to speak")
    audio_filepath: str = setting(
        "", "Recording", "Sound or video that says the line, whose timing is followed; without a "
        "text its sounds are recognised", kind="file", option="--audio",
    )  # fmt: skip
    timings_filepath: str = setting(
        "", "Timings", "TextGrid, subtitles or timed phones (ARPAbet or IPA) instead of a text",
        kind="file", option="--timings",
    )  # fmt: skip
    method: str = setting("", "Method", "How the movement is made", choices=METHOD_CHOICES)
    rate: float = setting(
        1.0, "Rate", "Tempo of speech", low=0.25, high=4.0, soft=(None, 2.0),
        noun="speaking rate",
    )  # fmt: skip
    pause: float = setting(
        1.0, "Pause", "Length of pauses", low=0.0, high=10.0, soft=(None, 2.0),
        noun="pause factor",
    )  # fmt: skip
    seed: int = setting(0, "Variation", "Another reading of the same line", low=0)

    def __post_init__(self) -> None:
        check(self, TextError)

    @property
    def recording(self) -> Path | None:
        """Sound whose times are taken."""
        return Path(self.audio_filepath) if self.audio_filepath else None

    @property
    def timings(self) -> Path | None:
        """File of times."""
        return Path(self.timings_filepath) if self.timings_filepath else None
