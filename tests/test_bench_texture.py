"""What the texture benchmark measures with: a camera left out, swimming."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from bench.texture_truth import face_vertices, held_out, swimming
from capture_scenes import bumpy_head, painted, ring_of_cameras

from models.capture.folder import CaptureTake, write_capture, write_picture
from models.mesh import HeadMesh
from models.performance import PerformanceWriter, Take, write_texture
from models.render.drawables import Drawable
from models.render.raster import shared_rasteriser


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


def test_a_camera_left_out_sees_what_the_others_saw(tmp_path: Path) -> None:
    mesh, take, texture = marked_head(), a_take(), painted(512)
    assert 0.1 < face_vertices(mesh).mean() < 0.6
    cameras = ring_of_cameras(256)
    drawable = Drawable("head", mesh.vertices, mesh.faces, mesh.uvs, texture)
    for camera in cameras:
        picture = shared_rasteriser().render([drawable], camera)
        for frame in range(3):
            write_picture(tmp_path, camera.name, "still", frame, picture)
    write_capture(tmp_path, cameras, [CaptureTake("still", 30.0, 3, (0, 1, 2))], mesh)
    true = mesh, {"still": take}
    best = held_out(tmp_path, mesh, [take], true, "c1", 512)
    assert best.psnr_db > 38 and best.worst_db <= best.psnr_db == best.skin_db
    off = mesh.vertices + np.array([0.0007, 0, 0], np.float32)
    tracked = replace(take, tracked=np.repeat(off[None], 3, 0))
    assert 30 < held_out(tmp_path, mesh, [tracked], true, "c1", 512).psnr_db < best.psnr_db


def test_swimming_is_as_far_as_a_texture_moved(tmp_path: Path) -> None:
    mesh, texture = marked_head(), painted(512)
    writer = PerformanceWriter(tmp_path, mesh, 30.0, {"name": "still"})
    writer.add(a_take())
    seen = np.full((512, 512), 255, np.uint8)
    for frame, shift in enumerate((0, 2, 2)):
        write_texture(tmp_path, "still", frame, np.roll(texture, shift, 1), seen)
    performance = writer.finish()
    assert swimming(performance, performance.takes[0], [1, 2]) < 0.02
    assert abs(swimming(performance, performance.takes[0], [0, 1]) - 2) < 0.1
