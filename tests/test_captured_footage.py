"""Footage from a capture's own cameras: which of them, which frames, and how the head is turned."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the numeric layer needs torch")
pytest.importorskip("moderngl", reason="pictures need moderngl")

from rendered_faces import needs_landmarker

from models.cameras import Camera, look_at
from models.capture.folder import CaptureTake, picture_path, write_capture, write_picture
from models.errors import CaptureError, MissingDependencyError
from models.making.captured_footage import (
    Framing,
    footage_of_capture,
    framing_of,
    in_front,
    runs_of,
)
from models.performance import Performance, PerformanceWriter, Take
from models.pose import head_poses
from models.video.features import extractor_of, relative_pose
from models.video.training.footage import read_footage, read_motion
from models.video.training.video_data import Acted, sequence_of

FRAMES, SIDE, FPS = 36, 224, 30.0
GONE = 20


def _rolled(camera: Camera) -> Camera:
    """The same camera, mounted on its side: its pictures show heads lying."""
    turn = np.eye(4)
    turn[:2, :2] = [[0, 1], [-1, 0]]
    return replace(camera, world_to_camera=turn @ camera.world_to_camera)


def _cameras(target: np.ndarray) -> list[Camera]:
    cameras = []
    for name, yaw in (("front", 5.0), ("left", 24.0), ("side", 75.0), ("back", 180.0)):
        angle = np.radians(yaw)
        away = np.array([np.sin(angle), -np.cos(angle), 0.1])
        aim = target + np.array([0.03, 0, 0.02])
        camera = look_at(name, target + away, aim, 2.0 * SIDE, (SIDE, SIDE))
        cameras.append(_rolled(camera) if name == "left" else camera)
    return cameras


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Performance]:
    needs_landmarker()
    from models.render.raster import shared_rasteriser
    from models.synthetic.scene import Scene
    from models.synthetic.synthetic_actor import bundled_actor
    from models.template.controls import CONTROL_INDEX, CONTROL_NAMES

    folder = tmp_path_factory.mktemp("captured")
    try:
        rasteriser = shared_rasteriser()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    scene = Scene(bundled_actor(), None, 64, 1)
    mesh = scene.mesh
    cameras = _cameras(mesh.vertices[mesh.landmarks["nose_tip"][0]].astype(float))
    phase = np.arange(FRAMES) / FRAMES * 2 * np.pi
    controls = np.zeros((FRAMES, len(CONTROL_NAMES)), np.float32)
    controls[:, CONTROL_INDEX["jawOpen"]] = 0.4 * np.maximum(0, np.sin(2 * phase))
    pose = np.zeros((FRAMES, 6), np.float32)
    pose[:, 0], pose[:, 2] = 0.15 * np.sin(phase), 0.2 * np.sin(2 * phase)
    pose[:, 3] = 0.02 * np.sin(phase)
    for frame in range(FRAMES):
        drawables = scene.frame(controls[frame], pose[frame]).drawables
        for camera in cameras[:3]:
            if (camera.name, frame) != ("front", GONE):
                picture = rasteriser.render(drawables, camera, (0.4, 0.42, 0.45))
                write_picture(folder / "capture", camera.name, "talk", frame, picture)
    takes = [
        CaptureTake("talk", FPS, FRAMES, tuple(range(FRAMES))),
        CaptureTake("short", FPS, FRAMES, tuple(range(8))),
    ]
    write_capture(folder / "capture", cameras, takes, mesh)
    writer = PerformanceWriter(folder / "performance", mesh, FPS, {"name": "Actor"})
    for name in ("talk", "short", "unfilmed"):
        writer.add(Take(name, "motion", "train", FPS, controls, pose))
    return folder / "capture", writer.finish()


@pytest.fixture(scope="module")
def footage(captured: tuple[Path, Performance], tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("footage")
    reports = []
    count = footage_of_capture(*captured, output, lambda part, _: reports.append(part))
    assert count == 2 and reports == [0.5, 1.0]
    return output


def test_only_cameras_in_front_and_long_runs_become_clips(footage: Path) -> None:
    clips = {clip.name: clip for clip in read_footage(footage)}
    assert set(clips) == {"actor__talk__front__00000", "actor__talk__left__00000"}
    for clip in clips.values():
        assert (clip.take, clip.person, clip.split, clip.start) == ("talk", "actor", "train", 0)
        assert len(clip) == FRAMES
        found = np.isfinite(clip.points[:, 0, 0])
        assert found.sum() >= FRAMES - 1
    assert not np.isfinite(clips["actor__talk__front__00000"].points[GONE]).any()
    motion, names = read_motion(footage)
    assert set(motion) == {"talk", "short", "unfilmed"} and "jawOpen" in names


def test_the_heads_pose_is_the_cameras(footage: Path) -> None:
    """What the landmarker says of the pose is what the clip says, in every camera's terms."""
    for clip in read_footage(footage):
        found = np.isfinite(clip.points[:, 0, 0])
        seen = np.degrees(head_poses(clip.poses[found])[:, :3])
        reports = np.degrees(clip.head_pose[found, :3])
        # the landmarker's idea of upright differs by person, and it underrates large turns
        assert np.abs(np.mean(seen - reports, axis=0)).max() < 10, clip.name
        moved = seen - seen.mean(0) - (reports - reports.mean(0))
        assert np.abs(moved).mean() < 2.5, clip.name
        assert np.corrcoef(seen[:, 2], reports[:, 2])[0, 1] > 0.98


