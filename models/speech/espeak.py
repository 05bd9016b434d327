"""The voice of espeak-ng (Debian package `espeak-ng`): sound with the time of every phone.

The command line prints phone times only with MBROLA voices, so the library's own phoneme events are
read (sample-exact starts). The library is loaded in a child process (`espeak_child.py`), so that a
crash or hang of it cannot take the caller along.
"""

import ctypes.util
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from ..phones import CONSONANT_STRESS, SILENCE, is_vowel
from .text import Pronunciation
from .utterance import Utterance, read_wave, run_program, sentence_text, sentences

_CHILD = Path(__file__).parent / "espeak_child.py"
_PHONEME = 7
_USUAL_RATE = 175

_MNEMONICS = {
    "AA": "A: A 0 A@ A~", "AE": "a aa a2", "AH": "V @ @2 @5 a# @L @- V2", "AO": "O: O O@ o@ O2",
    "AW": "aU aU@", "AY": "aI aI@ aI3", "EH": "E E2 e@ E#", "ER": "3: 3 ɚ", "EY": "eI e e: eI#",
    "IH": "I I# I2 i@ i@3", "IY": "i: i", "OW": "oU o o: oU#", "OY": "OI", "UH": "U U@",
    "UW": "u: u", "P": "p", "B": "b", "T": "t t2 t# ? *", "D": "d d# d2", "K": "k x k2",
    "G": "g g2", "F": "f", "V": "v", "TH": "T", "DH": "D", "S": "s", "Z": "z z2", "SH": "S",
    "ZH": "Z", "HH": "h h2", "M": "m m-", "N": "n n- n2", "NG": "N", "L": "l l/ l# l2 L",
    "R": "r r- r/ r2", "W": "w w2", "Y": "j", "CH": "tS", "JH": "dZ",
}  # fmt: skip
_ARPABET = {name: label for label, names in _MNEMONICS.items() for name in names.split()}


def available() -> bool:
    """Whether the program and its library are installed."""
    return shutil.which("espeak-ng") is not None and bool(ctypes.util.find_library("espeak-ng"))


def utter(spoken: Pronunciation, rate: float, timeout: float) -> list[Utterance]:
    """Speak a line sentence by sentence in one child process.

    Raises:
        OSError, subprocess.SubprocessError, ValueError: The library failed.
    """
    spans = sentences(spoken)
    with tempfile.TemporaryDirectory(prefix="neural_face_") as folder:
        order = {
            "texts": [sentence_text(spoken, first, last) for first, last in spans],
            "folder": folder,
            "words_per_minute": round(min(max(_USUAL_RATE * rate, 80), 450)),
        }
        printed = run_program([sys.executable, str(_CHILD)], timeout, json.dumps(order))
        results = []
        for index, (span, events) in enumerate(zip(spans, json.loads(printed), strict=True)):
            samples, hertz = read_wave(Path(folder) / f"{index}.wav")
            text = order["texts"][index]
            results.append(_utterance(spoken, span, text, events, samples, hertz))
        return results


def _utterance(
    spoken: Pronunciation,
    span: tuple[int, int],
    text: str,
    events: list,
    samples: np.ndarray,
    hertz: int,
) -> Utterance:
    label, start, word = [SILENCE], [0], [-1]
    for kind, place, sample, name in events:
        if kind == _PHONEME and (name.startswith("_") or name in _ARPABET):
            silent = name.startswith("_")
            label.append(SILENCE if silent else _ARPABET[name])
            start.append(sample)
            word.append(-1 if silent else span[0] + text[: max(place, 1) - 1].count(" "))
    if len(label) == 1:
        raise ValueError("espeak-ng reported no phones")
    stress = [CONSONANT_STRESS if not is_vowel(item) else 0 for item in label]
    for place, index in enumerate(word):
        if index >= 0 and stress[place] == 0:
            strong = spoken.stress[(spoken.word == index) & (spoken.stress >= 0)]
            stress[place] = int((strong == 1).any())
    end = np.append(start[1:], len(samples)) / hertz
    return Utterance(samples, hertz, np.array(label), end, np.array(stress), np.array(word))
