"""Masks, given and found: textures and tracking take nothing from beside the head."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from capture_scenes import bumpy_head, painted, ring_of_cameras

from models.cameras import Camera
from models.capture.folder import CaptureFolder, CaptureTake, write_capture, write_picture
from models.mesh import HeadMesh
from models.render.drawables import Drawable
from models.render.raster import BACKGROUND_DEPTH, shared_rasteriser
from models.texture.outline import head_mask
from models.texture.photo import Photo
from models.texture.texturing import Texturer

SIDE, WALL = 384, (70, 160, 90)


def skin(mesh: HeadMesh, vertices: np.ndarray | None = None) -> Drawable:
    """The painted head, or its outline as a mesh elsewhere has it."""
    places = mesh.vertices if vertices is None else vertices.astype(np.float32)
    return Drawable("head", places, mesh.faces, mesh.uvs, painted(256))


def before_a_wall(camera: Camera, mesh: HeadMesh) -> Photo:
    """The head before a green wall with some noise."""
    wall = tuple(value / 255 for value in WALL)
    picture = shared_rasteriser().render([skin(mesh)], camera, wall)
    noise = np.random.default_rng(0).normal(0, 2, picture.shape)
    return Photo(camera, np.clip(picture + noise, 0, 255).astype(np.uint8))


def wide(mesh: HeadMesh) -> np.ndarray:
    """The mesh, standing out beyond the head by a centimetre on both sides."""
    return mesh.vertices * np.array([1.1, 1, 1])


def shares(mask: np.ndarray, true: np.ndarray, wrong: np.ndarray) -> tuple[float, float]:
    """How much of the head, and of what the mesh only claims, a mask keeps."""
    return (mask[true] > 0).mean(), (mask[wrong & ~true] > 0).mean()


@pytest.mark.parametrize("side", [SIDE, 3 * SIDE])
def test_what_stands_out_is_found(side: int) -> None:
    mesh, camera = bumpy_head(), ring_of_cameras(side)[0]
    depth = [
        shared_rasteriser().depth([skin(mesh, places)], camera) < BACKGROUND_DEPTH
        for places in (mesh.vertices, wide(mesh))
    ]
    far = shared_rasteriser().depth([skin(mesh, wide(mesh))], camera)
    head, wall = shares(head_mask(before_a_wall(camera, mesh), far), *depth)
    assert head > 0.95 and wall < 0.02


def test_a_wall_like_the_head_hides_nothing() -> None:
    mesh, camera = bumpy_head(), ring_of_cameras(SIDE)[0]
    depth = shared_rasteriser().depth([skin(mesh)], camera)
    grey = np.full((SIDE, SIDE, 3), 128, np.uint8)
    assert head_mask(Photo(camera, grey), depth).min() == 255
    nothing = np.full_like(depth, BACKGROUND_DEPTH)
    assert head_mask(Photo(camera, grey), nothing).min() == 255
    everywhere = np.full_like(depth, 0.5)
    assert head_mask(Photo(camera, grey), everywhere).min() == 255


def test_what_the_head_surrounds_is_its_own() -> None:
    mesh, camera = bumpy_head(), ring_of_cameras(SIDE)[0]
    photo, depth = before_a_wall(camera, mesh), shared_rasteriser().depth([skin(mesh)], camera)
    painted_eye = photo.picture.copy()
    cv2.circle(painted_eye, (SIDE // 2, SIDE // 2), 12, WALL, -1)
    mask = head_mask(replace(photo, picture=painted_eye), depth)
    assert mask[SIDE // 2 - 12 : SIDE // 2 + 12, SIDE // 2 - 12 : SIDE // 2 + 12].min() == 255


def test_no_wall_in_textures() -> None:
    mesh = bumpy_head()
    photos = {n: before_a_wall(c, mesh) for n, c in enumerate(ring_of_cameras(SIDE))}
    texturer, texture = Texturer(shared_rasteriser(), mesh, 256), painted(256) / 255.0
    believed = {n: replace(p, mask=np.full((SIDE, SIDE), 255, np.uint8)) for n, p in photos.items()}
    worst = []
    for views in (photos, believed):
        found = texturer.mean(wide(mesh).astype(np.float32), views)
        walls = np.abs(found.colour - np.array(WALL) / 255).max(2) < 0.06
        unlike = np.abs(texture - np.array(WALL) / 255).max(2) > 0.15
        worst.append(int((walls & unlike & (found.seen > 0.2)).sum()))
    assert worst[0] < 20 < 200 < worst[1]


def test_masks_that_came_with_the_pictures_are_kept(tmp_path: Path) -> None:
    mesh, camera = bumpy_head(), ring_of_cameras(SIDE)[0]
    bent = replace(camera, distortion=(0.1, 0.0, 0.0, 0.0))
    write_picture(tmp_path, camera.name, "take", 0, before_a_wall(camera, mesh).picture)
    write_capture(tmp_path, [bent], [CaptureTake("take", 30.0, 1, (0,))], mesh)
    left = np.zeros((SIDE, SIDE), np.uint8)
    left[:, : SIDE // 2] = 200
    (tmp_path / "masks" / camera.name).mkdir(parents=True)
    folder = CaptureFolder.open(tmp_path)
    assert Photo.read(folder, bent, "take", 0).mask is None
    cv2.imwrite(str(tmp_path / "masks" / camera.name / "take_000000.png"), left)
    photo = Photo.read(CaptureFolder.open(tmp_path), bent, "take", 0)
    assert set(np.unique(photo.mask)) == {0, 255}
    assert not any(photo.camera.distortion)
    found = Texturer(shared_rasteriser(), mesh, 256).mean(mesh.vertices, {0: photo})
    columns = np.flatnonzero(found.seen.max(0) > 0)
    everywhere = Texturer(shared_rasteriser(), mesh, 256).mean(
        mesh.vertices, {0: replace(photo, mask=None)}
    )
    assert columns.max() < 256 * 0.55 < np.flatnonzero(everywhere.seen.max(0) > 0).max()
