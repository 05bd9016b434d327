"""A head's own motion and the principal components of the rest, of made-up sequences."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the numeric layer needs SciPy")

from models.pose import to_world
from models.scan.facing import PIVOT
from models.sequences.linear_motion import LinearModel, Skull, fit_linear_model

RNG = np.random.default_rng(8)
COUNT = 80
REST = RNG.normal(size=(COUNT, 3)) * [0.06, 0.05, 0.08]
POSES = 0.3 * RNG.normal(size=(6, 6)) * [1, 1, 1, 0.1, 0.1, 0.1]


def test_poses_are_found_and_taken_off() -> None:
    skull = Skull(REST, np.ones(COUNT))
    for pose in POSES:
        moved = to_world(REST, pose, PIVOT).astype(np.float64)
        np.testing.assert_allclose(skull.pose(moved), pose, atol=1e-5)
        np.testing.assert_allclose(skull.inverse(pose)(moved), REST, atol=1e-6)
        np.testing.assert_allclose(skull.without_motion(moved), REST, atol=1e-6)


def test_skin_that_slides_does_not_move_the_skull() -> None:
    """A third of the vertices 8 mm aside: least squares would follow them by millimetres."""
    skull = Skull(REST, np.ones(COUNT))
    slid = REST.copy()
    slid[: COUNT // 3] += [0.0, 0.0, 0.008]
    moved = to_world(slid, POSES[0], PIVOT).astype(np.float64)
    np.testing.assert_allclose(skull.pose(moved), POSES[0], atol=1e-3)
    firm = skull.firm(np.stack([REST, slid]))
    assert firm.weights[: COUNT // 3].max() < 0.01 < 0.99 < firm.weights[COUNT // 3 :].min()


def _offsets() -> tuple[np.ndarray, np.ndarray]:
    """Offsets (40, V, 3) of two movements with scores of deviation one, strong and weak."""
    scores = RNG.normal(size=(40, 2))
    scores /= np.sqrt((scores**2).mean(0))
    shapes = 0.01 * RNG.normal(size=(2, COUNT, 3))
    shapes[1] *= 0.2
    return np.tensordot(scores, shapes, 1), scores


def test_components_give_offsets_back_and_count_in_deviations() -> None:
    offsets, _ = _offsets()
    model = fit_linear_model(offsets, [np.ones(COUNT)])
    controls = model.controls(offsets)
    assert model.names == ("pca_01", "pca_02") and model.exact(offsets, controls)
    np.testing.assert_allclose((controls**2).mean(0), 1, atol=1e-3)
    assert not model.exact(offsets, 0.9 * controls)


def test_controls_are_weighted_least_squares() -> None:
    """What the basis cannot say is spread over vertices by their weights."""
    weights = RNG.uniform(0.2, 2.0, COUNT).astype(np.float32)
    basis = RNG.normal(size=(1, COUNT, 3)).astype(np.float32)
    offsets = 2.0 * basis + RNG.normal(size=(3, COUNT, 3))
    found = LinearModel(("pca_01",), basis, weights).controls(offsets)
    root = np.repeat(weights, 3)
    for frame, row in zip(offsets, found, strict=True):
        expected = np.linalg.lstsq(
            (basis.ravel() * root)[:, None], frame.ravel() * root, rcond=None
        )
        np.testing.assert_allclose(row, expected[0], rtol=1e-4)
