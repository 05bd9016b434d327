"""Where a sound is loud enough to be speech."""

import numpy as np

from .sound import HERTZ, Sound

FRAME = 0.01
_ABOVE_FLOOR, _BELOW_SPEECH = 9.0, 25.0


def active_frames(sound: Sound) -> np.ndarray:
    """(F,) bool per 10 ms: louder than the background and not far below the loud parts."""
    size = round(FRAME * HERTZ)
    count = len(sound.samples) // size
    frames = sound.samples[: count * size].reshape(count, size)
    level = 10 * np.log10(np.square(frames).mean(1) + 1e-9)
    level = np.convolve(np.pad(level, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    floor, loud = np.percentile(level, (5, 95))
    return level > max(min(floor + _ABOVE_FLOOR, loud - 3), loud - _BELOW_SPEECH)


def active_span(sound: Sound) -> tuple[float, float]:
    """Seconds from the first to the last active frame; the whole sound when none is."""
    active = np.flatnonzero(active_frames(sound))
    if not len(active):
        return 0.0, sound.seconds
    return float(active[0] * FRAME), float((active[-1] + 1) * FRAME)
