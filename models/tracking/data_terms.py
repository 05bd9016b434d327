"""Data terms: what pictures say about surface points, for each a quadratic in its displacement.

Every view sees two of a point's three directions. Summed over views, E(d) = dᵀ M d − 2 bᵀ d tells
where the point should go and how surely; whatever the views were, solving for pose, face units or
free vertices starts from these.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..cameras import Camera


@dataclass(frozen=True)
class PointObservation:
    """Where one camera sees points.

    Attributes:
        camera: Calibrated.
        pixels: (P, 2) where the points should be.
        weights: (P,) inverse variances in pixels; 0 where unseen.
        along: (P, 2) unit directions in which alone `pixels` is meant; both when None.
    """

    camera: Camera
    pixels: np.ndarray
    weights: np.ndarray
    along: np.ndarray | None = None


@dataclass(frozen=True)
class DataTerms:
    """Where points should go.

    Attributes:
        stiffness: (P, 3, 3) M above.
        force: (P, 3) b above.
    """

    stiffness: np.ndarray
    force: np.ndarray

    def __add__(self, other: "DataTerms") -> "DataTerms":
        return DataTerms(self.stiffness + other.stiffness, self.force + other.force)

    def scaled(self, factor: float) -> "DataTerms":
        """As sure by this factor."""
        return DataTerms(factor * self.stiffness, factor * self.force)

    def turned(self, rotation: np.ndarray) -> "DataTerms":
        """In axes that a rotation (3, 3) takes these to."""
        stiffness = np.einsum("ij,pjk,lk->pil", rotation, self.stiffness, rotation)
        return DataTerms(stiffness, self.force @ rotation.T)

    def blind(self, direction: np.ndarray) -> "DataTerms":
        """The same, as little as it is known how far points are along a direction (3,)."""
        bent = self.stiffness @ direction
        along = np.maximum(bent @ direction, 1e-12)[:, None]
        stiffness = self.stiffness - bent[:, :, None] * (bent / along)[:, None]
        return DataTerms(stiffness, self.force - bent * (self.force @ direction)[:, None] / along)

    def normal(self, jacobian: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Normal equations (N, N), (N,) of parameters that move points by (P, 3, N)."""
        count = jacobian.shape[2]
        bent = np.einsum("pij,pjn->pin", self.stiffness, jacobian)
        flat = jacobian.reshape(-1, count)
        return flat.T @ bent.reshape(-1, count), flat.T @ self.force.ravel()


def data_terms(
    points: np.ndarray, observations: Iterable[PointObservation], outlier: float
) -> DataTerms:
    """Sum over views, each observation weighted down as it misses (Geman and McClure).

    Args:
        points: (P, 3) world, where the points are now.
        observations: One a view.
        outlier: Standard deviations at which an observation counts a quarter.
    """
    stiffness, force = np.zeros((len(points), 3, 3)), np.zeros((len(points), 3))
    for observation in observations:
        pixels, moves = projection(observation.camera, points)
        miss = np.where(observation.weights[:, None] > 0, observation.pixels - pixels, 0.0)
        if observation.along is not None:
            moves = np.einsum("pi,pj,pjk->pik", observation.along, observation.along, moves)
            miss = observation.along * (observation.along * miss).sum(1, keepdims=True)
        squared = (miss * miss).sum(1) * observation.weights / outlier**2
        weights = observation.weights / (1 + squared) ** 2
        weighted = weights[:, None, None] * moves
        stiffness += np.einsum("pki,pkj->pij", weighted, moves)
        force += np.einsum("pki,pk->pi", weighted, miss)
    return DataTerms(stiffness, force)


def projection(camera: Camera, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (P, 2) of world points (P, 3), and their derivative (P, 2, 3) as of a pinhole."""
    rotation, shift = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
    local = points @ rotation.T + shift
    depth = np.maximum(local[:, 2], 1e-3)
    plane = local[:, :2] / depth[:, None]
    inner = camera.intrinsics[:2, :2] / depth[:, None, None]
    slope = np.concatenate([inner, -np.einsum("pij,pj->pi", inner, plane)[..., None]], -1)
    return camera.project(points)[0], slope @ rotation
