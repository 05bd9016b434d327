"""A head: cut from the base mesh, mouth and eyes bridged by constant-topology patches.

Teeth, tongue and eyes live in the texture of those patches, as in Paier et al. (IET CV 2020).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ..mesh import ATLAS_SIZE, REGION_NAMES, HeadMesh, Region
from ..nearest import tree_of
from .atlas import boundary_loops, embed
from .basemesh import BaseMesh, load_base_mesh, load_morph
from .controls import CONTROL_INDEX, CONTROL_NAMES, control_offsets
from .patches import EYE_GRID, MOUTH_GRID, Patch, rim_chains

NECK_LENGTH = 0.03
"""How much neck stays below the jaw, metres."""
CROPS = {"mouth": 320, "left_eye": 192, "right_eye": 192}
"""Side of each local crop in texels of the atlas."""
RESOLUTIONS = {"mouth": 256, "left_eye": 192, "right_eye": 192}


@dataclass(frozen=True)
class HeadShape:
    """A head mesh and how it lies on the base mesh.

    Attributes:
        mesh: The head as every later stage sees it.
        base_vertices: (N, 3) morphed neutral of the whole base mesh.
        base_index: (V,) base vertex of each head vertex; -1 inside the patches.
        patches: The three bridges.
        eye_centres: (2, 3) left and right eyeball centres.
        eye_radius: Metres.
    """

    mesh: HeadMesh
    base_vertices: np.ndarray
    base_index: np.ndarray
    patches: tuple[Patch, ...]
    eye_centres: np.ndarray
    eye_radius: float

    def base_pose(self, controls: np.ndarray) -> np.ndarray:
        """The whole base mesh (N, 3), teeth and tongue helpers included, under controls (C,)."""
        return self.base_vertices + np.tensordot(controls, control_offsets(), 1)


def build_shape(identity: Mapping[str, float]) -> HeadShape:
    """Build a head from identity morphs (name → weight)."""
    base = load_base_mesh()
    morphed = base.vertices + sum(weight * load_morph(name) for name, weight in identity.items())
    faces, rims = _cut_head(base, morphed)
    base_index, quads = _compact(faces)
    rims = {name: np.searchsorted(base_index, rim) for name, rim in rims.items()}
    eyes = _eyeballs(base, morphed)
    patches, patch_faces, count = _bridge(morphed[base_index], rims)
    triangles = np.concatenate([_triangulate(quads), *patch_faces]).astype(np.int32)
    base_index = np.concatenate([base_index, np.full(count - len(base_index), -1)])

    rest = morphed[base_index.clip(0)]

    def head_vertices(controls: dict[str, float]) -> np.ndarray:
        posed = morphed.copy()
        for name, value in controls.items():
            posed += value * control_offsets()[CONTROL_INDEX[name]]
        vertices = posed[base_index.clip(0)]
        for patch in patches:
            patch.place_interior(vertices, rest, eyes[0][0 if patch.name == "left_eye" else 1])
        return vertices

    neutral = head_vertices({})
    basis = np.stack([head_vertices({name: 1.0}) - neutral for name in CONTROL_NAMES])
    basis = basis.astype(np.float32)
    wide = head_vertices({"jawOpen": 0.75, "eyeWideLeft": 1.0, "eyeWideRight": 1.0})
    uvs = embed(wide, triangles, patches, neutral)
    mesh = HeadMesh(
        vertices=neutral.astype(np.float32),
        faces=triangles,
        uvs=uvs.astype(np.float32),
        regions=_regions(uvs, patches, basis, neutral),
        landmarks=_landmarks(neutral, patches, basis),
        pivot=_pivot(base, morphed),
        control_names=CONTROL_NAMES,
        basis=basis,
    )
    mesh.check()
    return HeadShape(mesh, morphed.astype(np.float32), base_index, patches, *eyes)


def mesh_vertices(shape: HeadShape, base_vertices: np.ndarray) -> np.ndarray:
    """Head vertices (V, 3) of another person at rest, whose base mesh is `base_vertices` (N, 3)."""
    rest = base_vertices[shape.base_index.clip(0)]
    centres, vertices = _eyeballs(load_base_mesh(), base_vertices)[0], rest.copy()
    for patch in shape.patches:
        patch.place_interior(vertices, rest, centres[0 if patch.name == "left_eye" else 1])
    return vertices


def matching(shape: HeadShape, other: HeadShape) -> np.ndarray:
    """The other head's vertex for each of this one's (V,); −1 where it has none."""
    place = {int(base): i for i, base in enumerate(other.base_index) if base >= 0}
    found = np.array([place.get(int(base), -1) for base in shape.base_index])
    for patch, own in zip(shape.patches, other.patches, strict=True):
        found[patch.interior] = own.interior
    return found


def _cut_head(base: BaseMesh, vertices: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Quads of head and neck, and the rim loops of mouth and eyes (base vertices).

    The neck's lower edge in `vertices` is levelled in place.
    """
    body = base.groups == "body"
    faces, corners = base.faces[body], base.face_uvs[body]
    island = _islands(corners, len(base.uvs))
    skull = island == island[np.argmax(vertices[faces].mean(1)[:, 2])]
    loops = sorted(boundary_loops(faces[skull]), key=lambda loop: vertices[loop][:, 1].mean())
    neck = loops.pop()
    rims = {"mouth": loops.pop(int(np.argmin([vertices[loop][:, 2].mean() for loop in loops])))}
    for loop in loops:
        rims["left_eye" if vertices[loop][:, 0].mean() > 0 else "right_eye"] = loop
    torso = island[np.flatnonzero(~skull & np.isin(faces, neck).any(1))[0]]
    chosen = skull.copy()
    floor = vertices[neck, 2].min() - NECK_LENGTH
    chosen |= (island == torso) & (vertices[faces].mean(1)[:, 2] > floor)
    _level(boundary_loops(faces[chosen]), floor, vertices)
    return faces[chosen], rims


