"""What the texture benchmark measures with: errors of known size, a camera left out, swimming."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from bench.texture_truth import face_vertices, held_out, swimming, with_errors, world
from capture_scenes import bumpy_head, painted, ring_of_cameras

from models.capture.folder import CaptureTake, write_capture, write_picture
from models.capture.layers import Layer
from models.capture.performance import Take
from models.capture.raster import shared_rasteriser
from models.mesh import HeadMesh


def marked_head() -> HeadMesh:
    mesh = bumpy_head()

    def at(*places: tuple[float, float]) -> np.ndarray:
        return np.array([np.abs(mesh.uvs - place).sum(1).argmin() for place in places])

    marks = {"chin": at((0.5, 0.25)), "lids": at((0.4, 0.6), (0.6, 0.6))}
    return replace(
        mesh, landmarks=marks | {f"brow_{side}": at((0.5, 0.7)) for side in ("left", "right")}
    )


def a_take(frames: int = 3) -> Take:
    return Take(
        name="still",
        kind="motion",
        split="train",
        fps=30.0,
        controls=np.zeros((frames, 1), np.float32),
        head_pose=np.zeros((frames, 6), np.float32),
        pictured=np.arange(frames),
    )


def test_errors_are_as_large_as_they_should_be_and_smooth() -> None:
    mesh, take = marked_head(), a_take()
    wrong = with_errors(mesh, take, 0.5, 0.2, 1)
    off = 1000 * (wrong.tracked - mesh.vertices)
    np.testing.assert_allclose(np.sqrt((off**2).sum(-1).mean(1)), 0.5, rtol=1e-3)
    sides = mesh.faces[:, [0, 1]]
    steps = np.linalg.norm(off[:, sides[:, 0]] - off[:, sides[:, 1]], axis=-1)
    assert np.sqrt((steps**2).mean()) < 0.15
    assert 0.02 < np.degrees(np.abs(wrong.head_pose[:, :3])).max() < 0.6
    assert np.abs(off[0] - off[1]).max() > 0.3


def test_a_camera_left_out_sees_what_the_others_saw(tmp_path: Path) -> None:
    mesh, take, texture = marked_head(), a_take(), painted(512)
    assert 0.1 < face_vertices(mesh).mean() < 0.6
    cameras = ring_of_cameras(256)
    layer = Layer("head", mesh.vertices, mesh.faces, mesh.uvs, texture)
    for camera in cameras:
        picture = shared_rasteriser().render([layer], camera)
        for frame in range(3):
            write_picture(tmp_path, camera.name, "still", frame, picture)
    write_capture(tmp_path, cameras, [CaptureTake("still", 30.0, 3, (0, 1, 2))], mesh)
    true = mesh, {"still": take}
    best = held_out(tmp_path, mesh, [take], true, "c1", 512)
    assert best.psnr_db > 38 and best.worst_db <= best.psnr_db == best.skin_db
    tracked = with_errors(mesh, take, 0.5, 0.0, 2)
    assert 30 < held_out(tmp_path, mesh, [tracked], true, "c1", 512).psnr_db < best.psnr_db
    pictures = {0: (cameras[0], shared_rasteriser().render([layer], cameras[0]))}
    places = [world(mesh, tracked, frame) for frame in range(3)]
    plain = swimming(mesh, places, [pictures] * 3, None)
    larger = np.repeat(np.repeat(texture, 2, 0), 2, 1).astype(np.float32) / 255
    assert swimming(mesh, places, [pictures] * 3, larger) < 0.3 * plain
