"""What the voices share: spoken sentences, running a program safely, whose word a phone is."""

import itertools
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from ..phones import SILENCE
from .text import Pronunciation
from .visemes import viseme_of

_SENTENCE_ENDS = frozenset({".", "!", "?", "...", "\n"})
_MARKS = {"?": "?", "!": "!", ".": ".", "...": ".", "\n": "."}
_GAP = 0.8


@dataclass(frozen=True)
class Utterance:
    """Sound with its phones.

    Attributes:
        samples: (N,) float32 −1…1.
        hertz: Samples per second.
        label: (P,) ARPAbet without digits, silences included.
        end: (P,) seconds at which each phone ends.
        stress: (P,) as in `Phones`.
        word: (P,) index in the line's words, −1 for silence.
    """

    samples: np.ndarray
    hertz: int
    label: np.ndarray
    end: np.ndarray
    stress: np.ndarray
    word: np.ndarray


def run_program(command: list[str], timeout: float, given: str = "") -> str:
    """Run a program without a shell and return what it printed.

    Raises:
        OSError, subprocess.SubprocessError: It is missing, failed, or took too long.
    """
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=timeout, check=True
    )
    return done.stdout


def read_wave(path: Path) -> tuple[np.ndarray, int]:
    """Mono samples (N,) float32 and their rate."""
    samples, hertz = soundfile.read(path, dtype="float32", always_2d=True)
    return samples.mean(1), int(hertz)


def sentences(spoken: Pronunciation) -> list[tuple[int, int]]:
    """First word and one past the last word of each sentence."""
    ends = [p.after for p in spoken.pauses if p.mark in _SENTENCE_ENDS]
    cuts = sorted({0, *ends, len(spoken.words)})
    return list(itertools.pairwise(cuts))


def sentence_text(spoken: Pronunciation, first: int, last: int) -> str:
    """Words `first` to `last` with the punctuation a voice understands."""
    marks = {p.after: _MARKS.get(p.mark, ",") for p in spoken.pauses}
    words = [spoken.words[i].text + marks.get(i + 1, "") for i in range(first, last)]
    return " ".join(words)


def align_labels(spoken: list[str], wanted: np.ndarray) -> np.ndarray:
    """For each spoken phone the wanted phone it stands for (P,), −1 for silence.

    Least-cost alignment; alike phones replace each other cheaply, an extra phone belongs to the
    wanted phone before it.
    """
    sounding = [i for i, name in enumerate(spoken) if name != SILENCE]
    rows, columns = len(sounding), len(wanted)
    total = np.zeros((rows + 1, columns + 1))
    total[:, 0], total[0] = np.arange(rows + 1) * _GAP, np.arange(columns + 1) * _GAP
    for row in range(rows):
        for column in range(columns):
            change = _change(spoken[sounding[row]], str(wanted[column]))
            total[row + 1, column + 1] = min(
                total[row, column] + change,
                total[row, column + 1] + _GAP,
                total[row + 1, column] + _GAP,
            )
    match = np.full(len(spoken), -1)
    row, column = rows, columns
    while row:
        here = total[row, column]
        change = _change(spoken[sounding[row - 1]], str(wanted[column - 1])) if column else np.inf
        if column and np.isclose(here, total[row - 1, column - 1] + change):
            row, column = row - 1, column - 1
            match[sounding[row]] = column
        elif np.isclose(here, total[row - 1, column] + _GAP):
            row -= 1
            match[sounding[row]] = max(column - 1, 0)
        else:
            column -= 1
    return match


def _change(one: str, other: str) -> float:
    if one == other:
        return 0.0
    try:
        return 0.4 if viseme_of(one) == viseme_of(other) else 1.0
    except KeyError:
        return 1.0
