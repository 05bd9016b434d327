"""A range of motion without a recording: controls one by one, in pairs, and whole expressions."""

import numpy as np

from ..template.controls import CONTROL_INDEX, CONTROL_NAMES
from .limits import limited
from .noise import bump

POSE_SECONDS = (0.7, 1.2)
BLOCK_POSES = 22
MIXED_SHARE = 0.6
"""Share of poses that mix controls; the others exercise one control or its two sides."""
EXPRESSIONS: tuple[dict[str, float], ...] = (
    {
        "jawOpen": 0.8,
        "mouthLowerDown": 0.3,
        "mouthUpperUp": 0.3,
        "browOuterUp": 0.6,
        "eyeWide": 0.7,
    },
    {"mouthSmile": 0.9, "cheekSquint": 0.7, "eyeSquint": 0.4, "jawOpen": 0.25, "mouthUpperUp": 0.3},
    {"mouthFrown": 0.8, "browInnerUp": 0.8, "mouthShrugLower": 0.5, "eyeSquint": 0.2},
    {"browDown": 0.9, "noseSneer": 0.8, "mouthPress": 0.4, "eyeSquint": 0.5},
    {
        "browDown": 0.7,
        "jawOpen": 0.45,
        "mouthUpperUp": 0.6,
        "mouthLowerDown": 0.6,
        "noseSneer": 0.6,
    },
    {"mouthPucker": 0.9, "cheekPuff": 0.2, "browOuterUp": 0.3},
    {"mouthFunnel": 0.75, "jawOpen": 0.3, "browInnerUp": 0.3},
    {"mouthStretch": 0.8, "jawOpen": 0.15, "eyeWide": 0.5, "browInnerUp": 0.6},
    {"mouthRollLower": 0.7, "mouthRollUpper": 0.5, "mouthPress": 0.4},
    {"jawOpen": 0.5, "tongueOut": 0.7},
    {"jawOpen": 0.6, "tongueUp": 0.9},
    {"jawOpen": 0.6, "tongueBack": 0.9},
    {"cheekPuff": 0.75, "mouthPress": 0.3},
    {"mouthUpperUp": 0.7, "mouthLowerDown": 0.7, "mouthStretch": 0.4},
    {"eyeBlink": 1.0},
    {"eyeSquint": 0.9, "cheekSquint": 0.6, "browDown": 0.3},
)
"""Named for both sides at once where a control has two."""


def practice_block(fps: float, rng: np.random.Generator) -> np.ndarray:
    """Controls (T, C) of one block of poses that rise, overlap a little and fall."""
    lengths = rng.uniform(*POSE_SECONDS, BLOCK_POSES)
    starts = np.append(0.0, np.cumsum(0.85 * lengths))
    times = np.arange(int((starts[-1] + 0.3) * fps)) / fps
    controls = np.zeros((len(times), len(CONTROL_NAMES)))
    order = rng.permutation(len(EXPRESSIONS))
    for place, (start, length) in enumerate(zip(starts[:-1], lengths, strict=True)):
        pose = _pose(order[place % len(order)], rng)
        curve = bump(times, start, start + rng.uniform(0.4, 0.6) * length, start + length)
        for name, value in pose.items():
            controls[:, CONTROL_INDEX[name]] += value * curve
    return limited(controls)


def _pose(expression: int, rng: np.random.Generator) -> dict[str, float]:
    if rng.random() < MIXED_SHARE:
        named = EXPRESSIONS[expression].items()
        level = rng.uniform(0.55, 1.05)
    else:
        named = [(rng.choice(sorted({_stem(name) for name in CONTROL_NAMES})), 1.0)]
        level = rng.uniform(0.5, 1.0)
    pose: dict[str, float] = {}
    for stem, value in named:
        sides = [name for name in CONTROL_NAMES if _stem(name) == stem]
        kept = rng.random() < 0.3 and len(sides) == 2
        for name in sides[:1] if kept else sides:
            pose[name] = value * level * rng.uniform(0.85, 1.1)
    if rng.random() < 0.5:
        side = rng.choice(["Left", "Right"])
        other = "Right" if side == "Left" else "Left"
        turn, lift = rng.uniform(0, 0.7, 2)
        pose |= {f"eyeLookOut{side}": turn, f"eyeLookIn{other}": turn}
        vertical = rng.choice(["Up", "Down"])
        pose |= {f"eyeLook{vertical}{name}": 0.6 * lift for name in ("Left", "Right")}
    return pose


def _stem(name: str) -> str:
    """The control's name without its side; jawLeft and mouthLeft are controls of their own."""
    if name.startswith(("jaw", "mouthLeft", "mouthRight")):
        return name
    return name.removesuffix("Left").removesuffix("Right")
