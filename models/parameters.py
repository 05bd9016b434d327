"""What drives a head over a line."""

from dataclasses import dataclass

import numpy as np

from .phones import Phones

EASE = 0.25
"""Seconds in which the face leaves rest before the words and returns to it after them."""


@dataclass(frozen=True)
class AnimationParameters:
    """What drives a head, per frame.

    Attributes:
        times: (T,) seconds, evenly spaced from 0.
        codes: (T, Z) expression codes, float32.
        head_pose: (T, 6) radians and metres, float32.
    """

    times: np.ndarray
    codes: np.ndarray
    head_pose: np.ndarray


def ease_at_ends(phones: Phones, times: np.ndarray, seconds: float = EASE) -> np.ndarray:
    """0 at rest before and after the line (T,), 1 from shortly before the words to after them."""
    sounding = np.flatnonzero(~phones.silent)
    lead = float(phones.start[sounding[0]])
    tail = float(times[-1] - phones.end[sounding[-1]])
    rise, fall = (max(min(seconds, room), 1e-6) for room in (lead, tail))
    part = np.minimum(np.clip(times / rise, 0, 1), np.clip((times[-1] - times) / fall, 0, 1))
    if lead < 1e-3:
        part[times < seconds] = 1
    return (part * part * (3 - 2 * part)).astype(np.float32)
