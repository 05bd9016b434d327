"""The linear face model of one person: rigid head motion and large-scale deformation."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from ..mesh import HeadMesh


@dataclass(frozen=True)
class Motion:
    """One frame's parameters.

    Attributes:
        rotation: (3, 3) of the head about the mesh's pivot.
        shift: (3,) metres.
        units: (U,) weights of the face units.
    """

    rotation: np.ndarray
    shift: np.ndarray
    units: np.ndarray

    def world(self, local: np.ndarray, pivot: np.ndarray) -> np.ndarray:
        """Head-local points (..., 3) in the world."""
        return (local - pivot) @ self.rotation.T + pivot + self.shift

    def stepped(self, step: np.ndarray) -> "Motion":
        """Moved by a step (6 + U,): rotation vector, metres, unit weights."""
        turn = Rotation.from_rotvec(step[:3]).as_matrix()
        return Motion(turn @ self.rotation, self.shift + step[3:6], self.units + step[6:])


@dataclass(frozen=True)
class Samples:
    """Points on the surface, and how the model moves them.

    Attributes:
        triangles: (P, 3) vertices.
        weights: (P, 3) barycentric.
        neutral: (P, 3) head-local metres.
        units: (U, P, 3) of the face units.
        pivot: (3,) the head turns about.
    """

    triangles: np.ndarray
    weights: np.ndarray
    neutral: np.ndarray
    units: np.ndarray
    pivot: np.ndarray

    @classmethod
    def of(cls, mesh: HeadMesh, triangles: np.ndarray, weights: np.ndarray) -> "Samples":
        """Samples of a person's mesh."""
        neutral, units = (
            interpolated(values, triangles, weights).astype(np.float64)
            for values in (mesh.vertices, mesh.basis)
        )
        return cls(triangles, weights, neutral, units, np.asarray(mesh.pivot, np.float64))

    @classmethod
    def at(cls, mesh: HeadMesh, vertices: np.ndarray) -> "Samples":
        """Samples at vertices (P,)."""
        return cls.of(
            mesh, np.stack([vertices] * 3, 1), np.tile([1.0, 0.0, 0.0], (len(vertices), 1))
        )

    def moved(self, neutral: np.ndarray) -> "Samples":
        """The same samples with other neutral points (P, 3)."""
        return replace(self, neutral=neutral)

    def local(self, units: np.ndarray) -> np.ndarray:
        """Head-local points (P, 3) of unit weights (U,)."""
        return self.neutral + np.tensordot(units, self.units, 1)

    def jacobian(self, motion: Motion) -> tuple[np.ndarray, np.ndarray]:
        """World points (P, 3) and what a step moves them by, (P, 3, 6 + U)."""
        local = self.local(motion.units) - self.pivot
        turned = local @ motion.rotation.T
        points = turned + self.pivot + motion.shift
        columns = np.zeros((len(points), 3, 6 + len(self.units)))
        x, y, z = turned.T
        columns[:, 0, 1], columns[:, 0, 2] = z, -y
        columns[:, 1, 0], columns[:, 1, 2] = -z, x
        columns[:, 2, 0], columns[:, 2, 1] = y, -x
        columns[:, [0, 1, 2], [3, 4, 5]] = 1.0
        columns[:, :, 6:] = np.einsum("ij,upj->piu", motion.rotation, self.units)
        return points, columns


def interpolated(values: np.ndarray, triangles: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Values (..., V, 3) of vertices at surface points (P,): (..., P, 3)."""
    return np.einsum("pk,...pkc->...pc", weights, values[..., triangles, :])
