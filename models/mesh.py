"""The head's mesh: topology, atlas, regions, landmarks, linear basis and attached parts."""

from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from .errors import CaptureError
from .files import read_arrays, write_arrays

REGION_NAMES = ("mouth", "left_eye", "right_eye", "face")
ATLAS_SIZE = 1024
LIP_CONTACT = 0.0008
"""Lips whose paired rims are less than this many metres further apart than at rest touch."""


@dataclass(frozen=True)
class Region:
    """A part of the face with a model of its own.

    Attributes:
        name: One of `REGION_NAMES`.
        crop: (row, column, rows, columns) in texels of the atlas.
        resolution: Side of the square texture that the region's model decodes.
        vertex_mask: (V,) soft share of each vertex; the regions' masks sum to one.
    """

    name: str
    crop: tuple[int, int, int, int]
    resolution: int
    vertex_mask: np.ndarray

    def window(self) -> np.ndarray:
        """Soft weight of the region's texture inside its crop, (rows, columns) float32 0…1."""
        rows, columns = self.crop[2:]
        if self.name == "face":
            return np.ones((rows, columns), np.float32)
        return np.outer(_ramp(rows), _ramp(columns)).astype(np.float32)


def _ramp(size: int, feather: float = 0.16) -> np.ndarray:
    distance = (np.minimum(np.arange(size), np.arange(size)[::-1]) + 0.5) / (feather * size)
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(distance, 0, 1))


@dataclass(frozen=True)
class Part:
    """A static mesh that follows the head: hair, lashes.

    Attributes:
        name: For people.
        faces: (F, 3) int32.
        uvs: (P, 2) one per vertex.
        texture: PNG bytes, RGBA.
        triangles: (P, 3) int32 head vertices each part vertex is bound to.
        weights: (P, 3) their weights.
        offsets: (P, 3) metres in the frame of that triangle (`triangle_frames`).
    """

    name: str
    faces: np.ndarray
    uvs: np.ndarray
    texture: bytes
    triangles: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray

    def positions(self, vertices: np.ndarray) -> np.ndarray:
        """Part vertices (P, 3) for head vertices (V, 3)."""
        corners = vertices[self.triangles]
        anchors = np.einsum("pk,pkc->pc", self.weights, corners)
        return anchors + np.einsum("pij,pj->pi", triangle_frames(corners), self.offsets)


def triangle_frames(corners: np.ndarray) -> np.ndarray:
    """Orthonormal frames (P, 3, 3), columns along edge, across and normal, of (P, 3, 3) corners."""
    along = _unit(corners[:, 1] - corners[:, 0])
    normal = _unit(np.cross(along, corners[:, 2] - corners[:, 0]))
    return np.stack([along, np.cross(normal, along), normal], axis=-1)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


