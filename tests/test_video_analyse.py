"""From a video file to an analysis: rendered people, gaps, cuts, several faces, stopping."""

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from rendered_faces import SIDE, needs_landmarker, rendered

from models.errors import CancelledError, VideoError
from models.faces.finder import SCORE_INDEX, Face
from models.video.analyse import analyse_video
from models.video.analysis import Analysis

FPS = 25
EMPTY = np.full((SIDE, SIDE, 3), 110, np.uint8)
BLACK_AND_WHITE = np.full((SIDE, SIDE, 3), 20, np.uint8)
BLACK_AND_WHITE[: SIDE // 2, :90] = 240


class MouthCorners:
    """Describes a face by its mouth corners; remembers whether it was shown pictures."""

    name = "mouth corners"
    size = 4
    parts = np.zeros(4, int)
    mirror = None

    def __init__(self, needs_picture: bool = False) -> None:
        self.needs_picture, self.shown = needs_picture, []

    def describe(self, picture: np.ndarray | None, face: Face) -> np.ndarray:
        self.shown.append(picture is not None)
        return face.points[[61, 291], :2].ravel()


@pytest.fixture(scope="module", autouse=True)
def _landmarker() -> None:
    needs_landmarker()


def write(path: Path, pictures: list[np.ndarray]) -> Path:
    size = pictures[0].shape[1], pictures[0].shape[0]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), FPS, size)
    for picture in pictures:
        writer.write(picture[..., ::-1])
    writer.release()
    return path


@pytest.fixture(scope="module")
def nod(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Turns to the actor's left while the mouth opens; something hides the face for some frames."""
    pictures = [rendered((0, 0, 2.0 * row), 0.05 * row).copy() for row in range(13)]
    for picture in pictures[6:10]:
        picture[60:200, 90:170] = 90
    return write(tmp_path_factory.mktemp("nod") / "nod.mp4", pictures)


def test_movement_is_read_and_the_gap_filled(nod: Path) -> None:
    extractor, reports = MouthCorners(), []
    found = analyse_video(
        nod, extractor, progress=lambda share, text: reports.append((share, text))
    )
    found.check()
    np.testing.assert_allclose(found.times, np.arange(13) / FPS, atol=1e-6)
    assert (found.extractor, found.size) == ("mouth corners", (SIDE, SIDE))
    assert found.descriptors.shape == (13, 4)
    assert found.descriptors.dtype == found.scores.dtype == found.head_pose.dtype == np.float32
    yaw = np.degrees(found.head_pose[:, 2])
    np.testing.assert_allclose(yaw - yaw[0], 2.0 * np.arange(13), atol=4)
    jaw = found.scores[:, SCORE_INDEX["jawOpen"]]
    assert jaw[0] < 0.1 and jaw[-1] > 0.2
    assert np.flatnonzero(found.confidence == 0).tolist() == [6, 7, 8, 9]
    assert found.shots.max() == 0
    assert found.warnings == ("No face from 0.2 s to 0.4 s; filled in.",)
    assert extractor.shown == 9 * [False]
    assert reports[0][0] == 0 and [share for share, _ in reports] == sorted(
        share for share, _ in reports
    )
    assert reports[-1][0] > 0.9 and "0.5 of 0.5 s" in reports[-1][1]


def test_an_analysis_survives_being_kept(nod: Path) -> None:
    found = analyse_video(nod, MouthCorners())
    again = Analysis.from_bytes(found.to_bytes())
    np.testing.assert_array_equal(again.head_pose, found.head_pose)
    assert again.warnings == found.warnings


def test_an_extractor_that_sees_is_shown_the_picture(nod: Path) -> None:
    extractor = MouthCorners(needs_picture=True)
    analyse_video(nod, extractor, end=0.1)
    assert extractor.shown == 3 * [True]


def test_a_part_keeps_the_videos_times(nod: Path) -> None:
    whole, part = (
        analyse_video(nod, MouthCorners(), start=s, end=e) for s, e in ((0, None), (0.1, 0.2))
    )
    np.testing.assert_allclose(part.times, [0.12, 0.16, 0.2], atol=1e-6)
    np.testing.assert_allclose(part.descriptors, whole.descriptors[3:6], atol=1e-4)


@pytest.mark.parametrize(
    ("start", "end", "message"), [(1, 1, "after its start"), (9, None, "no pictures")]
)
def test_parts_that_do_not_exist(nod: Path, start: float, end: float | None, message: str) -> None:
    with pytest.raises(VideoError, match=message):
        analyse_video(nod, MouthCorners(), start=start, end=end)


def test_two_people_by_number(tmp_path: Path) -> None:
    left, right = rendered((0, 0, 15)), rendered((0, 0, -15))
    path = write(tmp_path / "two.mp4", 3 * [np.hstack([left, right])])
    yaw = [
        np.degrees(analyse_video(path, MouthCorners(), n).head_pose[:, 2].mean()) for n in (0, 1)
    ]
    assert yaw[0] > 8 and yaw[1] < -8
    chosen = analyse_video(path, MouthCorners())
    assert chosen.warnings == ("2 faces are seen; the largest is followed.",)
    with pytest.raises(VideoError, match="There is no face 2"):
        analyse_video(path, MouthCorners(), 2)


def test_a_cut_begins_a_new_shot(tmp_path: Path) -> None:
    there = 5 * [BLACK_AND_WHITE]
    path = write(tmp_path / "cut.mp4", [rendered()] * 5 + there + [rendered((0, 0, 20))] * 5)
    found = analyse_video(path, MouthCorners())
    assert found.shots.tolist() == 5 * [0] + 5 * [1] + 5 * [2]
    yaw = np.degrees(found.head_pose[:, 2])
    assert np.abs(np.diff(yaw)).max() > 10
    assert found.confidence[5:10].tolist() == 5 * [0]


@pytest.mark.parametrize("name", ["face.mp4", "face.png"])
def test_one_frame(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name.endswith("mp4"):
        write(path, [rendered()])
    else:
        cv2.imwrite(str(path), rendered()[..., ::-1])
    found = analyse_video(path, MouthCorners())
    found.check()
    assert len(found) == 1 and found.confidence[0] > 0.9


def test_no_face(tmp_path: Path) -> None:
    path = write(tmp_path / "empty.mp4", 5 * [EMPTY])
    with pytest.raises(VideoError, match="No face is seen"):
        analyse_video(path, MouthCorners())


def test_stopping_ends_the_thread(nod: Path) -> None:
    calls = []

    def stop(share: float, text: str) -> None:
        calls.append(share)
        if len(calls) == 3:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        analyse_video(nod, MouthCorners(), progress=stop)
    assert len(calls) == 3
    assert not [thread for thread in threading.enumerate() if thread.name == "video"]
