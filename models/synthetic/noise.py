"""Smooth random curves."""

import numpy as np
from scipy.ndimage import gaussian_filter1d


def smooth_noise(
    rng: np.random.Generator, frames: int, fps: float, seconds: float, count: int = 1
) -> np.ndarray:
    """Gaussian noise of unit variance whose correlation falls off over `seconds`, (frames, count).

    Longer than asked before cutting, so that short takes are not pulled to zero.
    """
    sigma = max(seconds * fps, 0.5)
    margin = int(4 * sigma) + 1
    white = rng.standard_normal((frames + 2 * margin, count))
    smooth = gaussian_filter1d(white, sigma, axis=0, mode="wrap")
    # A Gaussian filter leaves 1 / (2 sigma sqrt(pi)) of the variance.
    return (smooth * np.sqrt(2 * sigma * np.sqrt(np.pi)))[margin : margin + frames]


def bump(times: np.ndarray, start: float, peak: float, end: float) -> np.ndarray:
    """0 → 1 → 0 with smooth flanks (T,)."""
    rise = np.clip((times - start) / max(peak - start, 1e-6), 0, 1)
    fall = np.clip((end - times) / max(end - peak, 1e-6), 0, 1)
    return (0.5 - 0.5 * np.cos(np.pi * rise)) * (0.5 - 0.5 * np.cos(np.pi * fall))
