"""MakeHuman's fitted assets: teeth, tongue, brows, lashes and hair that follow the base mesh.

A `.mhclo` file binds each vertex of its `.obj` to three base-mesh vertices (weights that sum to
one) and adds an offset along the base mesh's axes, scaled by how far apart two reference vertices
are on this person. A line with a single index binds to that vertex alone.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ..errors import CaptureError
from ..scan.mesh_files import fans, read_polygons
from ..template.basemesh import DECIMETRE, to_blender

AXES = {"x_scale": 0, "z_scale": 1, "y_scale": 2}
"""Scale lines of a `.mhclo` (axes of the base mesh, Y up) → axis here (Z up)."""


@dataclass(frozen=True)
class FittedAsset:
    """A mesh bound to the base mesh, fitted to one person.

    Attributes:
        faces: (F, 3) int32 into the asset's own vertices.
        uvs: (P, 2) one per vertex, v up.
        source: (P,) vertex of the `.obj` each vertex comes from (UV seams duplicate vertices).
        base: (P, 3) int32 base-mesh vertices.
        weights: (P, 3) their weights.
        offsets: (P, 3) metres, Blender axes.
    """

    faces: np.ndarray
    uvs: np.ndarray
    source: np.ndarray
    base: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray

    def positions(self, base_vertices: np.ndarray) -> np.ndarray:
        """Vertices (P, 3) for base-mesh vertices (N, 3)."""
        return np.einsum("pk,pkc->pc", self.weights, base_vertices[self.base]) + self.offsets

    def islands(self) -> np.ndarray:
        """Number of the connected piece of each vertex (P,), joined across UV seams."""
        edges = self.source[self.faces[:, [0, 1, 1, 2, 2, 0]]].reshape(-1, 2)
        count = int(self.source.max()) + 1
        graph = coo_matrix((np.ones(len(edges)), edges.T), shape=(count, count))
        return connected_components(graph, directed=False)[1][self.source]


def load_asset(path: Path, base_neutral: np.ndarray) -> FittedAsset:
    """Read a `.mhclo` and its `.obj`, fitted to `base_neutral` (N, 3).

    Raises:
        CaptureError: The two files do not belong together.
    """
    path = Path(path)
    base, weights, offsets, object_file = _read_fitting(path, base_neutral)
    faces, uvs, source = _read_object(path.with_name(object_file))
    if source.max() >= len(base) or base.max() >= len(base_neutral):
        raise CaptureError(f"{path.name} does not fit its .obj or the base mesh.")
    return FittedAsset(faces, uvs, source, base[source], weights[source], offsets[source])


def _read_fitting(
    path: Path, base_neutral: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    scale = np.full(3, 1.0)
    object_file = path.with_suffix(".obj").name
    rows: list[list[float]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] in AXES:
            first, second = (base_neutral[int(index)] for index in words[1:3])
            axis = AXES[words[0]]
            scale[axis] = abs(first[axis] - second[axis]) / (float(words[3]) * DECIMETRE)
        elif words[0] == "obj_file":
            object_file = words[1]
        elif words[0] == "delete_verts":
            break
        elif words[0].isdigit() and len(words) in (1, 9):
            values = [float(word) for word in words]
            rows.append(values if len(values) == 9 else [values[0]] * 3 + [1, 0, 0, 0, 0, 0])
    table = np.array(rows)
    return (
        table[:, :3].astype(np.int32),
        table[:, 3:6],
        to_blender(table[:, 6:]) * scale,
        object_file,
    )


def _read_object(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Triangles, UVs and source vertex, with one vertex per pair of position and UV."""
    mesh = read_polygons(path)
    both = np.stack([fans(mesh.polygons), fans(mesh.uv_polygons)], -1)
    pairs = [(int(position), int(uv)) for position, uv in both.reshape(-1, 2)]
    place = {pair: number for number, pair in enumerate(dict.fromkeys(pairs))}
    triangles = np.array([place[pair] for pair in pairs], np.int32).reshape(-1, 3)
    source, uvs = np.array(list(place), np.int32).T
    return triangles, mesh.uvs[uvs], source


def load_image(path: Path) -> np.ndarray:
    """An image as (H, W, 4) uint8 RGBA, row 0 on top.

    Raises:
        CaptureError: The file is missing or no image.
    """
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise CaptureError(f"Cannot read the image {Path(path).name}.")
    code = cv2.COLOR_BGRA2RGBA if image.ndim == 3 and image.shape[2] == 4 else cv2.COLOR_BGR2RGBA
    return cv2.cvtColor(image, code)


def rigid_motion(rest: np.ndarray, posed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (3, 3) and translation (3,) that best carry points (n, 3) `rest` to `posed`."""
    centre, target = rest.mean(0), posed.mean(0)
    u, _, vt = np.linalg.svd((posed - target).T @ (rest - centre))
    rotation = u @ np.diag([1, 1, np.sign(np.linalg.det(u @ vt))]) @ vt
    return rotation, target - rotation @ centre
