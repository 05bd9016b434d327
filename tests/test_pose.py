"""Head poses: signs and degrees as in real renders, and rotations there and back."""

import numpy as np
import pytest
from rendered_faces import needs_landmarker, rendered

from models.faces.finder import FaceFinder
from models.pose import (
    angles_of,
    head_poses,
    mean_rotation,
    nearest_rotation,
    rotation_matrix,
    turned_away,
)

TURNS = {
    "upright": (0, 0, 0),
    "to the actor's left": (0, 0, 25),
    "to the actor's right": (0, 0, -25),
    "down": (15, 0, 0),
    "up": (-15, 0, 0),
    "tilted": (0, 15, 0),
    "all": (10, 12, 20),
}


@pytest.fixture(scope="module")
def read() -> dict[str, np.ndarray]:
    """Head poses (6,) that the landmarker gives for renders."""
    needs_landmarker()
    pictures = {name: rendered(turn) for name, turn in TURNS.items()}
    with FaceFinder(most=1) as finder:
        return {name: head_poses(finder.find(p)[0].pose) for name, p in pictures.items()}


@pytest.mark.parametrize("name", list(TURNS))
def test_a_turned_head_reads_as_it_was_turned(name: str, read: dict[str, np.ndarray]) -> None:
    """From the upright face: the landmarker's own face looks some degrees down at rest."""
    rest, turn = (rotation_matrix(read[key][:3]) for key in ("upright", name))
    degrees = np.degrees(angles_of(turn @ rest.T))
    np.testing.assert_allclose(degrees, TURNS[name], atol=4)


def test_an_upright_face_before_the_camera_is_about_zero(read: dict[str, np.ndarray]) -> None:
    assert np.degrees(np.abs(read["upright"][:3])).max() < 9
    assert 0.2 < read["upright"][4] < 1
    assert np.abs(read["upright"][[3, 5]]).max() < 0.05


def test_places_have_blender_axes() -> None:
    """The actor's left is the picture's right; up is up; farther away is +Y."""
    pose = np.eye(4)
    pose[:3, 3] = 1, 2, -40
    np.testing.assert_allclose(head_poses(pose), [0, 0, 0, 0.01, 0.4, 0.02], atol=1e-6)


def test_angles_there_and_back() -> None:
    angles = np.random.default_rng(0).uniform(-1.5, 1.5, (50, 3))
    np.testing.assert_allclose(angles_of(rotation_matrix(angles)), angles, atol=1e-6)


def test_the_nearest_rotation_never_mirrors() -> None:
    turn = rotation_matrix(np.array([0.3, -0.2, 0.5]))
    np.testing.assert_allclose(nearest_rotation(turn @ np.diag([2.0, 1.5, 0.7])),
                               turn, atol=1e-9)  # fmt: skip
    mirrored = nearest_rotation(np.stack([turn, turn @ np.diag([1.0, 1.0, -0.1])]))
    np.testing.assert_allclose(np.linalg.det(mirrored), 1)
    np.testing.assert_allclose(mirrored[0], turn, atol=1e-9)


def test_angles_are_applied_x_first_then_y_then_z() -> None:
    x, y, z = (rotation_matrix(0.4 * row) for row in np.eye(3))
    np.testing.assert_allclose(rotation_matrix(np.full(3, 0.4)), z @ y @ x, atol=1e-12)
    for turn, axis in zip((x, y, z), np.eye(3), strict=True):
        np.testing.assert_allclose(turn @ axis, axis, atol=1e-12)
        first, second = np.roll(axis, 1), np.roll(axis, 2)
        assert turn @ first @ second == pytest.approx(np.sin(0.4)), "right-handed"


def test_mean_of_opposite_turns_is_between() -> None:
    turns = rotation_matrix(np.radians([[0, 0, 50], [0, 0, 10]]))
    np.testing.assert_allclose(np.degrees(angles_of(mean_rotation(turns))), [0, 0, 30], atol=1e-6)


def test_turned_away_counts_turning_and_nodding_but_not_tilting() -> None:
    poses = np.zeros((3, 6))
    poses[[0, 1, 2], [2, 0, 1]] = np.radians(40)
    np.testing.assert_allclose(np.degrees(turned_away(poses)), [40, 40, 0], atol=1e-4)
