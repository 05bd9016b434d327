"""Where a sound is loud enough to be speech."""

import numpy as np

from .sound import HERTZ, Sound

FRAME = 0.01
_ABOVE_FLOOR, _BELOW_SPEECH = 9.0, 25.0


def active_frames(sound: Sound) -> np.ndarray:
    """(F,) bool per 10 ms: louder than the background and not far below the loud parts."""
    level = _levels(sound)
    floor, loud = np.percentile(level, (5, 95))
    return level > max(min(floor + _ABOVE_FLOOR, loud - 3), loud - _BELOW_SPEECH)


def contrast(sound: Sound) -> float:
    """Decibels between the loud parts and the background: above 25 for clean speech."""
    floor, loud = np.percentile(_levels(sound), (5, 95))
    return float(loud - floor)


def _levels(sound: Sound) -> np.ndarray:
    """(F,) dB per 10 ms, smoothed over 50 ms."""
    size = round(FRAME * HERTZ)
    count = len(sound.samples) // size
    frames = sound.samples[: count * size].reshape(count, size)
    level = 10 * np.log10(np.square(frames).mean(1) + 1e-9)
    return np.convolve(np.pad(level, 2, mode="edge"), np.ones(5) / 5, mode="valid")
