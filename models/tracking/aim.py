"""Where cameras really look: what all views of one camera miss alike is its calibration's fault.

A calibration is off by some tenths of a pixel, if only because somebody has leant on a tripod. Of
that, what matters is which way a camera looks: where it stands changes nothing that a face could
tell.
"""

from collections.abc import Sequence

import numpy as np

from ..cameras import Camera
from .data_terms import PointObservation, projection

DOUBT = 0.2
"""By how much a turn is believed less than what pictures say of it, as a share: what cameras have
in common is the head's motion, and flow has errors of its own."""
CERTAIN = 0.1
"""Pixels up to which a camera is left as it is: well calibrated ones seem to be off by as much."""
OUTLIER = 3.0
"""Standard deviations at which an observation counts a quarter."""


def aimed(
    cameras: Sequence[Camera],
    turns: np.ndarray,
    frames: Sequence[tuple[np.ndarray, Sequence[PointObservation]]],
) -> np.ndarray:
    """Better turns of the cameras.

    Args:
        cameras: All of them.
        turns: (C, 3) rotation vectors about their own axes, by which `frames`' cameras differ from
            their calibration already.
        frames: Of each the points (P, 3) in the world and where its views have them.

    Returns:
        (C, 3) rotation vectors.
    """
    number = {camera.name: place for place, camera in enumerate(cameras)}
    normal, right = np.zeros((len(cameras), 3, 3)), np.zeros((len(cameras), 3))
    for points, observations in frames:
        for observation in observations:
            place = number[observation.camera.name]
            moves, miss, weights = _observed(points, observation)
            weighted = weights[:, None, None] * moves
            normal[place] += np.einsum("pij,pik->jk", weighted, moves)
            right[place] += np.einsum("pij,pi->j", weighted, miss)
            doubt = DOUBT**2 * weights.sum() * observation.camera.intrinsics[0, 0] ** 2
            normal[place] += doubt * np.eye(3)
            right[place] -= doubt * turns[place]
    seen = np.trace(normal, axis1=1, axis2=2) > 0
    better = turns.copy()
    better[seen] += np.linalg.solve(normal[seen], right[seen][..., None])[..., 0]
    better[seen] -= better[seen].mean(0)
    focal = np.array([camera.intrinsics[0, 0] for camera in cameras])
    pixels = np.maximum(focal * np.linalg.norm(better, axis=1), 1e-9)
    return better * np.clip(1 - (CERTAIN / pixels) ** 2, 0, 1)[:, None]


def _observed(
    points: np.ndarray, observation: PointObservation
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a turn moves pixels by (P, 2, 3), what they miss by (P, 2), and weights (P,)."""
    pixels, moves = projection(observation.camera, points)
    miss = np.where(observation.weights[:, None] > 0, observation.pixels - pixels, 0.0)
    squared = (miss * miss).sum(1) * observation.weights / OUTLIER**2
    rotation, shift = (
        observation.camera.world_to_camera[:3, :3],
        observation.camera.world_to_camera[:3, 3],
    )
    local = points @ rotation.T + shift
    turned = np.cross(np.eye(3)[None], local[:, None]).transpose(0, 2, 1)
    return moves @ rotation.T @ turned, miss, observation.weights / (1 + squared) ** 2
