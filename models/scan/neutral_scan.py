"""The user's own scan of the neutral face: read, stood upright, and landmarked."""

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import CaptureError
from ..faces.finder import FaceFinder
from ..normals import vertex_normals
from .facing import find_face, in_metres, outwards
from .mesh_files import SourceMesh, read_mesh
from .mesh_landmarks import Similarity, Skin, landmarks_of
from .texture_files import PICTURES, read_texture

POINTS = 200_000
"""Points on a scan that closest ones are looked for among: some half a millimetre apart."""
REACH = 0.16
"""Metres from the middle of the face from which on a scan is not looked at."""
LIGHTS = ((0, -1, 0), (0, 0, 1), (0, 1, 0), (0, 0, -1), (1, 0, 0), (-1, 0, 0))
"""From where a scan without a texture is lit: whichever way it looks, once from the front."""


@dataclass(frozen=True)
class Scan:
    """A scan of the neutral face, in metres, upright, looking to −Y.

    Attributes:
        points: (N, 3) on its surface.
        normals: (N, 3) unit, outwards.
        landmarks: (478, 3) of the face landmarker, NaN where unseen.
        unit: Metres in one unit of its file.
    """

    points: np.ndarray
    normals: np.ndarray
    landmarks: np.ndarray
    unit: float

    @classmethod
    def read(cls, path: Path) -> "Scan":
        """Read a scan; a picture of the same name beside it is its texture.

        Raises:
            CaptureError: It is damaged or shows no face.
            MissingDependencyError: mediapipe, a graphics driver or plyfile is missing.
        """
        mesh = read_mesh(path)
        picture = next((p for s in PICTURES if (p := path.with_suffix(s)).is_file()), None)
        texture = None if picture is None else read_texture(picture)
        with FaceFinder(most=2) as finder:
            skin, (placed, unit) = _found(mesh, texture, finder, path.name)
            vertices = placed(skin.vertices)
            landmarks = landmarks_of(replace(skin, vertices=vertices), finder)
        if landmarks is None:
            raise CaptureError(f"The face on the scan {path.name} cannot be read from the front.")
        middle = np.nanmean(landmarks, 0)
        near = (np.linalg.norm(vertices - middle, axis=1) < REACH)[skin.faces].all(1)
        points, normals = _sampled(vertices, outwards(vertices, skin.faces)[near])
        return cls(points, normals, landmarks, unit)


def _found(
    mesh: SourceMesh, texture: np.ndarray | None, finder: FaceFinder, name: str
) -> tuple[Skin, tuple[Similarity, float]]:
    """How a scan looks, and where its face is (`in_metres`)."""
    if texture is not None and len(mesh.uvs):
        skins = iter([_textured(mesh, texture)])
    else:
        skins = (_lit(mesh, light) for light in LIGHTS)
    for skin in skins:
        with contextlib.suppress(CaptureError):
            return skin, in_metres(find_face(skin, finder))
    raise CaptureError(
        f"No face is seen on the scan {name}: it needs a face with open eyes, and is read best "
        "with its texture beside it, as a picture of the same name."
    )


def _textured(mesh: SourceMesh, texture: np.ndarray) -> Skin:
    """Every corner a vertex of its own."""
    corners = mesh.triangles.ravel()
    faces = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    return Skin(mesh.positions[corners], faces, mesh.uvs[mesh.uv_triangles.ravel()], texture)


def _lit(mesh: SourceMesh, light: tuple[int, int, int]) -> Skin:
    """In grey, lit from one side."""
    grey = np.linspace(30, 220, 256)[None, :, None]
    ramp = np.repeat(np.repeat(grey, 3, 2), 4, 0).astype(np.uint8)
    shade = np.clip(vertex_normals(mesh.positions, mesh.triangles) @ np.array(light), 0, 1)
    uvs = np.stack([0.01 + 0.98 * shade, np.full_like(shade, 0.5)], 1).astype(np.float32)
    return Skin(mesh.positions, mesh.triangles, uvs, ramp)


def _sampled(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (`POINTS`, 3) evenly over triangles, and their normals."""
    corners = vertices[faces].astype(np.float64)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.linalg.norm(across, axis=1)
    random = np.random.default_rng(0)
    chosen = random.choice(len(faces), POINTS, p=areas / areas.sum())
    first, second = random.random((2, POINTS, 1))
    root = np.sqrt(first)
    weights = np.stack([1 - root, root * (1 - second), root * second], 1)
    points = (weights * corners[chosen]).sum(1)
    return points, across[chosen] / areas[chosen, None]
