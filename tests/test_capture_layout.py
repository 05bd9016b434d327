"""Pictures, videos, masks, sound and texts are found by the cameras' names, in every layout."""

import copy
import json
import wave
from pathlib import Path

import cv2
import numpy as np
import pytest
from capture_scenes import ring_of_cameras

from models.capture.calibration.transforms import write_transforms
from models.capture.checks_files import check_files
from models.capture.folder import CaptureFolder
from models.errors import CaptureError

SIDE, BITS = 64, 8
CAMERAS = ring_of_cameras(SIDE)[:3]


def numbered(number: int) -> np.ndarray:
    """A picture (64, 64, 3) of a number as black and white columns."""
    bits = [255 * (number >> bit & 1) for bit in range(BITS)]
    return np.repeat(np.repeat(np.array(bits, np.uint8), SIDE // BITS)[None], SIDE, 0)[
        ..., None
    ].repeat(3, 2)


def number_in(picture: np.ndarray) -> int:
    columns = picture[:, :, 0].reshape(SIDE, BITS, -1).mean((0, 2))
    return int(sum(1 << bit for bit in range(BITS) if columns[bit] > 127))


def calibrated(root: Path) -> Path:
    write_transforms(root / "transforms.json", CAMERAS)
    return root


def with_pictures(root: Path, pattern: str, numbers: dict[str, range]) -> Path:
    for camera in CAMERAS:
        for number in numbers.get(camera.name, numbers["c0"]):
            path = root / pattern.format(camera=camera.name, number=number)
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), numbered(number))
    return calibrated(root)


def with_sound(path: Path, seconds: float) -> None:
    with wave.open(str(path), "wb") as stream:
        stream.setparams((1, 2, 8000, 0, "NONE", ""))
        stream.writeframes(bytes(2 * round(8000 * seconds)))


def with_video(path: Path, fps: float, frames: int, first: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, (SIDE, SIDE))
    for number in range(first, first + frames):
        writer.write(numbered(number))
    writer.release()


@pytest.mark.parametrize(
    ("pattern", "take"),
    [
        ("images/{camera}/{number:06d}.png", "take"),
        ("{camera}/{number}.png", "take"),
        ("images/{camera}/smile_{number:04d}.png", "smile"),
        ("images/{camera}/smile/{number:04d}.png", "smile"),
        ("images/{camera}/{camera}_big smile {number:04d}.png", "big_smile"),
    ],
)
def test_pictures_are_found(pattern: str, take: str, tmp_path: Path) -> None:
    capture = CaptureFolder.open(with_pictures(tmp_path, pattern, {"c0": range(7, 19)}))
    assert [(t.name, t.frames, t.pictured) for t in capture.takes] == [(take, 12, (*range(12),))]
    for camera in CAMERAS:
        assert [number_in(capture.picture(camera, take, f)) for f in (0, 11)] == [7, 18]


def test_one_picture_of_each_camera_is_one_moment(tmp_path: Path) -> None:
    calibrated(tmp_path)
    path = tmp_path / "transforms.json"
    document = json.loads(path.read_text())
    for number, frame in enumerate(document["frames"]):
        frame["file_path"] = f"images/frame_{number:05d}.png"
        (tmp_path / "images").mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / frame["file_path"]), numbered(number))
    path.write_text(json.dumps(document))
    capture = CaptureFolder.open(tmp_path)
    assert [(t.name, t.frames, t.pictured) for t in capture.takes] == [("take", 1, (0,))]
    found = [number_in(capture.picture(camera, "take", 0)) for camera in capture.cameras]
    assert found == [0, 1, 2]


def test_a_calibration_may_name_videos(tmp_path: Path) -> None:
    calibrated(tmp_path)
    path = tmp_path / "transforms.json"
    path.write_text(path.read_text().replace("images/c1/", "clips/c1.mp4").replace("images/", ""))
    for place in ("c0.mp4", "clips/c1.mp4", "c2.mp4"):
        with_video(tmp_path / place, 25, 10)
    capture = CaptureFolder.open(tmp_path)
    assert [camera.name for camera in capture.cameras] == ["c0", "c1", "c2"]
    assert number_in(capture.picture(CAMERAS[1], "take", 7)) == 7


