"""Nearest points: k-d trees, all built alike."""

import numpy as np
from scipy.spatial import KDTree

LEAF = 16
"""Points in a leaf. Which of equally near points is found hangs on it, as along UV seams."""


def tree_of(points: np.ndarray) -> KDTree:
    """A tree to ask for the nearest of points (N, D)."""
    return KDTree(points, leafsize=LEAF)
