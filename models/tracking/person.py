"""A person's neutral shape, from views of quiet frames.

Photos tell how deep each surface point lies, but not which point of the template it is: that
follows from landmarks and from the space of people's shapes. So each sample may slide over the
skin, by the same in all frames, and only what is left decides: per sample the slide is eliminated
from the normal equations of identity, poses and face units.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import spsolve

from ..normals import vertex_normals
from .data_terms import DataTerms
from .face_model import FaceModel
from .landmark_fit import UNIT_SPREAD, unit_prior
from .linear_face import Motion, Samples, interpolated

SLIDE_SPREAD = 0.05
"""Metres that a sample may slide: as good as free."""
SMOOTH = 2.0e3
"""Stiffness of the free surface against bending, relative to the photos' data terms."""
REST_SPREAD = 0.02
"""Unit weights of a face at rest."""
STAY = 0.0006
"""Metres by which people differ from the space of shapes."""


@dataclass(frozen=True)
class Evidence:
    """What is known of one frame.

    Attributes:
        dense: Data terms of the surface samples.
        marks: Those of the landmarks.
        rims: Those of the rims' vertices.
        rest: Whether the face is known to be at rest: the neutral is this frame's.
    """

    dense: DataTerms
    marks: DataTerms
    rims: DataTerms
    rest: bool = False


