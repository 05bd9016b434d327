"""Timed lists: one `start end label` per line, parted by spaces, tabs, commas or semicolons."""

import re

from ..errors import TimingsError

Row = tuple[float, float, str]
"""Start and end in seconds, label."""

_UNITS = {".phn": 1 / 16_000, ".wrd": 1 / 16_000}
_HTK_UNIT = 1e-7
_LONGEST = 36_000.0


def parse_phone_list(text: str, suffix: str = "") -> list[Row]:
    """Rows of a timed list.

    Times are seconds; TIMIT's .phn counts samples of 16 kHz, HTK's .lab may count 100 ns.
    A heading and lines that start with # are passed over.

    Raises:
        TimingsError: A line is not understood, or ends before it starts, or before the last one.
    """
    rows: list[Row] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith(("#", ";")):
            continue
        fields = [field.strip('"') for field in re.split(r"\s*[,;\t]\s*|\s+", line)]
        try:
            start, end = float(fields[0]), float(fields[1])
        except (ValueError, IndexError):
            if not rows and number <= 2:
                continue
            raise TimingsError(f"Line {number} is not `start end label`: {line[:40]!r}.") from None
        rows.append((start, end, fields[2] if len(fields) > 2 else ""))
    if not rows:
        raise TimingsError("There are no timed phones in the file (`start end label` per line).")
    unit = _unit(rows, suffix.lower())
    rows = [(start * unit, end * unit, label) for start, end, label in rows]
    _check(rows)
    return rows


def _unit(rows: list[Row], suffix: str) -> float:
    if suffix in _UNITS:
        return _UNITS[suffix]
    whole = all(start.is_integer() and end.is_integer() for start, end, _ in rows)
    return _HTK_UNIT if suffix == ".lab" and whole and rows[-1][1] > _LONGEST else 1.0


def _check(rows: list[Row]) -> None:
    before = 0.0
    for number, (start, end, label) in enumerate(rows, 1):
        if not (0 <= start < end < _LONGEST):
            raise TimingsError(
                f"Phone {number} ({label}) has impossible times {start:g} to {end:g}; "
                "seconds are expected."
            )
        if start < before - 0.005:
            raise TimingsError(f"Phone {number} ({label}) starts before the one before it ends.")
        before = end
