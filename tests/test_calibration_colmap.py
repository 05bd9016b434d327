"""COLMAP's models as pycolmap writes them: lenses, rigs, both forms, damage."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from capture_scenes import ring_of_cameras

from models.cameras import Camera
from models.capture.calibration import colmap_lens
from models.capture.calibration.find import read_calibration
from models.errors import CaptureError, MissingDependencyError

pycolmap = pytest.importorskip("pycolmap")

EXACT = {
    "SIMPLE_PINHOLE": (500, 321, 239),
    "PINHOLE": (500, 505, 321, 239),
    "SIMPLE_RADIAL": (500, 321, 239, -0.1),
    "RADIAL": (500, 321, 239, -0.1, 0.02),
    "OPENCV": (500, 505, 321, 239, -0.1, 0.02, 0.001, -0.002),
    "FULL_OPENCV": (500, 505, 321, 239, -0.1, 0.02, 0.001, -0.002, 0.01, 0.02, -0.01, 0.003),
}
FITTED = {
    "OPENCV_FISHEYE": (500, 510, 320, 240, 0.02, -0.01, 0.003, 0),
    "FOV": (600, 600, 320, 240, 0.9),
    "SIMPLE_RADIAL_FISHEYE": (500, 320, 240, 0.05),
    "RADIAL_FISHEYE": (500, 320, 240, 0.05, -0.01),
    "THIN_PRISM_FISHEYE": (600, 610, 320, 240, 0.02, -0.01, 1e-3, -1e-3, 0, 0, 1e-3, -5e-4),
    "RAD_TAN_THIN_PRISM_FISHEYE": (
        *(600, 600, 318, 242, 0.02, -0.01, 0, 0, 0, 0),
        *(5e-4, -5e-4, 5e-4, 2e-4, -3e-4, 1e-4),
    ),
    "SIMPLE_DIVISION": (600, 320, 240, -0.15),
    "DIVISION": (600, 605, 320, 240, -0.15),
    "SIMPLE_FISHEYE": (500, 320, 240),
    "FISHEYE": (500, 505, 320, 240),
    "EUCM": (600, 600, 320, 240, 0.5, 1.1),
}
RING = ring_of_cameras(256)
Model = "pycolmap.Reconstruction"


def rigid(matrix: np.ndarray) -> "pycolmap.Rigid3d":
    return pycolmap.Rigid3d(matrix[:3])


def lens_of(model: str, values: tuple[float, ...], number: int = 1) -> "pycolmap.Camera":
    return pycolmap.Camera(
        model=model, width=640, height=480, params=np.array(values, float), camera_id=number
    )


def single(model: str, values: tuple[float, ...]) -> Model:
    found = pycolmap.Reconstruction()
    found.add_camera_with_trivial_rig(lens_of(model, values))
    for number, camera in enumerate(RING, 1):
        image = pycolmap.Image(name=f"{camera.name}/a b.png", camera_id=1, image_id=number)
        image.points2D = pycolmap.Point2DList([pycolmap.Point2D(np.array([1.0, 2.0]))] * 3)
        found.add_image_with_trivial_frame(image, rigid(camera.world_to_camera))
    return found


def in_a_rig() -> Model:
    """Two frames of a rig whose first camera is the reference."""
    found, rig = pycolmap.Reconstruction(), pycolmap.Rig(rig_id=1)
    first = RING[0].world_to_camera
    for number, camera in enumerate(RING, 1):
        found.add_camera(lens_of("PINHOLE", (500, 505, 321, 239), number))
        sensor = pycolmap.sensor_t(type=pycolmap.SensorType.CAMERA, id=number)
        if number == 1:
            rig.add_ref_sensor(sensor)
        else:
            rig.add_sensor(sensor, rigid(camera.world_to_camera @ np.linalg.inv(first)))
    found.add_rig(rig)
    for moment in range(2):
        frame = pycolmap.Frame(frame_id=moment + 1, rig_id=1, rig_from_world=rigid(first))
        images = [
            pycolmap.Image(
                name=f"{camera.name}/{moment}.png",
                camera_id=number,
                image_id=10 * number + moment,
                frame_id=moment + 1,
            )
            for number, camera in enumerate(RING, 1)
        ]
        for image in images:
            frame.add_data_id(image.data_id)
        found.add_frame(frame)
        for image in images:
            found.add_image(image)
    return found


def write(model: Model, folder: Path, form: str) -> Path:
    folder.mkdir(parents=True)
    model.write_text(str(folder)) if form == "txt" else model.write_binary(str(folder))
    return folder


def read(root: Path) -> dict[str, Camera]:
    found = read_calibration(root)
    assert found.source == "COLMAP model"
    return {entry.camera.name: entry.camera for entry in found.cameras}


def worst(cameras: dict[str, Camera], model: Model) -> float:
    """The largest difference in pixels to what pycolmap projects, all over the picture."""
    side = np.stack(np.meshgrid(np.linspace(0, 640, 40), np.linspace(0, 480, 30)), -1)
    errors = []
    for image in model.images.values():
        plane = image.camera.cam_from_img(side.reshape(-1, 2))
        local = np.c_[plane, np.ones(len(plane))]
        world = image.cam_from_world().inverse() * local
        theirs = image.camera.img_from_cam(local)
        camera = cameras[image.name.split("/")[0]]
        assert (camera.width, camera.height) == (640, 480)
        errors.append(np.abs(camera.project(world)[0] - theirs).max())
    assert len(cameras) == len(RING)
    return max(errors)


@pytest.mark.parametrize("form", ["txt", "bin"])
@pytest.mark.parametrize("name", EXACT)
def test_lenses_that_are_ours(name: str, form: str, tmp_path: Path) -> None:
    model = single(name, EXACT[name])
    write(model, tmp_path / "sparse", form)
    assert worst(read(tmp_path), model) < 1e-6


@pytest.mark.parametrize("name", FITTED)
def test_lenses_that_are_fitted(name: str, tmp_path: Path) -> None:
    model = single(name, FITTED[name])
    write(model, tmp_path / "colmap" / "sparse" / "0", "bin")
    assert worst(read(tmp_path), model) < (0.06 if "PRISM" in name else 0.01)


@pytest.mark.parametrize("form", ["txt", "bin"])
def test_a_rig(form: str, tmp_path: Path) -> None:
    model = in_a_rig()
    write(model, tmp_path / "sparse" / "0", form)
    assert worst(read(tmp_path), model) < 1e-6


def test_poses_are_those_of_the_rig(tmp_path: Path) -> None:
    model = in_a_rig()
    folder = write(model, tmp_path / "sparse" / "0", "txt")
    lines = (folder / "images.txt").read_text().splitlines()
    stale = [" ".join([*w[:5], "9", "9", "9", *w[8:]]) for w in map(str.split, lines) if len(w) > 9]
    (folder / "images.txt").write_text("\n".join(stale))
    assert worst(read(tmp_path), model) < 1e-6


def test_pictures_without_their_line_of_points(tmp_path: Path) -> None:
    model = single("PINHOLE", EXACT["PINHOLE"])
    folder = write(model, tmp_path / "sparse", "txt")
    lines = (folder / "images.txt").read_text().splitlines()
    poses = [line for line in lines if line.endswith(".png")]
    assert len(poses) == len(RING)
    (folder / "images.txt").write_text("\n".join(poses))
    assert worst(read(tmp_path), model) < 1e-6


def refused(root: Path) -> str:
    with pytest.raises(CaptureError) as caught:
        read_calibration(root)
    return str(caught.value)


def test_lenses_that_see_too_much(tmp_path: Path) -> None:
    write(single("FISHEYE", (200, 200, 320, 240)), tmp_path / "sparse", "bin")
    message = refused(tmp_path)
    assert message.startswith("cameras.bin: the lens FISHEYE of camera 1 sees too much")


@pytest.mark.parametrize("name", ["PINHOLE", "FISHEYE"])
def test_a_lens_that_mirrors(name: str, tmp_path: Path) -> None:
    write(single(name, (500, -500, 320, 240)), tmp_path / "sparse", "txt")
    assert "focal length of camera 1 is not positive" in refused(tmp_path)


def test_a_lens_that_is_not_near_enough(tmp_path: Path) -> None:
    tilted = (*FITTED["THIN_PRISM_FISHEYE"][:-2], 0.1, -0.05)
    write(single("THIN_PRISM_FISHEYE", tilted), tmp_path / "sparse", "txt")
    message = refused(tmp_path)
    assert message.startswith("cameras.txt: the lens THIN_PRISM_FISHEYE of camera 1 would be wrong")


READ_WHILE_STOPPABLE = """
import os, signal, sys
from pathlib import Path
from models.capture.calibration.find import read_calibration

