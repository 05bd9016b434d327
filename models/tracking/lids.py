"""How far open the eyes are, from landmarks: flow cannot see lids under lashes.

A landmarker's lids keep a gap when eyes close, and another one on each person. But people blink:
the least opening of a session is an eye that is closed.
"""

from dataclasses import dataclass

import numpy as np

from ..mesh import HeadMesh
from .linear_face import Motion, Samples

SIDES = ("left_eye", "right_eye")
UPPER = {"left_eye": (385, 386, 387), "right_eye": (160, 159, 158)}
LOWER = {"left_eye": (380, 374, 373), "right_eye": (144, 145, 153)}
CORNERS = {"left_eye": (263, 362), "right_eye": (33, 133)}
BLINKED = 0.45
"""An opening below this share of the usual one is a blink."""
CLOSED = 0.2
"""Where nobody blinked: the share at which a landmarker's lids are closed."""
USUAL = 60.0
"""Percentile of the openings that is the usual one."""
NOISE = 0.0001
"""Metres by which an opening errs."""


def openness(points: np.ndarray) -> np.ndarray:
    """How far open each eye is.

    Args:
        points: (T, 478, 3) triangulated landmarks, NaN where unseen.

    Returns:
        (T, 2) for `SIDES`: 0 closed, 1 as usual; NaN where unseen.
    """
    return np.stack([_openness(points, side) for side in SIDES], 1)


def _openness(points: np.ndarray, side: str) -> np.ndarray:
    upper, lower = (points[:, list(table[side])] for table in (UPPER, LOWER))
    first, second = (points[:, corner] for corner in CORNERS[side])
    width = np.nanmedian(np.linalg.norm(first - second, axis=-1))
    gap = np.linalg.norm(upper - lower, axis=-1).mean(-1) / max(width, 1e-9)
    known = gap[np.isfinite(gap)]
    if not len(known):
        return gap
    usual, least = np.percentile(known, USUAL), known.min()
    closed = least if least < BLINKED * usual else CLOSED * usual
    return (gap - closed) / max(usual - closed, 1e-9)


@dataclass(frozen=True)
class LidGaps:
    """What tells the tracker how far lids are apart.

    Attributes:
        upper: Vertices in the middle of each side's upper rim.
        lower: Those they meet.
        rest: (2,) metres between them, upwards in the head, at the usual opening.
    """

    upper: tuple[Samples, Samples]
    lower: tuple[Samples, Samples]
    rest: np.ndarray

    @classmethod
    def of(cls, mesh: HeadMesh, usual: np.ndarray) -> "LidGaps":
        """For a person's mesh whose usual opening is that of vertices `usual` (V, 3)."""
        pairs = [(_middle(mesh, "upper", side), _middle(mesh, "lower", side)) for side in SIDES]
        upper, lower = zip(*pairs, strict=True)
        return cls(
            (Samples.at(mesh, upper[0]), Samples.at(mesh, upper[1])),
            (Samples.at(mesh, lower[0]), Samples.at(mesh, lower[1])),
            np.array([(usual[u] - usual[low]).mean(0)[2] for u, low in pairs]),
        )

    def normal(self, motion: Motion, open_by: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Normal equations that bring lids as far apart as `open_by` (2,) says; NaN is unknown."""
        size = 6 + len(motion.units)
        normal, right = np.zeros((size, size)), np.zeros(size)
        for upper, lower, rest, share in zip(
            self.upper, self.lower, self.rest, open_by, strict=True
        ):
            if not np.isfinite(share):
                continue
            (a, moves_a), (b, moves_b) = (s.jacobian(motion) for s in (upper, lower))
            gap = a.mean(0) - b.mean(0)
            up = motion.rotation[:, 2]
            row = up @ (moves_a.mean(0) - moves_b.mean(0))
            row[:6] = 0.0  # turning the head opens no eye
            miss = max(share, 0.0) * rest - up @ gap
            normal += np.outer(row, row) / NOISE**2
            right += row * miss / NOISE**2
        return normal, right


def _middle(mesh: HeadMesh, which: str, side: str) -> np.ndarray:
    """Rim vertices in the middle of a lid."""
    return mesh.landmarks[f"{which}_lid_{side.removesuffix('_eye')}"][1:4]
