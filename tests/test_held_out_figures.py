"""Figures on pictures whose errors are known: decibels, millimetres, detail, seams."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch", reason="the networks need torch")

from tiny import tiny_mesh

from models.head.training.held_out_figures import Frames, Score, seam

RNG = np.random.default_rng(7)
TRUE = Frames(RNG.uniform(0.2, 0.8, (2, 16, 16, 3)), np.zeros((2, 5, 3)))
EVEN, ALL = np.ones((2, 16, 16)), np.ones(5)


def _figures(made: Frames, weight: np.ndarray = EVEN, mask: np.ndarray = ALL) -> dict[str, float]:
    score = Score()
    score.add(made, TRUE, weight, mask)
    return score.figures()


def test_an_error_of_a_tenth_is_20_decibels_and_millimetres_are_millimetres() -> None:
    vertices = TRUE.vertices + np.array([0.003, 0.004, 0.0])
    found = _figures(Frames(TRUE.texture + 0.1, vertices))
    assert found == {"psnr_db": 20.0, "vertex_mm": 5.0, "detail_ratio": 1.0}


def test_what_nobody_saw_and_what_others_move_does_not_count() -> None:
    texture, vertices = TRUE.texture + 0.01, TRUE.vertices + np.array([0.001, 0, 0])
    texture[:, :8], vertices[:, 3:] = 0.0, 1.0
    weight, mask = EVEN.copy(), ALL.copy()
    weight[:, :8], mask[3:] = 0, 0
    found = _figures(Frames(texture, vertices), weight, mask)
    assert found["psnr_db"] == 40.0 and found["vertex_mm"] == 1.0


def test_detail_is_what_a_blur_takes_away() -> None:
    mean = TRUE.texture.mean((1, 2), keepdims=True)
    weaker = _figures(Frames(mean + 0.5 * (TRUE.texture - mean) + 0.1, TRUE.vertices))
    assert weaker["detail_ratio"] == pytest.approx(0.25, abs=1e-3)
    assert _figures(Frames(mean + 0 * TRUE.texture, TRUE.vertices))["detail_ratio"] == 0


def test_a_seam_is_as_steep_as_the_windows_edge_times_the_difference() -> None:
    mesh = tiny_mesh()

    def decoded(level: float) -> SimpleNamespace:
        pictures = {r.name: np.full((64, 64, 3), 0.5, np.float32) for r in mesh.regions}
        pictures["mouth"] = pictures["mouth"] + np.float32(level)
        return SimpleNamespace(mesh=mesh, decode_regions=lambda code: pictures)

    code = np.zeros((1, 4))
    assert seam(decoded(0.0), code) == pytest.approx(0, abs=1e-4)
    window = mesh.region("mouth").window()
    steepest = 255 * 0.1 * np.hypot(*np.gradient(window)).max()
    assert 0.3 * steepest < seam(decoded(0.1), code) <= 1.001 * steepest
    assert seam(decoded(0.2), code) == pytest.approx(2 * seam(decoded(0.1), code), rel=1e-3)
