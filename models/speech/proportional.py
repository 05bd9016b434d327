"""Phones spread over a stretch of time by their usual durations: the last resort."""

from ..phones import Phones
from .durations import DurationModel
from .text import Pronunciation


def spread(spoken: Pronunciation, start: float, end: float) -> Phones:
    """Phones and pauses of a text from `start` to `end` in seconds, none around it."""
    usual = DurationModel.default().time(spoken)
    inside = usual.select(slice(1, -1))
    first = inside.start[0]
    factor = (end - start) / (inside.end[-1] - first)
    return inside.shifted(-first).scaled(factor).shifted(start)