def test_all_cameras_tell_of_the_same_motion(
    footage: Path, captured: tuple[Path, Performance]
) -> None:
    true = relative_pose(captured[1].take("talk").head_pose)
    for clip in read_footage(footage):
        np.testing.assert_allclose(relative_pose(clip.head_pose), true, atol=1e-5)


def test_a_video_network_can_learn_from_it(footage: Path) -> None:
    codes = np.zeros((FRAMES, 8), np.float32)
    acted = Acted({"talk": codes}, frozenset(), FPS)
    extractor = extractor_of("landmarks")
    jaw = np.maximum(0, np.sin(4 * np.pi * np.arange(FRAMES) / FRAMES))
    for clip in read_footage(footage):
        sequence = sequence_of(clip, acted, extractor)
        assert sequence.person == "actor" and len(sequence.features) == FRAMES
        assert np.isfinite(sequence.features).all()
        assert np.corrcoef(sequence.opening, jaw)[0, 1] > 0.8  # 0.76 were it two frames early


def test_what_is_there_is_kept(footage: Path, captured: tuple[Path, Performance]) -> None:
    before = {path: path.stat().st_mtime_ns for path in footage.glob("actor*.npz")}
    assert footage_of_capture(*captured, footage) == 2
    assert before == {path: path.stat().st_mtime_ns for path in footage.glob("actor*.npz")}


def test_a_capture_without_a_front_is_refused(
    captured: tuple[Path, Performance], tmp_path: Path
) -> None:
    capture, performance = captured
    cameras = _cameras(np.array([0, -0.176, 0.78]))[2:]
    takes = [CaptureTake("talk", FPS, FRAMES, tuple(range(FRAMES)))]
    write_capture(tmp_path / "capture", cameras, takes, None)
    assert picture_path(capture, "side", "talk", 0).exists()
    with pytest.raises(CaptureError, match="sees the face from the front"):
        footage_of_capture(tmp_path / "capture", performance, tmp_path / "out")


def test_heads_are_framed_upright(captured: tuple[Path, Performance]) -> None:
    _, performance = captured
    take, mesh = performance.takes[0], performance.mesh
    cameras = _cameras(mesh.vertices[mesh.landmarks["nose_tip"][0]].astype(float))
    assert [camera.name for camera in in_front(cameras, take, np.arange(FRAMES), mesh)] == [
        "front",
        "left",
    ]
    for camera, turns in zip(cameras, (0, 3), strict=False):
        framing = framing_of(camera, take, np.arange(FRAMES), mesh)
        assert framing.turns == turns
        assert framing.rotation[2] @ (0, 0, 1) > 0.9  # up is up
        away = framing.pose(np.zeros((1, 6)))[0, :3]
        side, front = camera.position[0], mesh.vertices[:, 1].min() - camera.position[1]
        assert abs(np.degrees(away[2] + np.arctan2(side, front))) < 4


def test_framing_cuts_turns_and_fills() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, :, 0] = np.arange(60)
    picture[:, :, 1] = np.arange(40)[:, None]
    framing = Framing((50, 30, 70, 50), 0, 20, np.eye(3))
    part = framing(picture)
    assert part.shape == (20, 20, 3)
    assert part[0, 0].tolist() == [50, 30, 0] and part[15, 15].tolist() == [128] * 3
    turned = replace(framing, turns=1)(picture)
    assert turned[-1, 0].tolist() == [50, 30, 0]


def test_runs_bridge_small_gaps_only() -> None:
    frames = np.concatenate([np.delete(np.arange(100), [50, 51]), np.arange(120, 130)])
    (run,) = runs_of(frames, 600)
    assert run[0] == 0 and run[-1] == 99 and len(run) == 98
    parts = runs_of(np.arange(1000), 300)
    assert [len(part) for part in parts] == [333, 334, 333]
    assert not runs_of(np.arange(0, 400, 5), 600)
