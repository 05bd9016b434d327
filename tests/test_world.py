"""Unit, place and axes of a calibration's world, measured by a face of known size."""

import numpy as np
import pytest

from models.capture.world import IRIS, PUPILS, measure_world


def face(iris: float = IRIS, pupils: float = PUPILS) -> np.ndarray:
    """Landmarks (2, 478, 3) in metres, Blender axes, of which only those measured are there."""
    points = np.full((478, 3), np.nan)
    for side, middle in ((-1, 468), (1, 473)):
        points[middle] = (side * pupils / 2, -0.09, 0.03)
        points[middle + 1] = points[middle] - (iris / 2, 0, 0)
        points[middle + 3] = points[middle] + (iris / 2, 0, 0)
    points[10], points[152] = (0, -0.09, 0.09), (0, -0.09, -0.11)
    points[234], points[454] = (-0.07, 0, 0), (0.07, 0, 0)
    return np.stack([points, points + 0.001])


@pytest.mark.parametrize(
    ("factor", "unit"), [(1, "metres"), (100, "centimetres"), (1000, "millimetres")]
)
def test_usual_units_are_exact(factor: float, unit: str) -> None:
    world = measure_world(factor * face(iris=0.0111, pupils=0.059))
    assert (world.scale, world.unit) == (pytest.approx(1 / factor, rel=1e-12), unit)
    assert world.pupils == pytest.approx(0.059)


def test_inches() -> None:
    assert measure_world(face() / 0.0254).scale == 0.0254


def test_an_unusual_unit_is_measured() -> None:
    assert measure_world(4.2 * face()).scale == pytest.approx(1 / 4.2)
    # The iris counts twice.
    wide = measure_world(4.2 * face(pupils=1.1 * PUPILS))
    assert wide.scale == pytest.approx(1 / 4.2 / 1.1 ** (1 / 3))
    assert wide.unit == ""


def test_colmap_is_near_a_unit_by_chance() -> None:
    assert measure_world(1.1 * face()).scale == 1
    assert measure_world(1.1 * face(), scale_is_arbitrary=True).scale == pytest.approx(1 / 1.1)
    assert measure_world(1.02 * face(), scale_is_arbitrary=True).scale == 1


def test_the_head_is_turned_upright() -> None:
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    world = measure_world(face() @ turn.T + (1, 2, 3))
    np.testing.assert_allclose(world.upright @ turn, np.eye(3), atol=1e-12)
    middle = turn @ np.full(3, 0.0005) + (1, 2, 3)
    np.testing.assert_allclose(world.centre, middle, atol=1e-9)


def test_unseen_eyes_measure_nothing() -> None:
    points = face()
    points[:, 469] = points[:, 474] = np.nan
    assert measure_world(points) is None
    assert measure_world(points[:0]) is None
