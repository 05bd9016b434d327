"""The synthetic actor's controls: 52 ARKit face units and two tongue units of our own."""

import functools

import numpy as np

from .basemesh import face_unit_names, load_base_mesh, load_face_unit

TONGUE_CONTROLS = ("tongueUp", "tongueBack")
CONTROL_NAMES = (
    *("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    *("cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight"),
    *("eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight"),
    *("eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight"),
    *("eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft"),
    *("jawOpen", "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight"),
    *("mouthFrownLeft", "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft"),
    *("mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight"),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *("mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight"),
    *("mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight", "tongueOut"),
    *TONGUE_CONTROLS,
)
CONTROL_INDEX = {name: index for index, name in enumerate(CONTROL_NAMES)}

TONGUE_LIFT = 0.011
"""How far tongueUp = 1 raises the tip, metres: enough to touch behind the upper teeth."""
TONGUE_RETREAT = 0.009
"""How far tongueBack = 1 draws the tip back, metres."""


@functools.cache
def control_offsets() -> np.ndarray:
    """Offsets (C, N, 3) of every base-mesh vertex for each control at 1, metres."""
    known = set(face_unit_names())
    return np.stack(
        [load_face_unit(name) if name in known else _tongue_unit(name) for name in CONTROL_NAMES]
    ).astype(np.float32)


def _tongue_unit(name: str) -> np.ndarray:
    """A tongue unit: the front moves, the root stays."""
    base = load_base_mesh()
    tongue = base.group("helper-tongue")
    depth = base.vertices[tongue, 1]
    root, tip = np.quantile(depth, 0.7), depth.min()
    share = np.clip((root - depth) / (root - tip), 0, 1) ** 1.5
    offsets = np.zeros_like(base.vertices)
    if name == "tongueUp":
        offsets[tongue, 2] = TONGUE_LIFT * share
    else:
        offsets[tongue, 1] = TONGUE_RETREAT * share
        offsets[tongue, 2] = 0.35 * TONGUE_RETREAT * np.sin(np.pi * share)
    return offsets


def controls_from(values: dict[str, float]) -> np.ndarray:
    """A control vector (C,) from named values; the others are zero."""
    controls = np.zeros(len(CONTROL_NAMES), np.float32)
    for name, value in values.items():
        controls[CONTROL_INDEX[name]] = value
    return controls
