"""The template on the user's own scan of the neutral face, by landmarks and closest points.

Iterative closest point with the planes of Chen and Medioni (1992), for the person's shape and the
head's place at once; first from the scan alone, then together with the photos.
"""

import numpy as np

from ..errors import CaptureError
from ..nearest import tree_of
from ..scan.neutral_scan import Scan
from .data_terms import DataTerms
from .dense_alignment import surface_samples
from .face_model import FaceModel
from .landmark_fit import rough_poses
from .linear_face import Motion, Samples
from .person import Evidence, PersonFit

NOISE, CORRELATED = 0.0003, 8.0
"""Metres by which a scan errs; neighbouring samples err alike: so many count as one."""
OUTLIER = 0.003
"""Metres from the scan at which a sample counts a quarter: hair, or what the scan does not have."""
MARK_NOISE = 0.05
"""Metres by which landmarks on pictures of a scan err: so many err alike that they hardly count
beside the surface, but where that may slide."""
ROUNDS = 20
"""Of the registration to the scan alone."""
COARSE = 6
"""Rounds in which samples may be ten times as far off."""
FAR = 0.0015
"""Metres that a tenth of the template's face may be from the scan after that."""


class ScanFit:
    """What a scan says of the template's samples."""

    def __init__(self, model: FaceModel, scan: Scan, samples: Samples) -> None:
        """Prepare for samples on the template's surface (`surface_samples`)."""
        self._model, self._scan = model, scan
        self._triangles, self._weights = samples.triangles, samples.weights
        self._tree = tree_of(scan.points)
        spread = np.hypot(MARK_NOISE, model.landmarks.spread)
        self._marks = np.isfinite(scan.landmarks).all(1) / spread**2

    def start(self) -> Motion:
        """Where the template stands in the scan, by landmarks."""
        return rough_poses(self._model, self._scan.landmarks[None])[0]

    def evidence(
        self,
        neutral: np.ndarray,
        motion: Motion,
        kinds: tuple[Samples, Samples, Samples],
        outlier: float = OUTLIER,
    ) -> Evidence:
        """Data terms of a person.

        Args:
            neutral: (V, 3) head-local.
            motion: Where the head stands in the scan.
            kinds: Landmarks, rims and surface of `PersonFit.samples`.
            outlier: As `OUTLIER`.
        """
        marks, rims, dense = (samples.jacobian(motion)[0] for samples in kinds)
        stiffness = np.eye(3) * self._marks[:, None, None]
        miss = np.nan_to_num(self._scan.landmarks - marks)
        terms = DataTerms(stiffness, miss * self._marks[:, None])
        nothing = DataTerms(np.zeros((len(rims), 3, 3)), np.zeros((len(rims), 3)))
        surface = self._surface(dense, self._normals(neutral) @ motion.rotation.T, outlier)
        return Evidence(surface, terms, nothing, rest=True)

    def _surface(self, points: np.ndarray, normals: np.ndarray, outlier: float) -> DataTerms:
        """Along the template's own normals onto the planes of the closest points.

        Exactly along them: any part beside would be taken for a slide over the skin, which is free.
        """
        distance, planes, miss = self._planes(points)
        facing = (planes * normals).sum(1)
        weights = 1 / (CORRELATED * NOISE**2) / (1 + (distance / outlier) ** 2) ** 2
        weights = weights * np.clip(2 * facing - 1, 0, 1)
        along = miss / np.maximum(facing, 0.5)
        stiffness = weights[:, None, None] * normals[:, :, None] * normals[:, None, :]
        return DataTerms(stiffness, (weights * along)[:, None] * normals)

    def _normals(self, neutral: np.ndarray) -> np.ndarray:
        """Of the samples' triangles (P, 3), unit."""
        corners = neutral[self._triangles].astype(np.float64)
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        return across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-12)

    def distance(self, neutral: np.ndarray, motion: Motion) -> float:
        """Metres from the scan beyond which a tenth of a face (V, 3) lies."""
        local = np.einsum("pk,pkc->pc", self._weights, neutral[self._triangles])
        world = motion.world(local, self._model.mesh.pivot)
        return float(np.percentile(np.abs(self._planes(world)[2]), 90))

    def _planes(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Closest points: how far (P,), their normals (P, 3), and how far along these (P,)."""
        distance, nearest = self._tree.query(points)
        planes = self._scan.normals[nearest]
        return distance, planes, ((self._scan.points[nearest] - points) * planes).sum(1)


def register(model: FaceModel, scan: Scan) -> tuple[np.ndarray, Motion]:
    """The template's identity (K,) and where it stands, from a scan alone.

    Raises:
        CaptureError: The scan's face is not a neutral one, or is none.
    """
    samples = Samples.of(model.mesh, *surface_samples(model.mesh, model.face))
    fit, scan_terms = PersonFit(model, samples, np.zeros(1, int)), ScanFit(model, scan, samples)
    identity, motion = np.zeros(len(model.components)), scan_terms.start()
    for place in range(ROUNDS):
        neutral = model.neutral(identity)
        outlier = OUTLIER * (10 if place < COARSE else 1)
        known = scan_terms.evidence(neutral, motion, fit.samples(neutral), outlier)
        identity, (motion,) = fit.step(neutral, identity, [motion], [known])
    far = scan_terms.distance(model.neutral(identity), motion)
    if not far < FAR:
        raise CaptureError(
            f"The scan of the neutral face is {1000 * far:.1f} mm from any face at rest: take one "
            "with closed lips, open eyes and nothing in front of the skin, or leave it out."
        )
    return identity, motion
