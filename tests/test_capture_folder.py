"""Capture folder → performance: round trip, resumption, cancelling, damage named."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from capture_scenes import bumpy_head, painted, ring_of_cameras

from models.capture.extract import extract
from models.capture.folder import CaptureFolder, CaptureTake, write_capture, write_picture
from models.capture.layers import Layer
from models.capture.performance import Take, texture_paths
from models.capture.raster import shared_rasteriser
from models.errors import CancelledError, CaptureError
from models.pose import to_world

ABOUT = {"name": "T", "credits": [], "licence": "CC0-1.0", "consent": "", "provenance": ""}


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Take], np.ndarray]:
    """A capture folder of two moving frames, its geometry, and the true texture."""
    folder, mesh, texture = tmp_path_factory.mktemp("capture"), bumpy_head(), painted(256)
    cameras = ring_of_cameras(192)
    rng = np.random.default_rng(3)
    take = Take(
        name="move",
        kind="motion",
        split="train",
        fps=30.0,
        controls=rng.random((5, 1)).astype(np.float32),
        head_pose=rng.normal(0, 0.05, (5, 6)).astype(np.float32),
        pictured=np.array([1, 4]),
    )
    for frame in take.pictured:
        local = mesh.pose(take.controls[frame])
        layer = Layer(
            "head",
            to_world(local, take.head_pose[frame], mesh.pivot),
            mesh.faces,
            mesh.uvs,
            texture,
        )
        for camera in cameras:
            picture = shared_rasteriser().render([layer], camera)
            write_picture(folder, camera.name, "move", int(frame), picture)
    write_capture(folder, cameras, [CaptureTake("move", 30.0, 5, (1, 4))], mesh)
    return folder, [take], texture


def test_extracts_what_was_painted(captured: tuple, tmp_path: Path) -> None:
    folder, takes, texture = captured
    shown: list[float] = []
    performance = extract(
        folder, takes, tmp_path, ABOUT, 256, 0, lambda fraction, _: shown.append(fraction)
    )
    assert shown[-1] == 1.0
    for frame in takes[0].pictured:
        colour, seen = performance.texture(performance.takes[0], int(frame))
        good = seen > 230
        assert good.mean() > 0.25
        error = (colour.astype(float) - texture)[good] / 255
        assert -10 * np.log10((error**2).mean()) > 32


def test_finished_frames_are_kept(captured: tuple, tmp_path: Path) -> None:
    folder, takes, _ = captured
    extract(folder, takes, tmp_path, ABOUT, 256, 0)
    first, second = (texture_paths(tmp_path, "move", frame)[0] for frame in (1, 4))
    before, made = second.read_bytes(), first.stat().st_mtime_ns
    second.unlink()
    extract(folder, takes, tmp_path, ABOUT, 256, 1)
    assert first.stat().st_mtime_ns == made
    assert second.read_bytes() == before


def test_stopping_stops(captured: tuple, tmp_path: Path) -> None:
    def stop(fraction: float, message: str) -> None:
        raise CancelledError("stopped")

    folder, takes, _ = captured
    with pytest.raises(CancelledError):
        extract(folder, takes, tmp_path, ABOUT, 256, 0, stop)
    assert not (tmp_path / "performance.json").exists()


def test_a_missing_picture_is_named(captured: tuple, tmp_path: Path) -> None:
    folder, takes, _ = captured
    with pytest.raises(CaptureError, match="camera c0: frame 2 of take move is missing"):
        extract(folder, [replace(takes[0], pictured=np.array([2]))], tmp_path, ABOUT, 256, 0)


def test_damage_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="has no calibration"):
        CaptureFolder.open(tmp_path)
    write_capture(tmp_path, ring_of_cameras(64), [CaptureTake("a", 30.0, 5, (7,))], None)
    with pytest.raises(CaptureError, match="outside its 5 frames"):
        CaptureFolder.open(tmp_path)
    write_capture(tmp_path, ring_of_cameras(64), [CaptureTake("../a", 30.0, 5, ())], None)
    with pytest.raises(CaptureError, match="unsafe name"):
        CaptureFolder.open(tmp_path)
    (tmp_path / "takes.json").write_text("{")
    with pytest.raises(CaptureError, match="cannot be read"):
        CaptureFolder.open(tmp_path)
