"""Fine alignment: a known shift is undone, a wrong mesh's texture stands still, bounds hold."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from capture_scenes import bumpy_head, painted, ring_of_cameras

from models.mesh import HeadMesh
from models.render.drawables import Drawable
from models.render.raster import shared_rasteriser
from models.texture.flow import (
    LARGEST,
    TextureAligner,
    _improves,
    calculator,
    measured,
    texels_per_metre,
)
from models.texture.photo import Photo
from models.texture.texturing import Texturer
from models.texture.view_texture import view_of

SIZE = 512
SCALE = 1200.0
"""Pixels per metre."""


def moved(picture: np.ndarray, x: float, y: float) -> np.ndarray:
    matrix = np.float32([[1, 0, x], [0, 1, y]])
    return cv2.warpAffine(
        picture, matrix, picture.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )


def test_a_known_shift_is_measured() -> None:
    picture = cv2.cvtColor(painted(256), cv2.COLOR_RGB2GRAY)
    everywhere = np.full((256, 256), 255, np.uint8)
    darker = cv2.convertScaleAbs(moved(picture, 1.3, -0.7), alpha=0.8)
    found = measured(calculator(), picture, darker, everywhere, SCALE)[20:-20, 20:-20]
    np.testing.assert_allclose(found.mean((0, 1)), (1.3, -0.7), atol=0.15)
    assert np.percentile(np.linalg.norm(found - (1.3, -0.7), axis=-1), 95) < 0.3


def test_only_shifts_that_make_pictures_agree_better_are_believed() -> None:
    picture = cv2.cvtColor(painted(128), cv2.COLOR_RGB2GRAY)
    real = moved(picture, 3, 0)
    right, wrong = (np.full((128, 128, 2), shift, np.float32) for shift in ((3, 0), (-6, 0)))
    inside = slice(16, -16), slice(16, -16)
    assert np.median(_improves(picture, real, right)[inside]) > 0.8
    assert (_improves(picture, real, wrong)[inside] > 0).mean() < 0.25


def test_what_is_not_the_same_moves_nothing() -> None:
    picture = cv2.cvtColor(painted(256), cv2.COLOR_RGB2GRAY)
    everywhere = np.full((256, 256), 255, np.uint8)
    other = cv2.cvtColor(painted(256, seed=5), cv2.COLOR_RGB2GRAY)
    found = measured(calculator(), picture, other, everywhere, SCALE)
    assert np.linalg.norm(found, axis=-1).max() <= LARGEST * SCALE
    distrusted = measured(calculator(), picture, other, np.zeros_like(everywhere), SCALE)
    assert np.abs(distrusted).max() == 0
    grey = np.full_like(picture, 90)
    assert np.abs(measured(calculator(), grey, grey, everywhere, SCALE)).max() < 0.01


def photographed(mesh: HeadMesh, texture: np.ndarray) -> dict:
    drawable = Drawable("head", mesh.vertices, mesh.faces, mesh.uvs, texture)
    cameras = ring_of_cameras(384)
    return {n: Photo(c, shared_rasteriser().render([drawable], c)) for n, c in enumerate(cameras)}


def wrong(mesh: HeadMesh, seed: int) -> np.ndarray:
    """The vertices half a millimetre off, smoothly."""
    rng = np.random.default_rng(seed)
    waves = rng.normal(0, 20, (3, 3))
    off = np.sin(mesh.vertices @ waves.T + rng.uniform(0, 6, 3))
    return (mesh.vertices + 0.0005 * off / np.sqrt((off**2).sum(1).mean())).astype(np.float32)


def test_textures_of_a_wrong_mesh_stand_still() -> None:
    mesh, texture = bumpy_head(), painted(SIZE)
    pictures = photographed(mesh, texture)
    reference = texture.astype(np.float32) / 255
    flow = calculator()
    swimming = {}
    for name, basis in (("plain", None), ("aligned", reference)):
        texturer = Texturer(shared_rasteriser(), mesh, SIZE, basis)
        found = [texturer.mean(wrong(mesh, seed), pictures) for seed in (1, 2)]
        seen = np.minimum(found[0].seen, found[1].seen) > 0.9
        greys = [cv2.cvtColor(f.colour, cv2.COLOR_RGB2GRAY) * 255 for f in found]
        field = flow.calc(*(grey.astype(np.uint8) for grey in greys), None)
        swimming[name] = float(np.linalg.norm(field, axis=-1)[seen].mean())
    assert swimming["plain"] > 0.8
    assert swimming["aligned"] < 0.25


def test_mouth_and_eyes_are_left_where_they_are() -> None:
    mesh, texture = bumpy_head(), painted(SIZE)
    ring = [int(np.argmin(np.abs(mesh.uvs - p).sum(1))) for p in ((0.4, 0.4), (0.6, 0.4))]
    top = [int(np.argmin(np.abs(mesh.uvs - p).sum(1))) for p in ((0.4, 0.6), (0.6, 0.6))]
    marks = {"inner_lip_lower": np.array(ring), "inner_lip_upper": np.array(top)}
    marks |= {f"mouth_corner_{side}": np.array(ring[:1]) for side in ("left", "right")}
    mesh = replace(mesh, landmarks=mesh.landmarks | marks)
    spoilt = texture.copy()
    spoilt[200:312, 200:312] = painted(112, seed=9)  # another look of the mouth
    photo = photographed(mesh, spoilt)[0]
    skin = Drawable("skin", mesh.vertices, mesh.faces, mesh.uvs)
    view = view_of(shared_rasteriser(), skin, [], photo.camera)
    reference = texture.astype(np.float32) / 255
    found = TextureAligner(mesh, reference).shift(shared_rasteriser(), skin, view, photo.picture)
    assert np.linalg.norm(found, axis=-1).max() < 0.5


def test_a_finished_texture_settles_on_the_reference() -> None:
    mesh, reference = bumpy_head(), painted(SIZE).astype(np.float32) / 255
    colour = 0.85 * moved(reference, 0.6, -0.4).clip(0, 1)
    seen = np.ones((SIZE, SIZE), np.float32)
    aligner, flow = TextureAligner(mesh, reference), calculator()
    found = aligner.registered(colour, seen)
    assert found.shape == colour.shape and found.dtype == colour.dtype
    inside = slice(30, -30), slice(30, -30)
    off = [
        np.linalg.norm(flow.calc(_bytes(reference), _bytes(made / 0.85), None), axis=-1)[inside]
        for made in (colour, found)
    ]
    assert np.median(off[0]) > 0.5 and np.median(off[1]) < 0.2
    assert np.array_equal(aligner.registered(colour, np.zeros_like(seen)), colour)


def test_a_settled_texture_stays_within_black_and_white() -> None:
    """Cubic curves overshoot along hard edges; as bytes that would be specks of wrong colour."""
    mesh, reference = bumpy_head(), (painted(SIZE) > 128).astype(np.float32)
    colour = moved((painted(SIZE) > 128).astype(np.float32), 0.5, 0.5).clip(0, 1)
    found = TextureAligner(mesh, reference).registered(colour, np.ones((SIZE, SIZE), np.float32))
    assert not np.array_equal(found, colour) and found.min() >= 0 and found.max() <= 1


def test_density_is_how_large_the_atlas_draws_skin() -> None:
    mesh = bumpy_head()
    assert texels_per_metre(mesh, 1024) == pytest.approx(2 * texels_per_metre(mesh, 512))
    small = replace(mesh, vertices=mesh.vertices / 2)
    assert texels_per_metre(small, 512) == pytest.approx(2 * texels_per_metre(mesh, 512), rel=1e-3)


def _bytes(texture: np.ndarray) -> np.ndarray:
    return (cv2.cvtColor(np.clip(texture, 0, 1), cv2.COLOR_RGB2GRAY) * 255).astype(np.uint8)