def test_takes_are_told_apart_and_sorted_by_number(tmp_path: Path) -> None:
    with_pictures(tmp_path, "images/{camera}/a_{number}.png", {"c0": range(8, 12)})
    with_pictures(tmp_path, "images/{camera}/b_{number}.png", {"c0": range(3)})
    capture = CaptureFolder.open(tmp_path)
    assert [(take.name, take.frames) for take in capture.takes] == [("a", 4), ("b", 3)]
    assert number_in(capture.picture(CAMERAS[0], "a", 2)) == 10


def test_steps_and_times_in_names(tmp_path: Path) -> None:
    steps = with_pictures(tmp_path / "a", "{camera}/{number}.png", {"c0": range(5, 60, 5)})
    assert CaptureFolder.open(steps).takes[0].pictured == (*range(11),)
    clock = with_pictures(tmp_path / "b", "{camera}/{number}.png", {"c0": range(0, 200, 33)})
    (clock / "c0" / "34.png").write_bytes((clock / "c0" / "33.png").read_bytes())
    assert CaptureFolder.open(clock).takes[0].frames == 8


def test_a_dropped_frame_is_told(tmp_path: Path) -> None:
    with_pictures(tmp_path, "images/{camera}/{number:06d}.png", {"c0": range(6), "c1": range(4)})
    (tmp_path / "images" / "c2" / "000005.png").unlink()
    capture = CaptureFolder.open(tmp_path)
    assert capture.takes[0].frames == 6
    assert capture.takes[0].pictured == (*range(5),)
    assert [capture.has_picture(CAMERAS[1], "take", f) for f in (3, 4)] == [True, False]
    with pytest.raises(CaptureError, match="camera c1: frame 4 of take take is missing"):
        capture.picture(CAMERAS[1], "take", 4)


def test_a_camera_without_pictures_stays(tmp_path: Path) -> None:
    with_pictures(tmp_path, "images/{camera}/{number}.png", {"c0": range(2), "c2": range(0)})
    capture = CaptureFolder.open(tmp_path)
    assert len(capture.cameras) == 3 and not capture.has_picture(CAMERAS[2], "take", 0)
    with pytest.raises(CaptureError, match="Camera c2 has no pictures"):
        capture.picture(CAMERAS[2], "take", 0)


def test_masks_are_optional(tmp_path: Path) -> None:
    with_pictures(tmp_path, "images/{camera}/{number:03d}.png", {"c0": range(3, 6)})
    assert CaptureFolder.open(tmp_path).mask(CAMERAS[0], "take", 0) is None
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[10:20, 30:40] = 255
    (tmp_path / "masks" / "c0").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "masks" / "c0" / "004.png.png"), mask)
    cv2.imwrite(str(tmp_path / "masks" / "c0" / "005.png"), mask[:30])
    capture = CaptureFolder.open(tmp_path)
    np.testing.assert_array_equal(capture.mask(CAMERAS[0], "take", 1), mask)
    assert capture.mask(CAMERAS[0], "take", 0) is None
    assert capture.mask(CAMERAS[1], "take", 1) is None
    with pytest.raises(CaptureError, match="not of its pictures' size"):
        capture.mask(CAMERAS[0], "take", 2)


def test_sound_tells_the_frame_rate(tmp_path: Path) -> None:
    with_pictures(tmp_path, "images/{camera}/{number}.png", {"c0": range(50)})
    capture = CaptureFolder.open(tmp_path)
    assert capture.takes[0].fps == 30 and "frame rate of take take" in capture.notes[0]
    with_sound(tmp_path / "audio.wav", 2.0)
    (tmp_path / "transcript.txt").write_text("Good morning.\n", encoding="utf-8")
    capture = CaptureFolder.open(tmp_path)
    take = capture.takes[0]
    assert (take.fps, take.audio, take.transcript) == (25, "audio.wav", "Good morning.")
    assert not capture.notes
    (tmp_path / "takes.json").write_text('{"schema": 1, "fps": 50}')
    assert CaptureFolder.open(tmp_path).takes[0].fps == 50


