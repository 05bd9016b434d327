"""A head ready for use: codes to vertices and texture and back, sliders, examples."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import torch
from torch import Tensor

from ..device import choose_device
from ..errors import HeadFileError
from ..mesh import ATLAS_SIZE, REGION_NAMES, HeadMesh, moved_vertices
from .codes import CodeSpace, ExampleSet, Slider
from .compose import TextureComposer, VertexComposer, crop_texture
from .file import HeadFile, read_head_file
from .region_network import RegionDims
from .weights import unpack_network

log = logging.getLogger(__name__)
CHUNK = 1024


@dataclass(frozen=True)
class HeadInfo:
    """What a head file says about itself.

    Attributes:
        name: The actor.
        schema: Of the file.
        fps: Frames a second of the examples.
        licence: Under which the head may be used.
        consent: Who agreed to what.
        provenance: How it was made.
        credits: Whose work it holds.
        training: Figures of the training.
        sha256: Of the file.
    """

    name: str
    schema: int
    fps: float
    licence: str
    consent: str
    provenance: str
    credits: list
    training: dict = field(default_factory=dict)
    sha256: str = ""

    @classmethod
    def from_file(cls, file: HeadFile) -> "HeadInfo":
        """Pick it out of head.json."""
        document = file.document
        texts = {key: str(document[key]) for key in ("name", "licence", "consent", "provenance")}
        return cls(
            **texts,
            schema=int(document["schema"]),
            fps=float(document["fps"]),
            credits=list(document["credits"]),
            training=dict(document.get("training", {})),
            sha256=file.sha256,
        )


@dataclass(frozen=True)
class Decoded:
    """One frame.

    Attributes:
        vertices: (V, 3) head-local metres, float32.
        texture: (1024, 1024, 3) sRGB uint8, row 0 is the top (a view: in memory the last is first).
    """

    vertices: np.ndarray
    texture: np.ndarray


class Head:
    """A head file, opened. All methods may be called from several threads at once."""

    def __init__(self, file: HeadFile, device: str | None = None) -> None:
        """Build the networks of an already read file (`Head.open` reads it).

        Raises:
            HeadFileError: Weights, sliders or examples do not fit each other.
        """
        self.info = HeadInfo.from_file(file)
        self.mesh: HeadMesh = file.mesh
        self.base_texture = file.base_texture
        self.thumbnail = file.thumbnail
        self.sliders = tuple(
            Slider(str(s["name"]), str(s["region"]), float(s["low"]), float(s["high"]))
            for s in file.document["sliders"]
        )
        try:
            dims = [RegionDims.from_dict(region["dims"]) for region in file.document["regions"]]
            self.space = CodeSpace.from_tensors(file.tensors, [d.code for d in dims])
            self.examples = ExampleSet.from_arrays(file.examples)
            _check_sizes(self.mesh, dims, self.examples, len(self.sliders))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise HeadFileError(f"The head's parts do not fit each other: {error}.") from error
        self.device = choose_device(device)
        try:
            self._build(file, dims)
        except torch.cuda.OutOfMemoryError:
            log.warning("The head runs on the CPU: the GPU has too little free memory.")
            self.device = "cpu"
            self._build(file, dims)

    @classmethod
    def open(cls, path: Path | str, device: str | None = None) -> Self:
        """Read a head file.

        Args:
            path: The `.nface` file.
            device: "cpu", "cuda" or None for the best there is.

        Raises:
            HeadFileError: The file cannot be used; the message says why.
        """
        return cls(read_head_file(Path(path)), device)

    def _build(self, file: HeadFile, dims: list[RegionDims]) -> None:
        self.networks = [
            unpack_network(region.name, size, file.tensors, self.device)
            for region, size in zip(self.mesh.regions, dims, strict=True)
        ]
        indices = [moved_vertices(region.vertex_mask) for region in self.mesh.regions]
        self._compose_texture = TextureComposer(self.mesh, self.base_texture)
        self._compose_vertices = VertexComposer(self.mesh, indices, self.device)
        self._axes = [self._tensor(axes) for axes in self.space.axes]
        self._origins = [self._tensor(origin) for origin in self.space.origins]

    @property
    def regions(self) -> dict[str, slice]:
        """Where each region's values are in a code."""
        return dict(zip(REGION_NAMES, self.space.slices, strict=True))

    @property
    def code_size(self) -> int:
        """Z, elements of an expression code."""
        return len(self.sliders)

    def decode(self, code: np.ndarray) -> Decoded:
        """The face of a code (Z,).

        Raises:
            ValueError: The code has another size or is not finite.
        """
        with torch.inference_mode():
            latents = self._latents(self._checked(np.asarray(code)[None]))
            pairs = zip(self.networks, latents, strict=True)
            textures = [network.decode_bytes(latent) for network, latent in pairs]
            vertices = self._compose_vertices(self._region_vertices(latents))[0]
            textures = [texture.cpu().numpy() for texture in textures]
            return Decoded(vertices.cpu().numpy(), self._compose_texture(textures))

    def decode_vertices(self, codes: np.ndarray) -> np.ndarray:
        """Vertices (T, V, 3) of codes (T, Z), without texture."""
        codes = self._checked(codes)
        with torch.inference_mode():
            parts = [
                self._compose_vertices(self._region_vertices(self._latents(part))).cpu().numpy()
                for part in np.split(codes, range(CHUNK, len(codes), CHUNK))
            ]
        return np.concatenate(parts)

    def decode_points(self, codes: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """Some vertices (T, n, 3), `chosen` (n,), of codes (T, Z): fast enough for many takes."""
        with torch.inference_mode():
            still, parts = self._compose_vertices.parts(chosen)
            latents = self._latents(self._checked(codes))
            points = still.repeat(len(codes), 1, 1)
            for network, latent, (rows, places, mask) in zip(
                self.networks, latents, parts, strict=True
            ):
                moved = network.some_vertices(network.decode_geometry(latent), rows)
                points.index_add_(1, places, moved * mask)
        return points.cpu().numpy()

    def lip_gaps(self, codes: np.ndarray) -> np.ndarray:
        """How far the lips of codes (T, Z) are apart beyond rest (T,), metres."""
        return self.mesh.lip_gap_of_points(self.decode_points(codes, self.mesh.lip_points))

    def decode_regions(self, code: np.ndarray) -> dict[str, np.ndarray]:
        """Each region's own texture (R, R, 3) float32 0…1 of a code (Z,), not yet composed."""
        with torch.inference_mode():
            latents = self._latents(self._checked(np.asarray(code)[None]))
            parts = zip(self.mesh.regions, self.networks, latents, strict=True)
            return {
                region.name: network.decode_texture(latent)[0].cpu().numpy()
                for region, network, latent in parts
            }

    def encode(
        self, vertices: np.ndarray, texture: np.ndarray, seen: np.ndarray | None = None
    ) -> np.ndarray:
        """The code (Z,) of a frame.

        Args:
            vertices: (V, 3) head-local metres.
            texture: (H, W, 3) uint8 atlas texture.
            seen: (H, W) uint8, how well each texel was seen; everything when None.
        """
        side = (self.base_texture.shape[1], self.base_texture.shape[0])
        if seen is None:
            seen = np.full(texture.shape[:2], 255, np.uint8)
        if texture.shape[:2] != side:
            texture, seen = (
                cv2.resize(a, side, interpolation=cv2.INTER_AREA) for a in (texture, seen)
            )
        latents = []
        with torch.inference_mode():
            for region, network in zip(self.mesh.regions, self.networks, strict=True):
                crops = crop_texture(texture, region), crop_texture(seen, region)
                moved = vertices[moved_vertices(region.vertex_mask)].astype(np.float32)
                geometry = network.coefficients(self._tensor(moved)[None])
                residual = network.residual(*(self._tensor(crop)[None] for crop in crops))
                latents.append(network.encode(residual, geometry)[0].cpu().numpy())
        return self.space.codes(latents)[0]

    def mirrored(self, code: np.ndarray) -> np.ndarray:
        """The code (..., Z) of the face seen in a mirror."""
        return (np.asarray(code, np.float32) @ self.space.mirror).astype(np.float32)

    def capture_distance(self, code: np.ndarray) -> float:
        """How unlike the capture a code (Z,) is: 1 at the capture's edge, more outside."""
        return float(self.space.distance(code))

    def _checked(self, codes: np.ndarray) -> np.ndarray:
        codes = np.asarray(codes, np.float32)
        if codes.ndim != 2 or codes.shape[1] != self.code_size or not np.isfinite(codes).all():
            raise ValueError(f"a code has {self.code_size} finite numbers, not {codes.shape[1:]}")
        return codes

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    def _latents(self, codes: np.ndarray) -> list[Tensor]:
        values = self._tensor(codes)
        parts = zip(self.space.slices, self._axes, self._origins, strict=True)
        return [values[:, place] @ axes + origin for place, axes, origin in parts]

    def _region_vertices(self, latents: list[Tensor]) -> list[Tensor]:
        pairs = zip(self.networks, latents, strict=True)
        return [network.vertices(network.decode_geometry(latent)) for network, latent in pairs]


def _check_sizes(
    mesh: HeadMesh, dims: list[RegionDims], examples: ExampleSet, code_size: int
) -> None:
    """Raise ValueError unless mesh, networks and examples belong together."""
    for region, size in zip(mesh.regions, dims, strict=True):
        if len(moved_vertices(region.vertex_mask)) != size.vertices:
            raise ValueError(f"{region.name} moves another number of vertices than its network")
        if region.resolution != size.resolution:
            raise ValueError(f"{region.name} has another resolution than its network")
        row, column, rows, columns = region.crop
        if (
            min(row, column) < 0
            or min(rows, columns) < 1
            or max(row + rows, column + columns) > ATLAS_SIZE
        ):
            raise ValueError(f"{region.name} lies outside the texture")
    if examples.codes.shape[1:] != (code_size,):
        raise ValueError("the examples have another code size than the sliders")