def _level(loops: list[np.ndarray], floor: float, vertices: np.ndarray) -> None:
    """Bring the loop that ends the neck to the height `floor`, in place."""
    lowest = min(loops, key=lambda loop: vertices[loop, 2].mean())
    vertices[lowest, 2] = floor


def _islands(corners: np.ndarray, count: int) -> np.ndarray:
    """UV island of each quad (F,)."""
    edges = np.concatenate([corners[:, [0, k]] for k in (1, 2, 3)])
    graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(count, count))
    return connected_components(graph, directed=False)[1][corners[:, 0]]


def _compact(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    used, flat = np.unique(faces, return_inverse=True)
    return used, flat.reshape(faces.shape)


def _triangulate(quads: np.ndarray) -> np.ndarray:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def _eyeballs(base: BaseMesh, vertices: np.ndarray) -> tuple[np.ndarray, float]:
    """Centres (left, right) and radius by a least-squares sphere."""
    centres, radii = [], []
    for side in ("l", "r"):
        points = vertices[base.group(f"helper-{side}-eye")]
        system = np.c_[2 * points, np.ones(len(points))]
        x = np.linalg.lstsq(system, (points**2).sum(1), rcond=None)[0]
        centres.append(x[:3])
        radii.append(np.sqrt(x[3] + x[:3] @ x[:3]))
    return np.array(centres), float(np.mean(radii))


def _bridge(
    vertices: np.ndarray, rims: dict[str, np.ndarray]
) -> tuple[tuple[Patch, ...], list[np.ndarray], int]:
    """Patches, their triangles, and the vertex count with them."""
    count, patches, faces = len(vertices), [], []
    for name in REGION_NAMES[:3]:
        rows, columns = MOUTH_GRID if name == "mouth" else EYE_GRID
        interior = count + np.arange(rows * columns).reshape(rows, columns)
        count += interior.size
        patches.append(Patch(name, *rim_chains(vertices, rims[name]), interior))
        faces.append(patches[-1].faces(vertices))
    return tuple(patches), faces, count


def _regions(
    uvs: np.ndarray, patches: tuple[Patch, ...], basis: np.ndarray, neutral: np.ndarray
) -> tuple[Region, ...]:
    masks = _motion_shares(basis, neutral)
    regions = []
    for patch in patches:
        rim = uvs[patch.rim]
        centre = (rim.min(0) + rim.max(0)) / 2
        side = CROPS[patch.name]
        row = round((1 - centre[1]) * ATLAS_SIZE - side / 2)
        column = round(centre[0] * ATLAS_SIZE - side / 2)
        crop = (row, column, side, side)
        regions.append(Region(patch.name, crop, RESOLUTIONS[patch.name], masks[patch.name]))
    regions.append(Region("face", (0, 0, ATLAS_SIZE, ATLAS_SIZE), ATLAS_SIZE // 2, masks["face"]))
    return tuple(regions)


def _motion_shares(basis: np.ndarray, neutral: np.ndarray) -> dict[str, np.ndarray]:
    """Each vertex belongs to the regions in proportion to how much their controls move it."""
    owners = {
        "mouth": ("jaw", "mouth", "tongue", "cheekPuff"),
        "left_eye": ("eye",),
        "right_eye": ("eye",),
        "face": ("brow", "noseSneer", "cheekSquint"),
    }
    energy = {}
    for region, prefixes in owners.items():
        side = {"left_eye": "Left", "right_eye": "Right"}.get(region, "")
        rows = [
            index
            for name, index in CONTROL_INDEX.items()
            if name.startswith(prefixes) and name.endswith(side)
        ]
        energy[region] = (basis[rows] ** 2).sum((0, 2))
    energy["face"] = energy["face"] + 0.0003**2
    nearest = tree_of(neutral).query(neutral, 24)[1]
    smooth = {name: np.sqrt(value)[nearest].mean(1) ** 2 for name, value in energy.items()}
    total = sum(smooth.values())
    return {name: (value / total).astype(np.float32) for name, value in smooth.items()}


def _landmarks(
    neutral: np.ndarray, patches: tuple[Patch, ...], basis: np.ndarray
) -> dict[str, np.ndarray]:
    mouth, left, right = patches
    interior = np.concatenate([patch.interior.ravel() for patch in patches])
    skin = np.setdiff1d(np.arange(len(neutral)), interior)
    tree = tree_of(neutral[skin])

    def nearest(point: Sequence[float]) -> int:
        return int(skin[tree.query(point)[1]])

    marks = {
        "mouth_corner_left": mouth.upper[-1:],
        "mouth_corner_right": mouth.upper[:1],
    }
    marks["inner_lip_upper"], marks["inner_lip_lower"] = mouth.pairs(neutral, 7)
    for side, patch in (("left", left), ("right", right)):
        marks[f"upper_lid_{side}"], marks[f"lower_lid_{side}"] = patch.pairs(neutral, 5)
        lid = neutral[patch.upper]
        y, z = lid[:, 1].min() - 0.01, lid[:, 2].max() + 0.018
        across = np.linspace(lid[0, 0], lid[-1, 0], 5)
        marks[f"brow_{side}"] = np.array([nearest([x, y, z]) for x in across])
    lips = neutral[mouth.rim]
    middle = skin[np.abs(neutral[skin, 0]) < 0.004]
    nose = middle[np.argmin(neutral[middle, 1])]
    below = middle[np.abs(neutral[middle, 2] - (lips[:, 2].mean() - 0.038)) < 0.01]
    marks["nose_tip"] = np.array([nose])
    marks["chin"] = below[[np.argmin(neutral[below, 1])]]
    marks["lips"] = skin[tree_of(lips).query(neutral[skin])[0] < 0.011]
    rims = neutral[np.concatenate([left.rim, right.rim])]
    marks["lids"] = skin[tree_of(rims).query(neutral[skin])[0] < 0.006]
    front = neutral[skin, 1] < neutral[nose, 1] + 0.09
    above = neutral[skin, 2] > neutral[nose, 2] + 0.01
    moved = np.abs(basis[:, skin]).max((0, 2)) > 1e-4
    marks["upper_face"] = skin[front & above & moved]
    return {name: np.asarray(indices, np.int32) for name, indices in marks.items()}


def _pivot(base: BaseMesh, vertices: np.ndarray) -> np.ndarray:
    """Where the skull sits on the neck."""
    return vertices[base.group("joint-head")].mean(0).astype(np.float32)
