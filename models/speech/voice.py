"""A spoken track with exact phone times, by flite or espeak-ng where one is installed.

The programs speak sentence by sentence; the silences between and inside sentences are then cut or
padded to the pauses asked for, so that sound and phones agree to the sample.
"""

import logging
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from ..files import replacing
from ..phones import CONSONANT_STRESS, SILENCE, Phones
from . import espeak, flite
from .durations import LEAD, TAIL
from .text import Pronunciation
from .utterance import Utterance, sentences

log = logging.getLogger(__name__)
TIMEOUT = 60.0
"""Seconds a voice may take."""

_VOICES = {"flite": flite, "espeak-ng": espeak}


@dataclass(frozen=True)
class Voice:
    """A spoken track.

    Attributes:
        path: The .wav file.
        phones: What is heard in it, silences included.
        program: 'flite' or 'espeak-ng'.
    """

    path: Path
    phones: Phones
    program: str


def installed_voices() -> list[str]:
    """Programs that can speak here, best first."""
    return [name for name, module in _VOICES.items() if module.available()]


def speak(
    spoken: Pronunciation,
    path: Path,
    rate: float = 1.0,
    pause: float = 1.0,
    program: str | None = None,
) -> Voice | None:
    """Write a spoken track.

    Args:
        spoken: From `pronounce`.
        path: The .wav file to write; replaced as a whole or not at all.
        rate: Speaking rate, 2 is twice as fast.
        pause: Factor on the pauses.
        program: One of `installed_voices`; the first that works when None.

    Returns:
        The track, or None where no voice is installed or none works (the log says why).

    Raises:
        NeuralFaceError: `path` cannot be written.
    """
    for name in [program] if program else installed_voices():
        try:
            utterances = _VOICES[name].utter(spoken, rate, TIMEOUT)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            log.warning("The voice of %s failed: %s", name, error)
            continue
        return Voice(path, _write(spoken, utterances, path, rate, pause), name)
    return None


def _write(
    spoken: Pronunciation, utterances: list[Utterance], path: Path, rate: float, pause: float
) -> Phones:
    """Join the sentences with the pauses asked for; write the sound, return its phones."""
    hertz = utterances[0].hertz
    pieces: list[np.ndarray] = []
    label, length, stress, word = [], [], [], []

    def silence(seconds: float) -> None:
        add(SILENCE, np.zeros(round(seconds * hertz), np.float32), CONSONANT_STRESS, -1)

    def add(name: str, samples: np.ndarray, strength: int, index: int) -> None:
        pieces.append(samples)
        label.append(name)
        length.append(len(samples))
        stress.append(strength)
        word.append(index)

    seconds = {p.after: p.seconds for p in spoken.pauses}
    silence(LEAD / rate)
    for place, (utterance, span) in enumerate(zip(utterances, sentences(spoken), strict=True)):
        if place:
            silence(seconds.get(span[0], 0.45) * pause / rate)
        for name, samples, strength, index, inner in _segments(utterance):
            if name != SILENCE:
                add(name, samples, strength, index)
            elif inner:
                silence(len(samples) / hertz * pause)
    silence(TAIL / rate)
    with replacing(path) as temporary:
        soundfile.write(temporary, np.concatenate(pieces), hertz, "PCM_16", format="WAV")
    end = np.cumsum(length) / hertz
    start = np.append(0.0, end[:-1])
    words = [item.text for item in spoken.words]
    return Phones.build(label, start, end, stress, word, words).merged()


def _segments(utterance: Utterance) -> list[tuple[str, np.ndarray, int, int, bool]]:
    """Label, samples, stress and word of each phone; whether it is between sounding phones."""
    edges = np.rint(np.append(0.0, utterance.end) * utterance.hertz).astype(int)
    edges = np.maximum.accumulate(np.clip(edges, 0, len(utterance.samples)))
    sounding = np.flatnonzero(utterance.label != SILENCE)
    result = []
    for place, name in enumerate(utterance.label):
        samples = utterance.samples[edges[place] : edges[place + 1]]
        inner = bool(len(sounding)) and sounding[0] < place < sounding[-1]
        strength, index = int(utterance.stress[place]), int(utterance.word[place])
        result.append((str(name), samples, strength, index, inner))
    return result
