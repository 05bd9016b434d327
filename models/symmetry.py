"""The mirror of a face in the controls of its linear model."""

from collections.abc import Sequence

import numpy as np

from .mesh import HeadMesh
from .nearest import tree_of

QUIET = 0.0003
"""Metres: regions that move less on average count as if they moved as much."""
_RIDGE = 1e-6


def mirror_of_controls(mesh: HeadMesh) -> np.ndarray:
    """The matrix (C, C) that controls (n, C) times it are those of the mirrored pose.

    Controls that are named after a side change places with those of the other. Where no name tells
    a side, as with principal components, the shapes themselves are mirrored.
    """
    names = mesh.control_names
    if any(_other_side(name) != name for name in names):
        partners = [_other_side(name) for name in names]
        places = [names.index(p) if p in names else i for i, p in enumerate(partners)]
        return np.eye(len(names), dtype=np.float32)[:, places]
    return _mirrored_shapes(mesh)


def even_weights(masks: Sequence[np.ndarray], squared: np.ndarray) -> np.ndarray:
    """Weights (V,) under which all regions with soft masks (V,) move alike.

    Else a jaw's centimetres would leave nothing for the lids.

    Args:
        masks: Of each region.
        squared: (V,) mean square of each vertex's movement, metres².
    """
    energies = (max(mask @ squared, QUIET**2 * max(mask.sum(), 1e-6)) for mask in masks)
    return np.sqrt(sum(m / e for m, e in zip(masks, energies, strict=True))).astype(np.float32)


def _mirrored_shapes(mesh: HeadMesh) -> np.ndarray:
    flip = np.array([-1.0, 1.0, 1.0])
    corners = [mesh.landmarks[f"mouth_corner_{side}"][0] for side in ("left", "right")]
    middle = np.array([mesh.vertices[corners, 0].mean(), 0, 0])
    mates = tree_of(mesh.vertices).query((mesh.vertices - middle) * flip + middle)[1]
    masks = [region.vertex_mask for region in mesh.regions]
    weights = even_weights(masks, (mesh.basis**2).sum((0, 2)))[:, None]
    here = (mesh.basis * weights).reshape(len(mesh.basis), -1).astype(np.float64)
    there = (mesh.basis[:, mates] * flip * weights).reshape(len(mesh.basis), -1)
    gram = here @ here.T
    gram += _RIDGE * np.trace(gram) / len(gram) * np.eye(len(gram))
    return np.linalg.solve(gram, here @ there.T).T.astype(np.float32)


def _other_side(name: str) -> str:
    if "Left" in name:
        return name.replace("Left", "Right")
    return name.replace("Right", "Left")
