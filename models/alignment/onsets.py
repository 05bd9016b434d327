"""From the decoder's frames to seconds: where a phone starts, freed of systematic error.

A frame of the decoder spans 25.6 ms and is numbered by its start, and its models change state a
little before or after a listener would: by how much depends on the two sounds that meet.
`ONSET_MS` says how much later a phone of one class (column) starts after a phone of another (row)
than its first frame. The figures come from `python -m tests.bench.onset_bias`: sentences of the
calibration set (none of them judged by the benchmark) spoken by flite's voices, whose exact phone
times are known; per pair of classes the median of each voice, and of those the mean over voices,
drawn to the overall median where a pair is rare. The end of speech (first column) has the overall
median, because truth and alignment are compared at the starts of phones.
"""

from collections.abc import Sequence

import numpy as np

from ..phones import SILENCE, is_vowel
from .decoder import FRAME

CLASSES = ("silence", "stop", "fricative", "nasal", "approximant", "vowel")
_CLASS = {SILENCE: 0}
_CLASS |= dict.fromkeys("P T K B D G CH JH".split(), 1)
_CLASS |= dict.fromkeys("F V TH DH S Z SH ZH HH".split(), 2)
_CLASS |= dict.fromkeys("M N NG".split(), 3)
_CLASS |= dict.fromkeys("L R W Y".split(), 4)

ONSET_MS = np.array(
    [
        (6.2, 22.6, 18.0, 8.6, 8.3, 13.0),
        (6.2, 1.7, 6.0, 6.4, 10.3, 4.7),
        (6.2, 6.2, -4.1, 6.4, 11.4, 3.7),
        (6.2, 4.8, 7.7, 6.2, 7.4, -3.4),
        (6.2, 5.9, 4.5, 8.5, 7.5, 2.1),
        (6.2, 3.6, 10.1, 11.1, 7.8, 5.8),
    ]
)
"""(6 classes before, 6 classes of the phone) milliseconds."""

SHORTEST = 0.01
"""Seconds that every phone keeps."""


def class_of(label: str) -> int:
    """Index in `CLASSES` of an ARPAbet phone or silence."""
    return 5 if is_vowel(label) else _CLASS[label]


def onsets(labels: Sequence[str], frames: np.ndarray, seconds: float) -> np.ndarray:
    """Seconds (P + 1,) at which phones start, and the end of the last.

    Args:
        labels: (P,) phones in order without gaps.
        frames: (P,) first frame of each.
        seconds: Length of the sound.
    """
    classes = np.array([class_of(str(label)) for label in labels], int)
    start = np.asarray(frames, np.float64) * FRAME
    start[1:] += ONSET_MS[classes[:-1], classes[1:]] / 1000
    start[0] = 0.0
    edges = np.append(start, max(seconds, start[-1] + SHORTEST))
    steps = np.arange(len(edges)) * SHORTEST
    return np.maximum.accumulate(edges - steps) + steps
