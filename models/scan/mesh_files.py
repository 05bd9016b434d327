"""A textured mesh as files hold it: positions, and UVs of its own for every corner of a face."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import CaptureError, MissingDependencyError

GEOMETRY = (".obj", ".ply")
Polygons = Sequence[Sequence[int]] | Sequence[np.ndarray] | np.ndarray
_UV_NAMES = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"))
"""Names of a vertex's UVs in PLY files of Blender, MeshLab and others."""


@dataclass(frozen=True)
class SourceMesh:
    """One frame as it was stored.

    Attributes:
        positions: (N, 3) float32, the file's units and axes.
        triangles: (F, 3) int32 positions; quads and larger faces as fans.
        uvs: (U, 2) float32, v up; none where the file has none.
        uv_triangles: (F, 3) int32 UVs of the triangles' corners.
    """

    positions: np.ndarray
    triangles: np.ndarray
    uvs: np.ndarray
    uv_triangles: np.ndarray

    def same_topology(self, other: "SourceMesh") -> bool:
        """Whether the two differ in no more than where their vertices are."""
        return len(self.positions) == len(other.positions) and np.array_equal(
            self.triangles, other.triangles
        )


@dataclass(frozen=True)
class PolygonMesh:
    """An .obj before its faces become triangles.

    Attributes:
        positions: (N, 3).
        uvs: (U, 2) v up; none where some corner has none.
        polygons: Positions of each face's corners; (F, corners) where all have equally many.
        uv_polygons: Their UVs, alike.
        groups: Name of each face's group.
    """

    positions: np.ndarray
    uvs: np.ndarray
    polygons: Polygons
    uv_polygons: Polygons
    groups: list[str]


def read_mesh(path: Path) -> SourceMesh:
    """Read an .obj or a .ply, ascii or binary.

    Raises:
        CaptureError: It is missing, damaged, holds no faces, or is of another kind.
        MissingDependencyError: plyfile is not installed.
    """
    path = Path(path)
    readers = {".obj": _read_obj, ".ply": _read_ply}
    if path.suffix.lower() not in GEOMETRY:
        raise CaptureError(f"{path.name} is no mesh; known are {' and '.join(GEOMETRY)}.")
    try:
        mesh = readers[path.suffix.lower()](path)
    except (OSError, ValueError, IndexError, KeyError, TypeError) as error:
        raise CaptureError(f"The mesh {path.name} cannot be read: {error}.") from error
    if not len(mesh.triangles):
        raise CaptureError(f"The mesh {path.name} has no faces.")
    indices = ((mesh.triangles, mesh.positions), (mesh.uv_triangles, mesh.uvs))
    if any(i.size and (i.min() < 0 or i.max() >= len(values)) for i, values in indices):
        raise CaptureError(f"The mesh {path.name} has faces whose vertices or UVs are missing.")
    if not (np.isfinite(mesh.positions).all() and np.isfinite(mesh.uvs).all()):
        raise CaptureError(f"The mesh {path.name} holds numbers that are not finite.")
    return mesh


def fans(polygons: Polygons) -> np.ndarray:
    """Triangles (F, 3) int32 of polygons, each as a fan around its first corner."""
    if not len(polygons):
        return np.zeros((0, 3), np.int32)
    sizes = {len(polygon) for polygon in polygons}
    if min(sizes) < 3:
        raise ValueError("a face has fewer than three corners")
    if len(sizes) == 1:
        corners = np.asarray(polygons, np.int32)
        parts = [corners[:, [0, k, k + 1]] for k in range(1, corners.shape[1] - 1)]
        return np.stack(parts, 1).reshape(-1, 3)
    rows = [(p[0], p[k], p[k + 1]) for p in polygons for k in range(1, len(p) - 1)]
    return np.array(rows, np.int32)


def read_polygons(path: Path) -> PolygonMesh:
    """Wavefront OBJ: its `v`, `vt`, `g` and `f` statements, of all objects and groups together.

    The libraries at hand reorder vertices or faces, or drop UVs that belong to corners.

    Raises:
        OSError, ValueError, IndexError: It is missing or damaged.
    """
    text = path.read_text("utf-8", "replace").replace("\\\n", " ").replace("\t", " ")
    lines = [line.strip() for line in text.splitlines()]
    positions = _numbers([line[2:] for line in lines if line.startswith("v ")], 3)
    uvs = _numbers([line[3:] for line in lines if line.startswith("vt ")], 2)
    found = _alike_faces([line[2:] for line in lines if line.startswith("f ")])
    polygons, uv_polygons = _any_faces(lines) if found is None else found
    if len(uv_polygons) != len(polygons):
        uvs, uv_polygons = uvs[:0], []
    return PolygonMesh(positions, uvs, polygons, uv_polygons, _groups(lines))