@dataclass(frozen=True)
class HeadMesh:
    """Everything of a head that does not change from frame to frame.

    Attributes:
        vertices: (V, 3) neutral, metres, Blender axes, float32.
        faces: (F, 3) int32.
        uvs: (V, 2) one per vertex, v up.
        regions: In the order of `REGION_NAMES`.
        landmarks: Vertex indices by name.
        pivot: (3,) point the head turns about.
        control_names: Names of the linear face model's coefficients.
        basis: (C, V, 3) the linear face model: vertices = neutral + controls @ basis.
        parts: Hair and lashes.
    """

    vertices: np.ndarray
    faces: np.ndarray
    uvs: np.ndarray
    regions: tuple[Region, ...]
    landmarks: dict[str, np.ndarray]
    pivot: np.ndarray
    control_names: tuple[str, ...]
    basis: np.ndarray
    parts: tuple[Part, ...] = field(default=())

    def pose(self, controls: np.ndarray) -> np.ndarray:
        """Vertices (..., V, 3) of controls (..., C)."""
        flat = np.asarray(controls, np.float32) @ self.basis.reshape(len(self.basis), -1)
        return self.vertices + flat.reshape(*flat.shape[:-1], len(self.vertices), 3)

    def region(self, name: str) -> Region:
        """The region called `name`."""
        return self.regions[REGION_NAMES.index(name)]

    @property
    def lip_points(self) -> np.ndarray:
        """(6,) vertices that tell the lip gap: the middle three of upper and lower rim."""
        sides = (self.landmarks[f"inner_lip_{side}"][2:5] for side in ("upper", "lower"))
        return np.concatenate(list(sides))

    def lip_gap(self, vertices: np.ndarray) -> np.ndarray:
        """How far the lips are apart beyond rest, (...,) metres, for vertices (..., V, 3)."""
        return self.lip_gap_of_points(np.asarray(vertices)[..., self.lip_points, :])

    def lip_gap_of_points(self, points: np.ndarray) -> np.ndarray:
        """Like `lip_gap`, for the positions (..., 6, 3) of `lip_points` alone."""

        def distance(p: np.ndarray) -> np.ndarray:
            return np.linalg.norm(p[..., :3, :] - p[..., 3:, :], axis=-1).mean(-1)

        return distance(points) - distance(self.vertices[self.lip_points])

    def arrays(self) -> dict[str, np.ndarray]:
        """Plain arrays for an .npz; `from_arrays` reverses it."""
        arrays = {
            name: getattr(self, name) for name in ("vertices", "faces", "uvs", "pivot", "basis")
        }
        arrays["control_names"] = np.array(self.control_names)
        for region in self.regions:
            prefix = f"region/{region.name}"
            arrays[f"{prefix}/crop"] = np.array(region.crop, np.int32)
            arrays[f"{prefix}/resolution"] = np.array(region.resolution, np.int32)
            arrays[f"{prefix}/vertex_mask"] = region.vertex_mask
        for name, indices in self.landmarks.items():
            arrays[f"landmark/{name}"] = np.asarray(indices, np.int32)
        for part in self.parts:
            for item in fields(Part)[1:]:
                value = getattr(part, item.name)
                value = np.frombuffer(value, np.uint8) if isinstance(value, bytes) else value
                arrays[f"part/{part.name}/{item.name}"] = value
        return arrays

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "HeadMesh":
        """Rebuild from `arrays`.

        Raises:
            CaptureError: An array is missing or does not fit the others.
        """
        try:
            mesh = cls(
                vertices=arrays["vertices"].astype(np.float32),
                faces=arrays["faces"].astype(np.int32),
                uvs=arrays["uvs"].astype(np.float32),
                regions=tuple(_region(arrays, name) for name in REGION_NAMES),
                landmarks={
                    key.split("/", 1)[1]: value
                    for key, value in arrays.items()
                    if key.startswith("landmark/")
                },
                pivot=arrays["pivot"],
                control_names=tuple(str(name) for name in arrays["control_names"]),
                basis=arrays["basis"].astype(np.float32),
                parts=_parts(arrays),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise CaptureError(f"The head's mesh is incomplete: {error}.") from error
        mesh.check()
        return mesh

    def check(self) -> None:
        """Raise CaptureError unless all sizes and indices fit."""
        count = len(self.vertices)
        indices = [self.faces, *self.landmarks.values(), *(p.triangles for p in self.parts)]
        fits = (
            self.vertices.shape == (count, 3)
            and self.uvs.shape == (count, 2)
            and self.basis.shape == (len(self.control_names), count, 3)
            and all(region.vertex_mask.shape == (count,) for region in self.regions)
            and all(i.size == 0 or (i.min() >= 0 and i.max() < count) for i in indices)
            and np.isfinite(self.vertices).all()
        )
        if not fits:
            raise CaptureError("The head's mesh does not fit together: sizes or indices are wrong.")

    def save(self, path: Path) -> None:
        """Write to an .npz atomically."""
        write_arrays(path, **self.arrays())

    @classmethod
    def load(cls, path: Path) -> "HeadMesh":
        """Read an .npz written by `save`."""
        return cls.from_arrays(read_arrays(path))


def _region(arrays: dict[str, np.ndarray], name: str) -> Region:
    prefix = f"region/{name}"
    crop = arrays[f"{prefix}/crop"].tolist()
    return Region(
        name=name,
        crop=(crop[0], crop[1], crop[2], crop[3]),
        resolution=int(arrays[f"{prefix}/resolution"]),
        vertex_mask=arrays[f"{prefix}/vertex_mask"].astype(np.float32),
    )


def _parts(arrays: dict[str, np.ndarray]) -> tuple[Part, ...]:
    names = sorted({key.split("/")[1] for key in arrays if key.startswith("part/")})
    parts = []
    for name in names:
        values = {item.name: arrays[f"part/{name}/{item.name}"] for item in fields(Part)[1:]}
        texture = values.pop("texture").tobytes()
        parts.append(Part(name=name, texture=texture, **values))
    return tuple(parts)


def moved_vertices(mask: np.ndarray) -> np.ndarray:
    """Vertices (V,) that a region with this soft mask (V_mesh,) has a share in."""
    return np.flatnonzero(mask > 1e-3).astype(np.int32)
