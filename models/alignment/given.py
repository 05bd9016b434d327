"""Timings from a file as an alignment; lines with times are aligned inside their time."""

from collections.abc import Callable

import numpy as np

from ..errors import AlignmentError, SoundError, TextError, TimingsError
from ..phones import Phones
from ..speech.proportional import spread
from ..speech.text import Pronunciation, pronounce
from .forced import align_text
from .result import FORCED, GIVEN, PROPORTIONAL, Alignment
from .sound import SHORTEST, Sound
from .subtitles import Cue
from .timeline import filled
from .timings import Timings

_AROUND = 0.15
"""Seconds by which a line may start earlier or end later than its subtitle says."""


def from_timings(
    timings: Timings, sound: Sound | None, report: Callable[[float], None]
) -> Alignment:
    """Take the phones as given, or find them inside each timed line.

    Args:
        timings: From `read_timings`.
        sound: The recording, where there is one.
        report: Called with 0…1 after each line.

    Raises:
        TimingsError: No line can be spoken.
    """
    if timings.phones is not None:
        return _given(timings.phones, timings.unknown, sound)
    parts: list[Phones] = []
    warnings: list[str] = []
    sure: list[float] = []
    seconds = sound.seconds if sound else max(cue[1] for cue in timings.cues)
    for number, cue in enumerate(timings.cues):
        try:
            spoken = pronounce(cue[2])
        except TextError as error:
            warnings.append(f"Line {number + 1} is left out: {error}")
            continue
        limits = _limits(timings.cues, number, seconds)
        phones, confidence, said = _line(spoken, cue, sound, limits)
        warnings += [f"Line {number + 1}: {text}" for text in said]
        parts.append(phones.select(~phones.silent))
        sure.append(confidence)
        report((number + 1) / len(timings.cues))
    if not parts:
        raise TimingsError(f"No line in the file can be spoken. {' '.join(warnings[:1])}")
    joined = parts[0]
    for part in parts[1:]:
        joined = joined.joined(part)
    method = FORCED if any(sure) else PROPORTIONAL
    text = "\n".join(cue[2] for cue in timings.cues)
    phones = filled(joined, max(seconds, joined.seconds))
    return Alignment(phones, method, tuple(warnings), float(np.mean(sure)), phones.seconds, text)


def _given(phones: Phones, unknown: tuple[str, ...], sound: Sound | None) -> Alignment:
    warnings = []
    if unknown:
        warnings.append(f"Unknown phone labels prolong the phone before them: {' '.join(unknown)}")
    if sound and phones.seconds > sound.seconds + 0.5:
        warnings.append(
            f"The timings end at {phones.seconds:.2f} s, the sound at {sound.seconds:.2f} s."
        )
    seconds = max(phones.seconds, sound.seconds if sound else 0.0)
    phones = filled(phones, seconds)
    return Alignment(phones, GIVEN, tuple(warnings), 1.0, seconds, " ".join(phones.words))


def _limits(cues: tuple[Cue, ...], number: int, seconds: float) -> tuple[float, float]:
    """The time a line may take: a little more than its own, none of its neighbours'."""
    start, end, _ = cues[number]
    before = cues[number - 1][1] if number else 0.0
    after = cues[number + 1][0] if number + 1 < len(cues) else seconds
    first = min(start, max(start - _AROUND, before))
    return first, max(end, min(end + _AROUND, after))


def _line(
    spoken: Pronunciation, cue: Cue, sound: Sound | None, limits: tuple[float, float]
) -> tuple[Phones, float, tuple[str, ...]]:
    if sound is None:
        return spread(spoken, cue[0], cue[1]), 0.0, ()
    piece = sound.piece(*limits)
    if piece.seconds < SHORTEST:
        said = ("the sound ends before it; its times are only estimated.",)
        return spread(spoken, cue[0], cue[1]), 0.0, said
    try:
        found = align_text(piece, spoken)
    except (AlignmentError, SoundError):
        said = ("it is not heard at its time; its phones' times are only estimated.",)
        return spread(spoken, cue[0], cue[1]), 0.0, said
    return found.phones.shifted(limits[0]), found.confidence, found.warnings
