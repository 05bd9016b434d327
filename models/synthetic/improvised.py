"""Improvised expressions, acted for footage only: no take bares the teeth over a still jaw."""

from collections.abc import Sequence

import numpy as np

from ..performance import Take
from ..phones import Phones
from ..template.controls import CONTROL_INDEX, CONTROL_NAMES, TONGUE_CONTROLS
from .eyes_motion import eye_controls
from .head_motion import head_motion
from .limits import column, limited
from .noise import bump
from .practice import EXPRESSIONS
from .styles import STYLES

LAUGHS: tuple[dict[str, float], ...] = (
    {"mouthSmile": 1.0, "cheekSquint": 0.7},
    {"mouthSmile": 1.0, "cheekSquint": 0.7, "mouthUpperUp": 0.7, "mouthLowerDown": 0.2},
    {"mouthSmile": 1.0, "cheekSquint": 0.5, "mouthUpperUp": 0.9, "mouthLowerDown": 0.7},
    {"mouthSmile": 0.9, "mouthUpperUp": 0.5, "mouthLowerDown": 0.4, "jawOpen": 0.35},
    {"mouthSmile": 0.6, "mouthStretch": 0.5, "mouthUpperUp": 0.6, "mouthLowerDown": 0.8},
    {"mouthSmile": 0.7, "mouthDimple": 0.6, "mouthPress": 0.3},
)
LAUGH_SHARE = 0.45
"""Share of the poses that laugh or smile."""
POSE_SECONDS = (0.5, 2.2)
JAW = 0.3
"""Largest opening of the jaw that is added to or taken from a pose."""
OWN_LEVEL = (0.5, 1.1)
"""Of each control of a pose, beside the pose's own."""


def improvised_take(name: str, seconds: float, fps: float, rng: np.random.Generator) -> Take:
    """A wordless training take of mouths and brows that go together by chance, with living eyes.

    Args:
        name: Of the take.
        seconds: Its length.
        fps: Frames a second.
        rng: Chance.
    """
    times = np.arange(int(seconds * fps)) / fps
    controls = np.zeros((len(times), len(CONTROL_NAMES)))
    start = 0.0
    while start < times[-1]:
        length = rng.uniform(*POSE_SECONDS)
        rise, held = rng.uniform(0.1, 0.35), rng.uniform(0, 0.6) * length
        curve = _held(times, start, min(rise, 0.4 * length), held, length)
        for control, value in _pose(rng).items():
            controls[:, CONTROL_INDEX[control]] += value * curve
        start += rng.uniform(0.6, 0.9) * length
    style = STYLES["neutral"]
    for control, value in eye_controls(Phones.build([], [], []), times, style, rng).items():
        column(controls, control)[:] += value
    pose = head_motion(times, np.zeros(0), style, rng)
    return Take(name, "motion", "train", fps, limited(controls), pose)


def _held(times: np.ndarray, start: float, rise: float, held: float, length: float) -> np.ndarray:
    """A pose's curve (T,) that rises, stays for a while and falls."""
    level = np.clip(times, start + rise, start + rise + held)
    return bump(times - (level - start - rise), start, start + rise, start + length - held)


def _pose(rng: np.random.Generator) -> dict[str, float]:
    """Mouth of one expression, everything else of another, the jaw somewhat by itself."""
    lower: Sequence = LAUGHS if rng.random() < LAUGH_SHARE else EXPRESSIONS
    mouth, upper = lower[rng.integers(len(lower))], EXPRESSIONS[rng.integers(len(EXPRESSIONS))]
    mixed = {stem: value for stem, value in mouth.items() if _of_mouth(stem)}
    mixed |= {stem: value for stem, value in upper.items() if not _of_mouth(stem)}
    mixed["jawOpen"] = mixed.get("jawOpen", 0.0) + rng.choice([0, 1]) * rng.uniform(-JAW, JAW)
    level, skew = rng.uniform(0.4, 1.1), rng.normal(0, 0.12)
    pose = {}
    for stem, value in mixed.items():
        own = level * rng.uniform(*OWN_LEVEL)
        for side, sided in (("", 1.0), ("Left", 1 + skew), ("Right", 1 - skew)):
            if stem + side in CONTROL_INDEX and stem + side not in TONGUE_CONTROLS:
                pose[stem + side] = max(value, 0.0) * own * sided
    return pose


def _of_mouth(stem: str) -> bool:
    return stem.startswith(("mouth", "jaw", "tongue", "cheek"))