def test_each_take_has_its_sound_and_text(tmp_path: Path) -> None:
    with_pictures(tmp_path, "images/{camera}/a_{number}.png", {"c0": range(30)})
    with_pictures(tmp_path, "images/{camera}/b_{number}.png", {"c0": range(30)})
    with_sound(tmp_path / "b.wav", 1.2)
    (tmp_path / "a.txt").write_text("One.")
    a, b = CaptureFolder.open(tmp_path).takes
    assert (a.audio, a.transcript, b.audio, b.transcript) == ("", "One.", "b.wav", "")
    assert (a.fps, b.fps) == (30, 25)


def test_a_scan_is_found_and_lengths_are_scaled(tmp_path: Path) -> None:
    with_pictures(tmp_path, "images/{camera}/{number}.png", {"c0": range(1)})
    (tmp_path / "neutral.ply").write_text("ply")
    capture = CaptureFolder.open(tmp_path)
    assert capture.scan == tmp_path / "neutral.ply"
    point = np.array([0.02, 0.01, -0.03])
    for camera, small in zip(capture.cameras, capture.scaled(0.001).cameras, strict=True):
        np.testing.assert_allclose(small.project(point / 1000)[0], camera.project(point)[0])
        np.testing.assert_allclose(small.position, camera.position / 1000)


def test_videos_with_other_rates_and_starts(tmp_path: Path) -> None:
    calibrated(tmp_path)
    with_video(tmp_path / "c0.mp4", 30, 90)
    with_video(tmp_path / "c1.mp4", 60, 180)
    with_video(tmp_path / "c2.mp4", 30, 60)
    (tmp_path / "sync.json").write_text(json.dumps({"c0": 10.0, "c1": 10.5, "c2": 10.2}))
    capture = CaptureFolder.open(tmp_path)
    take = capture.takes[0]
    assert (take.name, take.fps) == ("take", 30)
    # Two cameras film from 10.2 s (c2 begins) to 13 s (c0 ends; c1 ends later).
    assert take.frames == 84 and take.pictured == (*range(84),)
    assert [capture.has_picture(CAMERAS[1], "take", f) for f in (0, 8, 9, 83)] == [
        *(False, False, True, True)
    ]
    assert [capture.has_picture(CAMERAS[2], "take", f) for f in (0, 59, 60)] == [True, True, False]
    for frame in (0, 1, 2, 20, 21, 59):
        assert number_in(capture.picture(CAMERAS[0], "take", frame)) == frame + 6
        assert number_in(capture.picture(CAMERAS[2], "take", frame)) == frame
    for frame in (9, 50, 20, 83):
        assert number_in(capture.picture(CAMERAS[1], "take", frame)) == 2 * (frame - 9)


def test_a_rarer_camera_misses_frames(tmp_path: Path) -> None:
    calibrated(tmp_path)
    for name, fps in (("c0", 60), ("c1", 60), ("c2", 20)):
        with_video(tmp_path / "videos" / f"{name}.mp4", fps, fps)
    capture = CaptureFolder.open(tmp_path)
    assert capture.takes[0].frames == 60
    seen = [capture.has_picture(CAMERAS[2], "take", f) for f in range(9)]
    assert seen == [True, False, False] * 3
    assert number_in(capture.picture(CAMERAS[2], "take", 30)) == 10


