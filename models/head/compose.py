"""Puts the regions' decoded textures and vertices together into one face without a seam."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..mesh import HeadMesh, Region


class TextureComposer:
    """Draws the face's texture, then each local one over it through its soft window.

    A texture decoded at less than its crop's size is enlarged, and the base texture's detail that
    is lost at that size is put back.
    """

    def __init__(self, mesh: HeadMesh, base: np.ndarray, device: str) -> None:
        """Prepare.

        Args:
            mesh: Whose regions to draw.
            base: (1024, 1024, 3) uint8 texture with the static detail.
            device: Where decoded textures are.
        """
        face_first = sorted(mesh.regions, key=lambda region: region.name != "face")
        self._places = [mesh.regions.index(region) for region in face_first]
        self._regions = face_first
        atlas = torch.from_numpy(base.copy()).permute(2, 0, 1)[None].to(device)
        atlas = atlas.contiguous(memory_format=torch.channels_last)
        self._details = [_lost_detail(atlas, region) for region in face_first]
        self._windows = [
            torch.from_numpy(region.window()).to(device)[None, None] for region in face_first
        ]

    def __call__(self, textures: list[Tensor]) -> Tensor:
        """Regions' textures (1, 3, R, R) 0…1, in the mesh's order → (1024, 1024, 3) uint8."""
        atlas = None
        steps = zip(self._regions, self._places, self._details, self._windows, strict=True)
        for region, place, detail, window in steps:
            drawn = _enlarged(to_bytes(textures[place]), region)
            if detail is not None:
                drawn = drawn.to(torch.int16).add_(detail).clamp_(0, 255).to(torch.uint8)
            if atlas is None:
                atlas = drawn
                continue
            row, column, rows, columns = region.crop
            under = atlas[:, :, row : row + rows, column : column + columns]
            under.copy_(torch.lerp(under.float(), drawn.float(), window).round_())
        return atlas[0].permute(1, 2, 0)


def to_bytes(texture: Tensor) -> Tensor:
    """SRGB 0…1 (batch, 3, H, W) → uint8, channels last."""
    texture = texture.contiguous(memory_format=torch.channels_last)
    return texture.mul(255).round_().clamp_(0, 255).to(torch.uint8)


def _enlarged(texture: Tensor, region: Region) -> Tensor:
    rows, columns = region.crop[2:]
    if texture.shape[2:] == (rows, columns):
        return texture
    if texture.is_cuda:  # has no interpolation of bytes
        large = functional.interpolate(texture.float(), (rows, columns), mode="bilinear")
        return large.round_().to(torch.uint8)
    return functional.interpolate(texture, (rows, columns), mode="bilinear")


def _lost_detail(atlas: Tensor, region: Region) -> Tensor | None:
    """What of the base texture the region's resolution cannot hold, int16; None when it can."""
    row, column, rows, columns = region.crop
    crop = atlas[:, :, row : row + rows, column : column + columns]
    side = (region.resolution, region.resolution)
    if side == (rows, columns):
        return None
    small = to_bytes(functional.interpolate(crop.float() / 255, side, mode="area"))
    return crop.to(torch.int16) - _enlarged(small, region).to(torch.int16)


class VertexComposer:
    """Blends the regions' vertices by their soft vertex masks."""

    def __init__(self, mesh: HeadMesh, indices: list[np.ndarray], device: str) -> None:
        """Prepare for regions that move the vertices `indices`."""
        masks = np.zeros((len(mesh.regions), len(mesh.vertices)), np.float32)
        for row, region, index in zip(masks, mesh.regions, indices, strict=True):
            row[index] = region.vertex_mask[index]
        masks /= np.maximum(masks.sum(0), 1e-6)
        self._indices = [torch.from_numpy(index.astype(np.int64)).to(device) for index in indices]
        self._masks = [
            torch.from_numpy(row[index]).to(device)[:, None]
            for row, index in zip(masks, indices, strict=True)
        ]
        # a vertex that no region moves stays where it is
        still = torch.from_numpy(mesh.vertices * (masks.sum(0) < 0.5)[:, None])
        self._still = still.to(device)

    def __call__(self, vertices: list[Tensor]) -> Tensor:
        """Regions' vertices (n, V_r, 3) in metres → (n, V, 3)."""
        whole = self._still.repeat(len(vertices[0]), 1, 1)
        for part, index, mask in zip(vertices, self._indices, self._masks, strict=True):
            whole.index_add_(1, index, part * mask)
        return whole

    def parts(self, chosen: np.ndarray) -> tuple[Tensor, list[tuple[Tensor, Tensor, Tensor]]]:
        """What `chosen` (n,) vertices are made of.

        Returns:
            Where the unmoved ones are (n, 3), and for each region: rows of its vertices, their
            places in `chosen`, their masks (rows, 1).
        """
        wanted = torch.from_numpy(np.asarray(chosen, np.int64)).to(self._still.device)
        parts = []
        for index, mask in zip(self._indices, self._masks, strict=True):
            places, rows = torch.nonzero(wanted[:, None] == index, as_tuple=True)
            parts.append((rows, places, mask[rows]))
        return self._still[wanted], parts
