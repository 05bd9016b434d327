"""The synthetic actor's head: topology, atlas, patches and linear basis."""

import numpy as np
import pytest

from models.synthetic.synthetic_actor import SyntheticActor, bundled_actor
from models.template.atlas import boundary_loops
from models.template.basemesh import load_base_mesh
from models.template.controls import CONTROL_NAMES, control_offsets, controls_from


@pytest.fixture(scope="module")
def actor() -> SyntheticActor:
    return bundled_actor()


def test_head_is_one_disc_that_ends_at_the_neck(actor: SyntheticActor) -> None:
    mesh = actor.mesh
    edges = np.sort(mesh.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    unique, counts = np.unique(edges, axis=0, return_counts=True)
    assert counts.max() == 2
    assert len(mesh.vertices) - len(unique) + len(mesh.faces) == 1
    (neck,) = boundary_loops(mesh.faces)
    assert np.ptp(mesh.vertices[neck, 2]) < 1e-6
    assert mesh.vertices[neck, 2].max() <= mesh.vertices[:, 2].min() + 1e-6


def test_faces_look_outward(actor: SyntheticActor) -> None:
    mesh = actor.mesh
    a, b, c = (mesh.vertices[mesh.faces[:, k]].astype(np.float64) for k in range(3))
    flux = np.einsum("ij,ij->i", np.cross(b - a, c - a), (a + b + c) / 3 - mesh.pivot).sum()
    assert flux > 0


def test_atlas_has_no_flipped_or_vanishing_triangle(actor: SyntheticActor) -> None:
    a, b, c = (actor.mesh.uvs[actor.mesh.faces[:, k]].astype(np.float64) for k in range(3))
    area = np.cross(b - a, c - a) / 2
    assert area.min() * 1024**2 > 0.05
    assert actor.mesh.uvs.min() > 0 and actor.mesh.uvs.max() < 1


def test_atlas_is_symmetric(actor: SyntheticActor) -> None:
    mesh = actor.mesh
    left, right = mesh.region("left_eye").crop, mesh.region("right_eye").crop
    assert abs(left[0] - right[0]) <= 2
    assert abs(left[1] + left[3] + right[1] - 1024) <= 2 * 1024 * 0.005


def test_local_crops_hold_their_openings_and_do_not_overlap(actor: SyntheticActor) -> None:
    covered = np.zeros((1024, 1024), int)
    for patch in actor.patches:
        row, column, rows, columns = actor.mesh.region(patch.name).crop
        covered[row : row + rows, column : column + columns] += 1
        u, v = (actor.mesh.uvs[patch.rim] * 1024).T
        assert column < u.min() and u.max() < column + columns
        assert row < 1024 - v.max() and 1024 - v.min() < row + rows
    assert covered.max() == 1


def test_pose_is_linear_and_neutral_is_zero(actor: SyntheticActor) -> None:
    mesh = actor.mesh
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0, 0.5, (2, len(CONTROL_NAMES)))
    assert np.array_equal(mesh.pose(np.zeros(len(CONTROL_NAMES))), mesh.vertices)
    both = mesh.pose(a + b) - mesh.vertices
    assert np.allclose(both, mesh.pose(a) + mesh.pose(b) - 2 * mesh.vertices, atol=1e-6)


def test_skin_follows_the_base_mesh(actor: SyntheticActor) -> None:
    controls = controls_from({"jawOpen": 0.5, "mouthSmileLeft": 0.7, "browInnerUp": 0.3})
    skin = actor.base_index >= 0
    expected = actor.base_pose(controls)[actor.base_index[skin]]
    assert np.allclose(actor.mesh.pose(controls)[skin], expected, atol=1e-6)


def test_blink_brings_the_lids_together(actor: SyntheticActor) -> None:
    marks = actor.mesh.landmarks

    def opening(controls: dict[str, float], side: str) -> float:
        vertices = actor.mesh.pose(controls_from(controls))
        gap = vertices[marks[f"upper_lid_{side}"]] - vertices[marks[f"lower_lid_{side}"]]
        return float(gap[:, 2].mean())

    assert opening({}, "left") > 0.005
    assert opening({"eyeBlinkLeft": 1.0}, "left") <= 0
    assert opening({"eyeBlinkLeft": 1.0}, "right") == pytest.approx(opening({}, "right"))


def test_open_eye_patch_lies_on_a_sphere_about_the_eyeball(actor: SyntheticActor) -> None:
    for patch, centre in zip(actor.patches[1:], actor.eye_centres, strict=True):
        radius = np.linalg.norm(actor.mesh.vertices[patch.interior] - centre, axis=-1)
        rim = np.linalg.norm(actor.mesh.vertices[patch.rim] - centre, axis=-1)
        assert rim.min() - 1e-6 <= radius.min() and radius.max() <= rim.max() + 1e-6


def test_jaw_moves_teeth_and_tongue_units_move_the_tongue(actor: SyntheticActor) -> None:
    base = load_base_mesh()
    offsets = dict(zip(CONTROL_NAMES, control_offsets(), strict=True))
    lower, upper = base.group("helper-lower-teeth"), base.group("helper-upper-teeth")
    assert offsets["jawOpen"][lower, 2].mean() < -0.01
    assert np.abs(offsets["jawOpen"][upper]).max() < 0.003
    tongue = base.group("helper-tongue")
    assert offsets["tongueUp"][tongue, 2].max() > 0.008
    assert np.abs(np.delete(offsets["tongueUp"], tongue, axis=0)).max() == 0
