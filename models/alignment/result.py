"""What an alignment is: phones with times, how they were found, and how far to trust them."""

from dataclasses import dataclass

import numpy as np

from ..phones import Phones

FORCED, RECOGNISED, GIVEN, PROPORTIONAL = METHODS = (
    "forced",
    "recognised",
    "given",
    "proportional",
)
"""Text laid on sound; sound alone; times taken from a file; text spread over time."""


@dataclass(frozen=True)
class Alignment:
    """Timed phones of a recording.

    Attributes:
        phones: In order, silences included, from 0 to the end of the sound.
        method: One of `METHODS`.
        warnings: What the user should know, one sentence each.
        confidence: 0…1; 1 for given times, 0 where times are only estimated.
        seconds: Length of the sound (or of the timings).
        text: What is said, where known.
    """

    phones: Phones
    method: str
    warnings: tuple[str, ...]
    confidence: float
    seconds: float
    text: str = ""

    def words(self) -> list[tuple[str, float, float]]:
        """Each word that has phones, with its start and end in seconds."""
        phones, found = self.phones, []
        for index in np.unique(phones.word[phones.word >= 0]):
            inside = np.flatnonzero(phones.word == index)
            start, end = phones.start[inside[0]], phones.end[inside[-1]]
            found.append((phones.words[index], float(start), float(end)))
        return found
