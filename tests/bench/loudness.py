"""Lips that open as the sound is loud: the simplest way from a recording to a mouth."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from models.alignment.sound import HERTZ, Sound

from .aligned_sentences import Heard
from .lip_opening import Readout, pearson

STEP = 0.005
"""Seconds between the measurements of loudness."""
SMOOTHINGS = (0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12)
DELAYS = (-0.12, -0.08, -0.06, -0.04, -0.02, 0.0, 0.02, 0.04, 0.06, 0.08, 0.12)
POWERS = (1.0, 0.5, 0.25, 0.1)


@dataclass(frozen=True)
class Loudness:
    """Opening from loudness.

    Attributes:
        smoothing: Deviation in seconds of the Gaussian over the sound's power.
        delay: Seconds by which the lips follow the sound.
        power: Of the loudness; below 1 quiet sounds open more.
        readout: To opening.
    """

    smoothing: float
    delay: float
    power: float
    readout: Readout

    def opening(self, sound: Sound, times: np.ndarray) -> np.ndarray:
        """(T,) at `times`, in the unit it was fitted to."""
        return self.readout(_loudness(_powers(sound), times, self)[:, None])

    @classmethod
    def fit(cls, training: Sequence[Heard]) -> "Loudness":
        """The settings that follow recorded sentences best (mean r)."""
        sounds = [_powers(item.sound) for item in training]
        none = Readout(0.0, np.ones(1))
        settings = [cls(*each, none) for each in itertools.product(SMOOTHINGS, DELAYS, POWERS)]
        best = max(settings, key=lambda setting: _mean_r(setting, sounds, training))
        rows = [
            _loudness(sound, item.sentence.times, best)[item.truth.judged]
            for sound, item in zip(sounds, training, strict=True)
        ]
        opening = np.concatenate([item.truth.opening[item.truth.judged] for item in training])
        readout = Readout.fit(np.concatenate(rows)[:, None], opening, True)
        return cls(best.smoothing, best.delay, best.power, readout)


def _powers(sound: Sound) -> np.ndarray:
    """Mean power (N,) of the sound's pieces of `STEP` seconds, the loudest 1."""
    size = round(STEP * HERTZ)
    pieces = sound.samples[: len(sound.samples) // size * size].reshape(-1, size)
    power = np.square(pieces.astype(np.float64)).mean(1)
    return power / max(float(power.max()), 1e-12)


def _loudness(powers: np.ndarray, times: np.ndarray, setting: Loudness) -> np.ndarray:
    smooth = gaussian_filter1d(powers, setting.smoothing / STEP, mode="nearest")
    middles = (np.arange(len(powers)) + 0.5) * STEP
    level = np.interp(times - setting.delay, middles, np.sqrt(np.maximum(smooth, 0)))
    return level**setting.power


def _mean_r(setting: Loudness, sounds: list[np.ndarray], training: Sequence[Heard]) -> float:
    found = []
    for powers, item in zip(sounds, training, strict=True):
        judged = item.truth.judged
        level = _loudness(powers, item.sentence.times, setting)
        found.append(pearson(level[judged], item.truth.opening[judged]))
    return float(np.mean(found))
