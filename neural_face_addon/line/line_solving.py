"""Solving a line, on any thread: timing where it is needed, edits kept, movement. No bpy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...models.parameters import AnimationParameters
from ...models.speech.edits import Tracked, merged
from ...models.speech.line_settings import LineSettings
from ...models.speech.manner import Manner
from ...models.speech.visemes import REST, VISEMES, Cue
from ...models.video.retarget_settings import ResidualCurve
from ..stored.cues import KeptCue
from ..stored.words import KeptWord
from ..system import runtime

if TYPE_CHECKING:
    from ...models.actor import Actor
    from ...models.animate import Line

Progress = Callable[[float, str], None]

_TIMING_SHARE = 0.2
_SMALLEST_GAP = 0.001


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        said: What, by which method, how fast.
        fps: Of the scene.
        manner: How it is played.
        residual: What changes the performance, or None.
        voice_path: Where a voice may be written.
        timed_anew: Whether the cues' times no longer hold.
        cues: Of the line so far, edits marked.
        words: Of the line so far.
    """

    said: LineSettings
    fps: float
    manner: Manner
    residual: ResidualCurve | None = None
    voice_path: Path | None = None
    timed_anew: bool = True
    cues: tuple[KeptCue, ...] = ()
    words: tuple[KeptWord, ...] = ()


@dataclass(frozen=True)
class Solved:
    """What became of it.

    Attributes:
        cues: Without gaps.
        words: That the cues mean.
        parameters: Codes and head pose per frame.
        voice: Sound to play, where it is a new one.
        notes: What the user should know, in sentences.
    """

    cues: tuple[KeptCue, ...]
    words: tuple[KeptWord, ...]
    parameters: AnimationParameters
    voice: Path | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def seconds(self) -> float:
        """Length of the line."""
        return self.cues[-1].end


def solve(head: "Actor", request: Request, progress: Progress) -> Solved:
    """Time the line if need be, keep its edits, move the face.

    Raises:
        NeuralFaceError: As of `runtime.time_line`.
    """
    cues, words, voice, notes = request.cues, request.words, None, ()
    if request.timed_anew:
        line = _timed(head, request, lambda share, text: progress(_TIMING_SHARE * share, text))
        cues, words = _with_edits(request, line), _words(request, line)
        voice, notes = line.voice, _notes(line)
    elif any(word.changed for word in words):
        cues, words = _respelled(request)
    spoken = [plain(cue) for cue in cues]
    parameters = runtime.move(
        head,
        spoken,
        [word.text for word in words],
        lambda share, text: progress(_TIMING_SHARE + (1 - _TIMING_SHARE) * share, text),
        method=request.said.method,
        fps=request.fps,
        seed=request.said.seed,
        manner=request.manner,
        residual=request.residual,
    )
    return Solved(cues, words, parameters, voice, notes)


def plain(cue: KeptCue) -> Cue:
    """As the numeric layer knows it."""
    return Cue(cue.start, cue.end, cue.viseme, cue.phone, cue.stress, cue.word, cue.strength)


def _timed(head: "Actor", request: Request, progress: Progress) -> "Line":
    return runtime.time_line(
        head,
        request.said.text,
        progress,
        rate=request.said.rate,
        pause=request.said.pause,
        voice_path=request.voice_path,
        recording=request.said.recording,
        timings=request.said.timings,
        style=request.manner.style.prevailing,
    )


def _notes(line: "Line") -> tuple[str, ...]:
    unknown = " ".join(str(item) for item in line.unknown)
    return ((f"not spoken: {unknown}",) if unknown else ()) + tuple(line.warnings)


def _words(request: Request, line: "Line") -> tuple[KeptWord, ...]:
    """The words with their places in the text, where these are known."""
    texts = line.phones.words
    if len(line.words) != len(texts):
        return tuple(KeptWord(text) for text in texts)
    return tuple(KeptWord(word.text, word.start, word.end) for word in line.words)


def _with_edits(request: Request, line: "Line") -> tuple[KeptCue, ...]:
    """The line's cues; words that were edited, and not retyped, keep theirs."""
    fresh = _filled(line.cues)
    retyped = {number for number, word in enumerate(request.words) if word.changed}
    edited = {
        number for number, cue in enumerate(request.cues) if cue.edited and cue.word not in retyped
    }
    old_words = ["" if word.changed else word.text for word in request.words]
    old = [plain(cue) for cue in request.cues]
    tracked = merged(fresh, line.phones.words, old, old_words, edited)
    return _kept(tracked, request.cues)


def _respelled(request: Request) -> tuple[tuple[KeptCue, ...], tuple[KeptWord, ...]]:
    """Words said otherwise in the recording's time."""
    texts = [word.text for word in request.words]
    changed = [number for number, word in enumerate(request.words) if word.changed]
    tracked, _ = runtime.respelled([plain(cue) for cue in request.cues], texts, changed)
    words = tuple(replace(word, changed=False) for word in request.words if word.text)
    return _kept(tracked, request.cues), words


def _kept(tracked: Sequence[Tracked], before: Sequence[KeptCue]) -> tuple[KeptCue, ...]:
    """Plain values with the marks that each cue had.

    Times are as exact as Blender keeps them: solving again gives the same.
    """
    return tuple(
        KeptCue(
            float(np.float32(cue.start)), float(np.float32(cue.end)), cue.viseme, cue.phone,
            cue.stress, cue.word, float(np.float32(cue.strength)),
            source >= 0 and before[source].edited, source >= 0 and before[source].sealed,
        )
        for cue, source in tracked
    )  # fmt: skip


def _filled(line: Sequence[Cue]) -> list[Cue]:
    """Cues without gaps: a gap is a rest, a tiny one belongs to the cue before it."""
    result: list[Cue] = []
    for cue in sorted(line, key=lambda cue: (cue.start, cue.end)):
        gap = cue.start - result[-1].end if result else 0.0
        if gap > _SMALLEST_GAP:
            result.append(Cue(result[-1].end, cue.start, REST, VISEMES[REST][0], -1, -1, 1))
        elif result:
            cue = replace(cue, start=result[-1].end, end=max(cue.end, result[-1].end))
        result.append(cue)
    return result
