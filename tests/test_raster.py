"""The rasteriser: what is drawn where, depth, order, and the sentence when there is no driver."""

import moderngl
import numpy as np
import pytest
from capture_scenes import bumpy_head, painted, ring_of_cameras

from models.cameras import Camera, look_at
from models.errors import MissingDependencyError
from models.mesh import HeadMesh
from models.normals import vertex_normals
from models.render.drawables import Drawable
from models.render.graphics import create_context
from models.render.raster import BACKGROUND_DEPTH, shared_rasteriser

CAMERA = look_at("front", (0, -1, 0), (0, 0, 0), 400, (200, 100), (90.0, 55.0))


def card(name: str, distance: float, size: float, texture: np.ndarray, **options: bool) -> Drawable:
    """A square that faces −Y, `distance` metres in front of the camera."""
    corners = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]], np.float32) * size / 2
    corners[:, 1] = distance - 1
    uvs = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    return Drawable(
        name, corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32), uvs, texture, **options
    )


def plain(*colour: int) -> np.ndarray:
    return np.full((4, 4, len(colour)), colour, np.uint8)


def test_every_thread_has_a_rasteriser_of_its_own() -> None:
    from concurrent.futures import ThreadPoolExecutor

    camera = look_at("c", (0, -1, 0), (0, 0, 0), 60.0, (32, 32))
    corners = np.array([[-0.1, 0, -0.1], [0.1, 0, -0.1], [0, 0, 0.1]], np.float32)
    drawable = Drawable("t", corners, np.array([[0, 1, 2]], np.int32), np.zeros((3, 2), np.float32))

    def drawn() -> tuple[int, np.ndarray]:
        return id(shared_rasteriser()), shared_rasteriser().render([drawable], camera)

    here = drawn()
    for _ in range(2):
        with ThreadPoolExecutor(1) as pool:
            there = pool.submit(drawn).result()
        assert there[0] != here[0] and np.array_equal(there[1], here[1])
    assert np.array_equal(drawn()[1], here[1]) and here[1].max() == 255


def test_a_card_is_where_projection_says_and_upright() -> None:
    texture = np.zeros((64, 64, 3), np.uint8)
    texture[:32, :, 0], texture[:, :32, 1] = 255, 255  # upper half red, left half green
    picture = shared_rasteriser().render([card("card", 1.0, 0.1, texture)], CAMERA, (0, 0, 1))
    assert picture.shape == (100, 200, 3) and picture.dtype == np.uint8
    np.testing.assert_array_equal(picture[5, 5], (0, 0, 255))
    for pixel, colour in (
        ((40, 75), (255, 255, 0)),
        ((40, 105), (255, 0, 0)),
        ((70, 75), (0, 255, 0)),
        ((70, 105), (0, 0, 0)),
    ):
        np.testing.assert_array_equal(picture[pixel], colour)
    inside = picture[..., 2] == 0
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (35, 74, 70, 109)


def test_depth_is_metric_and_respects_holes() -> None:
    holed = np.full((64, 64, 4), 255, np.uint8)
    holed[:, :32, 3] = 0
    drawables = [card("far", 1.5, 0.3, plain(9, 9, 9)), card("near", 1.0, 0.1, holed)]
    depth = shared_rasteriser().depth(drawables, CAMERA)
    np.testing.assert_allclose(depth[55, [75, 105]], [1.5, 1.0], atol=1e-5)
    assert depth[2, 2] == BACKGROUND_DEPTH


def test_blending_sorts_back_to_front() -> None:
    red, green = plain(255, 0, 0, 128), plain(0, 255, 0, 128)
    drawables = [
        card("a", 0.9, 0.1, green, blended=True),
        card("b", 1.0, 0.1, red, blended=True),
        card("c", 1.1, 0.2, plain(0, 0, 255)),
    ]
    pixel = shared_rasteriser().render(drawables, CAMERA)[55, 90].astype(int)
    np.testing.assert_allclose(pixel, (64, 128, 63), atol=3)


def test_colours_multiply_and_a_new_texture_replaces_the_old() -> None:
    drawable = card("tinted", 1.0, 0.1, plain(200, 200, 200))
    half = np.full((4, 3), (0.5, 1.0, 0.25), np.float32)
    tinted = Drawable(
        drawable.name, drawable.vertices, drawable.faces, drawable.uvs, drawable.texture, half
    )
    picture = shared_rasteriser().render([tinted], CAMERA)
    np.testing.assert_allclose(picture[55, 90], (100, 200, 50), atol=1)
    again = card("tinted", 1.0, 0.1, plain(10, 20, 30))
    np.testing.assert_array_equal(shared_rasteriser().render([again], CAMERA)[55, 90], (10, 20, 30))


def test_edges_are_antialiased() -> None:
    slanted = card("slanted", 1.0, 0.1, plain(255, 255, 255))
    turn = np.array([[0.9, 0, -0.43589], [0, 1, 0], [0.43589, 0, 0.9]], np.float32)
    turned = Drawable(
        "slanted", slanted.vertices @ turn, slanted.faces, slanted.uvs, slanted.texture
    )
    smooth = np.unique(shared_rasteriser().render([turned], CAMERA))
    hard = np.unique(shared_rasteriser().render([turned], CAMERA, samples=0))
    assert len(hard) == 2 and len(smooth) >= 4


def test_coverage_counts_what_is_not_hidden() -> None:
    skin = card("skin", 1.0, 0.1, plain(90, 90, 90))
    veil = card("veil", 0.9, 0.04, plain(10, 10, 10, 102), blended=True)
    behind = card("behind", 1.2, 0.2, plain(10, 10, 10, 255), blended=True)
    cover = shared_rasteriser().coverage([skin], [veil, behind], CAMERA)
    assert cover[55, 90] == pytest.approx(102, abs=2)
    assert cover[40, 75] == 0
    assert cover[30, 65] == 255


def test_agrees_with_projected_vertices() -> None:
    mesh, size = bumpy_head(), 256
    inner = (np.abs(mesh.uvs - 0.5) < 0.44).all(-1)
    drawable = Drawable("dome", mesh.vertices, mesh.faces, mesh.uvs, painted(256))
    for camera in ring_of_cameras(size):
        depth = shared_rasteriser().depth([drawable], camera)
        facing = np.sum(vertex_normals(mesh.vertices, mesh.faces) * _towards(camera, mesh), -1)
        pixels, expected = camera.project(mesh.vertices[inner & (facing > 0.6)])
        columns, rows = np.floor(pixels).astype(int).T
        assert len(expected) > 500
        assert np.abs(depth[rows, columns] - expected).max() < 0.0015


def _towards(camera: Camera, mesh: HeadMesh) -> np.ndarray:
    direction = camera.position - mesh.vertices
    return direction / np.linalg.norm(direction, axis=-1, keepdims=True)


def test_without_a_driver_the_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise RuntimeError("libEGL.so.1 not loaded")

    monkeypatch.setattr(moderngl, "create_context", refuse)
    with pytest.raises(MissingDependencyError, match="apt install libegl1 libgl1 libgl1-mesa-dri"):
        create_context()
