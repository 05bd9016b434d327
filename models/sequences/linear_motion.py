"""What of a sequence's motion is the head's, and a linear face model of the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..pose import angles_of, nearest_rotation, rotation_matrix
from ..scan.facing import PIVOT
from ..scan.mesh_landmarks import EYE_DISTANCE, SHAPE, Similarity
from ..symmetry import even_weights

KEPT, MOST = 0.999, 64
"""Share of the motion that the linear face model explains, unless it needs more controls."""
EXACT = 5e-5
"""Metres: a linear model nearer than this everywhere needs no tracked vertices beside it."""
ROBUST = 0.001
"""Metres: vertices that miss the skull's motion by more hardly count."""
_ROUNDS = 8
_LEAST = 12


@dataclass(frozen=True)
class Skull:
    """The part of a face that only moves with the head.

    Attributes:
        rest: (V, 3) metres, eyes at the origin, face to −Y.
        weights: (V,) how far each vertex is to be trusted.
    """

    rest: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, rest: np.ndarray) -> "Skull":
        """Upper forehead, cranium, nose bridge and what is behind the cheeks, by place alone."""
        x, y, z = (rest / EYE_DISTANCE).T
        head = np.linalg.norm(rest / EYE_DISTANCE - (0, 0.8, 0.3), axis=1) < 1.8
        forehead = z > 0.42
        bridge = (np.abs(x) < 0.15) & (z > -0.2) & (z < 0.12) & (y < -0.2)
        behind = (y > 0.4) & (z > -0.2)
        chosen = head & (forehead | bridge | behind)
        if chosen.sum() < _LEAST:  # a coarse mesh, or only a mask of the face
            away = np.linalg.norm(rest[:, None] - SHAPE[None], axis=-1).min(1)
            chosen = np.zeros(len(rest), bool)
            chosen[np.argsort(away)[: 4 * _LEAST]] = True
        return cls(rest, chosen.astype(np.float64))

    def pose(self, vertices: np.ndarray) -> np.ndarray:
        """Head pose (6,) of vertices (V, 3): robust rigid alignment (Kabsch, reweighted)."""
        used = self.weights > 1e-3
        here, there, prior = self.rest[used] - PIVOT, vertices[used] - PIVOT, self.weights[used]
        weights = prior
        for _ in range(_ROUNDS):
            share = weights / weights.sum()
            middles = share @ here, share @ there
            cross = ((there - middles[1]) * share[:, None]).T @ (here - middles[0])
            rotation = nearest_rotation(cross)
            moved = middles[1] - rotation @ middles[0]
            missed = np.linalg.norm(here @ rotation.T + moved - there, axis=1)
            weights = prior / (1 + (missed / ROBUST) ** 2) ** 2
        return np.r_[angles_of(rotation), moved]

    @staticmethod
    def inverse(pose: np.ndarray) -> Similarity:
        """What takes a head with this pose (6,) back to rest; `pose.to_world` is its inverse."""
        back = rotation_matrix(pose[:3]).T
        return Similarity(1.0, back, PIVOT - back @ (PIVOT + pose[3:]))

    def without_motion(self, vertices: np.ndarray) -> np.ndarray:
        """Vertices (V, 3) without the head's motion."""
        return self.inverse(self.pose(vertices))(vertices)

    def firm(self, sample: np.ndarray) -> "Skull":
        """The same, trusting most what moves least in head-local frames (n, V, 3).

        A forehead wrinkles, ears may be loose: the sequence itself shows what does not.
        """
        moved = np.sqrt(((sample - self.rest) ** 2).sum(-1).mean(0))
        return replace(self, weights=self.weights / (1 + (moved / ROBUST) ** 2) ** 2)


@dataclass(frozen=True)
class LinearModel:
    """Principal components of head-local motion about the neutral face.

    Attributes:
        names: pca_01, pca_02…
        basis: (C, V, 3) metres for one standard deviation.
        weights: (V,) how much each vertex counts; weighted, the basis is orthogonal.
    """

    names: tuple[str, ...]
    basis: np.ndarray
    weights: np.ndarray

    def controls(self, offsets: np.ndarray) -> np.ndarray:
        """Weighted least-squares controls (n, C) float32 of offsets (n, V, 3) from neutral."""
        weights = self.weights[:, None]
        flat = (self.basis * weights**2).reshape(len(self.basis), -1)
        length = ((self.basis * weights) ** 2).sum((1, 2))
        values = offsets.reshape(len(offsets), -1) @ flat.T / np.maximum(length, 1e-18)
        return values.astype(np.float32)

    def exact(self, offsets: np.ndarray, controls: np.ndarray) -> bool:
        """Whether controls (n, C) give offsets (n, V, 3) nowhere wrong by more than `EXACT`."""
        made = controls @ self.basis.reshape(len(self.basis), -1)
        return bool(np.abs(made - offsets.reshape(len(offsets), -1)).max() < EXACT)


def fit_linear_model(offsets: np.ndarray, masks: Sequence[np.ndarray]) -> LinearModel:
    """Fit to offsets (n, V, 3) from the neutral face; at least one component.

    All regions with soft masks (V,) count alike, however much they move.
    """
    weights = even_weights(masks, (offsets**2).sum(-1).mean(0))
    flat = offsets.reshape(len(offsets), -1).astype(np.float32)
    weighted = (offsets * weights[:, None]).reshape(len(offsets), -1)
    values, vectors = np.linalg.eigh((weighted @ weighted.T).astype(np.float64))
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    share = np.cumsum(values) / max(values.sum(), 1e-18)
    count = min(MOST, len(values), int(np.searchsorted(share, KEPT)) + 1)
    count = max(1, min(count, int((values > 1e-9 * max(values[0], 1e-12)).sum())))
    # each row is what one standard deviation about the neutral face moves
    directions = vectors[:, :count].T.astype(np.float32) @ flat / np.sqrt(len(flat))
    names = tuple(f"pca_{number + 1:02d}" for number in range(count))
    basis = directions.reshape(count, *offsets.shape[1:]).astype(np.float32)
    return LinearModel(names, basis, weights)
