"""Our own phonetically balanced English lines, with phones and times."""

from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np

from ..phones import Phones
from ..speech.durations import DurationModel
from ..speech.text import pronounce

LINES = Path(__file__).parent / "data" / "lines.txt"
DURATION_SPREAD = 0.08
"""Spread of the logarithm of a phone's duration from one repetition to the next."""
LEAD_SECONDS, TAIL_SECONDS = 0.35, 0.4


@cache
def load_lines() -> tuple[str, ...]:
    """Every line, in the order of the file."""
    return tuple(line.strip() for line in LINES.read_text().splitlines() if line.strip())


def phone_counts() -> Counter[str]:
    """How often each phone occurs in the lines."""
    counts: Counter[str] = Counter()
    for line in load_lines():
        counts.update(pronounce(line).label.tolist())
    return counts


def spoken_line(text: str, tempo: float, rng: np.random.Generator) -> Phones:
    """Phones of a line as spoken once, with silence before and after.

    Args:
        text: What to say.
        tempo: Speaking rate, 1 as the duration model's talker.
        rng: Chance: no two repetitions last the same.
    """
    phones = DurationModel.default().time(pronounce(text), rate=tempo).merged()
    seconds = phones.duration * np.exp(DURATION_SPREAD * rng.standard_normal(len(phones)))
    for place, least in ((0, LEAD_SECONDS), (-1, TAIL_SECONDS)):
        if phones.silent[place]:
            seconds[place] = max(seconds[place], least * rng.uniform(0.85, 1.3))
    end = np.cumsum(seconds)
    start = np.append(0.0, end[:-1])
    return Phones(phones.label, start, end, phones.stress, phones.word, phones.words)