class PersonFit:
    """Gauss–Newton on identity and on all frames' motions."""

    def __init__(self, model: FaceModel, surface: Samples, rims: np.ndarray) -> None:
        """Prepare for samples of the surface and the vertices (R,) of rims."""
        self._model, self._dense = model, surface
        self._marks = Samples.of(model.mesh, model.landmarks.triangles, model.landmarks.weights)
        self._rims = Samples.at(model.mesh, rims)
        self._moves = [
            interpolated(model.components, s.triangles, s.weights).astype(np.float64)
            for s in (self._marks, self._rims, self._dense)
        ]

    def samples(self, neutral: np.ndarray) -> tuple[Samples, Samples, Samples]:
        """Landmark, rim and surface samples on neutral vertices (V, 3)."""
        marks, rims, dense = (
            s.moved(interpolated(neutral, s.triangles, s.weights).astype(np.float64))
            for s in (self._marks, self._rims, self._dense)
        )
        return marks, rims, dense

    def step(
        self,
        neutral: np.ndarray,
        identity: np.ndarray,
        motions: Sequence[Motion],
        evidence: Sequence[Evidence],
    ) -> tuple[np.ndarray, list[Motion]]:
        """One step of identity (K,) and motions, the samples' slides eliminated."""
        kinds = self.samples(neutral)
        dense = kinds[2]
        people, own = len(identity), 6 + len(motions[0].units)
        size = people + own * len(motions)
        normal, right = np.zeros((size, size)), np.zeros(size)
        normal[range(people), range(people)] = 1.0
        right[:people] = -identity
        tangents = self._tangents(neutral, dense)
        slide = np.tile(np.eye(2) / SLIDE_SPREAD**2, (len(tangents), 1, 1))
        cross, slide_right = np.zeros((len(tangents), 2, size)), np.zeros((len(tangents), 2))
        for place, (motion, known) in enumerate(zip(motions, evidence, strict=True)):
            at = np.r_[:people, people + place * own : people + (place + 1) * own]
            every = (known.marks, known.rims, known.dense)
            for samples, moves, terms in zip(kinds, self._moves, every, strict=True):
                shared = np.einsum("ij,kpj->pik", motion.rotation, moves)
                jacobian = np.concatenate([shared, samples.jacobian(motion)[1]], 2)
                whole, force = terms.normal(jacobian)
                normal[np.ix_(at, at)] += whole
                right[at] += force
                if samples is dense:
                    along = np.einsum("ij,pjt->pit", motion.rotation, tangents)
                    bent = np.einsum("pij,pjt->pti", terms.stiffness, along)
                    slide += bent @ along
                    cross[:, :, at] += bent @ jacobian
                    slide_right += np.einsum("pit,pi->pt", along, terms.force)
            spread = REST_SPREAD if known.rest else UNIT_SPREAD
            diagonal, prior = unit_prior(motion.units, spread=spread)
            units = at[people + 6 :]
            normal[units, units] += diagonal
            right[units] += prior
        factor = np.linalg.inv(np.linalg.cholesky(slide))
        flat = (factor @ cross).reshape(-1, size)
        normal -= flat.T @ flat
        right -= flat.T @ (factor @ slide_right[..., None]).ravel()
        normal[range(people, size), range(people, size)] += 1e-6
        step = np.linalg.solve(normal, right)
        moved = [
            motion.stepped(step[people + place * own : people + (place + 1) * own])
            for place, motion in enumerate(motions)
        ]
        return identity + step[:people], moved

    def free(
        self,
        neutral: np.ndarray,
        offsets: np.ndarray,
        motions: Sequence[Motion],
        evidence: Sequence[Evidence],
    ) -> np.ndarray:
        """Offsets (V,) along the neutral's normals, one step on, smooth where photos say little."""
        dense = self.samples(neutral)[2]
        normals = vertex_normals(neutral, self._model.mesh.faces).astype(np.float64)
        outward = interpolated(normals, dense.triangles, dense.weights)
        outward /= np.linalg.norm(outward, axis=1, keepdims=True)
        tangents = self._tangents(neutral, dense)
        frame = np.concatenate([outward[..., None], tangents], 2)
        stiffness, force = np.zeros((len(outward), 3, 3)), np.zeros((len(outward), 3))
        stiffness[:, [1, 2], [1, 2]] = 1 / SLIDE_SPREAD**2
        for motion, known in zip(motions, evidence, strict=True):
            turned = np.einsum("ij,pjt->pit", motion.rotation, frame)
            stiffness += np.einsum("pit,pij,pju->ptu", turned, known.dense.stiffness, turned)
            force += np.einsum("pit,pi->pt", turned, known.dense.force)
        inner = np.linalg.inv(stiffness[:, 1:, 1:])
        coupled = np.einsum("pt,ptu->pu", stiffness[:, 0, 1:], inner)
        weight = stiffness[:, 0, 0] - (coupled * stiffness[:, 0, 1:]).sum(1)
        wanted = force[:, 0] - (coupled * force[:, 1:]).sum(1)
        count, rows = len(neutral), np.repeat(np.arange(len(outward)), 3)
        spread = coo_matrix(
            (dense.weights.ravel(), (rows, dense.triangles.ravel())), (len(outward), count)
        ).tocsr()
        bend = laplacian(self._model.mesh.faces, count)
        bend = SMOOTH * 1e4 * (bend.T @ bend)
        system = spread.T @ diags(weight) @ spread + bend + diags(np.full(count, 1 / STAY**2))
        gradient = spread.T @ wanted - bend @ offsets - offsets / STAY**2
        return offsets + spsolve(system.tocsc(), gradient)

    def _tangents(self, neutral: np.ndarray, samples: Samples) -> np.ndarray:
        """Two directions (P, 3, 2) along the surface, head-local."""
        corners = neutral[samples.triangles].astype(np.float64)
        first = corners[:, 1] - corners[:, 0]
        first /= np.linalg.norm(first, axis=1, keepdims=True)
        normal = np.cross(first, corners[:, 2] - corners[:, 0])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        return np.stack([first, np.cross(normal, first)], -1)


def laplacian(faces: np.ndarray, count: int) -> coo_matrix:
    """Uniform graph Laplacian (V, V): each vertex less the mean of its neighbours."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
    ones = np.ones(len(edges))
    near = coo_matrix((ones, edges.T), (count, count)).tocsr()
    degree = np.asarray(near.sum(1)).ravel()
    return diags(np.ones(count)) - diags(1 / np.maximum(degree, 1)) @ near
