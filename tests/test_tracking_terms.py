"""Terms of the tracking solvers in closed form, without a face."""

import numpy as np
import pytest

from models.cameras import look_at
from models.tracking.data_terms import DataTerms, PointObservation, data_terms
from models.tracking.landmark_fit import BOUND_SPREAD, STEADINESS, UNIT_SPREAD, unit_prior


def _solved(units: np.ndarray, rounds: int = 1, before: np.ndarray | None = None) -> np.ndarray:
    """Units that the prior alone comes to in some Gauss–Newton steps."""
    for _ in range(rounds):
        diagonal, right = unit_prior(units, before)
        units = units + right / diagonal
    return units


def test_units_inside_are_drawn_to_rest() -> None:
    units = np.array([0.2, 0.9])
    diagonal, right = unit_prior(units)
    np.testing.assert_allclose(diagonal, 1 / UNIT_SPREAD**2)
    np.testing.assert_allclose(right, -units / UNIT_SPREAD**2)
    np.testing.assert_allclose(_solved(units), 0, atol=1e-12)


@pytest.mark.parametrize(("unit", "edge"), [(1.4, 1.0), (-0.4, 0.0)])
def test_units_outside_are_drawn_to_the_edge_much_more_strongly(unit: float, edge: float) -> None:
    soft, hard = 1 / UNIT_SPREAD**2, 1 / BOUND_SPREAD**2
    assert _solved(np.array([unit]))[0] == pytest.approx(hard * edge / (soft + hard))
    assert abs(_solved(np.array([unit]))[0] - edge) < 0.05


def test_units_stay_near_those_of_the_frame_before() -> None:
    soft, steady = 1 / UNIT_SPREAD**2, 1 / STEADINESS**2
    before = np.array([0.8])
    solved = _solved(np.array([0.1]), before=before)
    assert solved[0] == pytest.approx(0.8 * steady / (soft + steady))
    np.testing.assert_allclose(_solved(solved, before=before), solved)


def _cameras() -> list:
    places = ((0.0, -2.0, 0.0), (1.2, -1.6, 0.1), (-0.9, -1.5, 0.5))
    return [look_at(str(i), p, (0, 0, 0), 1500.0, (800, 800)) for i, p in enumerate(places)]


def _terms(points: np.ndarray, true: np.ndarray, outlier: float = 100.0) -> DataTerms:
    weights = np.ones(len(points))
    seen = [PointObservation(camera, camera.project(true)[0], weights) for camera in _cameras()]
    return data_terms(points, seen, outlier)


def test_the_least_of_all_terms_is_where_the_views_meet() -> None:
    rng = np.random.default_rng(0)
    true = 0.05 * rng.normal(size=(6, 3))
    points = true + 0.002 * rng.normal(size=(6, 3))
    terms = _terms(points, true)
    step = np.linalg.solve(terms.stiffness, terms.force[..., None])[..., 0]
    assert np.abs(points + step - true).max() < 2e-5


def test_terms_add_turn_and_grow_surer() -> None:
    rng = np.random.default_rng(1)
    points = 0.05 * rng.normal(size=(4, 3))
    terms = _terms(points, points + 0.001)
    both = terms + terms.scaled(2.0)
    np.testing.assert_allclose(both.force, 3 * terms.force)
    np.testing.assert_allclose(both.stiffness, 3 * terms.stiffness)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turned = terms.turned(turn)
    steps = [np.linalg.solve(p.stiffness, p.force[..., None])[..., 0] for p in (terms, turned)]
    np.testing.assert_allclose(steps[1], steps[0] @ turn.T, atol=1e-8)


def test_normal_equations_are_those_of_the_moved_points() -> None:
    """E(J x) = xᵀ N x − 2 rᵀ x for any parameters x."""
    rng = np.random.default_rng(2)
    points = 0.05 * rng.normal(size=(5, 3))
    terms, jacobian = _terms(points, points + 0.001), rng.normal(size=(5, 3, 4))
    normal, right = terms.normal(jacobian)
    x = rng.normal(size=4)
    d = jacobian @ x
    energy = np.einsum("pi,pij,pj->", d, terms.stiffness, d) - 2 * (terms.force * d).sum()
    assert x @ normal @ x - 2 * right @ x == pytest.approx(energy, rel=1e-9)
