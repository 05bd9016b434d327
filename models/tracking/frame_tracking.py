"""Frame by frame: pose, face units and what the units cannot say, from dense alignment."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csc_matrix, diags
from scipy.sparse.linalg import splu

from ..cameras import Camera
from ..mesh import HeadMesh
from ..render.raster import shared_rasteriser
from ..texture.photo import Photo
from .data_terms import DataTerms, PointObservation, data_terms
from .dense_alignment import DenseAligner, surface_samples
from .face_model import FaceModel
from .landmark_fit import LandmarkTerms, unit_prior
from .lids import LidGaps
from .linear_face import Motion, Samples, interpolated
from .neutral import PersonEstimate, shown_skin
from .person import laplacian
from .rims import RimFinder

OUTLIERS = (10.0, 4.0, 3.0)
"""Of each round's flow, in its deviations: the first one starts from landmarks."""
LANDMARK_ROUNDS = 4
INNER = 2
"""Gauss–Newton steps on one flow."""
MARKS, RIMS = 1.0, 0.5
"""How much landmarks and rims count beside flow."""
BEND, STAY = 2.0e4, 0.0025
"""Stiffness of the free surface against bending; metres by which faces leave their units."""
SYMMETRIC = {
    "permc_spec": "MMD_AT_PLUS_A",
    "diag_pivot_thresh": 0.0,
    "options": {"SymmetricMode": True},
}
"""SuperLU on a symmetric, positive system: half the time of its defaults, the same result."""

Observations = tuple[Samples, list[PointObservation], float, float]
"""Samples, where the views have them, at how many deviations they are outliers, and their share."""


@dataclass(frozen=True)
class FrameInput:
    """What is known of one frame beforehand.

    Attributes:
        photos: Its views.
        landmarks: (C, 478, 2) pixels in all cameras, NaN where unseen.
        openness: (2,) of the eyes (`lids.openness`).
    """

    photos: Sequence[Photo]
    landmarks: np.ndarray
    openness: np.ndarray


@dataclass(frozen=True)
class Tracked:
    """One frame.

    Attributes:
        motion: Pose and units.
        free: (V, 3) metres, head-local, beyond the units.
    """

    motion: Motion
    free: np.ndarray

    def world(self, mesh: HeadMesh) -> np.ndarray:
        """Vertices (V, 3) in the world."""
        return self.motion.world(mesh.pose(self.motion.units) + self.free, mesh.pivot)


