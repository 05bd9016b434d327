"""Which way a mesh of unknown axes and unit looks, and how large it is: found by its face."""

import itertools
from collections.abc import Iterator

import numpy as np

from ..cameras import Camera, look_at
from ..errors import CaptureError
from ..faces.finder import FaceFinder
from .mesh_landmarks import (
    EYE_DISTANCE,
    FIRM,
    SHAPE,
    Similarity,
    Skin,
    fit_similarity,
    landmarks_of,
    seen_by,
)

UNITS = (1.0, 0.1, 0.01, 0.001, 0.0254, 0.3048)
"""Metres, decimetres, centimetres, millimetres, inches, feet."""
NEAR_UNIT = 1.3
"""A size within this factor of what a unit would make it is taken as that unit."""
GOOD, USABLE = 0.08, 0.2
"""RMS misfit to a head's rigid shape, in eye distances: surely a face; still one."""
PIVOT = EYE_DISTANCE * np.array([0.0, 0.96, -0.42])
"""Where the skull sits on the neck, in the axes of `marks.SHAPE`: the bundled actor's."""
_SIDE = 320
_RADIUS = 0.25
_TOPS = (None, 0.16)
"""Look at all of it; or only at so much of its height, from the top: a whole figure."""


def find_face(skin: Skin, finder: FaceFinder) -> Similarity:
    """From a mesh's own axes and unit to a head with its eyes at the origin, as `marks.SHAPE`.

    Raises:
        CaptureError: No face is seen from any side.
    """
    best, least = None, USABLE
    for placed, camera in _tries(skin.vertices):
        standing = _moved(skin, placed)
        found = seen_by(standing, camera, finder)
        fit = None if found is None else _fit(found[1])
        if fit is not None and fit[1] < least:
            best, least = placed.then(fit[0]), fit[1]
        if least < GOOD:
            break
    if best is None:
        raise CaptureError(
            "No face is seen on the mesh: it needs its own texture and UVs, and a human face with "
            "the eyes open in its first frame."
        )
    for _ in range(3):
        best = best.then(refined(_moved(skin, best), finder))
    return best


def refined(skin: Skin, finder: FaceFinder) -> Similarity:
    """What moves a mesh that nearly stands before the camera to where it should.

    Raises:
        CaptureError: Its face is not seen from the front.
    """
    found = landmarks_of(skin, finder)
    fit = None if found is None else _fit(found)
    if fit is None or fit[1] > USABLE:
        raise CaptureError("The mesh's face cannot be read from the front.")
    return fit[0]


def in_metres(placed: Similarity) -> tuple[Similarity, float]:
    """The same with the mesh's own unit, where its size tells one; and that unit in metres.

    A head is as large as its file says if any usual unit makes it about as large as people are.
    Else it becomes of average size.
    """
    misfit = [abs(np.log(placed.scale / unit)) for unit in UNITS]
    best = int(np.argmin(misfit))
    unit = UNITS[best] if misfit[best] < np.log(NEAR_UNIT) else placed.scale
    return Similarity(unit, placed.rotation, placed.offset * unit / placed.scale), unit


def outwards(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Faces (F, 3) turned, if need be, so that most of what a camera in front sees faces it."""
    corners = vertices[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    middle = corners.mean(1)
    near = np.linalg.norm(middle - SHAPE.mean(0), axis=1) < EYE_DISTANCE
    front = near & (middle[:, 1] < SHAPE[:, 1].mean())
    return faces if normal[front, 1].sum() <= 0 else faces[:, ::-1].copy()


def _moved(skin: Skin, placed: Similarity) -> Skin:
    return Skin(placed(skin.vertices), skin.faces, skin.uvs, skin.texture)


def _fit(points: np.ndarray) -> tuple[Similarity, float] | None:
    """Onto a head's rigid shape; the misfit in eye distances. None with too few points."""
    firm = points[FIRM]
    seen = np.isfinite(firm).all(1)
    if seen.sum() < len(firm) - 2:
        return None
    fit, misfit = fit_similarity(firm[seen], SHAPE[seen])
    return fit, misfit / EYE_DISTANCE


def _tries(vertices: np.ndarray) -> Iterator[tuple[Similarity, Camera]]:
    """Likely axes first, all of it first; the mesh put before the camera."""
    for top, rotation in itertools.product(_TOPS, axis_rotations()):
        turned = vertices @ rotation.T
        low, high = turned.min(0), turned.max(0)
        if top is not None:
            low = np.r_[low[:2], high[2] - top * (high[2] - low[2])]
            part = turned[turned[:, 2] > low[2]]
            low, high = part.min(0), part.max(0)
        centre, radius = (low + high) / 2, np.linalg.norm(high - low) / 2
        scale = float(_RADIUS / max(radius, 1e-12))
        focal = 0.5 * _SIDE * 1.5 / _RADIUS
        camera = look_at("search", np.array([0, -1.5, 0.0]), np.zeros(3), focal, (_SIDE, _SIDE))
        yield Similarity(scale, rotation, -scale * rotation @ (centre @ rotation)), camera


def axis_rotations() -> list[np.ndarray]:
    """The 24 rotations that take axes to axes; those of usual files first.

    Z up with the face to −Y (Blender), Y up with the face to Z (most others), then all.
    """
    every = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[range(3), order] = signs
            if np.linalg.det(matrix) > 0:
                every.append(matrix)
    usual = [np.eye(3), np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])]
    rest = [m for m in every if not any(np.array_equal(m, u) for u in usual)]
    return usual + rest
