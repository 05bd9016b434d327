"""From lip shapes to the actor: bounded least squares on the mesh, frame by frame but smooth.

Lip landmarks of the talker are tied to the actor's mesh by their place around the mouth; their
displacements from closed lips, scaled by mouth width, are what the actor's lips must show. The
gap between the inner rims weighs most, so that openings and closures carry over. The jaw drops
behind closed lips through one joint control (jawOpen and mouthClose by the same amount).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..mesh import HeadMesh
from ..nearest import tree_of
from .lipspace import LipSpace

JAW_BEHIND_LIPS = "jawOpen+mouthClose"
LIMITS = {
    "jawOpen": 0.75, JAW_BEHIND_LIPS: 0.25, "mouthFunnel": 0.8, "mouthPucker": 0.9,
    "mouthLeft": 0.4, "mouthRight": 0.4, "mouthSmileLeft": 0.7, "mouthSmileRight": 0.7,
    "mouthFrownLeft": 0.6, "mouthFrownRight": 0.6, "mouthStretchLeft": 0.7,
    "mouthStretchRight": 0.7, "mouthRollLower": 0.7, "mouthRollUpper": 0.5,
    "mouthShrugLower": 0.7, "mouthShrugUpper": 0.6, "mouthPressLeft": 0.6,
    "mouthPressRight": 0.6, "mouthLowerDownLeft": 0.9, "mouthLowerDownRight": 0.9,
    "mouthUpperUpLeft": 0.8, "mouthUpperUpRight": 0.8, "jawForward": 0.3,
}  # fmt: skip
"""Controls that may answer, with their largest values in speech."""
PAIRS = ((80, 88), (81, 178), (82, 87), (13, 14), (312, 317), (311, 402), (310, 318))
"""Inner-lip landmarks, upper and lower, that match the mesh's seven pairs from right to left."""
CORNERS = (61, 291)
AXIS_WEIGHTS = np.array([1.0, 0.25, 1.0])
"""Across, depth, up: MediaPipe guesses depth."""
GAP_WEIGHT = 10.0
SIDE_GAP_WEIGHT = 2.0
SHARED_MOTION = np.array([0.4, 0.4, 1.0])
"""Weight of what all landmarks do together, by axis: the measured head is not quite rigid."""
UPPER_LIP_WEIGHT = 8.0
"""Weight of the middle of the upper rim: whether the upper teeth show depends on it."""
UPPER_LIP = (81, 82, 13, 312, 311)
RIDGE = 0.06
RELUCTANCE = {
    "mouthLeft": 12.0, "mouthRight": 12.0, "mouthShrugLower": 5.0, "mouthShrugUpper": 6.0,
    "mouthRollUpper": 7.0, "jawForward": 80.0, "mouthFrownLeft": 2.0, "mouthFrownRight": 2.0,
}  # fmt: skip
"""Factor on the ridge of controls that would otherwise answer to errors of measurement."""
SYMMETRY = 0.2
OPPOSED = (
    ("mouthSmileLeft", "mouthFrownLeft"), ("mouthSmileRight", "mouthFrownRight"),
    ("mouthRollUpper", "mouthUpperUpLeft"), ("mouthRollUpper", "mouthUpperUpRight"),
    ("mouthRollLower", "mouthLowerDownLeft"), ("mouthRollLower", "mouthLowerDownRight"),
    ("mouthShrugLower", "mouthLowerDownLeft"), ("mouthShrugLower", "mouthLowerDownRight"),
    ("mouthFunnel", "mouthRollLower"), ("mouthPucker", "mouthStretchLeft"),
    ("mouthPucker", "mouthStretchRight"),
)  # fmt: skip
"""Muscles that work against each other: using both costs extra."""
OPPOSITION = 0.05
SMOOTHNESS = 0.02
JAW_SHARE = 0.7
"""Share of the opening that the jaw is expected to make; the lips make the rest."""
LIPS_PER_OPENING = {
    "mouthUpperUpLeft": 4.5, "mouthUpperUpRight": 4.5,
}  # fmt: skip
"""How much the lips' own muscles are expected to open, per outer-eye distance of opening."""
ITERATIONS = 250


