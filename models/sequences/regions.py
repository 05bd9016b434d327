"""Landmarks, crops and soft shares of the regions on a mesh whose face has been found."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import CaptureError
from ..mesh import ATLAS_SIZE, REGION_NAMES, Region
from ..nearest import tree_of
from .uv_atlas import Atlas

RESOLUTIONS = {"mouth": 256, "left_eye": 192, "right_eye": 192}
LIPS, LIDS = 0.009, 0.005
"""How far around lip and lid rims their vertices are, metres."""
GROWTH = {"mouth": 1.3, "left_eye": 1.5, "right_eye": 1.5}
"""Side of a crop over that of the lips or lids in it."""
FULLEST, LEAST_TEXELS = 0.6, 24
"""Largest side of a crop, of the atlas; smallest, in texels."""
LEAST_FILLED = 0.2
"""Less of a crop's core filled by its lips or lids means that they are scattered over the UVs."""
REACH = {"mouth": 0.02, "left_eye": 0.016, "right_eye": 0.016}
"""How far around its middle a region owns what moves little, metres."""
EYE_LIMIT = 0.03
"""Beyond this distance from its middle an eye owns nothing, metres."""
_QUIET = 0.0003
_SUSPECT = 0.001
_DRIVERS = {"mouth": 8, "left_eye": 3, "right_eye": 3, "face": 4}
_NEIGHBOURS = 24

