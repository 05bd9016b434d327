"""Steady background noise taken out of a recording before it is aligned."""

import numpy as np
from scipy.signal import istft, stft

from .activity import contrast
from .sound import HERTZ, Sound

_NOISY_DB = 22.0
"""Contrast below which a recording counts as noisy; clean speech has above 25."""
_WINDOW, _OVERLAP = 512, 384
_QUIET_SHARE = 0.1
_TOO_MUCH, _LEAST_GAIN = 1.5, 0.1


def is_noisy(sound: Sound) -> bool:
    """Whether the background is so loud that it disturbs alignment."""
    return contrast(sound) < _NOISY_DB


def denoised(sound: Sound) -> Sound:
    """The sound with its steady noise lowered: Wiener gain, noise from the quietest frames."""
    _, _, spectrum = stft(sound.samples, HERTZ, nperseg=_WINDOW, noverlap=_OVERLAP)
    power = np.square(np.abs(spectrum))
    total = power.sum(0)
    quiet = total <= np.quantile(total, _QUIET_SHARE)
    noise = _TOO_MUCH * power[:, quiet].mean(1, keepdims=True)
    smooth = (np.roll(power, 1, 1) + power + np.roll(power, -1, 1)) / 3
    gain = np.maximum(1 - noise / np.maximum(smooth, 1e-12), _LEAST_GAIN)
    _, samples = istft(spectrum * gain, HERTZ, nperseg=_WINDOW, noverlap=_OVERLAP)
    kept = samples[: len(sound.samples)]
    return Sound((kept * (0.7 / max(np.abs(kept).max(), 1e-6))).astype(np.float32))
