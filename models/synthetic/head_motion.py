"""Head motion of a speaker: slow drift, nods on stressed words, breath."""

import numpy as np

from .noise import bump, smooth_noise
from .styles import Style

LARGEST_DEGREES = 11.0
BREATHS_PER_SECOND = 0.26
BREATH_METRES = 0.0012
SWAY_METRES = 0.0025
NOD_BEFORE, NOD_AFTER = 0.22, 0.38
AXIS_SHARES = (0.8, 0.55, 1.0)
"""Nod, tilt and turn, relative to the style's head movement."""


def head_motion(
    times: np.ndarray, moments: np.ndarray, style: Style, rng: np.random.Generator
) -> np.ndarray:
    """Head pose (T, 6): XYZ Euler radians (+x nods down, +z turns to the actor's left), metres.

    Args:
        times: (T,) seconds.
        moments: (n,) seconds of the stresses that the head marks.
        style: How much.
        rng: Chance.
    """
    fps = 1 / (times[1] - times[0])
    drift = smooth_noise(rng, len(times), fps, style.head_seconds, 3)
    degrees = style.head_degrees * drift * AXIS_SHARES
    for moment in moments:
        size = style.nod_degrees * rng.uniform(0.4, 1.2) * rng.choice([1.0, 1.0, -0.5])
        start, end = moment - NOD_BEFORE, moment + NOD_AFTER
        degrees[:, 0] += size * bump(times, start, moment, end)
        degrees[:, 2] += rng.normal(0, 0.4) * size * bump(times, start, moment + 0.05, end)
    # A soft limit keeps the motion smooth where a clip would leave a corner.
    degrees = LARGEST_DEGREES * np.tanh(degrees / LARGEST_DEGREES)
    sway = SWAY_METRES * smooth_noise(rng, len(times), fps, 0.8, 3)
    phase = 2 * np.pi * (BREATHS_PER_SECOND * times + rng.random())
    sway[:, 2] += BREATH_METRES * np.sin(phase)
    return np.concatenate([np.radians(degrees), sway], axis=1).astype(np.float32)