def test_videos_are_read_in_order_without_searching(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models import video_reader

    calibrated(tmp_path)
    for camera in CAMERAS:
        with_video(tmp_path / camera.name / "anything.mp4", 25, 100)
    capture = CaptureFolder.open(tmp_path)
    opened = []
    original = video_reader.VideoReader.__init__
    monkeypatch.setattr(
        video_reader.VideoReader,
        "__init__",
        lambda self, path: opened.append(path) or original(self, path),
    )
    for frame in range(100):
        for camera in CAMERAS:
            assert number_in(capture.picture(camera, "take", frame)) == frame
    assert len(opened) == 3
    assert number_in(capture.picture(CAMERAS[0], "take", 0)) == 0
    assert number_in(capture.picture(CAMERAS[0], "take", 90)) == 90
    assert number_in(copy.deepcopy(capture).picture(CAMERAS[0], "take", 5)) == 5


def test_several_takes_as_videos(tmp_path: Path) -> None:
    calibrated(tmp_path)
    for camera in CAMERAS:
        with_video(tmp_path / camera.name / "one.mp4", 25, 10)
        with_video(tmp_path / camera.name / f"{camera.name}_two.mp4", 25, 20, 50)
    capture = CaptureFolder.open(tmp_path)
    assert [(take.name, take.frames) for take in capture.takes] == [("one", 10), ("two", 20)]
    assert number_in(capture.picture(CAMERAS[1], "two", 3)) == 53


def refused(root: Path) -> str:
    with pytest.raises(CaptureError) as caught:
        CaptureFolder.open(root)
    return str(caught.value)


def test_nothing_to_see(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    cv2.imwrite(str(tmp_path / "elsewhere" / "1.png"), numbered(1))
    text = refused(calibrated(tmp_path))
    assert "needs images/c0/000000.png" in text and "in elsewhere" in text


def test_videos_and_pictures_do_not_mix(tmp_path: Path) -> None:
    with_pictures(tmp_path, "images/{camera}/{number}.png", {"c0": range(2), "c2": range(0)})
    with_video(tmp_path / "c2.mp4", 25, 5)
    assert "Camera c2 has a video and camera c0 has pictures" in refused(tmp_path)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    with_pictures(tmp_path, "images/{camera}/{number}.png", {"c0": range(4)})
    folder = tmp_path / "images" / "c1"
    (folder / "0.png").write_bytes((folder / "0.png").read_bytes()[:-20])
    cv2.imwrite(str(folder / "1.jpg"), numbered(1))
    (folder / "1.png").unlink()
    (folder / "1.jpg").write_bytes((folder / "1.jpg").read_bytes()[:400])
    (folder / "2.png").write_bytes(b"")
    cv2.imwrite(str(folder / "3.png"), numbered(3)[:40])
    capture = CaptureFolder.open(tmp_path)
    for frame, name in enumerate(("0.png", "1.jpg", "2.png")):
        with pytest.raises(CaptureError, match=f"c1: c1/{name} is missing or damaged"):
            capture.picture(CAMERAS[1], "take", frame)
    with pytest.raises(CaptureError, match="64×40 pixels, its calibration 64×64"):
        capture.picture(CAMERAS[1], "take", 3)


def test_damaged_videos_and_sync_are_named(tmp_path: Path) -> None:
    calibrated(tmp_path)
    for camera in CAMERAS:
        with_video(tmp_path / f"{camera.name}.mp4", 25, 5)
    (tmp_path / "sync.json").write_text('{"c0": "soon"}')
    assert "sync.json" in refused(tmp_path)
    (tmp_path / "sync.json").unlink()
    (tmp_path / "c1.mp4").write_bytes(b"nothing")
    assert "c1.mp4 is not a video that can be read" in refused(tmp_path)
    (tmp_path / "takes.json").write_text('{"schema": 1, "fps": 0}')
    assert "impossible frame rate: 0" in refused(tmp_path)


def test_unequal_videos_and_late_pictures_are_told(tmp_path: Path) -> None:
    calibrated(tmp_path)
    for name, frames in (("c0", 50), ("c1", 30), ("c2", 50)):
        with_video(tmp_path / f"{name}.mp4", 25, frames)
    (tmp_path / "sync.json").write_text('{"c2": 0.013}')
    sentences = {
        e.where: e.what for e in check_files(CaptureFolder.open(tmp_path)) if e.level != "ok"
    }
    assert "1.20 s in camera c1, 2.00 s in camera c" in "".join(sentences.values())
    late = [e for e in check_files(CaptureFolder.open(tmp_path)) if "before or after" in e.what]
    assert [(e.where, round(e.figure)) for e in late] == [("c2", 13)]
