"""Unwrapping: the painted texture comes back, occluders and holes leave no trace."""

import cv2
import numpy as np
from capture_scenes import bumpy_head, painted, ring_of_cameras

from models.mesh import HeadMesh
from models.render.drawables import Drawable
from models.render.raster import shared_rasteriser
from models.texture.fill import complete, push_pull
from models.texture.reference import Reference
from models.texture.view_texture import Unwrapped, mean_view, surface_of, unwrap_view, view_of

SIZE = 512


def psnr(error: np.ndarray) -> float:
    return float(-10 * np.log10((error.astype(np.float64) ** 2).mean()))


def photographed(mesh: HeadMesh, texture: np.ndarray, extra: tuple[Drawable, ...] = ()) -> list:
    drawable = Drawable("head", mesh.vertices, mesh.faces, mesh.uvs, texture)
    cameras = ring_of_cameras(384)
    return [(c, shared_rasteriser().render([drawable, *extra], c)) for c in cameras]


def unwrap(mesh: HeadMesh, vertices: np.ndarray, pictures: list, extra: tuple = ()) -> Unwrapped:
    rasteriser, surface = shared_rasteriser(), surface_of(mesh, vertices)
    skin, view_textures = Drawable("skin", vertices, mesh.faces, mesh.uvs), []
    for camera, picture in pictures:
        view = view_of(rasteriser, skin, extra, camera)
        view_textures.append(unwrap_view(rasteriser, surface, view, picture, SIZE))
    return mean_view(view_textures)


def a_stick(mesh: HeadMesh, size: float = 0.02) -> Drawable:
    """A bright opaque bar in front of the dome."""
    corners = np.array([[-1, 0, -4], [1, 0, -4], [1, 0, 4], [-1, 0, 4]], np.float32) * size / 2
    corners[:, 1] = mesh.vertices[:, 1].min() - 0.03
    uvs = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    texture = np.full((4, 4, 4), (0, 255, 0, 255), np.uint8)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    return Drawable("stick", corners, faces, uvs, texture, blended=True)


def test_the_painted_texture_comes_back() -> None:
    mesh, texture = bumpy_head(), painted(SIZE)
    found = unwrap(mesh, mesh.vertices, photographed(mesh, texture))
    good = found.seen > 0.9
    assert good.mean() > 0.4
    assert psnr((found.colour - texture / 255)[good]) > 40
    blurred = cv2.GaussianBlur(texture, (0, 0), 3)
    assert psnr((found.colour - texture / 255)[good]) > psnr(
        (blurred - texture / 255.0)[good] / 255
    )


def test_the_far_side_is_not_seen() -> None:
    mesh, texture = bumpy_head(), painted(SIZE)
    pictures = photographed(mesh, texture)
    front = unwrap(mesh, mesh.vertices, pictures[:1]).seen
    assert front[SIZE // 2, SIZE // 2] > 0.99
    assert front[SIZE // 2, [30, -30]].max() == 0
    assert front[:15].max() == 0 and front[-15:].max() == 0  # outside the chart


def test_what_lies_behind_the_surface_is_not_painted_on() -> None:
    mesh, texture = bumpy_head(), np.full((SIZE, SIZE, 3), 200, np.uint8)
    folded = mesh.vertices.copy()
    column = np.arange(len(folded)) % 60
    folded[column < 12] = folded[column < 12][:, [0, 1, 2]] * (-0.3, -0.2, 1.0)  # tucked inside
    texture[:, : SIZE // 5] = 0
    drawable = Drawable("folded", folded, mesh.faces, mesh.uvs, texture)
    camera = ring_of_cameras(384)[0]
    picture = shared_rasteriser().render([drawable], camera)
    found = unwrap(mesh, folded.astype(np.float32), [(camera, picture)])
    hidden = found.seen[SIZE // 4 : -SIZE // 4, 40:90]
    assert hidden.mean() < 0.02


def test_an_occluder_leaves_no_trace() -> None:
    mesh, texture = bumpy_head(), painted(SIZE)
    stick = a_stick(mesh)
    pictures = photographed(mesh, texture, (stick,))
    masked = unwrap(mesh, mesh.vertices, pictures, (stick,))
    smeared = unwrap(mesh, mesh.vertices, pictures)
    good = masked.seen > 0.9
    worst = np.abs(masked.colour - texture / 255)[good].max()
    assert worst < 0.15 < np.abs(smeared.colour - texture / 255)[smeared.seen > 0.9].max()


def test_a_camera_that_sees_it_larger_counts_more() -> None:
    mesh = bumpy_head()
    near, far = ring_of_cameras(384)[0], ring_of_cameras(96)[0]
    dark = np.full((96, 96, 3), 50, np.uint8)
    pictures = [(near, np.full((384, 384, 3), 200, np.uint8)), (far, dark)]
    middle = unwrap(mesh, mesh.vertices, pictures).colour[SIZE // 2, SIZE // 2]
    np.testing.assert_allclose(middle, 200 / 255, atol=0.01)


def test_push_pull_keeps_and_is_smooth() -> None:
    rows, columns = np.mgrid[0:128, 0:128] / 128
    ramp = np.stack([rows, columns, rows + columns], -1).astype(np.float32)
    weights = np.ones((128, 128), np.float32)
    weights[40:80, 30:90] = 0
    filled = push_pull(np.where(weights[..., None] > 0, ramp, 9.0).astype(np.float32), weights)
    np.testing.assert_allclose(filled[weights > 0], ramp[weights > 0], atol=1e-6)
    assert np.abs(filled - ramp).max() < 0.12
    step = np.abs(np.diff(filled, axis=0)).max()
    assert step < 0.06


def test_holes_take_the_reference_without_a_seam() -> None:
    texture = cv2.GaussianBlur(painted(256), (0, 0), 2).astype(np.float32) / 255
    seen = np.ones((256, 256), np.float32)
    reference = Reference(256)
    reference.add(texture, seen)
    other = Reference(256)
    other.add(texture, seen)
    reference.merge(other)
    np.testing.assert_allclose(reference.texture(), texture, atol=1e-5)
    darker = 0.8 * texture + 0.05
    hole = seen.copy()
    cv2.ellipse(hole, (120, 130), (50, 35), 20, 0, 360, 0.0, -1)
    spoilt = np.where(hole[..., None] > 0, darker, 1.0).astype(np.float32)
    filled = complete(spoilt, hole, reference.texture())
    inside = hole == 0
    assert psnr((filled - darker)[inside]) > 34 > psnr((texture - darker)[inside])
    edge = cv2.dilate(hole, np.ones((3, 3))) - cv2.erode(hole, np.ones((3, 3)))
    assert np.abs(filled - darker)[edge > 0].max() < 0.05
