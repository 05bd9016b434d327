"""Readable slider names, found by comparing what a slider does with known shapes."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...mesh import HeadMesh

REGION_TITLES = {"mouth": "Mouth", "left_eye": "Eye L", "right_eye": "Eye R", "face": "Face"}
SIDES = {"L": "R", "R": "L"}
STARTS = 12
"""Random rotations to start from."""
STILL = 1e-3
"""Rotations that change less than this have come to rest."""
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
        "mouthRollLower": "Lower Lip In",
        "mouthRollUpper": "Upper Lip In",
        "mouthShrugLower": "Lower Lip Up",
        "mouthShrugUpper": "Upper Lip Shrug",
        "jawForward": "Jaw Forward",
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
        "mouthPucker": "Pucker",
        "mouthFunnel": "Funnel",
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
_OPPOSITE = {
    "mouth": {
        "Shift Left-Right": ("mouthLeft", "mouthRight"),
        "Jaw Left-Right": ("jawLeft", "jawRight"),
    },
    "face": {
        "Mouth Left-Right": ("mouthLeft", "mouthRight"),
        "Jaw Left-Right": ("jawLeft", "jawRight"),
    },
    "left_eye": {
        "Look Left-Right": ("eyeLookOutLeft", "eyeLookInLeft"),
        "Look Up-Down": ("eyeLookUpLeft", "eyeLookDownLeft"),
    },
    "right_eye": {
        "Look Left-Right": ("eyeLookInRight", "eyeLookOutRight"),
        "Look Up-Down": ("eyeLookUpRight", "eyeLookDownRight"),
    },
}
"""One slider for two controls that undo each other; left is the actor's own left."""
_EYE = {
    "eyeBlink": "Blink",
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
    """Names of a region's sliders and how to turn its code so that they fit.

    Attributes:
        names: (Z,) "Mouth: Open".
        turn: (Z, Z) orthogonal; a named code is the code it was found for times this.
        numbered: Whether the names only count, for no known shape is there to compare with.
    """

    names: list[str]
    turn: np.ndarray
    numbered: bool = False


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
    groups |= _OPPOSITE[region]
    present = {label: names for label, names in groups.items() if set(names) <= set(controls)}
    vectors = {label: np.isin(controls, names) for label, names in present.items()}
    for label in present.keys() & _OPPOSITE[region].keys():
        vectors[label] = vectors[label] * np.where(np.isin(controls, present[label][1]), -1, 1)
    return {label: np.asarray(vector, np.float32) for label, vector in vectors.items()}


def name_sliders(
    region: str, mesh: HeadMesh, codes: np.ndarray, controls: np.ndarray, moved: np.ndarray
) -> SliderNames:
    """Turn a region's code so that each slider resembles one known shape, and name it after that.

    Principal components mix everything that happens at once. Of all rotations, which leave codes
    uncorrelated, the one is sought whose sliders are most like the shapes they are matched with: by
    turns the best matching, and the rotation nearest to what it asks for (orthogonal Procrustes).
    Shapes of one side are used for both sides or for none.

    Args:
        region: One of `mesh.REGION_NAMES`.
        mesh: Whose linear model gives the known shapes.
        codes: (n, Z) the region's part of the code over frames, uncorrelated, of unit variance.
        controls: (n, C) of the same frames.
        moved: (Z, V, 3) how the vertices move for one unit of each slider.
    """
    title, size = REGION_TITLES[region], codes.shape[1]
    shapes = known_shapes(region, mesh.control_names)
    if not shapes:
        return SliderNames([f"{title} {i + 1}" for i in range(size)], np.eye(size), numbered=True)
    labels, vectors = list(shapes), np.stack(list(shapes.values()))
    mask = mesh.region(region).vertex_mask
    likeness = _Likeness(codes, controls @ vectors.T, moved, vectors, mesh.basis, mask)
    allowed = np.ones(len(labels), bool)
    while True:
        match = _best_turn(likeness, allowed)
        lonely = _lonely(labels, match)
        if lonely is None:
            break
        allowed[lonely] = False
    found = likeness(match.turn)
    first = np.abs(found).argmax(1)
    for slider, shape in match.shape.items():
        first[slider] = shape
    signs = np.where(found[np.arange(size), first] < 0, -1.0, 1.0)
    found = found * signs[:, None]
    names = []
    for slider, shape in enumerate(first):
        label = labels[shape]
        if slider not in match.shape or found[slider, shape] < CLEAR:
            label = f"{label}, {_second(labels, found[slider], shape)}"
        names.append(f"{title}: {label}")
    return SliderNames(_unique(names), match.turn * signs)


@dataclass(frozen=True)
class _Match:
    """A rotation (Z, Z) and slider → the shape it is matched with, and how alike they are."""

    turn: np.ndarray
    shape: dict[int, int]
    likeness: dict[int, float]


class _Likeness:
    """How much sliders resemble shapes: mean of correlation over frames and cosine of movement.

    A shape that moves no vertices, such as gaze, is judged by correlation alone.
    """

    def __init__(
        self,
        codes: np.ndarray,
        amounts: np.ndarray,
        moved: np.ndarray,
        vectors: np.ndarray,
        basis: np.ndarray,
        mask: np.ndarray,
    ) -> None:
        centred, amounts = codes - codes.mean(0), amounts - amounts.mean(0)
        amounts = amounts / np.maximum(amounts.std(0), 1e-9)
        self.size = codes.shape[1]
        self._spreads = centred.T @ centred / len(codes)
        self._together = centred.T @ amounts / len(codes)
        shown = (np.tensordot(vectors, basis, 1) * mask[:, None]).reshape(len(vectors), -1)
        length = np.linalg.norm(shown, axis=1)
        self._moving = length > 1e-4
        weighted = (moved * mask[:, None]).reshape(len(moved), -1)
        self._along = weighted @ (shown / np.maximum(length, 1e-9)[:, None]).T
        self._lengths = weighted @ weighted.T

    def __call__(self, turn: np.ndarray) -> np.ndarray:
        """(Z, S) of the code turned by (Z, Z)."""
        return np.einsum("zk,zks->ks", turn, self.pulls(turn))

    def pulls(self, turn: np.ndarray) -> np.ndarray:
        """(Z, Z, S): what each part of each slider adds to its likeness with each shape."""
        spread, length = (
            np.sqrt(np.maximum(np.einsum("zk,zy,yk->k", turn, gram, turn), 1e-12))
            for gram in (self._spreads, self._lengths)
        )
        correlation = self._together[:, None] / spread[:, None]
        cosine = self._along[:, None] / length[:, None]
        return np.where(self._moving, 0.5 * (correlation + cosine), correlation)


def _best_turn(likeness: _Likeness, allowed: np.ndarray) -> _Match:
    """The best of several starts: each ends at the nearest good match, not at the best one."""
    rng, size = np.random.default_rng(0), likeness.size
    starts = [np.linalg.qr(rng.normal(size=(size, size)))[0] for _ in range(STARTS)]
    matches = [_turn(likeness, allowed, start) for start in (np.eye(size), *starts)]
    return max(matches, key=lambda match: sum(abs(alike) for alike in match.likeness.values()))


def _turn(likeness: _Likeness, allowed: np.ndarray, turn: np.ndarray, most: int = 40) -> _Match:
    """Match sliders with allowed shapes (S,) and turn towards them until nothing changes."""
    for _ in range(most):
        found = likeness(turn)
        rows, columns = linear_sum_assignment(-np.abs(found) * allowed)
        rows, columns = rows[allowed[columns]], columns[allowed[columns]]
        wanted = 1e-3 * turn  # sliders without a shape stay about where they are
        pulls = likeness.pulls(turn)[:, rows, columns]
        wanted[:, rows] += pulls * np.sign(found[rows, columns])
        left, _, right = np.linalg.svd(wanted)
        before, turn = turn, left @ right
        if np.abs(turn - before).max() < STILL:
            break
    alike = likeness(turn)[rows, columns]
    sliders = rows.tolist()
    return _Match(
        turn,
        dict(zip(sliders, columns.tolist(), strict=True)),
        dict(zip(sliders, alike.tolist(), strict=True)),
    )


def _lonely(labels: list[str], match: _Match) -> int | None:
    """The least clear shape of one side whose other side no slider has; None where all have."""
    used = {labels[shape] for shape in match.shape.values()}
    lonely = {}
    for slider, shape in match.shape.items():
        name, _, side = labels[shape].rpartition(" ")
        if side in SIDES and f"{name} {SIDES[side]}" not in used:
            lonely[shape] = abs(match.likeness[slider])
    return min(lonely, key=lambda shape: lonely[shape]) if lonely else None


def _second(labels: list[str], likeness: np.ndarray, first: int) -> str:
    """The next shape a slider resembles, with a minus where it does the opposite."""
    strength = np.abs(likeness)
    strength[first] = -1
    second = int(strength.argmax())
    return labels[second] if likeness[second] >= 0 else f"Less {labels[second]}"


def _unique(names: list[str]) -> list[str]:
    counts: dict[str, int] = {}
    unique = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        unique.append(name if counts[name] == 1 else f"{name} {counts[name]}")
    return unique
