"""Head mesh: parts, windows, lip gap, saving and checking."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from models.errors import CaptureError
from models.mesh import HeadMesh, Part, Region, triangle_frames
from models.synthetic.synthetic_actor import build_template
from models.template.controls import controls_from


@pytest.fixture(scope="module")
def mesh() -> HeadMesh:
    return build_template()


def _part(mesh: HeadMesh) -> Part:
    triangles = mesh.faces[:4]
    weights = np.full((4, 3), 1 / 3, np.float32)
    offsets = np.tile(np.float32([0.001, 0.002, 0.003]), (4, 1))
    faces, uvs = np.int32([[0, 1, 2]]), np.zeros((4, 2), np.float32)
    return Part("lashes", faces, uvs, b"png", triangles, weights, offsets)


def test_part_turns_with_its_triangle(mesh: HeadMesh) -> None:
    part = _part(mesh)
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    before = part.positions(mesh.vertices)
    after = part.positions(mesh.vertices @ turn.T + [1, 2, 3])
    assert np.allclose(after, before @ turn.T + [1, 2, 3], atol=1e-5)
    distance = np.linalg.norm(before - mesh.vertices[part.triangles].mean(1), axis=1)
    assert np.allclose(distance, np.sqrt(14) * 1e-3, atol=1e-6)


def test_triangle_frames_are_rotations(mesh: HeadMesh) -> None:
    frames = triangle_frames(mesh.vertices[mesh.faces].astype(np.float64))
    assert np.allclose(frames @ frames.transpose(0, 2, 1), np.eye(3), atol=1e-9)
    assert np.allclose(np.linalg.det(frames), 1)


def test_lip_gap_measures_the_opening(mesh: HeadMesh) -> None:
    gaps = [mesh.lip_gap(mesh.pose(controls_from({"jawOpen": jaw}))) for jaw in (0, 0.5, 1)]
    assert gaps[0] == 0
    assert 0.01 < gaps[1] < gaps[2] < 0.05
    sealed = mesh.pose(controls_from({"jawOpen": 0.4, "mouthClose": 0.4}))
    assert abs(mesh.lip_gap(sealed)) < 0.001


def test_vertex_masks_share_every_vertex(mesh: HeadMesh) -> None:
    assert np.allclose(sum(region.vertex_mask for region in mesh.regions), 1, atol=1e-5)
    assert mesh.region("mouth").vertex_mask[mesh.landmarks["chin"]].min() > 0.9
    assert mesh.region("left_eye").vertex_mask[mesh.landmarks["upper_lid_left"]].min() > 0.8
    assert mesh.region("left_eye").vertex_mask[mesh.landmarks["upper_lid_right"]].max() < 0.1


def test_windows_are_soft_and_whole_in_the_middle(mesh: HeadMesh) -> None:
    for region in mesh.regions[:3]:
        window = region.window()
        assert window.shape == region.crop[2:]
        assert window[0].max() < 0.02 and window[:, -1].max() < 0.02
        assert window[len(window) // 2, window.shape[1] // 2] == 1
    assert mesh.region("face").window().min() == 1


def test_round_trip(mesh: HeadMesh, tmp_path: Path) -> None:
    whole = dataclasses.replace(mesh, parts=(_part(mesh),))
    whole.save(tmp_path / "mesh.npz")
    again = HeadMesh.load(tmp_path / "mesh.npz")
    assert np.array_equal(again.basis, whole.basis) and again.control_names == whole.control_names
    assert again.regions[0].crop == whole.regions[0].crop
    assert again.parts[0].texture == b"png"
    assert np.array_equal(again.parts[0].offsets, whole.parts[0].offsets)
    assert set(again.landmarks) == set(whole.landmarks)


@pytest.mark.parametrize("damage", ["faces", "mask", "nan", "missing"])
def test_damage_is_refused(mesh: HeadMesh, damage: str) -> None:
    arrays = mesh.arrays()
    if damage == "faces":
        arrays["faces"] = arrays["faces"] + len(mesh.vertices)
    elif damage == "mask":
        arrays["region/mouth/vertex_mask"] = np.zeros(3, np.float32)
    elif damage == "nan":
        arrays["vertices"] = np.full_like(arrays["vertices"], np.nan)
    else:
        del arrays["uvs"]
    with pytest.raises(CaptureError, match="mesh"):
        HeadMesh.from_arrays(arrays)


def test_region_of_a_face_covers_its_crop() -> None:
    region = Region("face", (0, 0, 8, 8), 4, np.ones(3, np.float32))
    assert np.array_equal(region.window(), np.ones((8, 8), np.float32))