@dataclass(frozen=True)
class Retarget:
    """Precomputed least squares of one mesh and one lip space; M solved controls.

    Attributes:
        mesh: The actor.
        lips: The talker's lip space.
        names: (M,) of `LIMITS`.
        rows: (R, M) what the solved controls do to the weighted measurements.
        weights: (R,) their weights.
        vertices: (L,) mesh vertex of each landmark.
        scale: Metres per outer-eye distance.
        prior: (M, M) quadratic prior around the expected controls.
    """

    mesh: HeadMesh
    lips: LipSpace
    names: tuple[str, ...]
    rows: np.ndarray
    weights: np.ndarray
    vertices: np.ndarray
    scale: float
    prior: np.ndarray

    @classmethod
    def build(cls, mesh: HeadMesh, lips: LipSpace) -> "Retarget":
        """Tie the talker's landmarks to the mesh."""
        vertices, scale = correspondence(mesh, lips)
        names = tuple(LIMITS)
        basis = np.stack([_control(mesh, name) for name in names])
        upper, lower = mesh.landmarks["inner_lip_upper"], mesh.landmarks["inner_lip_lower"]
        shape = _relative(basis[:, vertices]).reshape(len(names), -1)
        gap = (basis[:, upper] - basis[:, lower]).reshape(len(names), -1)
        middle = np.isin(np.arange(len(upper)), (2, 3, 4))
        gap_weights = np.where(middle, GAP_WEIGHT, SIDE_GAP_WEIGHT)[:, None] * (1, 0.3, 1)
        marked = np.where(np.isin(lips.landmark_ids, UPPER_LIP), UPPER_LIP_WEIGHT, 1.0)
        shape_weights = marked[:, None] * AXIS_WEIGHTS
        weights = np.concatenate([shape_weights.ravel(), gap_weights.ravel()])
        # One centimetre is the unit of the measurements: priors then compare with controls.
        rows = 100 * np.concatenate([shape, gap], axis=1).T
        return cls(mesh, lips, names, rows, weights, vertices, scale, _prior(names))

    def controls(
        self,
        moved: np.ndarray,
        opening: np.ndarray,
        posture: Mapping[str, np.ndarray | float] | None = None,
    ) -> np.ndarray:
        """Controls (T, C) whose lips show the talker's.

        Args:
            moved: (T, L, 3) displacement of the landmarks from closed lips, outer-eye distances.
            opening: (T,) inner-lip opening above the closure level, outer-eye distances.
            posture: Control name → value, (T,) or one, added to the lips' shape but not to the
                gap: a smile, a lip rolled in. Names not in `LIMITS` are ignored.
        """
        added = self._posture(len(opening), posture or {})
        shape = self.rows.copy()
        shape[-3 * len(PAIRS) :] = 0
        measured = (self._measurements(moved, opening) + added @ shape.T) * self.weights
        weighted = self.rows * self.weights[:, None]
        centre = added + self._expected(opening)
        share = 1.0 / len(self.vertices)
        gram = share * weighted.T @ weighted + self.prior
        moment = share * measured @ weighted + centre @ self.prior
        limits = np.array([LIMITS[name] for name in self.names])
        solved = bounded_least_squares(gram, moment, limits, SMOOTHNESS)
        return self._spread(solved)

    def _measurements(self, moved: np.ndarray, opening: np.ndarray) -> np.ndarray:
        """What the actor's lips must show (T, R), centimetres."""
        axes = _relative(np.stack([moved[..., 0], -moved[..., 2], moved[..., 1]], axis=-1))
        gaps = self._gaps(moved, opening)
        both = np.concatenate([axes.reshape(len(moved), -1), gaps.reshape(len(moved), -1)], axis=1)
        return 100 * self.scale * both

    def _gaps(self, moved: np.ndarray, opening: np.ndarray) -> np.ndarray:
        """Change of the seven rim distances (T, 7, 3): the measured opening, shaped as seen."""
        place = {int(landmark): row for row, landmark in enumerate(self.lips.landmark_ids)}
        upper, lower = (moved[:, [place[p[side]] for p in PAIRS], 1] for side in (0, 1))
        profile = np.maximum(upper - lower, 0)
        middle = np.maximum(profile[:, 2:5].mean(1, keepdims=True), 1e-3)
        ratio = np.clip(profile / middle, 0, 1.1)
        ratio[:, 2:5] = 1.0
        rest = self.mesh.vertices[self.mesh.landmarks["inner_lip_upper"]]
        rest = rest - self.mesh.vertices[self.mesh.landmarks["inner_lip_lower"]]
        upward = rest / np.linalg.norm(rest, axis=-1, keepdims=True)
        return (opening[:, None] * ratio)[..., None] * upward

    def _posture(self, count: int, posture: Mapping[str, np.ndarray | float]) -> np.ndarray:
        added = np.zeros((count, len(self.names)))
        for name, value in posture.items():
            if name in LIMITS:
                added[:, self.names.index(name)] = value
        return added

    def _expected(self, opening: np.ndarray) -> np.ndarray:
        centre = np.zeros((len(opening), len(self.names)))
        full = self.mesh.lip_gap(self.mesh.pose(_unit(self.mesh, "jawOpen")))
        centre[:, self.names.index("jawOpen")] = JAW_SHARE * opening * self.scale / full
        for name, slope in LIPS_PER_OPENING.items():
            centre[:, self.names.index(name)] = slope * opening
        return centre

    def _spread(self, solved: np.ndarray) -> np.ndarray:
        controls = np.zeros((len(solved), len(self.mesh.control_names)), np.float32)
        for name, values in zip(self.names, solved.T, strict=True):
            for part in name.split("+"):
                controls[:, self.mesh.control_names.index(part)] += values
        return controls