def _read_obj(path: Path) -> SourceMesh:
    mesh = read_polygons(path)
    return SourceMesh(
        mesh.positions.astype(np.float32),
        fans(mesh.polygons),
        mesh.uvs.astype(np.float32),
        fans(mesh.uv_polygons),
    )


def _numbers(lines: list[str], columns: int) -> np.ndarray:
    """The first numbers (n, columns) of lines that have equally many."""
    if not lines:
        return np.zeros((0, columns))
    values = np.fromstring(" ".join(lines), np.float64, sep=" ")
    return values.reshape(len(lines), -1)[:, :columns].reshape(-1, columns)


def _groups(lines: list[str]) -> list[str]:
    """Group of each face, "" before the first."""
    group, groups = "", []
    for line in lines:
        if line.startswith("g "):
            group = line[2:].strip()
        elif line.startswith("f "):
            groups.append(group)
    return groups


def _alike_faces(lines: list[str]) -> tuple[np.ndarray, np.ndarray] | None:
    """Positions and UVs of faces that are all written alike; None where they are not.

    Also where indices count from the end.
    """
    shapes = {(len(line.split()), line.count("/"), "//" in line) for line in lines}
    text = " ".join(lines)
    if len(shapes) != 1 or "-" in text or "#" in text:
        return None
    corners, slashes, without_uv = shapes.pop()
    values = np.fromstring(text.replace("/", " "), np.int64, sep=" ") - 1
    values = values.reshape(len(lines), corners, -1)
    has_uvs = slashes > 0 and not without_uv
    return values[..., 0], values[..., 1] if has_uvs else values[:0, :, 0]


def _any_faces(lines: list[str]) -> tuple[list[list[int]], list[list[int]]]:
    """Positions and UVs of faces written in whatever way."""
    counts, polygons, uv_polygons = {"v": 0, "vt": 0}, [], []
    for line in lines:
        kind, _, rest = line.partition(" ")
        if kind in counts:
            counts[kind] += 1
        elif kind == "f":
            corners = [corner.split("/") for corner in rest.split("#")[0].split()]
            polygons.append([_index(c[0], counts["v"]) for c in corners])
            if all(len(c) > 1 and c[1] for c in corners):
                uv_polygons.append([_index(c[1], counts["vt"]) for c in corners])
    return polygons, uv_polygons


def _index(text: str, count: int) -> int:
    """From 1, or from the end where negative."""
    value = int(text)
    return value - 1 if value > 0 else count + value


def _read_ply(path: Path) -> SourceMesh:
    """PLY with UVs of vertices, or of the faces' corners (`texcoord`, as MeshLab writes them)."""
    try:
        from plyfile import PlyData, PlyParseError
    except ImportError as error:
        raise MissingDependencyError("Reading PLY files needs plyfile: pip install plyfile.") from (
            error
        )
    try:
        content = PlyData.read(str(path))
    except PlyParseError as error:
        raise ValueError(str(error)) from error
    vertex, face = content["vertex"].data, content["face"].data
    named = next((n for n in ("vertex_indices", "vertex_index") if n in face.dtype.names), None)
    if named is None:
        raise ValueError("its faces have no vertex_indices")
    polygons = [np.asarray(polygon) for polygon in face[named]]
    triangles = fans(polygons)
    names = next((pair for pair in _UV_NAMES if set(pair) <= set(vertex.dtype.names)), None)
    if names is not None:
        uvs, uv_triangles = np.stack([vertex[name] for name in names], -1), triangles
    elif "texcoord" in face.dtype.names:
        uvs = np.concatenate([np.asarray(row).reshape(-1, 2) for row in face["texcoord"]])
        ends = np.cumsum([len(polygon) for polygon in polygons])
        if len(uvs) != ends[-1]:
            raise ValueError("its texcoord lists do not fit its faces")
        uv_triangles = fans(np.split(np.arange(ends[-1]), ends[:-1]))
    else:
        uvs, uv_triangles = np.zeros((0, 2)), np.zeros((0, 3), np.int32)
    positions = np.stack([vertex[name] for name in "xyz"], -1)
    return SourceMesh(positions.astype(np.float32), triangles, uvs.astype(np.float32), uv_triangles)