class FrameTracker:
    """Tracks frames of one person; each by itself, so that nothing drifts."""

    def __init__(self, model: FaceModel, person: PersonEstimate, cameras: Sequence[Camera]) -> None:
        self.mesh = mesh = person.mesh
        self._texture = person.texture
        self._surface = Samples.of(mesh, *surface_samples(mesh, model.face))
        marks = model.landmarks
        landmarks = Samples.of(mesh, marks.triangles, marks.weights)
        self._landmarks = landmarks.moved(landmarks.neutral + person.marks)
        self._finder = RimFinder(model, person.colours)
        self._rims = Samples.at(mesh, self._finder.vertices)
        self._landmark_terms = LandmarkTerms(model, cameras)
        self._lids = LidGaps.of(mesh, mesh.vertices.astype(np.float64))
        self._aligner = DenseAligner(shared_rasteriser(), mesh, shown_skin(model), self._surface)
        self._free = _FreeSurface(mesh, model.face, self._surface)

    def from_landmarks(self, start: Motion, seen: FrameInput) -> Motion:
        """Pose and units from landmarks alone."""
        for _ in range(LANDMARK_ROUNDS):
            start = self._stepped(start, seen, [], 1.0)
        return start

    def track(self, seen: FrameInput, start: Tracked, rounds: int = 3) -> Tracked:
        """Align one frame, beginning at `start`."""
        tracked = start
        for outlier in OUTLIERS[-rounds:]:
            tracked = self._round(seen, tracked, outlier)
        return tracked

    def _round(self, seen: FrameInput, tracked: Tracked, outlier: float) -> Tracked:
        world, motion, free = tracked.world(self.mesh), tracked.motion, tracked.free
        surface, rims = self._with(self._surface, free), self._with(self._rims, free)
        flow = self._aligner.observations(world, self._texture, seen.photos)
        edges = self._finder.observations(world, seen.photos)
        for _ in range(INNER):
            evidence = [(surface, flow, outlier, 1.0), (rims, edges, OUTLIERS[-1], RIMS)]
            motion = self._stepped(motion, seen, evidence, MARKS)
        terms = data_terms(surface.jacobian(motion)[0], flow, OUTLIERS[-1])
        return Tracked(motion, self._free.step(free, terms.turned(motion.rotation.T)))

    def _stepped(
        self, motion: Motion, seen: FrameInput, evidence: list[Observations], marks: float
    ) -> Motion:
        """One Gauss–Newton step of pose and units."""
        normal, right = self._lids.normal(motion, seen.openness)
        for samples, observations, limit, share in evidence:
            points, jacobian = samples.jacobian(motion)
            add = data_terms(points, observations, limit).scaled(share).normal(jacobian)
            normal, right = normal + add[0], right + add[1]
        points, jacobian = self._landmarks.jacobian(motion)
        add = (
            self._landmark_terms.terms(points, motion, seen.landmarks)
            .scaled(marks)
            .normal(jacobian)
        )
        diagonal, prior = unit_prior(motion.units)
        normal = normal + add[0] + np.diag(np.r_[np.zeros(6), diagonal])
        return motion.stepped(np.linalg.solve(normal, right + add[1] + np.r_[np.zeros(6), prior]))

    def _with(self, samples: Samples, free: np.ndarray) -> Samples:
        moved = interpolated(free, samples.triangles, samples.weights)
        return samples.moved(samples.neutral + moved)


class _FreeSurface:
    """Displacements of the face beyond its units: smooth, small, nought outside the face."""

    def __init__(self, mesh: HeadMesh, face: np.ndarray, surface: Samples) -> None:
        count = len(mesh.vertices)
        self._moving = np.flatnonzero(face)
        rows = np.repeat(np.arange(len(surface.triangles)), 3)
        columns = surface.triangles.ravel()
        shape = (len(surface.triangles), count)
        spread = coo_matrix((surface.weights.ravel(), (rows, columns)), shape)
        self._spread = spread.tocsr()[:, self._moving]
        bend = laplacian(mesh.faces, count)
        bend = (bend.T @ bend).tocsr()[self._moving][:, self._moving]
        self._stiff = BEND * 1e3 * bend + diags(np.full(len(self._moving), 1 / STAY**2))

    def step(self, free: np.ndarray, terms: DataTerms) -> np.ndarray:
        """One Gauss–Newton step from `free` (V, 3); the terms of P points are head-local."""
        size, held = len(self._moving), free[self._moving]
        blocks = [
            [self._spread.T @ diags(terms.stiffness[:, i, j]) @ self._spread for j in range(3)]
            for i in range(3)
        ]
        for axis in range(3):
            blocks[axis][axis] = blocks[axis][axis] + self._stiff
        system = _interleaved(blocks, size)
        right = self._spread.T @ terms.force - self._stiff @ held
        moved = free.copy()
        factors = splu(system, **SYMMETRIC)
        moved[self._moving] += factors.solve(right.ravel()).reshape(size, 3)
        return moved


def _interleaved(blocks: list[list], size: int) -> csc_matrix:
    """3 × 3 sparse blocks (n, n) as one matrix (3n, 3n), the axes of a vertex side by side."""
    rows, columns, values = [], [], []
    for i, row in enumerate(blocks):
        for j, block in enumerate(row):
            block = block.tocoo()
            rows.append(3 * block.row + i)
            columns.append(3 * block.col + j)
            values.append(block.data)
    data, row, column = (np.concatenate(part) for part in (values, rows, columns))
    return csc_matrix((data, (row, column)), (3 * size, 3 * size))