def correspondence(mesh: HeadMesh, lips: LipSpace) -> tuple[np.ndarray, float]:
    """Mesh vertex (L,) of each landmark and metres per outer-eye distance.

    The talker's closed lips, scaled to the actor's mouth width and laid on its corners, are
    compared with the mesh's lips from the front.
    """
    place = {int(landmark): row for row, landmark in enumerate(lips.landmark_ids)}
    right, left = (lips.neutral[place[corner]] for corner in CORNERS)
    ends = [mesh.vertices[mesh.landmarks[f"mouth_corner_{side}"][0]] for side in ("right", "left")]
    scale = (ends[1][0] - ends[0][0]) / (left[0] - right[0])
    seen = (lips.neutral - (left + right) / 2)[:, :2] * scale
    middle = (ends[0] + ends[1]) / 2
    candidates = mesh.landmarks["lips"]
    front = tree_of(mesh.vertices[candidates][:, [0, 2]] - middle[[0, 2]])
    vertices = candidates[front.query(seen)[1]]
    for pair, upper, lower in zip(
        PAIRS, mesh.landmarks["inner_lip_upper"], mesh.landmarks["inner_lip_lower"], strict=True
    ):
        vertices[place[pair[0]]], vertices[place[pair[1]]] = upper, lower
    return vertices, float(scale)


def bounded_least_squares(
    gram: np.ndarray, moment: np.ndarray, limits: np.ndarray, smoothness: float
) -> np.ndarray:
    """Minimise ½ xᵀ gram x − moment x + ½ smoothness |x(t+1) − x(t)|² with 0 ≤ x ≤ limits.

    Accelerated projected gradient over all frames at once, (T, M).
    """
    step = 1.0 / (np.linalg.eigvalsh(gram)[-1] + 4 * smoothness)
    found = ahead = np.clip(np.linalg.solve(gram, moment.T).T, 0, limits)
    pace = 1.0
    for _ in range(ITERATIONS):
        slope = ahead @ gram - moment
        change = smoothness * np.diff(ahead, axis=0)
        slope[:-1] -= change
        slope[1:] += change
        following = np.clip(ahead - step * slope, 0, limits)
        quicker = 0.5 + np.sqrt(0.25 + pace**2)
        ahead = following + (pace - 1) / quicker * (following - found)
        found, pace = following, quicker
    return found


def _relative(moved: np.ndarray) -> np.ndarray:
    """Displacements (..., L, 3) with their common part weighed by `SHARED_MOTION`."""
    return moved - (1 - SHARED_MOTION) * moved.mean(-2, keepdims=True)


def _control(mesh: HeadMesh, name: str) -> np.ndarray:
    return np.sum([mesh.basis[mesh.control_names.index(part)] for part in name.split("+")], axis=0)


def _unit(mesh: HeadMesh, name: str) -> np.ndarray:
    return np.eye(len(mesh.control_names), dtype=np.float32)[mesh.control_names.index(name)]


def _prior(names: tuple[str, ...]) -> np.ndarray:
    """Ridge on every control, and left like right."""
    prior = RIDGE * np.diag([RELUCTANCE.get(name, 1.0) for name in names])
    for name in names:
        if name.endswith("Left"):
            pair = [names.index(name), names.index(name.removesuffix("Left") + "Right")]
            prior[np.ix_(pair, pair)] += SYMMETRY * np.array([[1, -1], [-1, 1]])
    for opposed in OPPOSED:
        pair = [names.index(name) for name in opposed]
        prior[np.ix_(pair, pair)] += OPPOSITION
    return prior
