"""Reading videos: times, rotation, size, damaged files, files that are none, stopping."""

import shutil
import subprocess
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import VideoError
from models.video.video_stream import LONGEST_SIDE, VideoStream

needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
BLUE, RED = (255, 0, 0), (0, 0, 255)
"""As OpenCV writes them."""


def write(path: Path, count: int, size: tuple[int, int] = (64, 48), fps: float = 25) -> Path:
    """A silent video whose left half is red and whose right half is blue."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, size)
    picture = np.empty((size[1], size[0], 3), np.uint8)
    picture[:, : size[0] // 2], picture[:, size[0] // 2 :] = RED, BLUE
    for _ in range(count):
        writer.write(picture)
    writer.release()
    return path


def by_ffmpeg(path: Path, *options: str, rate: int = 25, seconds: float = 2) -> Path:
    """A video of moving patterns."""
    source = f"testsrc=s=160x120:r={rate}:d={seconds}"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", source, *options, str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


def by_quarter(path: Path, turned: Path) -> Path:
    """The same pictures, to be shown turned by 90 degrees; FFmpeg 6 changed how that is said."""
    for before, after in (
        (["-display_rotation", "90"], []),
        ([], ["-metadata:s:v:0", "rotate=90"]),
    ):
        command = ["ffmpeg", "-v", "error", "-y", *before, "-i", str(path), "-c", "copy", *after]
        if not subprocess.run([*command, str(turned)], check=False, timeout=60).returncode:
            return turned
    raise OSError("ffmpeg cannot turn videos")


def times_of(path: Path, **options: float) -> list[float]:
    with VideoStream(path, **options) as source:
        return [time for time, picture in source if picture is not None]


def reading_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "video"]


def test_every_picture_in_rgb_with_its_time(tmp_path: Path) -> None:
    with VideoStream(write(tmp_path / "a.mp4", 10)) as source:
        assert source.size == (64, 48)
        assert source.fps == pytest.approx(25)
        assert source.seconds == pytest.approx(0.4)
        read = list(source)
        assert source.warnings == ()
    np.testing.assert_allclose([time for time, _ in read], np.arange(10) / 25, atol=1e-6)
    picture = read[0][1]
    assert picture.shape == (48, 64, 3) and picture.dtype == np.uint8
    assert picture[24, 10, 0] > 200 and picture[24, 10, 2] < 60
    assert picture[24, 54, 2] > 200 and picture[24, 54, 0] < 60


def test_one_frame(tmp_path: Path) -> None:
    assert times_of(write(tmp_path / "one.mp4", 1)) == [0.0]


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_a_picture_is_one_frame(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"face ü.{ending}"
    path.write_bytes(cv2.imencode(f".{ending}", np.full((20, 30, 3), RED, np.uint8))[1].tobytes())
    with VideoStream(path) as source:
        ((time, picture),) = source
    assert (time, source.size, source.warnings) == (0.0, (30, 20), ())
    assert picture.shape == (20, 30, 3) and picture[10, 10, 0] > 240


def test_large_pictures_are_scaled_down(tmp_path: Path) -> None:
    with VideoStream(write(tmp_path / "big.mp4", 2, (2000, 1000))) as source:
        shapes = {picture.shape for _, picture in source}
    assert source.size == (2000, 1000)
    assert shapes == {(LONGEST_SIDE // 2, LONGEST_SIDE, 3)}


@needs_ffmpeg
@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_uneven_times_are_kept(ending: str, tmp_path: Path) -> None:
    """With pictures that are stored in another order than shown."""
    uneven = "setpts='round((N+2*floor(N/7)+if(gt(N,20),5,0))/25/TB)'"
    options = ["-vf", uneven, "-bf", "3", "-c:v", "libx264"]
    number = np.arange(50)
    truth = (number + 2 * (number // 7) + np.where(number > 20, 5, 0)) / 25
    found = times_of(by_ffmpeg(tmp_path / f"vfr.{ending}", *options))
    np.testing.assert_allclose(found, truth, atol=2e-3)


@needs_ffmpeg
def test_without_times_the_rate_tells_them(tmp_path: Path) -> None:
    found = times_of(by_ffmpeg(tmp_path / "raw.h264", "-c:v", "libx264", seconds=1))
    np.testing.assert_allclose(found, np.arange(25) / 25, atol=1e-6)


@needs_ffmpeg
def test_a_video_recorded_upright_is_turned(tmp_path: Path) -> None:
    flat, upright = write(tmp_path / "flat.mp4", 3), tmp_path / "upright.mp4"
    by_quarter(flat, upright)
    with VideoStream(upright) as source:
        pictures = [picture for _, picture in source]
    assert source.size == (48, 64)
    assert {picture.shape for picture in pictures} == {(64, 48, 3)}
    top, bottom = pictures[0][8, 24], pictures[0][56, 24]
    assert abs(int(top[0]) - int(bottom[0])) > 150


@needs_ffmpeg
@pytest.mark.parametrize(("turned", "size"), [(False, (320, 120)), (True, (60, 160))])
def test_pixels_become_square(turned: bool, size: tuple[int, int], tmp_path: Path) -> None:
    path = by_ffmpeg(tmp_path / "wide.mp4", "-vf", "setsar=2", "-c:v", "mpeg4", seconds=0.2)
    path = by_quarter(path, tmp_path / "turned.mp4") if turned else path
    with VideoStream(path) as source:
        assert source.size == size
        assert {picture.shape for _, picture in source} == {(size[1], size[0], 3)}


@needs_ffmpeg
def test_a_cut_off_file_keeps_what_can_be_read(tmp_path: Path) -> None:
    whole = by_ffmpeg(
        tmp_path / "whole.mp4", "-c:v", "libx264", "-movflags", "faststart", seconds=4
    )
    data = whole.read_bytes()
    (tmp_path / "half.mp4").write_bytes(data[: len(data) // 2])
    with VideoStream(tmp_path / "half.mp4") as source:
        count = len(list(source))
    assert 10 < count < 90
    assert source.warnings == (
        f"The pictures of half.mp4 end at {count / 25:.1f} s of 4.0 s; "
        "the file may be damaged there.",
    )


def test_a_part(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", 50)
    np.testing.assert_allclose(times_of(path, start=0.4, end=0.8), np.arange(10, 21) / 25)
    with VideoStream(path, 0.4, 0.8) as source:
        assert [picture is None for _, picture in source] == 10 * [True] + 11 * [False]
        assert source.warnings == ()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("missing.mp4", None, "There is no video file missing.mp4"),
        ("empty.mp4", b"", "empty.mp4 is empty"),
        ("text.mp4", b"this is no video\n" * 99, "text.mp4 is not a video"),
        ("text.txt", b"this is no video\n" * 99, "text.txt is not a video"),
        ("noise.mp4", bytes(range(256)) * 40, "noise.mp4 is not a video"),
        ("noise.jpg", bytes(range(256)) * 40, "noise.jpg is not a picture"),
    ],
)
def test_what_is_no_video(name: str, data: bytes | None, message: str, tmp_path: Path) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(VideoError, match=message):
        VideoStream(tmp_path / name)


def test_a_folder_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="There is no video file"):
        VideoStream(tmp_path)


@needs_ffmpeg
def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", str(path)]
    subprocess.run(command, check=True, timeout=60)
    with pytest.raises(VideoError, match="sound.mp4"):
        VideoStream(path)


def test_stopping_in_the_middle_ends_the_thread(tmp_path: Path) -> None:
    with VideoStream(write(tmp_path / "a.mp4", 60)) as source:
        next(iter(source))
        assert reading_threads()
    assert not reading_threads()
