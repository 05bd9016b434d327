"""Normals of vertices by hand."""

import numpy as np

from models.normals import vertex_normals


def test_normals_are_weighted_by_area() -> None:
    """A corner of a large upright triangle and a small one that faces sideways."""
    vertices = np.array([[0, 0, 0], [4, 0, 0], [0, 4, 0], [0, 1, 0], [0, 0, 1.0], [9, 9, 9]])
    faces = np.array([[0, 1, 2], [0, 3, 4]])
    normals = vertex_normals(vertices, faces)
    np.testing.assert_allclose(normals[1], [0, 0, 1])
    np.testing.assert_allclose(normals[3], [1, 0, 0])
    np.testing.assert_allclose(normals[0], np.array([1, 0, 16]) / np.sqrt(257), atol=1e-6)
    np.testing.assert_array_equal(normals[5], 0)
    assert normals.dtype == np.float32
