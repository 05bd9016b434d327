"""Regions put together, on pictures and vertices of which every value is known."""

import dataclasses

import cv2
import numpy as np
import pytest
import torch

from models.head.compose import TextureComposer, VertexComposer, crop_texture
from tests.tiny import tiny_mesh

MESH = tiny_mesh((256, 192, 1024))
GREY = np.full((1024, 1024, 3), 100, np.uint8)


def _plain(*levels: int) -> list[np.ndarray]:
    regions = zip(MESH.regions, levels, strict=True)
    return [np.full((r.resolution, r.resolution, 3), level, np.uint8) for r, level in regions]


def test_regions_fade_into_the_face_as_their_windows_say() -> None:
    drawn = TextureComposer(MESH, GREY)(_plain(200, 100, 100, 100))
    mouth = MESH.region("mouth")
    row, column, rows, columns = mouth.crop
    crop = drawn[row : row + rows, column : column + columns, 0].astype(float)
    np.testing.assert_allclose(crop, 100 + 100 * mouth.window(), atol=1.0)
    assert crop[0].max() < 103 and crop[rows // 2, columns // 2] == 200
    outside = drawn.copy()
    outside[row : row + rows, column : column + columns] = 100
    assert (outside == 100).all()


def test_pictures_keep_their_top_at_the_top() -> None:
    textures = _plain(100, 100, 100, 100)
    textures[-1][:10] = 250
    mouth = textures[0]
    mouth[: len(mouth) // 2] = 200
    drawn = TextureComposer(MESH, GREY)(textures)
    row, column, rows, columns = MESH.region("mouth").crop
    middle = column + columns // 2
    assert (drawn[:10] == 250).all() and (drawn[-10:] == 100).all()
    assert (drawn[row + int(0.4 * rows), middle] == 200).all()
    assert (drawn[row + int(0.6 * rows), middle] == 100).all()


def test_the_base_textures_detail_comes_back_once() -> None:
    """A face decoded as the base texture itself, at an eighth of its size, is the base texture."""
    rng = np.random.default_rng(0)
    base = rng.integers(60, 190, (1024, 1024, 3), np.uint8)
    mesh = tiny_mesh((32, 24, 128))
    textures = [crop_texture(base, region) for region in mesh.regions]
    drawn = TextureComposer(mesh, base)(textures).astype(int)
    assert np.abs(drawn - base).max() <= 2
    blurred = cv2.resize(textures[-1], (1024, 1024), interpolation=cv2.INTER_LINEAR)
    assert np.abs(blurred.astype(int) - base).mean() > 20


def test_vertices_are_shared_out_by_the_soft_masks() -> None:
    """Regions that agree move every vertex once; those that do not, each by its share."""
    parts = (0.5, 1.0, 1.0, 1.0)  # the masks need not add up to one
    regions = tuple(
        dataclasses.replace(region, vertex_mask=part * region.vertex_mask)
        for part, region in zip(parts, MESH.regions, strict=True)
    )
    indices = [np.flatnonzero(region.vertex_mask > 1e-3) for region in regions]
    composer = VertexComposer(dataclasses.replace(MESH, regions=regions), indices, "cpu")
    shift = np.array([0.01, 0.02, -0.03], np.float32)
    moved = [torch.from_numpy(MESH.vertices[index] + shift)[None] for index in indices]
    np.testing.assert_allclose(composer(moved)[0], MESH.vertices + shift, atol=1e-6)
    moved[0] = torch.from_numpy(MESH.vertices[indices[0]] - shift)[None]
    masks = np.stack([region.vertex_mask for region in regions])
    share = (masks[0] / masks.sum(0))[:, None]
    expected = MESH.vertices + shift * (1 - 2 * share)
    np.testing.assert_allclose(composer(moved)[0], expected, atol=1e-5)


def test_vertices_that_no_region_moves_stay() -> None:
    nothing = [np.empty(0, np.int64)] * len(MESH.regions)
    composer = VertexComposer(MESH, nothing, "cpu")
    found = composer([torch.zeros(2, 0, 3)] * len(MESH.regions))
    np.testing.assert_array_equal(found, np.stack([MESH.vertices] * 2))


@pytest.mark.parametrize("side", [24, 96, 256])
def test_crops_keep_their_brightness(side: int) -> None:
    region = tiny_mesh((side, 24, 64)).region("mouth")
    texture = np.zeros((1024, 1024), np.uint8)
    row, column, rows, columns = region.crop
    texture[row : row + rows // 2, column : column + columns] = 200
    crop = crop_texture(texture, region)
    assert crop.shape == (side, side)
    assert crop.mean() == pytest.approx(100, abs=2) and crop[: side // 3].min() == 200