_LIP_RINGS = (
    *(61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146),
    *(78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95),
)
_LID_RINGS = {
    "left": (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
    "right": (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
}
_ON_LIPS = {
    "inner_lip_upper": (80, 81, 82, 13, 312, 311, 310),
    "inner_lip_lower": (88, 178, 87, 14, 317, 402, 318),
}
_ON_LIDS = {
    "upper_lid_left": (384, 385, 386, 387, 388),
    "lower_lid_left": (381, 380, 374, 373, 390),
    "upper_lid_right": (161, 160, 159, 158, 157),
    "lower_lid_right": (163, 144, 145, 153, 154),
}
_ON_FACE = {
    "mouth_corner_left": (291,),
    "mouth_corner_right": (61,),
    "brow_left": (296, 334, 293, 300, 276),
    "brow_right": (46, 70, 63, 105, 66),
    "nose_tip": (4,),
    "chin": (199,),
}
"""Name of a landmark → points of the face landmarker, from the person's right to the left."""


@dataclass(frozen=True)
class Looked:
    """A face that was looked at.

    Attributes:
        vertices: (V, 3) head-local, eyes at the origin.
        points: (478, 3) its landmarks; NaN where unknown.
        visible: (V,) what the camera in front sees.
    """

    vertices: np.ndarray
    points: np.ndarray
    visible: np.ndarray


def find_landmarks(
    atlas: Atlas, neutral: Looked, open_mouth: Looked, open_eyes: Looked, moved: np.ndarray
) -> dict[str, np.ndarray]:
    """Vertices by name, as the bundled template has them.

    Args:
        atlas: The mesh.
        neutral: The resting face.
        open_mouth: The face in which the lips are furthest apart: there the rims differ.
        open_eyes: The face in which the lids are.
        moved: (V,) metres by which each vertex moves at most.

    Raises:
        CaptureError: A landmark is not on the mesh, or the mesh is too coarse for lips.
    """
    skin = np.flatnonzero(atlas.island == _skin(atlas, neutral))
    marks = _nearest(_ON_LIPS, open_mouth, skin) | _nearest(_ON_LIDS, open_eyes, skin)
    marks |= _nearest(_ON_FACE, neutral, skin)
    if set(marks["inner_lip_upper"][2:5]) & set(marks["inner_lip_lower"][2:5]):
        raise CaptureError("The mesh is too coarse around the mouth: its lips share vertices.")
    seen = skin[neutral.visible[skin]]
    marks["lips"] = _around(seen, neutral, _LIP_RINGS, LIPS)
    lids = [_around(seen, neutral, ring, LIDS) for ring in _LID_RINGS.values()]
    marks["lids"] = np.unique(np.concatenate(lids))
    nose = neutral.vertices[marks["nose_tip"][0]]
    upper = seen[neutral.vertices[seen, 2] > nose[2] + 0.01]
    moving = upper[moved[upper] > 1e-4]
    marks["upper_face"] = moving if len(moving) else upper
    return {name: np.asarray(index, np.int32) for name, index in marks.items()}


def _skin(atlas: Atlas, neutral: Looked) -> int:
    """The connected part that carries most landmarks."""
    known = neutral.points[np.isfinite(neutral.points).all(1)]
    near = tree_of(neutral.vertices).query(known)[1]
    return int(np.bincount(atlas.island[near]).argmax())


def _nearest(
    names: Mapping[str, tuple[int, ...]], looked: Looked, skin: np.ndarray
) -> dict[str, np.ndarray]:
    """Of the skin's vertices that are seen, those nearest to landmarks."""
    seen = skin[looked.visible[skin]]
    tree = tree_of(looked.vertices[seen])
    marks = {}
    for name, index in names.items():
        points = looked.points[list(index)]
        if not np.isfinite(points).all():
            raise CaptureError(f"The face's {name.replace('_', ' ')} is not on the mesh.")
        marks[name] = seen[tree.query(points)[1]]
    return marks


def _around(
    chosen: np.ndarray, looked: Looked, ring: tuple[int, ...], distance: float
) -> np.ndarray:
    points = looked.points[list(ring)]
    points = points[np.isfinite(points).all(1)]
    near = tree_of(points).query(looked.vertices[chosen])[0] < distance
    if not near.any():
        raise CaptureError("The mesh is too coarse: no vertices around the lips or the lids.")
    return chosen[near]


def make_regions(
    atlas: Atlas, neutral: np.ndarray, landmarks: Mapping[str, np.ndarray], offsets: np.ndarray
) -> tuple[Region, ...]:
    """The four regions in the order of `REGION_NAMES`.

    Args:
        atlas: The mesh.
        neutral: (V, 3).
        landmarks: By `find_landmarks`.
        offsets: (n, V, 3) head-local motion.

    Raises:
        CaptureError: Mouth or eyes have no square place of their own in the UVs.
    """
    cores = _cores(neutral, landmarks)
    crops = _crops(atlas, cores)
    masks = _shares(atlas, neutral, cores, landmarks, offsets)
    local = [Region(name, crops[name], RESOLUTIONS[name], masks[name]) for name in REGION_NAMES[:3]]
    whole = (0, 0, ATLAS_SIZE, ATLAS_SIZE)
    return (*local, Region("face", whole, ATLAS_SIZE // 2, masks["face"]))


def _cores(neutral: np.ndarray, landmarks: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Lips, and the lids of each eye: vertices."""
    lids = landmarks["lids"]
    left = neutral[lids, 0] > 0
    return {"mouth": landmarks["lips"], "left_eye": lids[left], "right_eye": lids[~left]}


def _crops(atlas: Atlas, cores: Mapping[str, np.ndarray]) -> dict[str, tuple[int, int, int, int]]:
    """Squares (row, column, rows, columns) in texels that do not overlap."""
    boxes = {}
    for name, core in cores.items():
        low, high = atlas.uvs[core].min(0), atlas.uvs[core].max(0)
        inside = np.isin(atlas.faces, core).all(1)
        a, b, c = (atlas.uvs[atlas.faces[inside, k]] for k in range(3))
        used = 0.5 * np.abs(np.cross(b - a, c - a)).sum() / max(np.prod(high - low), 1e-12)
        side = float((high - low).max())
        title = name.replace("_", " ")
        if used < LEAST_FILLED or side > FULLEST:
            raise CaptureError(
                f"The {title} is split over UV islands far apart: unwrap the face in one piece, or "
                "at least lips and lids."
            )
        if side * ATLAS_SIZE < LEAST_TEXELS:
            raise CaptureError(
                f"The {title} covers {side:.1%} of the texture's side: unwrap the head larger."
            )
        boxes[name] = np.r_[(low + high) / 2, side]
    grown = {name: box[2] * GROWTH[name] for name, box in boxes.items()}
    names = list(boxes)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            apart = np.abs(boxes[one][:2] - boxes[other][:2]).max()
            share = min(1.0, 2 * apart / (grown[one] + grown[other]))
            grown[one], grown[other] = share * grown[one], share * grown[other]
    return {name: _square(box[:2], min(grown[name], 1.0)) for name, box in boxes.items()}


def _square(centre: np.ndarray, side: float) -> tuple[int, int, int, int]:
    texels = round(side * ATLAS_SIZE)
    row = round((1 - centre[1]) * ATLAS_SIZE - texels / 2)
    column = round(centre[0] * ATLAS_SIZE - texels / 2)
    most = ATLAS_SIZE - texels
    return min(max(row, 0), most), min(max(column, 0), most), texels, texels


def _shares(
    atlas: Atlas,
    neutral: np.ndarray,
    cores: Mapping[str, np.ndarray],
    landmarks: Mapping[str, np.ndarray],
    offsets: np.ndarray,
) -> dict[str, np.ndarray]:
    """Each vertex belongs to the regions in proportion to how much their parts move it.

    Every vertex's motion is regressed on that of lips and chin, of each eye's lids, and of the
    brows. Near its middle a region owns also what moves little. What hangs together apart from the
    skin, such as an eyeball or teeth, is owned as a whole.
    """
    parts = {
        "mouth": np.r_[cores["mouth"], landmarks["chin"]],
        "left_eye": cores["left_eye"],
        "right_eye": cores["right_eye"],
        "face": np.r_[landmarks["brow_left"], landmarks["brow_right"]],
    }
    drivers = {name: _driver(offsets[:, part], _DRIVERS[name]) for name, part in parts.items()}
    inputs = np.concatenate(list(drivers.values()), 1)
    flat = offsets.reshape(len(offsets), -1)
    gram = inputs.T @ inputs + 1e-2 * len(inputs) * np.eye(inputs.shape[1])
    weights = np.linalg.solve(gram, inputs.astype(np.float32).T @ flat)
    middles = {name: neutral[core].mean(0) for name, core in cores.items()}
    nearest = tree_of(neutral).query(neutral, min(_NEIGHBOURS, len(neutral)))[1]
    skin = atlas.island[landmarks["nose_tip"][0]]
    total, energy, start = 0.0, {}, 0
    for name, driver in drivers.items():
        rows = slice(start, start + driver.shape[1])
        start = rows.stop
        squares = (driver.T @ driver / len(driver) @ weights[rows]) * weights[rows]
        own = squares.sum(0).reshape(-1, 3).sum(1)  # mean square of what the driver moves
        if name == "face":
            own = own + _QUIET**2
        else:
            away = np.linalg.norm(neutral - middles[name], axis=1)
            own = own * _gate(name, neutral, middles, away)
            own = own + _SUSPECT**2 * np.exp(-((away / REACH[name]) ** 2) * 2)
        smooth = np.sqrt(own)[nearest].mean(1) ** 2
        whole = np.bincount(atlas.island, smooth) / np.bincount(atlas.island)
        energy[name] = np.where(atlas.island == skin, smooth, whole[atlas.island])
        total = total + energy[name]
    return {name: (value / total).astype(np.float32) for name, value in energy.items()}


def _driver(offsets: np.ndarray, most: int) -> np.ndarray:
    """Leading principal components over time (n, ≤ most) of offsets (n, P, 3), unit variance."""
    flat = offsets.reshape(len(offsets), -1)
    left, sizes, _ = np.linalg.svd(flat, full_matrices=False)
    count = max(1, min(most, int((sizes > 0.05 * max(sizes[0], 1e-9)).sum())))
    return left[:, :count] * np.sqrt(len(flat))


def _gate(
    name: str, neutral: np.ndarray, middles: Mapping[str, np.ndarray], away: np.ndarray
) -> np.ndarray:
    """Where a region may own anything, (V,) 0…1: what happens at once need have no common cause."""
    if name != "mouth":
        return np.clip(2 - 2 * away / EYE_LIMIT, 0, 1)
    eyes = 0.5 * (middles["left_eye"] + middles["right_eye"])
    height = (neutral[:, 2] - middles["mouth"][2]) / max(eyes[2] - middles["mouth"][2], 1e-6)
    return np.clip(3 - 3 * height, 0, 1)
