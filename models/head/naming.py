"""Readable slider names, found by comparing what a slider does with known shapes."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from ..mesh import HeadMesh

REGION_TITLES = {"mouth": "Mouth", "left_eye": "Eye L", "right_eye": "Eye R", "face": "Face"}
CLEAR = 0.3
"""A slider whose likeness to its shape is below this is named after two shapes."""

_BOTH = {
    "mouth": {
        "mouthSmile": "Smile",
        "mouthFrown": "Corners Down",
        "mouthDimple": "Dimple",
        "mouthStretch": "Stretch",
        "mouthPress": "Press",
        "mouthLowerDown": "Lower Lip Down",
        "mouthUpperUp": "Upper Lip Up",
    },
    "face": {
        "browDown": "Brows Down",
        "browOuterUp": "Brow Outer Up",
        "cheekSquint": "Cheeks Up",
        "noseSneer": "Nose Sneer",
        "mouthSmile": "Smile",
        "mouthFrown": "Corners Down",
        "mouthStretch": "Stretch",
        "mouthDimple": "Dimples",
        "mouthUpperUp": "Upper Lip Up",
        "mouthLowerDown": "Lower Lip Down",
        "eyeBlink": "Blink",
        "eyeSquint": "Squint",
        "eyeWide": "Eyes Wide",
    },
}
_ONE = {
    "mouth": {
        "jawOpen": "Open",
        "mouthClose": "Lips Together",
        "mouthFunnel": "Funnel",
        "mouthPucker": "Pucker",
        "mouthLeft": "Shift L",
        "mouthRight": "Shift R",
        "mouthRollLower": "Lower Lip In",
        "mouthRollUpper": "Upper Lip In",
        "mouthShrugLower": "Lower Lip Up",
        "mouthShrugUpper": "Upper Lip Shrug",
        "jawForward": "Jaw Forward",
        "jawLeft": "Jaw L",
        "jawRight": "Jaw R",
        "cheekPuff": "Puff",
        "tongueOut": "Tongue Out",
        "tongueUp": "Tongue Up",
        "tongueBack": "Tongue Back",
    },
    "face": {
        "browInnerUp": "Brow Inner Up",
        "cheekPuff": "Cheek Puff",
        "jawOpen": "Jaw Open",
        "jawForward": "Jaw Forward",
        "jawLeft": "Jaw L",
        "jawRight": "Jaw R",
        "mouthPucker": "Pucker",
        "mouthFunnel": "Funnel",
        "mouthLeft": "Mouth L",
        "mouthRight": "Mouth R",
        "mouthClose": "Lips Together",
        "mouthShrugLower": "Chin Up",
        "mouthRollLower": "Lip In",
    },
}
_SIDED = {
    "mouth": {
        "mouthSmile": "Corner Up",
        "mouthFrown": "Corner Down",
        "mouthDimple": "Dimple",
        "mouthStretch": "Stretch",
        "mouthPress": "Press",
        "mouthLowerDown": "Lower Lip Down",
        "mouthUpperUp": "Upper Lip Up",
    },
    "face": {
        "browDown": "Brow Down",
        "browOuterUp": "Brow Outer Up",
        "cheekSquint": "Cheek Up",
        "noseSneer": "Nose Sneer",
        "mouthSmile": "Corner Up",
        "mouthFrown": "Corner Down",
        "mouthStretch": "Stretch",
        "mouthUpperUp": "Upper Lip Up",
    },
}
_EYE = {
    "eyeBlink": "Blink",
    "eyeLookDown": "Look Down",
    "eyeLookUp": "Look Up",
    "eyeLookIn": "Look In",
    "eyeLookOut": "Look Out",
    "eyeSquint": "Squint",
    "eyeWide": "Wide",
    "cheekSquint": "Cheek Up",
    "browDown": "Brow Down",
    "browOuterUp": "Brow Outer Up",
    "mouthSmile": "Smile",
    "noseSneer": "Nose Sneer",
}


@dataclass(frozen=True)
class SliderNames:
    """Names of a region's sliders and which way round they go.

    Attributes:
        names: (Z,) "Mouth: Open".
        signs: (Z,) −1 where the slider must be turned round to do what its name says.
    """

    names: list[str]
    signs: np.ndarray


def known_shapes(region: str, controls: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Readable name → control vector (C,) of the shapes that a region's sliders may resemble."""
    groups: dict[str, tuple[str, ...]] = {}
    if region in ("left_eye", "right_eye"):
        side = "Left" if region == "left_eye" else "Right"
        groups = {label: (control + side,) for control, label in _EYE.items()}
        groups["Brow Inner Up"] = ("browInnerUp",)
    else:
        groups = {label: (control,) for control, label in _ONE[region].items()}
        for control, label in _BOTH[region].items():
            groups[label] = (f"{control}Left", f"{control}Right")
        for control, label in _SIDED[region].items():
            groups |= {f"{label} {side[0]}": (control + side,) for side in ("Left", "Right")}
    present = {label: names for label, names in groups.items() if set(names) <= set(controls)}
    return {label: np.isin(controls, names).astype(np.float32) for label, names in present.items()}