signal.signal(signal.SIGTERM, lambda *_: print("asked to stop"))
read_calibration(Path(sys.argv[1]))
os.kill(os.getpid(), signal.SIGTERM)
print("pycolmap" in sys.modules)
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows ends a process without asking")
def test_a_lens_leaves_signals_to_the_program(tmp_path: Path) -> None:
    write(single("FOV", FITTED["FOV"]), tmp_path / "sparse", "txt")
    done = subprocess.run(
        [sys.executable, "-c", READ_WHILE_STOPPABLE, str(tmp_path)],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == ["asked to stop", "False"], done.stderr


@pytest.mark.parametrize("script", ["import sys; sys.exit(3)", "print('no JSON')"])
def test_a_pycolmap_that_does_not_work(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(single("FOV", FITTED["FOV"]), tmp_path / "sparse", "txt")
    child = tmp_path / "child.py"
    child.write_text(script)
    monkeypatch.setattr(colmap_lens, "_CHILD", child)
    with pytest.raises(MissingDependencyError, match="pycolmap, which does not work here"):
        read_calibration(tmp_path)


def test_without_pycolmap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(single("FOV", FITTED["FOV"]), tmp_path / "a" / "sparse", "txt")
    write(single("OPENCV", EXACT["OPENCV"]), tmp_path / "b" / "sparse", "bin")
    monkeypatch.setitem(sys.modules, "pycolmap", None)
    with pytest.raises(MissingDependencyError, match="pycolmap"):
        read_calibration(tmp_path / "a")
    assert len(read(tmp_path / "b")) == len(RING)


@pytest.mark.parametrize("name", ["cameras", "images", "rigs", "frames"])
def test_binary_files_that_were_cut(name: str, tmp_path: Path) -> None:
    whole = write(in_a_rig(), tmp_path / "whole", "bin")
    data = (whole / f"{name}.bin").read_bytes()
    for cut in {*range(0, len(data), 7), len(data) - 1}:
        root = tmp_path / str(cut)
        shutil.copytree(whole, root)
        (root / f"{name}.bin").write_bytes(data[:cut])
        assert f"COLMAP's {name}.bin cannot be read" in refused(root)


@pytest.mark.parametrize("name", ["cameras", "images", "rigs", "frames"])
@pytest.mark.parametrize("content", ["1 PINHOLE 100\n", "words and no numbers, of some length\n"])
def test_damaged_text(name: str, content: str, tmp_path: Path) -> None:
    write(in_a_rig(), tmp_path / "sparse", "txt")
    (tmp_path / "sparse" / f"{name}.txt").write_text(content)
    assert f"COLMAP's {name}.txt cannot be read" in refused(tmp_path)


def test_a_camera_that_is_missing(tmp_path: Path) -> None:
    folder = write(in_a_rig(), tmp_path / "sparse", "txt")
    lines = (folder / "cameras.txt").read_text().splitlines()
    (folder / "cameras.txt").write_text("\n".join(line for line in lines if line[:2] != "2 "))
    assert "cameras.txt lacks camera 2 of" in refused(tmp_path)


def test_damaged_numbers(tmp_path: Path) -> None:
    folder = write(single("FOV", FITTED["FOV"]), tmp_path / "sparse", "txt")
    images, cameras = folder / "images.txt", folder / "cameras.txt"
    whole = cameras.read_text()
    cameras.write_text(whole.replace(" 600 ", " nan "))
    assert "cameras.txt: the lens of camera 1 has numbers that are not finite" in refused(tmp_path)
    cameras.write_text(whole.replace("FOV", "LENS"))
    assert "cameras.txt cannot be read: 'LENS' is no whole number" in refused(tmp_path)
    for width in ("0", "-640"):
        cameras.write_text(whole.replace("640", width))
        assert "cameras.txt cannot be read: camera 1 has no pixels" in refused(tmp_path)
    cameras.write_text(whole)
    images.write_text("1 0 0 0 0 0 0 1 1 a.png\n")
    assert "images.txt cannot be read: a pose is no rotation" in refused(tmp_path)
