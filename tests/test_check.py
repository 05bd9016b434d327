"""Pre-flight on a small rendered capture: each way it can be bad is told in a sentence."""

import json
import shutil
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from rendered_faces import around, needs_landmarker, rendered_by

from models.__main__ import main
from models.cameras import OPENGL, Camera
from models.capture.calibration.transforms import read_transforms, write_transforms
from models.capture.check import check
from models.capture.check_report import CheckReport
from models.capture.folder import CaptureFolder
from models.errors import CaptureError

SIDE, FRAMES, FOCAL = 320, 3, 3.2
ANGLES = {"front": (0, 2), "left": (25, 8), "right": (-25, 3), "below": (4, -22), "side": (48, 4)}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five cameras, three frames, complete and well calibrated."""
    needs_landmarker()
    root, cameras = tmp_path_factory.mktemp("good"), around(SIDE, ANGLES, FOCAL)
    for frame in range(FRAMES):
        pictures = rendered_by(cameras, (3 * frame, 0, 4 * frame - 4), 0.1 * frame)
        for camera, picture in zip(cameras, pictures, strict=True):
            write(root, camera.name, frame, picture)
    write_transforms(root / "transforms.json", cameras)
    (root / "takes.json").write_text('{"schema": 1, "fps": 25}')
    return root


@pytest.fixture
def capture(good: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(good, tmp_path / "shoot"))


def place(root: Path, camera: str, frame: int) -> Path:
    return root / "images" / camera / f"{frame:06d}.png"


def write(root: Path, camera: str, frame: int, picture: np.ndarray) -> None:
    place(root, camera, frame).parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(place(root, camera, frame)), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def repaint(root: Path, camera: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    for frame in range(FRAMES):
        path = place(root, camera, frame)
        cv2.imwrite(str(path), change(cv2.imread(str(path))))


def recalibrate(root: Path, change: Callable[[Camera], Camera]) -> None:
    path = root / "transforms.json"
    write_transforms(path, [change(entry.camera) for entry in read_transforms(path)])


def said(report: CheckReport, level: str) -> str:
    return "\n".join(f"{e.where} | {e.sentence()}" for e in report.of_level(level))


def test_a_good_capture_is_well(good: Path, tmp_path: Path) -> None:
    progress: list[float] = []
    report = check(good, lambda fraction, _: progress.append(fraction), tmp_path / "rig.png")
    assert report.ok and not report.of_level("warning"), report.lines()
    assert report.scale == 1 and report.takes == {"take": FRAMES}
    assert max(report.errors_px.values()) < 4 and report.errors_px["front"] < 1
    well = said(report, "ok")
    assert "in metres" in well and "up is +Z" in well and "looks to −Y" in well
    assert "5 cameras see the mouth" in well
    assert progress[-1] == 1
    picture = cv2.imread(str(tmp_path / "rig.png"))
    assert picture.shape == (1200, 1800, 3) and picture[:900].std() > 5


def test_command_writes_json_and_tells_by_its_exit_status(
    capture: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["check", str(capture), "--json", "--frames", "1"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] and document["cameras"] == list(ANGLES)
    again = CheckReport.from_document(document).document()
    assert json.loads(json.dumps(again)) == document
    with pytest.raises(CaptureError, match="schema 7"):
        CheckReport.from_document(document | {"schema": 7})
    (capture / "transforms.json").unlink()
    assert main(["check", str(capture)]) == 1
    assert "has no calibration" in capsys.readouterr().out
    assert main(["check", str(capture), "--frames", "0"]) == 2


def test_no_calibration(capture: Path) -> None:
    (capture / "transforms.json").unlink()
    report = check(capture)
    assert not report.ok
    assert "The capture shoot has no calibration: it needs transforms.json" in said(report, "error")


@pytest.mark.parametrize("axis", [0, 1])
def test_mirrored_axes_of_cameras(capture: Path, axis: int) -> None:
    flip = np.diag([-1.0 if i == axis else 1.0 for i in range(4)])
    recalibrate(capture, lambda c: replace(c, world_to_camera=flip @ c.world_to_camera))
    assert "axes of camera front are mirrored (left-handed" in said(check(capture), "error")


def test_a_mirrored_world(capture: Path) -> None:
    flip = np.diag([-1.0, 1, 1, 1])
    recalibrate(capture, lambda c: replace(c, world_to_camera=flip @ c.world_to_camera @ flip))
    report = check(capture, frames=2)
    assert "calibration is mirrored (left and right are swapped)" in said(report, "error")
    assert len(report.of_level("error")) == 1


def test_a_world_flipped_upside_down(capture: Path) -> None:
    camera_flip, world_flip = np.diag([1.0, -1, 1, 1]), np.diag([1.0, 1, -1, 1])
    recalibrate(
        capture,
        lambda c: replace(c, world_to_camera=camera_flip @ c.world_to_camera @ world_flip),
    )
    assert "mirrored (y points the other way)" in said(check(capture, frames=2), "error")


def test_pictures_upside_down(capture: Path) -> None:
    for name in ANGLES:
        repaint(capture, name, lambda picture: np.ascontiguousarray(picture[::-1, ::-1]))
    errors = said(check(capture), "error")
    assert "upside down" in errors


def test_cameras_that_look_away(capture: Path) -> None:
    recalibrate(capture, lambda c: replace(c, world_to_camera=OPENGL @ c.world_to_camera))
    assert "The cameras look away from what they should see" in said(check(capture), "error")


@pytest.mark.parametrize(("factor", "unit"), [(1000, "millimetres"), (100, "centimetres")])
def test_units(capture: Path, factor: float, unit: str) -> None:
    recalibrate(capture, lambda c: c.scaled(factor))
    report = check(capture, frames=2)
    assert report.ok and report.scale == pytest.approx(1 / factor)
    assert f"is in {unit}, not in metres: its lengths are multiplied by" in said(report, "warning")
    scaled = CaptureFolder.open(capture).scaled(report.scale)
    true = around(SIDE, ANGLES, FOCAL)[0]
    np.testing.assert_allclose(scaled.cameras[0].position, true.position, atol=1e-9)


def test_an_unknown_scale_is_measured_by_the_eyes(capture: Path) -> None:
    recalibrate(capture, lambda c: c.scaled(3.7))
    report = check(capture, frames=2)
    assert report.scale == pytest.approx(1 / 3.7, rel=0.08)
    assert "in no usual unit" in said(report, "warning")


def test_another_up(capture: Path) -> None:
    turn = np.array([[1.0, 0, 0, 0.3], [0, 0, 1, -0.2], [0, -1, 0, 0.5], [0, 0, 0, 1]])
    recalibrate(capture, lambda c: replace(c, world_to_camera=c.world_to_camera @ turn))
    report = check(capture, frames=2)
    assert report.ok and "up is −Y" in said(report, "ok")


def test_one_camera_only(capture: Path) -> None:
    for name in list(ANGLES)[1:]:
        shutil.rmtree(capture / "images" / name)
    report = check(capture, frames=1)
    assert "pictures of one camera only (front). Depth needs at least two" in said(report, "error")
    assert "Camera left is calibrated but has no pictures" in said(report, "warning")


def test_no_face(capture: Path) -> None:
    for name in ANGLES:
        repaint(capture, name, lambda picture: np.full_like(picture, 90))
    assert "No face was found in any of 15 pictures" in said(check(capture), "error")


def test_unequal_lengths_and_a_dropped_frame(capture: Path) -> None:
    place(capture, "left", FRAMES - 1).unlink()
    place(capture, "side", 1).unlink()
    warnings = said(check(capture, frames=1), "warning")
    assert "left | In take take, camera left ends 1 frames early of 3 (frame 2)" in warnings
    assert "side | In take take, camera side lacks 1 frames of 3 (frame 1)" in warnings


def test_sound_of_another_length(capture: Path) -> None:
    with wave.open(str(capture / "audio.wav"), "wb") as stream:
        stream.setparams((1, 2, 8000, 0, "NONE", ""))
        stream.writeframes(bytes(16000))
    assert "sound lasts 1.00 s, the pictures 0.12 s" in said(check(capture, frames=1), "warning")
    (capture / "audio.wav").write_bytes(b"RIFF")
    assert "audio.wav cannot be read as sound" in said(check(capture, frames=1), "error")


def test_a_corrupt_picture(capture: Path) -> None:
    path = place(capture, "right", 1)
    path.write_bytes(path.read_bytes()[:-500])
    errors = said(check(capture, frames=1), "error")
    assert "images/right/000001.png | The picture right/000001.png is damaged" in errors


def test_a_picture_of_another_size(capture: Path) -> None:
    repaint(capture, "left", lambda picture: picture[:200])
    assert "left | Frame 0 of take take of camera left has 320×200" in said(
        check(capture, frames=1), "error"
    )


@pytest.mark.parametrize("name", ["front", "below", "side"])
def test_the_camera_that_was_moved_is_named(capture: Path, name: str) -> None:
    turn = np.eye(4)
    angle = np.radians(2.0)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turn[0, 3] = 0.015

    def moved(camera: Camera) -> Camera:
        matrix = turn @ camera.world_to_camera
        return replace(camera, world_to_camera=matrix) if camera.name == name else camera

    recalibrate(capture, moved)
    report = check(capture, frames=2)
    disagreeing = [e.where for e in report.entries if e.topic == "cameras" and e.level != "ok"]
    assert disagreeing == [name], report.lines()


def test_a_calibration_of_another_set_up(capture: Path) -> None:
    names = list(ANGLES)
    others = dict(zip(names, names[1:] + names[:1], strict=True))
    recalibrate(capture, lambda c: replace(c, name=others[c.name]))
    errors = said(check(capture), "error")
    assert "cameras disagree" in errors and "no single camera is to blame" in errors


def test_blurred_and_badly_exposed_cameras(capture: Path) -> None:
    repaint(capture, "left", lambda picture: cv2.GaussianBlur(picture, (0, 0), 2.5))
    repaint(capture, "right", lambda picture: cv2.convertScaleAbs(picture, alpha=2.3))
    warnings = said(check(capture), "warning")
    assert "left | Camera left is blurred" in warnings
    assert "right | Camera right is over-exposed" in warnings
    assert "Camera front" not in warnings and "Camera below" not in warnings


def test_masks_the_wrong_way_round(capture: Path) -> None:
    for frame in range(FRAMES):
        for camera, inside in (("front", 0), ("side", 255)):
            mask = np.full((SIDE, SIDE), 255 - inside, np.uint8)
            mask[SIDE // 8 : -SIDE // 8, SIDE // 8 : -SIDE // 8] = inside
            path = capture / "masks" / camera / f"{frame:06d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), mask)
    report = check(capture)
    assert not report.ok
    assert "front | The masks of camera front hide 100% of the face" in said(report, "error")
    assert "camera side hide" not in said(report, "error")
    cut = capture / "masks" / "front" / "000001.png"
    cut.write_bytes(cut.read_bytes()[:60])
    assert "000001.png" in said(check(capture), "error")


def test_a_blurred_frame(capture: Path) -> None:
    for name in ANGLES:
        path = place(capture, name, 1)
        cv2.imwrite(str(path), cv2.GaussianBlur(cv2.imread(str(path)), (0, 0), 3))
    assert "Frame 1 of take take is blurred" in said(check(capture), "warning")


def test_other_colours_are_told_and_matched(capture: Path) -> None:
    def warmer(picture: np.ndarray) -> np.ndarray:
        return np.clip(picture * np.array([0.92, 1.0, 1.08]), 0, 255).astype(np.uint8)

    before = check(capture, frames=2).colours["left"][0]
    repaint(capture, "left", warmer)
    report = check(capture, frames=2)
    blue, _, red = np.array([0.92, 1, 1.08]) ** 2.2
    after = np.array(report.colours["left"][0]) / before
    np.testing.assert_allclose(after[[0, 2]], [red**-0.8, blue**-0.8], rtol=0.03)
    painted = cv2.cvtColor(cv2.imread(str(place(capture, "left", 0))), cv2.COLOR_BGR2RGB)
    skin = slice(150, 170), slice(150, 170)
    off = painted[skin].mean((0, 1)) - report.matches()["left"].apply(painted)[skin].mean((0, 1))
    assert off[0] > 5 and off[2] < -3
    assert "Camera left shows skin in other colours" in said(report, "ok")


def test_a_small_face_and_few_views_of_the_mouth(good: Path, tmp_path: Path) -> None:
    cameras = around(SIDE, {"front": (0, 0), "side": (52, 0), "back": (170, 0)}, 2.0)
    for camera, picture in zip(cameras, rendered_by(cameras), strict=True):
        write(tmp_path, camera.name, 0, picture)
    write_transforms(tmp_path / "transforms.json", cameras)
    warnings = said(check(tmp_path), "warning")
    assert "front | The face is small in camera front: " in warnings
    assert "The mouth is seen by 2 cameras" in warnings
    assert "back | Camera back sees the face never" in warnings
    assert "Nothing tells the frame rate of take take" in warnings


def test_a_camera_on_its_side(capture: Path) -> None:
    repaint(capture, "left", lambda picture: np.ascontiguousarray(np.rot90(picture)))
    lying = np.array([[0.0, 1, 0, 0], [-1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])

    def turned(camera: Camera) -> Camera:
        matrix = lying @ camera.world_to_camera
        return replace(camera, world_to_camera=matrix) if camera.name == "left" else camera

    recalibrate(capture, turned)
    report = check(capture, frames=2)
    assert report.ok and report.errors_px["left"] < 1.5, report.lines()


def test_videos(capture: Path) -> None:
    for name in ANGLES:
        path = capture / f"{name}.mp4"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 25, (SIDE, SIDE))
        for frame in range(FRAMES):
            writer.write(cv2.imread(str(place(capture, name, frame))))
        writer.release()
    shutil.rmtree(capture / "images")
    report = check(capture, frames=2)
    assert report.ok and report.takes == {"take": FRAMES}, report.lines()
    assert report.errors_px["front"] < 1.5
