"""A performance's pictured frames as one set of arrays per region, in memory."""

from dataclasses import dataclass

import cv2
import numpy as np

from ...errors import CaptureError
from ...mesh import ATLAS_SIZE, HeadMesh, Region
from ...performance import Performance, Take
from ...progress import Progress, silent
from ..compose import crop_texture
from .region_pca import VertexBasis, fit_vertex_basis

NEUTRAL_FRAMES = 6
MOST_FRAMES = 4000
"""Frames that are learnt from, evenly over all pictured ones: 6.4 GB of memory, and neighbours in
long captures look alike. The others' codes come from their motion, as of unpictured ones."""


@dataclass(frozen=True)
class RegionData:
    """What a region's model learns from.

    Attributes:
        region: Its place in the atlas and in the mesh.
        owned: (R, R) how much of each texel this region shows, 0…1.
        basis: Linear basis of its vertices.
        texture: (n, R, R, 3) uint8.
        seen: (n, R, R) uint8.
        geometry: (n, K) coefficients in `basis`, millimetres.
    """

    region: Region
    owned: np.ndarray
    basis: VertexBasis
    texture: np.ndarray
    seen: np.ndarray
    geometry: np.ndarray


@dataclass(frozen=True)
class TrainingData:
    """Pictured frames of a performance.

    Attributes:
        mesh: The head's mesh.
        regions: In the mesh's order.
        train: (n,) bool, the other frames are held out.
        controls: (n, C) coefficients of the mesh's linear model.
        vertices: (n, V, 3) metres.
        frames: (take, frame) of each.
        base: (1024, 1024, 3) uint8: mean of the training textures; eyes and mouth at rest.
    """

    mesh: HeadMesh
    regions: tuple[RegionData, ...]
    train: np.ndarray
    controls: np.ndarray
    vertices: np.ndarray
    frames: list[tuple[Take, int]]
    base: np.ndarray

    def region(self, name: str) -> RegionData:
        """The data of the region called `name`."""
        return next(data for data in self.regions if data.region.name == name)


def atlas_windows(mesh: HeadMesh) -> np.ndarray:
    """How much of each texel the local models show, (1024, 1024) float32 0…1."""
    shown = np.zeros((ATLAS_SIZE, ATLAS_SIZE), np.float32)
    for region in mesh.regions:
        if region.name != "face":
            row, column, rows, columns = region.crop
            place = shown[row : row + rows, column : column + columns]
            np.maximum(place, region.window(), out=place)
    return shown


def load_training_data(performance: Performance, progress: Progress = silent) -> TrainingData:
    """Read pictured frames, every one of short captures.

    Raises:
        CaptureError: There are no pictures to train on, or a picture is damaged.
    """
    frames = [(take, int(frame)) for take in performance.takes for frame in take.pictured]
    if len(frames) > MOST_FRAMES:
        frames = [frames[k] for k in np.linspace(0, len(frames) - 1, MOST_FRAMES).astype(int)]
    train = np.array([take.split == "train" for take, _ in frames], bool)
    if not train.any():
        raise CaptureError("The performance has no pictured frames in takes for training.")
    mesh, count = performance.mesh, len(frames)
    textures = [np.empty((count, r.resolution, r.resolution, 3), np.uint8) for r in mesh.regions]
    seens = [np.empty((count, r.resolution, r.resolution), np.uint8) for r in mesh.regions]
    controls = np.stack([take.controls[frame] for take, frame in frames]).astype(np.float32)
    neutral = _most_neutral(controls, train)
    base = _BaseTexture(mesh)
    for place, (take, frame) in enumerate(frames):
        texture, seen = (_atlas_sized(a) for a in performance.texture(take, frame))
        for target, mask, region in zip(textures, seens, mesh.regions, strict=True):
            target[place], mask[place] = crop_texture(texture, region), crop_texture(seen, region)
        if train[place]:
            base.add(texture, seen, place in neutral)
        progress((place + 1) / count, f"reading textures: {place + 1} of {count}")
    vertices = np.concatenate(
        [performance.vertices(take, slice(frame, frame + 1)) for take, frame in frames]
    )
    shown = atlas_windows(mesh)
    regions = []
    for region, texture, seen in zip(mesh.regions, textures, seens, strict=True):
        basis = fit_vertex_basis(vertices[train], region.vertex_mask)
        owned = 1 - crop_texture(shown, region) if region.name == "face" else _window(region)
        regions.append(
            RegionData(region, owned, basis, texture, seen, basis.coefficients(vertices))
        )
    return TrainingData(mesh, tuple(regions), train, controls, vertices, frames, base.result())


def _window(region: Region) -> np.ndarray:
    return cv2.resize(region.window(), (region.resolution, region.resolution))


def _most_neutral(controls: np.ndarray, train: np.ndarray) -> set[int]:
    size = np.where(train, np.linalg.norm(controls, axis=1), np.inf)
    return set(np.argsort(size)[: min(NEUTRAL_FRAMES, int(train.sum()))].tolist())


def _atlas_sized(texture: np.ndarray) -> np.ndarray:
    if texture.shape[:2] == (ATLAS_SIZE, ATLAS_SIZE):
        return texture
    return cv2.resize(texture, (ATLAS_SIZE, ATLAS_SIZE), interpolation=cv2.INTER_AREA)


class _BaseTexture:
    """Sums textures by how well their texels were seen; the rest pose's frames apart."""

    def __init__(self, mesh: HeadMesh) -> None:
        self._mesh = mesh
        self._sums = np.zeros((2, ATLAS_SIZE, ATLAS_SIZE, 3), np.float32)
        self._weights = np.zeros((2, ATLAS_SIZE, ATLAS_SIZE, 1), np.float32)

    def add(self, texture: np.ndarray, seen: np.ndarray, neutral: bool) -> None:
        """Count a texture; `neutral`: it also shows the rest pose."""
        share = (seen.astype(np.float32) / 255 + 1e-4)[..., None]
        for place in (0, 1) if neutral else (0,):
            self._sums[place] += texture * share
            self._weights[place] += share

    def result(self) -> np.ndarray:
        """(1024, 1024, 3) uint8."""
        mean, neutral = self._sums / self._weights
        shown = atlas_windows(self._mesh)[..., None]
        return np.rint(mean + shown * (neutral - mean)).clip(0, 255).astype(np.uint8)
