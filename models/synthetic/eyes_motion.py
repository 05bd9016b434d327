"""Living eyes and brows: blinks timed to speech, fixations and saccades, brows on stress."""

import numpy as np

from ..phones import Phones
from .noise import bump, smooth_noise
from .styles import Style

BLINK_CLOSING = (0.08, 0.11)
BLINK_OPENING = (0.13, 0.22)
"""Seconds a lid takes to close and to open: a blink lasts 0.21 to 0.33 s."""
SHORTEST_BETWEEN_BLINKS = 0.7
BLINK_AT_PAUSE = 0.5
"""Probability that a pause or the end of a phrase brings a blink."""
SACCADE_SECONDS = 0.045
DEGREES_AT_ONE = 30.0
"""Gaze angle of an eyeLook control at 1."""
LARGEST_GAZE = 18.0
EMPHASIS = 0.45
"""Probability that a stressed word moves the brows."""


def emphases(phones: Phones, rng: np.random.Generator, share: float = EMPHASIS) -> np.ndarray:
    """Middles (n,) in seconds of the stressed vowels that the speaker chooses to mark."""
    middle = phones.middle[phones.stress == 1]
    return middle[rng.random(len(middle)) < share]


def blinks(phones: Phones, times: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Closing of the lids (T,), 0…1."""
    seconds = times[-1] + 1e-3
    silences = phones.select(phones.silent)
    onsets = [s + rng.uniform(0, 0.15) for s in silences.start if rng.random() < BLINK_AT_PAUSE]
    onsets += list(rng.uniform(0, seconds, rng.poisson(style.blinks_per_minute * seconds / 60)))
    curve, last = np.zeros(len(times)), -np.inf
    for onset in sorted(onsets):
        if onset - last < SHORTEST_BETWEEN_BLINKS:
            continue
        last, peak = onset, onset + rng.uniform(*BLINK_CLOSING)
        depth = rng.uniform(0.92, 1.0)
        curve = np.maximum(
            curve, depth * bump(times, onset, peak, peak + rng.uniform(*BLINK_OPENING))
        )
    return curve


def gaze(times: np.ndarray, style: Style, rng: np.random.Generator) -> np.ndarray:
    """Gaze (T, 2) in degrees: towards the actor's left, and up. Fixations joined by saccades."""
    moments, points = [times[0] - 1.0], [np.zeros(2)]
    while moments[-1] < times[-1]:
        moments.append(moments[-1] + 0.25 + rng.exponential(style.fixation_seconds))
        point = rng.normal(0, style.gaze_degrees, 2) * (1.0, 0.6)
        # People look back at whom they speak to every other time.
        points.append(point * (rng.random() < 0.55))
    angles = np.repeat(points[0][None], len(times), axis=0)
    for moment, before, after in zip(moments[1:], points[:-1], points[1:], strict=True):
        share = np.clip((times - moment) / SACCADE_SECONDS, 0, 1)
        angles += (3 * share**2 - 2 * share**3)[:, None] * (after - before)
    drift = 0.25 * smooth_noise(rng, len(times), 1 / (times[1] - times[0]), 0.3, 2)
    return np.clip(angles + drift, -LARGEST_GAZE, LARGEST_GAZE)


def look_controls(angles: np.ndarray) -> dict[str, np.ndarray]:
    """ARKit eyeLook controls of gaze angles (T, 2): the eye looks in towards the nose."""
    left, up = angles[:, 0] / DEGREES_AT_ONE, angles[:, 1] / DEGREES_AT_ONE
    controls = {"eyeLookOutLeft": left, "eyeLookInRight": left}
    controls |= {"eyeLookInLeft": -left, "eyeLookOutRight": -left}
    controls |= {f"eyeLookUp{side}": up for side in ("Left", "Right")}
    controls |= {f"eyeLookDown{side}": -up for side in ("Left", "Right")}
    return {name: np.maximum(value, 0) for name, value in controls.items()}


def brow_controls(
    times: np.ndarray, moments: np.ndarray, style: Style, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Brows moving at `moments`, with a little life in between (T,)."""
    curve = np.zeros(len(times))
    for moment in moments:
        height = style.brow_emphasis * rng.uniform(0.5, 1.15)
        start, end = moment - rng.uniform(0.16, 0.26), moment + rng.uniform(0.25, 0.5)
        curve = np.maximum(curve, height * bump(times, start, moment, end))
    fps = 1 / (times[1] - times[0])
    life = 0.035 * smooth_noise(rng, len(times), fps, 0.5, 3)
    names = ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")
    gains = (0.8, 1.0, 1.0) if style.brows_up else (0.0, 0.0, 0.0)
    controls = {
        name: gain * curve + life[:, place]
        for place, (name, gain) in enumerate(zip(names, gains, strict=True))
    }
    if not style.brows_up:
        controls |= {"browDownLeft": curve, "browDownRight": curve}
    return controls


def eye_controls(
    phones: Phones, times: np.ndarray, style: Style, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Lids and gaze: controls by name (T,)."""
    closing = blinks(phones, times, style, rng)
    controls = look_controls(gaze(times, style, rng))
    squint = 0.03 * smooth_noise(rng, len(times), 1 / (times[1] - times[0]), 0.6)[:, 0]
    for side in ("Left", "Right"):
        controls[f"eyeBlink{side}"] = closing
        controls[f"eyeSquint{side}"] = squint
    return controls
