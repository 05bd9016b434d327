"""Person and motion from landmarks alone: where dense tracking starts, and what it is held against.

Identity is shared by all frames; each frame has a pose and face units. Gauss–Newton with the frames
eliminated (Schur complement), as in bundle adjustment (Triggs et al., 2000).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..cameras import Camera
from ..files import read_arrays, write_arrays
from ..progress import Progress, silent
from .data_terms import DataTerms, PointObservation, data_terms
from .face_model import FaceModel, view_terms
from .lids import openness
from .linear_face import Motion, Samples

PIXEL_NOISE = 0.7
"""Scatter of a landmark from frame to frame, pixels."""
OUTLIER = 2.5
UNIT_SPREAD = 0.35
"""Standard deviation of unit weights, beside 0."""
BOUND_SPREAD = 0.05
"""The same for what goes beyond 0…1."""
STEADINESS = 0.15
"""Standard deviation of a unit's change from frame to frame."""
PERSON_FRAMES = 24
"""Frames that the person is fitted to."""
LEAST_FACING = 0.2
"""Cosine between skin and view below which a landmark is a guess of what is hidden."""
MOTION = ("rotation", "shift", "units")
PERSON_ROUNDS, FRAME_ROUNDS = 8, 4
KEPT_EVERY = 200
"""Frames after which what is done is written."""


@dataclass(frozen=True)
class LandmarkFit:
    """What landmarks say.

    Attributes:
        identity: (K,) coefficients.
        motions: One a frame.
        openness: (T, 2) of the eyes (`lids.openness`).
        done: How many motions are final.
    """

    identity: np.ndarray
    motions: list[Motion]
    openness: np.ndarray
    done: int

    def save(self, path: Path) -> None:
        """Write to an .npz atomically."""
        parts = {n: np.stack([getattr(m, n) for m in self.motions]) for n in MOTION}
        parts |= {"done": np.array(self.done)}
        write_arrays(path, identity=self.identity, openness=self.openness, **parts)

    @classmethod
    def load(cls, path: Path) -> "LandmarkFit":
        """Read what `save` wrote."""
        arrays = read_arrays(path)
        motions = zip(*(arrays[name] for name in MOTION), strict=True)
        motions = [Motion(*parts) for parts in motions]
        return cls(arrays["identity"], motions, arrays["openness"], int(arrays["done"]))


def fit_landmarks(
    model: FaceModel,
    cameras: Sequence[Camera],
    landmarks: Sequence[np.ndarray],
    points: np.ndarray,
    follows: np.ndarray,
    cache: Path,
    progress: Progress = silent,
) -> LandmarkFit:
    """Fit person and motion; what is done is kept in `cache`.

    Args:
        model: The template.
        cameras: C of them.
        landmarks: Of T frames (C, 478, 2) pixels, NaN where unseen.
        points: (T, 478, 3) where they are in space, NaN where unknown.
        follows: (T,) bool, whether a frame comes right after the one before.
        cache: .npz to continue from.
        progress: Told how far it is.
    """
    fitter = LandmarkTerms(model, cameras)
    fit = LandmarkFit.load(cache) if cache.exists() else _first(fitter, model, landmarks, points)
    samples, motions = fitter.person(fit.identity), list(fit.motions)
    for t in range(fit.done, len(motions)):
        for _ in range(FRAME_ROUNDS):
            before = motions[t - 1].units if follows[t] else None
            motions[t] = fitter.frame_round(samples, motions[t], landmarks[t], before)
        if (t + 1) % KEPT_EVERY == 0 or t + 1 == len(motions):
            fit = replace(fit, motions=motions, done=t + 1)
            fit.save(cache)
            progress((t + 1) / len(motions), f"landmarks fitted, frame {t + 1} of {len(motions)}")
    return fit


def _first(
    fitter: "LandmarkTerms", model: FaceModel, landmarks: Sequence[np.ndarray], points: np.ndarray
) -> LandmarkFit:
    """The person, from some frames; where each frame begins."""
    motions = rough_poses(model, points)
    chosen = np.unique(np.linspace(0, len(motions) - 1, PERSON_FRAMES).round().astype(int))
    identity, some = np.zeros(len(model.components)), [motions[t] for t in chosen]
    seen = [landmarks[t] for t in chosen]
    for _ in range(PERSON_ROUNDS):
        identity, some = fitter.person_round(identity, some, seen)
    for t, motion in enumerate(motions):
        near = int(np.abs(chosen - t).argmin())
        motions[t] = some[near] if chosen[near] == t else replace(motion, units=some[near].units)
    return LandmarkFit(identity, motions, openness(points), 0)


