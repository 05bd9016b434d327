"""The voice of flite (Debian package `flite`): sound with the end time of every phone.

`flite -psdur` prints the phones that it speaks with their end times. One call per sentence keeps
those times exact, for flite restarts them at each sentence. flite decides the pronunciation itself,
so its phones are laid against the dictionary's to learn which word each belongs to.
"""

import logging
import re
import shutil
import tempfile
from pathlib import Path

import numpy as np

from ..phones import CONSONANT_STRESS, SILENCE, is_vowel
from .text import Pronunciation
from .utterance import Utterance, align_labels, read_wave, run_program, sentence_text, sentences

log = logging.getLogger(__name__)
VOICE = "slt"

RENAMED = {"pau": SILENCE, "ax": "AH", "axr": "ER", "ix": "IH", "dx": "T", "nx": "N"}
RENAMED |= {"el": "L", "em": "M", "en": "N", "hv": "HH", "ssil": SILENCE, "h#": SILENCE}
"""Its phones that ARPAbet calls otherwise."""


def available() -> bool:
    """Whether the program is installed."""
    return shutil.which("flite") is not None


def utter(spoken: Pronunciation, rate: float, timeout: float) -> list[Utterance]:
    """Speak a line sentence by sentence.

    Raises:
        OSError, subprocess.SubprocessError, ValueError: flite failed or printed something else.
    """
    with tempfile.TemporaryDirectory(prefix="neural_face_") as folder:
        return [
            _sentence(spoken, first, last, rate, Path(folder) / "voice.wav", timeout)
            for first, last in sentences(spoken)
        ]


def _sentence(
    spoken: Pronunciation, first: int, last: int, rate: float, path: Path, timeout: float
) -> Utterance:
    command = ["flite", "-voice", VOICE, "--setf", f"duration_stretch={1 / rate:.4f}", "-psdur"]
    text = sentence_text(spoken, first, last)
    printed = run_program([*command, "-t", text, "-o", str(path)], timeout)
    pairs: list[tuple[str, str]] = re.findall(r"([a-z@#]+):(\d+\.\d+)", printed)
    if not pairs:
        raise ValueError("flite printed no phones")
    label = [RENAMED.get(name, name.upper()) for name, _ in pairs]
    end = np.array([float(seconds) for _, seconds in pairs])
    samples, hertz = read_wave(path)
    inside = (spoken.word >= first) & (spoken.word < last)
    match = align_labels(label, spoken.label[inside])
    word = np.where(match >= 0, spoken.word[inside][match], -1)
    stress = [
        max(int(spoken.stress[inside][m]), 0) if is_vowel(name) and m >= 0 else CONSONANT_STRESS
        for name, m in zip(label, match, strict=True)
    ]
    return Utterance(samples, hertz, np.array(label), end, np.array(stress), word)
