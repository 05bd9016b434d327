"""The mirror of controls: by their names, or by the shapes themselves."""

from dataclasses import replace

import numpy as np
from tiny import CONTROLS, tiny_mesh

from models.symmetry import even_weights, mirror_of_controls


def _controls(**values: float) -> np.ndarray:
    return np.array([[values.get(name, 0) for name in CONTROLS]], np.float32)


def test_named_sides_are_exchanged() -> None:
    turned = _controls(mouthSmileLeft=0.7, jawOpen=0.2) @ mirror_of_controls(tiny_mesh())
    np.testing.assert_array_equal(turned, _controls(mouthSmileRight=0.7, jawOpen=0.2))


def test_shapes_without_sides_are_mirrored_themselves() -> None:
    """Rotated among each other, as principal components are, they mirror as the named ones do."""
    mesh = tiny_mesh()
    moving = [i for i, shape in enumerate(mesh.basis) if np.abs(shape).max() > 1e-4]
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(len(moving), len(moving))))[0]
    shapes = np.einsum("ij,jvk->ivk", turn, mesh.basis[moving]).astype(np.float32)
    names = tuple(f"pca_{i:02d}" for i in range(len(moving)))
    unnamed = replace(mesh, control_names=names, basis=shapes)
    named = mirror_of_controls(mesh)[np.ix_(moving, moving)]
    found = mirror_of_controls(unnamed)
    np.testing.assert_allclose(found, turn @ named @ turn.T, atol=0.02)
    np.testing.assert_allclose(found @ found, np.eye(len(moving)), atol=0.02)


def test_even_weights_make_regions_move_alike() -> None:
    masks = [np.array([1.0, 1, 0, 0]), np.array([0.0, 0, 1, 1])]
    squared = np.array([4e-4, 2e-4, 1e-6, 3e-6])
    weights = even_weights(masks, squared)
    energies = [mask @ (weights**2 * squared) for mask in masks]
    np.testing.assert_allclose(energies, 1, rtol=1e-5)