class LandmarkTerms:
    """Data terms of the landmark samples: they go to where the views have them."""

    def __init__(self, model: FaceModel, cameras: Sequence[Camera]) -> None:
        self._model, self._cameras = model, cameras
        marks = model.landmarks
        self._samples = Samples.of(model.mesh, marks.triangles, marks.weights)
        self._identity = np.stack([marks.on(c) for c in model.components]).astype(np.float64)

    def person(self, identity: np.ndarray) -> Samples:
        """The landmarks' samples on a person."""
        neutral = self._samples.neutral + np.tensordot(identity, self._identity, 1)
        return self._samples.moved(neutral)

    def person_round(
        self, identity: np.ndarray, motions: list[Motion], landmarks: Sequence[np.ndarray]
    ) -> tuple[np.ndarray, list[Motion]]:
        """One Gauss–Newton step of everything."""
        samples, size = self.person(identity), len(identity)
        shared, wanted = np.eye(size), -identity
        frames = []
        for motion, seen in zip(motions, landmarks, strict=True):
            points, jacobian = samples.jacobian(motion)
            moves = np.einsum("ij,kpj->pik", motion.rotation, self._identity)
            terms = self.terms(points, motion, seen)
            whole, right = terms.normal(np.concatenate([jacobian, moves], 2))
            own = jacobian.shape[2]
            diagonal, prior = unit_prior(motion.units)
            whole[range(6, own), range(6, own)] += diagonal
            whole[range(6), range(6)] += 1e-9
            right[6:own] += prior
            solved = np.linalg.solve(whole[:own, :own], np.c_[whole[:own, own:], right[:own]])
            shared = shared + whole[own:, own:] - whole[own:, :own] @ solved[:, :-1]
            wanted = wanted + right[own:] - whole[own:, :own] @ solved[:, -1]
            frames.append(solved)
        step = np.linalg.solve(shared, wanted)
        moved = [
            m.stepped(f[:, -1] - f[:, :-1] @ step) for m, f in zip(motions, frames, strict=True)
        ]
        return identity + step, moved

    def frame_round(
        self, samples: Samples, motion: Motion, landmarks: np.ndarray, before: np.ndarray | None
    ) -> Motion:
        """One Gauss–Newton step of one frame."""
        points, jacobian = samples.jacobian(motion)
        normal, right = self.terms(points, motion, landmarks).normal(jacobian)
        diagonal, prior = unit_prior(motion.units, before)
        normal[range(6, len(right)), range(6, len(right))] += diagonal
        right[6:] += prior
        return motion.stepped(np.linalg.solve(normal, right))

    def terms(self, points: np.ndarray, motion: Motion, landmarks: np.ndarray) -> DataTerms:
        """Of one frame's landmarks (C, 478, 2) on its samples (478, 3)."""
        return data_terms(points, self._observations(points, motion, landmarks), OUTLIER)

    def _observations(
        self, points: np.ndarray, motion: Motion, landmarks: np.ndarray
    ) -> list[PointObservation]:
        marks = self._model.landmarks
        normals = self._normals(motion)
        observations = []
        for camera, pixels in zip(self._cameras, landmarks, strict=True):
            if not np.isfinite(pixels).all():
                continue
            view = camera.position - points
            distance = np.linalg.norm(view, axis=1)
            facing = (normals * view).sum(1) / distance
            direction = (camera.position - points.mean(0)) @ motion.rotation
            slide = np.tensordot(view_terms(direction / np.linalg.norm(direction)), marks.slide, 1)
            scale = camera.intrinsics[0, 0] / distance
            variance = PIXEL_NOISE**2 + (marks.spread * scale) ** 2
            weights = np.clip((facing - LEAST_FACING) / 0.4, 0, 1) / variance
            observations.append(PointObservation(camera, pixels - slide * scale[:, None], weights))
        return observations

    def _normals(self, motion: Motion) -> np.ndarray:
        corners = self._model.mesh.vertices[self._model.landmarks.triangles].astype(np.float64)
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        return normals @ motion.rotation.T


def unit_prior(
    units: np.ndarray, before: np.ndarray | None = None, spread: float = UNIT_SPREAD
) -> tuple[np.ndarray, np.ndarray]:
    """Diagonal (U,) and right side (U,) that keep weights small, in 0…1 and steady."""
    outside = (units < 0) | (units > 1)
    bound = np.where(outside, 1 / BOUND_SPREAD**2, 0.0)
    small = np.full(len(units), 1 / spread**2)
    right = -small * units + bound * (np.clip(units, 0, 1) - units)
    diagonal = small + bound
    if before is not None:
        diagonal = diagonal + 1 / STEADINESS**2
        right = right + (before - units) / STEADINESS**2
    return diagonal, right


def rough_poses(model: FaceModel, points: np.ndarray) -> list[Motion]:
    """Poses from triangulated landmarks (T, 478, 3), NaN where unknown (Kabsch).

    A frame without a face takes the pose of the nearest one with one.
    """
    marks, pivot = model.landmarks.on(model.mesh.vertices.astype(np.float64)), model.mesh.pivot
    weights = 1 / model.landmarks.spread
    still = np.zeros(len(model.mesh.control_names))
    found: dict[int, Motion] = {}
    for t, frame in enumerate(points):
        seen = np.isfinite(frame).all(1)
        if seen.sum() < len(frame) / 3:
            continue
        w = (weights * seen)[:, None]
        here, there = marks - pivot, np.where(seen[:, None], frame, 0.0)
        a, b = ((w * x).sum(0) / w.sum() for x in (here, there))
        left, _, right = np.linalg.svd((w * (there - b)).T @ (here - a))
        rotation = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
        found[t] = Motion(rotation, b - rotation @ a - pivot, still)
    keys = np.array(sorted(found))
    return [found[int(keys[np.abs(keys - t).argmin()])] for t in range(len(points))]
