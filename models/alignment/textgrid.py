"""Praat TextGrids: reading both text forms in Praat's encodings, writing the long one.

Format: Praat manual, "TextGrid file formats". Both forms hold the same numbers, strings in double
quotes and flags in angle brackets in the same order, once the words of the long form are skipped.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import TimingsError

_TOKEN = re.compile(
    r'"((?:[^"]|"")*)"|<(exists|absent)>|(?<![\w\[.])(-?\d+(?:\.\d+)?(?:[eE]-?\d+)?)(?![\w\]])'
)
_LARGEST = 1_000_000


@dataclass(frozen=True)
class Tier:
    """An interval tier.

    Attributes:
        name: As Praat shows it.
        intervals: (start, end, label) in seconds, in order.
    """

    name: str
    intervals: tuple[tuple[float, float, str], ...]


def parse_textgrid(text: str) -> list[Tier]:
    """Interval tiers of a TextGrid; point tiers are left out.

    Raises:
        TimingsError: It is no TextGrid, or breaks off.
    """
    if "TextGrid" not in text[:200]:
        raise TimingsError("This is not a Praat TextGrid (text form).")
    tokens = _Tokens(text)
    try:
        if tokens.string() != "ooTextFile" or tokens.string() != "TextGrid":
            raise TimingsError("This is not a Praat TextGrid (text form).")
        tokens.skip_times()
        tokens.flag()
        return [tier for _ in range(tokens.count()) if (tier := _tier(tokens))]
    except (IndexError, ValueError) as error:
        raise TimingsError("The TextGrid is damaged or breaks off.") from error


def _tier(tokens: "_Tokens") -> Tier | None:
    kind, name = tokens.string(), tokens.string()
    tokens.skip_times()
    if kind not in ("IntervalTier", "TextTier"):
        raise ValueError(kind)
    size = tokens.count()
    if kind == "TextTier":
        for _ in range(size):
            tokens.number()
            tokens.string()
        return None
    rows = [(tokens.number(), tokens.number(), tokens.string()) for _ in range(size)]
    return Tier(name, tuple(rows))


class _Tokens:
    """The values of a TextGrid, one after the other."""

    def __init__(self, text: str) -> None:
        self._matches = list(_TOKEN.finditer(text))
        self._place = 0

    def string(self) -> str:
        """The next value, which must be a string."""
        found = self._next().group(1)
        if found is None:
            raise ValueError("a string was expected")
        return found.replace('""', '"')

    def number(self) -> float:
        """The next value, which must be a number."""
        return float(self._next().group(3) or "x")

    def skip_times(self) -> None:
        """Two numbers that nobody needs: where something starts and ends."""
        self.number()
        self.number()

    def count(self) -> int:
        """A number of things that follow."""
        value = int(self.number())
        if not 0 <= value <= _LARGEST:
            raise ValueError(value)
        return value

    def flag(self) -> None:
        """The next value, which must be <exists>."""
        if self._next().group(2) != "exists":
            raise ValueError("no tiers")

    def _next(self) -> re.Match:
        self._place += 1
        return self._matches[self._place - 1]


def format_textgrid(tiers: Sequence[Tier], seconds: float) -> str:
    """A TextGrid (long form) of tiers whose intervals cover 0…`seconds` without gaps."""
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    lines += ["xmin = 0", f"xmax = {seconds:.6f}", "tiers? <exists>", f"size = {len(tiers)}"]
    lines += ["item []:"]
    for number, tier in enumerate(tiers, 1):
        lines += [f"    item [{number}]:", '        class = "IntervalTier"']
        lines += [f'        name = "{_quoted(tier.name)}"', "        xmin = 0"]
        lines += [f"        xmax = {seconds:.6f}"]
        lines += [f"        intervals: size = {len(tier.intervals)}"]
        for place, (start, end, label) in enumerate(tier.intervals, 1):
            lines += [f"        intervals [{place}]:", f"            xmin = {start:.6f}"]
            lines += [f"            xmax = {end:.6f}", f'            text = "{_quoted(label)}"']
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return text.replace('"', '""')