def name_sliders(
    region: str, mesh: HeadMesh, codes: np.ndarray, controls: np.ndarray, moved: np.ndarray
) -> SliderNames:
    """Name a region's sliders, each differently.

    Args:
        region: One of `mesh.REGION_NAMES`.
        mesh: Whose linear model gives the known shapes.
        codes: (n, Z) the region's part of the code over frames.
        controls: (n, C) of the same frames.
        moved: (Z, V, 3) how the vertices move for one unit of each slider.
    """
    shapes = known_shapes(region, mesh.control_names)
    labels, vectors = list(shapes), np.stack(list(shapes.values()))
    mask = mesh.region(region).vertex_mask
    likeness = _likeness(codes, controls @ vectors.T, moved, vectors, mesh.basis, mask)
    rows, columns = linear_sum_assignment(-np.abs(likeness))
    chosen = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    title, names = REGION_TITLES[region], []
    signs = np.ones(codes.shape[1], np.float32)
    for row in range(codes.shape[1]):
        first = chosen.get(row, int(np.abs(likeness[row]).argmax()))
        signs[row] = -1 if likeness[row, first] < 0 else 1
        label = labels[first]
        if row not in chosen or abs(likeness[row, first]) < CLEAR:
            label = f"{label}, {_second(labels, likeness[row] * signs[row], first)}"
        names.append(f"{title}: {label}")
    return SliderNames(_unique(names), signs)


def _second(labels: list[str], likeness: np.ndarray, first: int) -> str:
    """The next shape a slider resembles, with a minus where it does the opposite."""
    strength = np.abs(likeness)
    strength[first] = -1
    second = int(strength.argmax())
    return labels[second] if likeness[second] >= 0 else f"Less {labels[second]}"


def _likeness(
    codes: np.ndarray,
    amounts: np.ndarray,
    moved: np.ndarray,
    vectors: np.ndarray,
    basis: np.ndarray,
    mask: np.ndarray,
) -> np.ndarray:
    """(Z, S) mean of correlation over frames and cosine of the vertices' movement.

    A shape that moves no vertices, such as gaze, is judged by correlation alone.
    """
    correlation = _cosine((codes - codes.mean(0)).T, (amounts - amounts.mean(0)).T)
    shown = (np.tensordot(vectors, basis, 1) * mask[:, None]).reshape(len(vectors), -1)
    cosine = _cosine((moved * mask[:, None]).reshape(len(moved), -1), shown)
    moving = np.linalg.norm(shown, axis=1) > 1e-4
    return np.where(moving, 0.5 * (correlation + cosine), correlation)


def _cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(a, axis=1)[:, None] * np.linalg.norm(b, axis=1)
    return (a @ b.T) / np.maximum(lengths, 1e-9)


def _unique(names: list[str]) -> list[str]:
    counts: dict[str, int] = {}
    unique = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        unique.append(name if counts[name] == 1 else f"{name} {counts[name]}")
    return unique
