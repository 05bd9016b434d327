"""What a look at a capture found: entries a person can act on, and figures a program can use."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from ..errors import CaptureError
from .colour import UNCHANGED, ColourMatch

LEVELS = ("ok", "warning", "error")
SCHEMA = 1


@dataclass(frozen=True)
class Entry:
    """One thing that was looked at.

    Attributes:
        level: ok; warning: it will work, less well; error: it will not.
        topic: A word to group by: calibration, frames, pictures, sound, faces, cameras, …
        what: A sentence.
        where: Camera, take or file; '' for the whole capture.
        advice: What to do, '' where nothing is to be done.
        figure: What was measured.
        unit: Of `figure`.
    """

    level: str
    topic: str
    what: str
    where: str = ""
    advice: str = ""
    figure: float | None = None
    unit: str = ""

    def sentence(self) -> str:
        """For one line."""
        return f"{self.what} {self.advice}".strip()


@dataclass(frozen=True)
class CheckReport:
    """What was found in a capture.

    Attributes:
        capture: Name of the folder.
        entries: Errors first, then warnings.
        cameras: Names.
        takes: Frames by take.
        scale: Metres in one unit of the calibration: `CaptureFolder.scaled(report.scale)`.
        errors_px: Median error of each camera's landmarks in pixels.
        colours: Gain and offset of each camera (`ColourMatch`), where skin could be compared.
    """

    capture: str
    entries: tuple[Entry, ...]
    cameras: tuple[str, ...] = ()
    takes: Mapping[str, int] = field(default_factory=dict)
    scale: float = 1.0
    errors_px: Mapping[str, float] = field(default_factory=dict)
    colours: Mapping[str, tuple[list[float], list[float]]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing stands in the way of tracking."""
        return not self.of_level("error")

    def of_level(self, level: str) -> list[Entry]:
        """Entries of one level."""
        return [entry for entry in self.entries if entry.level == level]

    def document(self) -> dict:
        """Everything as JSON."""
        values = asdict(self)
        for entry in values["entries"]:
            figure = entry["figure"]
            entry["figure"] = figure if figure is not None and math.isfinite(figure) else None
        return {"schema": SCHEMA, "ok": self.ok, **values}

    @classmethod
    def from_document(cls, document: Mapping) -> "CheckReport":
        """Rebuild from `document`.

        Raises:
            CaptureError: It is of another version or incomplete.
        """
        try:
            if document["schema"] != SCHEMA:
                raise CaptureError(f"The report has schema {document['schema']}, not {SCHEMA}.")
            values: dict[str, Any] = {field.name: document[field.name] for field in fields(cls)}
            values["entries"] = tuple(Entry(**entry) for entry in values["entries"])
            values["cameras"] = tuple(values["cameras"])
        except (KeyError, TypeError) as error:
            raise CaptureError(f"The report of a capture cannot be read: {error!r}.") from error
        return cls(**values)

    def matches(self) -> dict[str, ColourMatch]:
        """How each camera's colours become those of all; unchanged where skin told nothing."""
        return dict.fromkeys(self.cameras, UNCHANGED) | {
            name: ColourMatch(np.array(gain), np.array(offset))
            for name, (gain, offset) in self.colours.items()
        }

    def lines(self) -> dict[str, str]:
        """Everything for people, by heading."""
        lines = {
            f"{entry.level} {number}": entry.sentence()
            for level in ("error", "warning", "ok")
            for number, entry in enumerate(self.of_level(level), 1)
        }
        return {"capture": self.capture, "cameras": str(len(self.cameras)), **lines}


def in_order(entries: list[Entry]) -> tuple[Entry, ...]:
    """Errors, then warnings, then what is well."""
    return tuple(sorted(entries, key=lambda entry: -LEVELS.index(entry.level)))
