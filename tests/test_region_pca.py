"""The joint principal components of made-up frames that have known ones."""

import numpy as np
import pytest

from models.head.training.region_pca import fit_joint_pca, fit_vertex_basis, seen_mean

RNG = np.random.default_rng(2)
FRAMES, SIDE, TERMS = 40, 12, 3


def _scores(count: int) -> np.ndarray:
    """(FRAMES, count) orthonormal columns of mean zero."""
    values = RNG.normal(size=(FRAMES, count))
    return np.linalg.qr(values - values.mean(0))[0]


def _pictures(scores: np.ndarray, strength: float = 25.0) -> np.ndarray:
    patterns = RNG.normal(size=(scores.shape[1], SIDE, SIDE, 3))
    patterns *= strength / np.abs(patterns).max()
    values = 128 + np.tensordot(scores * np.sqrt(FRAMES), patterns, 1)
    return np.rint(values).clip(0, 255).astype(np.uint8)


def _share(codes: np.ndarray, scores: np.ndarray) -> float:
    """How much of `scores` lies in the span of codes, 0…1."""
    basis = np.linalg.qr(codes - codes.mean(0))[0]
    return float(np.linalg.norm(basis.T @ scores) ** 2 / scores.shape[1])


def test_the_strongest_components_are_found_and_give_frames_back() -> None:
    scores = _scores(TERMS)
    texture, seen = _pictures(scores), np.full((FRAMES, SIDE, SIDE), 255, np.uint8)
    geometry = scores @ RNG.normal(size=(TERMS, 5)) * 10
    pca = fit_joint_pca(texture, seen, np.ones((SIDE, SIDE)), geometry, TERMS)
    codes = pca.encode(texture, seen, geometry)
    assert _share(codes, scores) > 0.99
    np.testing.assert_allclose(codes.std(0), 1, atol=0.02)
    made, again = pca.decode(codes)
    assert np.abs(made * 255 - texture).max() < 3
    np.testing.assert_allclose(again, geometry, atol=0.2)


def test_geometry_counts_as_much_as_texture() -> None:
    """Where each has a component of its own, the first two components hold both."""
    scores = _scores(2)
    texture = _pictures(scores[:, :1], 60)
    geometry = 0.5 * scores[:, 1:] @ np.ones((1, 4))
    seen, owned = np.full((FRAMES, SIDE, SIDE), 255, np.uint8), np.ones((SIDE, SIDE))
    codes = fit_joint_pca(texture, seen, owned, geometry, 2).encode(texture, seen, geometry)
    assert _share(codes, scores[:, :1]) > 0.98 and _share(codes, scores[:, 1:]) > 0.98


def test_texels_of_other_regions_do_not_choose_components() -> None:
    scores, owned = _scores(2), np.ones((SIDE, SIDE))
    owned[:, SIDE // 2 :] = 0.0
    mine, others = _pictures(scores[:, :1], 20), _pictures(scores[:, 1:], 100)
    texture = np.where(owned[..., None] > 0, mine, others)
    seen, still = np.full((FRAMES, SIDE, SIDE), 255, np.uint8), np.zeros((FRAMES, 1))
    codes = fit_joint_pca(texture, seen, owned, still, 1).encode(texture, seen, still)
    assert _share(codes, scores[:, :1]) > 0.95
    assert codes.std() == pytest.approx(1, abs=0.05)


def test_means_are_of_what_was_seen() -> None:
    texture = np.full((4, 2, 2, 3), 200, np.uint8)
    seen = np.full((4, 2, 2), 255, np.uint8)
    texture[1:, 0, 0], seen[1:, 0, 0] = 0, 0  # seen in one frame of four
    assert seen_mean(texture, seen) == pytest.approx(np.full((2, 2, 3), 200 / 255), abs=2e-3)


def test_vertex_bases_hold_millimetres_under_the_mask() -> None:
    scores = _scores(2)
    mask = np.zeros(30)
    mask[5:25] = RNG.uniform(0.2, 1, 20)
    moves = RNG.normal(size=(2, 30, 3))
    vertices = 0.1 + 1e-3 * np.tensordot(scores, moves, 1)
    basis = fit_vertex_basis(vertices, mask)
    assert basis.index.tolist() == list(range(5, 25)) and len(basis.basis) == 2
    found = basis.coefficients(vertices)
    np.testing.assert_allclose(basis.vertices(found), vertices[:, 5:25], atol=1e-7)
    weighted = (vertices[:, 5:25] - basis.mean) * 1e3 * np.sqrt(mask[5:25])[:, None]
    squares = (weighted**2).sum((1, 2))
    np.testing.assert_allclose((found**2).sum(1), squares, rtol=1e-3)
