"""Puts the regions' decoded textures and vertices together into one face without a seam.

Textures are put together in bytes by OpenCV, whose saturating arithmetic takes a millisecond or two
for a whole atlas: less than a GPU needs to send that atlas back. They are drawn bottom row first,
as images lie in Blender's memory; turning a whole atlas over would cost as much again.
"""

import cv2
import numpy as np
import torch
from torch import Tensor

from ..mesh import HeadMesh, Region


class TextureComposer:
    """Draws the face's texture, then each local one over it through its soft window.

    A texture decoded at less than its crop's size is enlarged, and the base texture's detail that
    is lost at that size is put back.
    """

    def __init__(self, mesh: HeadMesh, base: np.ndarray) -> None:
        """Prepare.

        Args:
            mesh: Whose regions to draw.
            base: (1024, 1024, 3) uint8 texture with the static detail.
        """
        face_first = sorted(mesh.regions, key=lambda region: region.name != "face")
        self._places = [mesh.regions.index(region) for region in face_first]
        self._regions = face_first
        self._side = len(base)
        self._details = [_lost_detail(base, region) for region in face_first]
        windows = [cv2.flip(region.window(), 0) for region in face_first]
        self._windows = [(window, 1 - window) for window in windows]

    def __call__(self, textures: list[np.ndarray]) -> np.ndarray:
        """Put one frame together.

        Args:
            textures: Regions' textures (R, R, 3) uint8, in the mesh's order, top row first.

        Returns:
            (1024, 1024, 3) uint8, top row first: a view of memory with the bottom row first.
        """
        atlas: np.ndarray | None = None
        steps = zip(self._regions, self._places, self._details, self._windows, strict=True)
        for region, place, detail, windows in steps:
            drawn = _enlarged(cv2.flip(textures[place], 0), region)
            if detail is not None:
                drawn = cv2.subtract(cv2.add(drawn, detail[0]), detail[1])
            if atlas is None:
                atlas = drawn
                continue
            row, column, rows, columns = region.crop
            bottom = self._side - row
            under = atlas[bottom - rows : bottom, column : column + columns]
            under[:] = cv2.blendLinear(drawn, np.ascontiguousarray(under), *windows)
        if atlas is None:
            raise ValueError("there is no region to put together")
        return atlas[::-1]


def _enlarged(texture: np.ndarray, region: Region) -> np.ndarray:
    rows, columns = region.crop[2:]
    if texture.shape[:2] == (rows, columns):
        return texture
    return cv2.resize(texture, (columns, rows), interpolation=cv2.INTER_LINEAR)


def _lost_detail(base: np.ndarray, region: Region) -> tuple[np.ndarray, np.ndarray] | None:
    """What of the base texture the region's resolution cannot hold, as bytes to add and to take.

    Bottom row first; None where it can hold everything.
    """
    row, column, rows, columns = region.crop
    crop = base[row : row + rows, column : column + columns]
    side = (region.resolution, region.resolution)
    if side == (rows, columns):
        return None
    crop = cv2.flip(crop, 0)
    kept = _enlarged(cv2.resize(crop, side, interpolation=cv2.INTER_AREA), region)
    return cv2.subtract(crop, kept), cv2.subtract(kept, crop)


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


def crop_texture(texture: np.ndarray, region: Region) -> np.ndarray:
    """A region's square texture (R, R[, 3]) out of an atlas texture."""
    row, column, rows, columns = region.crop
    crop = texture[row : row + rows, column : column + columns]
    if crop.shape[:2] == (region.resolution, region.resolution):
        return crop
    smaller = region.resolution < rows
    side = (region.resolution, region.resolution)
    return cv2.resize(crop, side, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
