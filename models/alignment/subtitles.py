"""SubRip subtitles: when which line is said."""

import html
import re

from ..errors import TimingsError

_TIMES = re.compile(
    r"(?:(\d+):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})\s*-->\s*(?:(\d+):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})"
)
_MARKUP = re.compile(r"<[^>]*>|\{\\[^}]*\}|\[[^\]]*\]|♪")

Cue = tuple[float, float, str]
"""Start and end in seconds, text."""


def parse_srt(text: str) -> list[Cue]:
    """Subtitles in order of time, markup and [sounds] taken out, empty ones left out.

    Raises:
        TimingsError: There is none, or one ends before it starts.
    """
    cues: list[Cue] = []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = [(place, times) for place, line in enumerate(lines) if (times := _TIMES.search(line))]
    places = [place for place, _ in found]
    for number, (place, times) in enumerate(found):
        start, end = _seconds(times)
        if end <= start:
            raise TimingsError(f"Subtitle {number + 1} ends before it starts.")
        last = places[number + 1] if number + 1 < len(places) else len(lines) + 1
        said = _clean(lines[place + 1 : last], numbered=number + 1 < len(places))
        if said:
            cues.append((start, end, said))
    if not cues:
        raise TimingsError("There are no subtitles with text in the file.")
    return sorted(cues)


def _seconds(match: re.Match) -> tuple[float, float]:
    values = [int(value or 0) for value in match.groups()]
    fraction = [int(match.group(i).ljust(3, "0")) / 1000 for i in (4, 8)]
    start, end = (values[i] * 3600 + values[i + 1] * 60 + values[i + 2] for i in (0, 4))
    return start + fraction[0], end + fraction[1]


def _clean(lines: list[str], *, numbered: bool) -> str:
    """The text of a subtitle; the number of the next one is not part of it."""
    kept = [line.strip() for line in lines]
    while kept and not kept[-1]:
        kept.pop()
    if numbered and kept and kept[-1].isdigit():
        kept.pop()
    said = html.unescape(_MARKUP.sub(" ", " ".join(kept)))
    return " ".join(said.split())
