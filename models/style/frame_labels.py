"""What is said at each frame, as numbers: the input of the core animation network."""

import numpy as np

from ..phones import INVENTORY, SILENCE, Phones, phone_indices
from ..speech.visemes import VISEME_INDEX, VISEME_NAMES

FPS = 30.0
"""Frames a second at which the networks work, whatever the scene's rate."""
STRESSES = (0, 1, 2)
PHRASE_SECONDS = 1.0
"""Scale of the time since a phrase began and until it ends."""
LABELS = len(INVENTORY) + len(VISEME_NAMES) + len(STRESSES) + 6
"""Numbers for each frame."""

RHYTHM = [
    INVENTORY.index(SILENCE),
    *range(LABELS - 6 - len(STRESSES), LABELS - 6),
    *range(LABELS - 4, LABELS),
]
"""Labels that tell the rhythm of speech, whatever is said: silence, stress, word and phrase."""

_FINE = 8
_TYPICAL_SECONDS = 0.08
_LONG_SILENCE = 0.15


def frame_labels(phones: Phones, times: np.ndarray) -> np.ndarray:
    """Labels (T, LABELS) float32 of frames of 1 / `FPS` at `times` (T,) seconds.

    For each frame: the share of its time that each phone, viseme and stress takes; place in the
    phone −1…1; the logarithm of its length; begin and end of the word; time since the phrase began
    and until it ends. Outside the phones there is silence.
    """
    merged = phones.merged()
    step = 1 / FPS
    fine = (np.arange(_FINE) + 0.5) / _FINE - 0.5
    index = merged.at((times[:, None] + fine * step).ravel()).reshape(-1, _FINE)
    labels = np.append(phone_indices(merged.label), INVENTORY.index(SILENCE))[index]
    stress = np.append(merged.stress, -1)[index]
    classes = VISEME_INDEX[labels]
    parts = [
        _shares(labels, len(INVENTORY)),
        _shares(classes, len(VISEME_NAMES)),
        np.stack([(stress == level).mean(1) for level in STRESSES], 1),
        _places(merged, times),
    ]
    return np.concatenate(parts, 1).astype(np.float32)


def _shares(index: np.ndarray, size: int) -> np.ndarray:
    """Share of each of `size` kinds among the columns of `index` (T, n): (T, size)."""
    return (index[..., None] == np.arange(size)).mean(1)


def _places(phones: Phones, times: np.ndarray) -> np.ndarray:
    """Place in phone, word and phrase (T, 6)."""
    here = phones.at(times)
    known = (here >= 0) & ~np.append(phones.silent, True)[here]
    at = np.maximum(here, 0)
    duration = np.maximum(phones.duration[at], 1e-3) if len(phones) else np.ones(len(times))
    phase = np.where(known, 2 * (times - phones.start[at]) / duration - 1, 0.0)
    length = np.where(known, np.log(duration / _TYPICAL_SECONDS), 0.0)
    before, after = word_edges(phones)
    since, until = phrase_times(phones, times)
    columns = (phase, length, known * before[at], known * after[at], since, until)
    return np.stack(columns, 1)


def word_edges(phones: Phones) -> tuple[np.ndarray, np.ndarray]:
    """Which phones (P,) begin and which end a word, as 0 and 1."""
    changes = phones.word[1:] != phones.word[:-1]
    return np.append(1.0, changes), np.append(changes, 1.0)


def phrase_times(phones: Phones, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Time since the phrase at each frame began and until it ends (T,), −1…1.

    In a phrase both are positive and saturate; in the silence before and after it they are negative
    by how far away it is.
    """
    edge = np.isin(np.arange(len(phones)), (0, len(phones) - 1))
    long = phones.silent & ((phones.duration >= _LONG_SILENCE) | edge)
    begins = ~phones.silent & np.append(True, long[:-1])
    ends = ~phones.silent & np.append(long[1:], True)
    starts, stops = phones.start[begins], phones.end[ends]
    if not len(starts):
        return np.full(len(times), -1.0), np.full(len(times), -1.0)
    gap = times[:, None]
    inside = ((gap >= starts) & (gap <= stops)).any(1)
    since = np.abs(gap - starts).min(1)
    until = np.abs(gap - stops).min(1)
    last = np.maximum(np.searchsorted(starts, times, side="right") - 1, 0)
    since = np.where(inside, times - starts[last], -since)
    until = np.where(inside, stops[last] - times, -until)
    return np.tanh(since / PHRASE_SECONDS), np.tanh(until / PHRASE_SECONDS)


def padded_length(frames: int, multiple: int = 4) -> int:
    """Frames rounded up to whole latents of the priors."""
    return -(-frames // multiple) * multiple
