"""The learnt map from controls to latents: relevance, held-out error, correction to geometry."""

import numpy as np
import pytest

pytest.importorskip("torch")

from models.head.training.control_map import ControlMap, fit_control_map

CONTROLS, TRAIN, TEST = 12, 160, 80


def _frames(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Controls, latents and geometry: a soft step in one control, a line in another."""
    rng = np.random.default_rng(seed)
    controls = rng.uniform(0, 1, (TRAIN + TEST, CONTROLS))
    step = np.tanh(8 * (controls[:, 3] - 0.5))
    latents = np.stack([step, 2 * controls[:, 7], step * controls[:, 7]], 1)
    geometry = np.stack([controls[:, 7], controls[:, 3] ** 2], 1)
    return controls, latents.astype(np.float32), geometry


@pytest.fixture(scope="module")
def fitted() -> ControlMap:
    controls, latents, geometry = (a[:TRAIN] for a in _frames(0))
    return fit_control_map(controls, latents, geometry, geometry)


def test_held_out_latents_are_predicted(fitted: ControlMap) -> None:
    controls, latents, geometry = (a[TRAIN:] for a in _frames(0))
    miss = fitted.latents(controls, geometry) - latents
    assert (miss**2).sum() < 0.05 * ((latents - latents.mean(0)) ** 2).sum()


def test_what_does_not_matter_is_found_out(fitted: ControlMap) -> None:
    others = np.delete(fitted.local[:CONTROLS], [3, 7])
    assert fitted.local[3] > 3 * np.median(others)


def test_irrelevant_controls_change_little(fitted: ControlMap) -> None:
    controls, _, geometry = (a[TRAIN:] for a in _frames(0))
    other = controls.copy()
    other[:, [0, 1, 10]] = np.random.default_rng(5).uniform(0, 1, (TEST, 3))
    moved = fitted.latents(other, geometry) - fitted.latents(controls, geometry)
    assert np.abs(moved).mean() < 0.1


def test_correction_goes_where_the_geometry_is_missed(fitted: ControlMap) -> None:
    step = fitted.correction(np.array([[0.1, 0.0], [-0.1, 0.0], [0.0, 0.0]]))
    assert np.allclose(step[0], -step[1], atol=1e-6) and not step[2].any()
    assert step[0] @ fitted.jacobian[:, 0] > 0


def test_no_frames_give_no_latents(fitted: ControlMap) -> None:
    assert fitted.latents(np.zeros((0, CONTROLS)), np.zeros((0, 2))).shape == (0, 3)
