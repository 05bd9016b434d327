"""A user's scan of the neutral face: stood upright, measured, and the template brought onto it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from capture_scenes import write_scan
from rendered_faces import needs_landmarker

from models.capture.checks_scan import check_scan
from models.capture.folder import CaptureFolder
from models.errors import CaptureError
from models.normals import vertex_normals
from models.scan import facing
from models.scan.facing import axis_rotations
from models.scan.neutral_scan import Scan
from models.template.population import aligned
from models.tracking.dense_alignment import surface_samples
from models.tracking.face_model import FaceModel, template
from models.tracking.linear_face import Samples
from models.tracking.person import PersonFit
from models.tracking.scan_fit import ScanFit, register

MM = 1e-3


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return template()


@pytest.fixture(scope="module")
def neutral(model: FaceModel) -> np.ndarray:
    """Somebody else than the average, (V, 3)."""
    identity = np.random.default_rng(4).normal(0, 0.8, len(model.components))
    return model.neutral(identity).astype(np.float64)


@pytest.fixture(scope="module")
def scan(model: FaceModel, neutral: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Scan:
    needs_landmarker()
    path = tmp_path_factory.mktemp("scan") / "neutral.obj"
    return Scan.read(write_scan(path, neutral, model.mesh.faces))


def test_a_scan_is_stood_upright_in_metres(
    model: FaceModel, neutral: np.ndarray, scan: Scan
) -> None:
    assert scan.unit == pytest.approx(MM)
    there = model.landmarks.on(neutral)
    here = aligned(scan.landmarks, there, np.isfinite(scan.landmarks).all(1))
    seen = np.isfinite(here).all(1)
    assert seen.mean() > 0.9
    assert np.median(np.linalg.norm(here - there, axis=1)[seen]) < 6 * MM
    outward = (scan.points - scan.points.mean(0)) * scan.normals
    assert (outward.sum(1) > 0).mean() > 0.75


def test_the_template_is_brought_onto_a_scan(
    model: FaceModel, neutral: np.ndarray, scan: Scan
) -> None:
    identity, motion = register(model, scan)
    found = model.neutral(identity).astype(np.float64)
    average = aligned(model.mesh.vertices.astype(np.float64), neutral, model.face)
    miss, before = (
        np.linalg.norm(aligned(v, neutral, model.face) - neutral, axis=1)[model.face].mean() / MM
        for v in (found, average)
    )
    assert miss < 0.6 < 1.5 < before
    assert np.abs(motion.units).max() < 0.2


def test_what_the_space_of_people_lacks_is_taken_from_the_scan(
    model: FaceModel, scan: Scan
) -> None:
    cheek = scan.landmarks[205]
    near = np.linalg.norm(scan.points - cheek, axis=1)
    bump = 2 * MM * np.exp(-((near / (15 * MM)) ** 2))
    scarred = replace(scan, points=scan.points + bump[:, None] * scan.normals)
    identity, motion = register(model, scarred)
    samples = Samples.of(model.mesh, *surface_samples(model.mesh, model.face))
    fit, scan_terms = PersonFit(model, samples, np.zeros(1, int)), ScanFit(model, scarred, samples)
    offsets, missed = np.zeros(len(model.mesh.vertices)), []
    for _ in range(4):
        plain = model.neutral(identity)
        normals = vertex_normals(plain.astype(np.float32), model.mesh.faces)
        shape = plain + offsets[:, None] * normals
        there = motion.world(shape, model.mesh.pivot)
        around = there[np.linalg.norm(there - cheek, axis=1).argsort()[:12]]
        missed.append(np.abs(scan_terms._planes(around)[2]).mean())
        known = scan_terms.evidence(shape, motion, fit.samples(shape))
        known = replace(known, dense=known.dense.scaled(80))
        offsets = fit.free(shape, offsets, [motion], [known])
    assert missed[-1] < 0.3 * missed[0]


def test_hair_and_holes_in_a_scan_pull_nowhere(model: FaceModel, scan: Scan) -> None:
    samples = Samples.of(model.mesh, *surface_samples(model.mesh, model.face))
    scan_terms = ScanFit(model, scan, samples)
    normals = np.tile([0.0, -1.0, 0.0], (2, 1))
    front = scan.points[scan.points[:, 1].argmin()]
    near, far = front - (0, 0.5 * MM, 0), front - (0, 60 * MM, 0)
    terms = scan_terms._surface(np.stack([near, far]), normals, 0.003)
    assert terms.force[0, 1] > 0, "towards the scan"
    assert np.linalg.norm(terms.force[1]) < 0.05 * np.linalg.norm(terms.force[0])
    turned = scan_terms._surface(near[None], -normals[:1], 0.003)
    assert np.abs(turned.force).max() == 0, "the back of a surface is another surface"


def test_a_face_that_is_not_at_rest_is_refused(
    model: FaceModel, neutral: np.ndarray, tmp_path: Path
) -> None:
    needs_landmarker()
    laughing = ("mouthSmileLeft", "mouthSmileRight", "jawOpen", "cheekPuff")
    units = np.isin(model.mesh.control_names, laughing).astype(float)
    vertices = neutral + np.tensordot(units, model.mesh.basis, 1)
    scan = Scan.read(write_scan(tmp_path / "neutral.obj", vertices, model.mesh.faces))
    with pytest.raises(CaptureError, match="mm from any face at rest"):
        register(model, scan)


def test_scans_without_a_face(
    tmp_path: Path, model: FaceModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_landmarker()
    monkeypatch.setattr(facing, "axis_rotations", lambda: axis_rotations()[:3])
    corners = np.stack(np.meshgrid(*[[0.0, 0.2]] * 3), -1).reshape(-1, 3)
    faces = np.array([[0, 1, 3], [0, 3, 2], [4, 5, 7], [4, 7, 6]])
    path = write_scan(tmp_path / "neutral.obj", corners, faces)
    with pytest.raises(CaptureError, match="No face is seen on the scan neutral.obj"):
        Scan.read(path)
    capture = CaptureFolder(tmp_path, (), (), scan=path)
    (entry,) = check_scan(capture)
    assert entry.level == "error" and "No face" in entry.sentence()
    path.write_text("v 1 2\nf 1 2 9")
    (entry,) = check_scan(capture)
    assert entry.level == "error" and "neutral.obj" in entry.sentence()
    assert list(check_scan(CaptureFolder(tmp_path, (), ()))) == []
