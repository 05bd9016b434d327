"""Capture folder → performance: round trip, resumption, cancelling, damage named."""

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from capture_scenes import bumpy_head, painted, ring_of_cameras
from scipy.spatial.transform import Rotation

from models.capture.folder import (
    CaptureFolder,
    CaptureTake,
    picture_path,
    write_capture,
    write_picture,
)
from models.capture.prepared import PREPARED, Preparation, misaimed, prepared
from models.errors import CancelledError, CaptureError
from models.files import read_arrays, write_arrays
from models.performance import Take, texture_paths
from models.pose import rotation_matrix, to_world
from models.render.drawables import Drawable
from models.render.raster import shared_rasteriser
from models.texture.extract import extract

MESH = bumpy_head()
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
        drawable = Drawable(
            "head",
            to_world(local, take.head_pose[frame], mesh.pivot),
            mesh.faces,
            mesh.uvs,
            texture,
        )
        for camera in cameras:
            picture = shared_rasteriser().render([drawable], camera)
            write_picture(folder, camera.name, "move", int(frame), picture)
    write_capture(folder, cameras, [CaptureTake("move", 30.0, 5, (1, 4))], mesh)
    return folder, [take], texture


def test_extracts_what_was_painted(captured: tuple, tmp_path: Path) -> None:
    folder, takes, texture = captured
    shown: list[float] = []
    performance = extract(
        folder, MESH, takes, tmp_path, ABOUT, 256, 0, lambda fraction, _: shown.append(fraction)
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
    extract(folder, MESH, takes, tmp_path, ABOUT, 256, 0)
    first, second = (texture_paths(tmp_path, "move", frame)[0] for frame in (1, 4))
    before, made = second.read_bytes(), first.stat().st_mtime_ns
    second.unlink()
    extract(folder, MESH, takes, tmp_path, ABOUT, 256, 1)
    assert first.stat().st_mtime_ns == made
    assert second.read_bytes() == before


def test_stopping_stops(captured: tuple, tmp_path: Path) -> None:
    def stop(fraction: float, message: str) -> None:
        raise CancelledError("stopped")

    folder, takes, _ = captured
    with pytest.raises(CancelledError):
        extract(folder, MESH, takes, tmp_path, ABOUT, 256, 0, stop)
    assert not (tmp_path / "performance.json").exists()


def test_a_take_without_pictures_is_named(captured: tuple, tmp_path: Path) -> None:
    folder, takes, _ = captured
    with pytest.raises(CaptureError, match="no picture of any frame of move"):
        extract(folder, MESH, [replace(takes[0], pictured=np.array([2]))], tmp_path, ABOUT, 256, 0)


def copied(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    return target


def test_missing_and_damaged_pictures_are_done_without(captured: tuple, tmp_path: Path) -> None:
    folder, takes, texture = captured
    holed = copied(folder, tmp_path / "holed")
    picture_path(holed, "c1", "move", 4).unlink()
    picture_path(holed, "c0", "move", 1).write_bytes(b"not a picture")
    performance = extract(holed, MESH, takes, tmp_path / "out", ABOUT, 256, 0)
    for frame in (1, 4):
        colour, seen = performance.texture(performance.takes[0], frame)
        error = (colour.astype(float) - texture)[seen > 230] / 255
        assert (seen > 230).mean() > 0.2
        assert -10 * np.log10((error**2).mean()) > 30
    for number in range(5):
        picture_path(holed, f"c{number}", "move", 4).unlink(missing_ok=True)
    fewer = extract(holed, MESH, takes, tmp_path / "fewer", ABOUT, 256, 0)
    assert list(fewer.takes[0].pictured) == [1]


def test_a_capture_is_textured_as_it_was_prepared(captured: tuple, tmp_path: Path) -> None:
    """In another place and size, its cameras but one darkened to black, that one left out."""
    folder, takes, _ = captured
    names = [f"c{number}" for number in range(5)]
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    gains = np.array([[0.0] * 3] * 4 + [[1.0] * 3])
    shift = np.array([0.1, 0.2, 0.3])
    preparation = replace(Preparation.none(5), scale=2.0, rotation=turn, shift=shift, gains=gains)
    preparation.save(tmp_path / PREPARED)
    mesh = replace(MESH, vertices=2 * MESH.vertices @ turn.T.astype(np.float32),
                   basis=2 * MESH.basis @ turn.T.astype(np.float32))  # fmt: skip
    pose = takes[0].head_pose.copy()
    rotation = turn @ rotation_matrix(pose[:, :3]) @ turn.T
    pose[:, :3] = Rotation.from_matrix(rotation).as_euler("xyz")
    pose[:, 3:] = 2 * pose[:, 3:] @ turn.T + preparation.shift
    moved = [replace(takes[0], head_pose=pose)]
    done = extract(folder, mesh, moved, tmp_path, ABOUT, 256, 0, without=names[4:], coding="jpg")
    colour, seen = done.texture(done.takes[0], 1)
    assert (seen > 200).mean() > 0.2
    assert colour[seen > 0].max() <= 2
    assert len(list((tmp_path / "textures").glob("*.jpg"))) == 2
    back = preparation.to_calibration(done.vertices(done.takes[0])[0] + preparation.shift)
    assert np.allclose(back, MESH.pose(takes[0].controls)[0], atol=1e-5)
    with pytest.raises(CaptureError, match="coded as png or jpg, not 'gif'"):
        extract(folder, MESH, takes, tmp_path / "gif", ABOUT, 256, 0, coding="gif")


def test_cameras_look_where_they_were_found_to_look(captured: tuple, tmp_path: Path) -> None:
    folder = captured[0]
    turns = np.zeros((5, 3))
    turns[2] = 0.0, 0.001, 0.0
    replace(Preparation.none(5), turns=turns).save(tmp_path / PREPARED)
    plain, aimed = CaptureFolder.open(folder).cameras, prepared(folder, tmp_path).cameras
    for place, (camera, other) in enumerate(zip(plain, aimed, strict=True)):
        moved = (other.project(np.zeros(3))[0] - camera.project(np.zeros(3))[0])[0]
        expected = 0.001 * camera.intrinsics[0, 0] if place == 2 else 0.0
        assert abs(moved - expected) < 0.01 * max(expected, 1)
        np.testing.assert_allclose(other.position, camera.position, atol=1e-9)
    assert plain[2].intrinsics[0, 0] > 300
    (said,) = misaimed(folder, tmp_path)
    assert said.startswith("c2 looks 0.5 pixels beside where its calibration says")
    arrays = read_arrays(tmp_path / PREPARED)
    del arrays["turns"]
    write_arrays(tmp_path / PREPARED, **arrays)
    assert not Preparation.load(tmp_path / PREPARED).turns.any()


def test_an_offset_mesh_gives_the_same_texture(captured: tuple, tmp_path: Path) -> None:
    """A tracked mesh that is wrong by 0.7 mm, otherwise in each frame."""
    folder, takes, _ = captured
    local = MESH.pose(takes[0].controls)
    local[1, :, 2] += 0.0007
    local[4, :, 0] -= 0.0007
    tracked = [replace(takes[0], tracked=local)]
    performance = extract(folder, MESH, tracked, tmp_path, ABOUT, 256, 0)
    colours = [performance.texture(performance.takes[0], f) for f in (1, 4)]
    both = np.minimum(*(seen for _, seen in colours)) > 230
    greys = [cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY) for colour, _ in colours]
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow.setFinestScale(0)
    swimming = np.linalg.norm(flow.calc(*greys, None), axis=-1)[both].mean()
    moved = 0.001 / (0.1 * np.radians(200)) * 256
    assert swimming < 0.25 * moved


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
