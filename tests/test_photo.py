"""Photos: one camera's view of a frame, without lens distortion, as fine as asked for."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from capture_scenes import bumpy_head, painted, ring_of_cameras

from models.cameras import Camera
from models.capture.folder import CaptureFolder, CaptureTake, write_capture, write_picture
from models.render.drawables import Drawable
from models.render.raster import shared_rasteriser
from models.texture.photo import Photo

SIDE, HEAD = 768, np.zeros(3)


@pytest.fixture
def capture(tmp_path: Path) -> CaptureFolder:
    """One view of the painted head, with a mask of the picture's left half."""
    mesh, camera = bumpy_head(), ring_of_cameras(SIDE)[0]
    write_picture(tmp_path, camera.name, "take", 0, drawn(camera))
    write_capture(tmp_path, [camera], [CaptureTake("take", 30.0, 1, (0,))], mesh)
    left = np.zeros((SIDE, SIDE), np.uint8)
    left[:, : SIDE // 2] = 255
    (tmp_path / "masks" / camera.name).mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "masks" / camera.name / "take_000000.png"), left)
    return CaptureFolder.open(tmp_path)


def drawn(camera: Camera) -> np.ndarray:
    mesh = bumpy_head()
    drawable = Drawable("head", mesh.vertices, mesh.faces, mesh.uvs, painted(256))
    return shared_rasteriser().render([drawable], camera)


def test_as_it_is_where_nothing_coarser_is_asked_for(capture: CaptureFolder) -> None:
    camera = capture.cameras[0]
    photo = Photo.read(capture, camera, "take", 0)
    np.testing.assert_array_equal(photo.picture, drawn(camera))
    assert photo.camera is camera and photo.mask[:, : SIDE // 2].min() == 255


def test_finer_pictures_are_shrunk_to_what_is_asked_for(capture: CaptureFolder) -> None:
    camera = capture.cameras[0]
    pixel = 3 * np.linalg.norm(camera.position - HEAD) / camera.intrinsics[0, 0]
    photo = Photo.read(capture, camera, "take", 0, pixel, HEAD)
    assert photo.picture.shape == (SIDE // 3, SIDE // 3, 3) and photo.camera.width == SIDE // 3
    direct = drawn(photo.camera).astype(int)
    apart, beside = (np.abs(photo.picture - np.roll(direct, k, 1)).mean() for k in (0, 1))
    assert apart < 0.5 * beside, "it lies where the smaller camera has it"
    assert set(np.unique(photo.mask)) == {0, 255}
    assert photo.mask.mean() == pytest.approx(127.5, abs=1)


def test_lenses_bend_shrunk_pictures_as_they_bend_whole_ones(capture: CaptureFolder) -> None:
    bent = replace(capture.cameras[0], distortion=(0.1, 0.0, 0.0, 0.0))
    pixel = 2 * np.linalg.norm(bent.position - HEAD) / bent.intrinsics[0, 0]
    whole = Photo.read(capture, bent, "take", 0)
    small = Photo.read(capture, bent, "take", 0, pixel, HEAD)
    assert not any(small.camera.distortion)
    other = cv2.resize(whole.picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    assert np.abs(small.picture.astype(int) - other).mean() < 1.5
