"""Each calibration format against known geometry, and each way it can be wrong."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from capture_scenes import ring_of_cameras
from scipy.spatial.transform import Rotation

from models.cameras import OPENGL, Camera, look_at
from models.capture.calibration.entries import Calibrated
from models.capture.calibration.find import read_calibration
from models.capture.calibration.transforms import write_transforms
from models.errors import CaptureError

FRONT = look_at("front", (0, -1, 0), (0, 0, 0), 1000, (400, 300))
LENS = (-0.12, 0.03, 0.001, -0.002)


def rig(distortion: tuple[float, ...] = LENS) -> list[Camera]:
    return [replace(camera, distortion=distortion) for camera in ring_of_cameras(256)]


def same_views(found: tuple[Calibrated, ...], expected: list[Camera], atol: float = 1e-6) -> None:
    points = np.random.default_rng(0).uniform(-0.1, 0.1, (20, 3))
    by_name = {entry.camera.name: entry.camera for entry in found}
    assert sorted(by_name) == sorted(camera.name for camera in expected)
    for camera in expected:
        read = by_name[camera.name]
        assert (read.width, read.height) == (camera.width, camera.height)
        np.testing.assert_allclose(read.project(points)[0], camera.project(points)[0], atol=atol)
        np.testing.assert_allclose(
            read.project(points)[1], camera.project(points)[1], atol=0.01 * atol
        )


def as_transforms(root: Path, cameras: list[Camera], **more: object) -> dict:
    write_transforms(root / "transforms.json", cameras)
    document = json.loads((root / "transforms.json").read_text()) | more
    (root / "transforms.json").write_text(json.dumps(document))
    return document


def as_colmap(root: Path, cameras: list[Camera], folders: bool = True) -> None:
    model, lenses, images = root / "sparse" / "0", ["# cameras"], ["# images", "#  two lines each"]
    model.mkdir(parents=True)
    (root / "images").mkdir()
    for number, camera in enumerate(cameras, 1):
        k = camera.intrinsics
        values = (k[0, 0], k[1, 1], k[0, 2], k[1, 2], *camera.distortion)
        numbers = " ".join(map(repr, map(float, values)))
        lenses.append(f"{number} OPENCV {camera.width} {camera.height} {numbers}")
        for frame in range(2 if folders else 1):
            x, y, z, w = Rotation.from_matrix(camera.world_to_camera[:3, :3]).as_quat()
            t = camera.world_to_camera[:3, 3] + 1e-4 * frame
            pose = " ".join(map(repr, map(float, (w, x, y, z, *t))))
            name = f"{camera.name}/{frame:04d}.png" if folders else f"{camera.name}.png"
            images += [f"{10 * number + frame} {pose} {number} {name}", "1.5 2.5 -1" * frame]
    (model / "cameras.txt").write_text("\n".join(lenses) + "\n")
    (model / "images.txt").write_text("\n".join(images) + "\n")


def opencv_values(camera: Camera) -> dict:
    middles = camera.intrinsics.copy()
    middles[:2, 2] -= 0.5
    return {
        "K": middles,
        "dist": np.array(camera.distortion),
        "R": camera.world_to_camera[:3, :3],
        "t": camera.world_to_camera[:3, 3],
        "image_size": [camera.width, camera.height],
    }


def as_plain_json(root: Path, cameras: list[Camera]) -> None:
    values = {
        c.name: {k: np.asarray(v).tolist() for k, v in opencv_values(c).items()} for c in cameras
    }
    (root / "calibration.json").write_text(json.dumps({"cameras": values}))


def as_list_of_cameras(root: Path, cameras: list[Camera]) -> None:
    entries = []
    for camera in cameras:
        k, turn = opencv_values(camera)["K"], cv2.Rodrigues(camera.world_to_camera[:3, :3])[0]
        named = {"fx": k[0, 0], "fy": k[1, 1], "cx": k[0, 2], "cy": k[1, 2]}
        entries.append(
            {
                "name": camera.name,
                **named,
                "width": camera.width,
                "height": camera.height,
                "distortion_coefficients": [list(camera.distortion)],
                "rvec": turn.ravel().tolist(),
                "tvec": camera.world_to_camera[:3, 3:].tolist(),
            }
        )
    (root / "rig.json").write_text(json.dumps(entries))


def as_file_storage(root: Path, cameras: list[Camera], ending: str) -> None:
    (root / "calibration").mkdir()
    for camera in cameras:
        path = root / "calibration" / f"{camera.name}.{ending}"
        storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
        values = opencv_values(camera)
        for key, name in (("K", "camera_matrix"), ("dist", "distortion_coefficients")):
            storage.write(name, values[key])
        storage.write("rotation", values["R"])
        storage.write("translation", values["t"])
        storage.write("image_width", camera.width)
        storage.write("image_height", camera.height)
        storage.release()


def as_plain_yaml(root: Path, cameras: list[Camera]) -> None:
    for camera in cameras:
        values, flat = opencv_values(camera), lambda a: ", ".join(map(repr, map(float, a.ravel())))
        (root / f"{camera.name}.yaml").write_text(
            f"image_width: {camera.width}\nimage_height: {camera.height}\n"
            f"camera_name: {camera.name}\ncamera_matrix:\n  rows: 3\n  cols: 3\n"
            f"  data: [{flat(values['K'])}]\ndistortion_model: plumb_bob\n"
            f"distortion_coefficients:\n  rows: 1\n  cols: 4\n  data: [{flat(values['dist'])}]\n"
            f"world_to_camera:\n  rows: 4\n  cols: 4\n  data: [{flat(camera.world_to_camera)}]\n"
        )


def as_easymocap(root: Path, cameras: list[Camera]) -> None:
    lenses, poses = (
        cv2.FileStorage(str(root / f"{name}.yml"), cv2.FILE_STORAGE_WRITE)
        for name in ("intri", "extri")
    )
    for storage in (lenses, poses):
        storage.startWriteStruct("names", cv2.FILE_NODE_SEQ)
        for camera in cameras:
            storage.write("", camera.name)
        storage.endWriteStruct()
    for camera in cameras:
        values = opencv_values(camera)
        lenses.write(f"K_{camera.name}", values["K"])
        lenses.write(f"dist_{camera.name}", values["dist"].reshape(1, -1))
        poses.write(f"R_{camera.name}", cv2.Rodrigues(values["R"])[0])
        poses.write(f"Rot_{camera.name}", values["R"])
        poses.write(f"T_{camera.name}", values["t"].reshape(3, 1))
        picture = root / "images" / camera.name / "000000.png"
        picture.parent.mkdir(parents=True)
        cv2.imwrite(str(picture), np.zeros((camera.height, camera.width), np.uint8))
    lenses.release(), poses.release()


FORMATS: dict[str, Callable[[Path, list[Camera]], object]] = {
    "transforms": as_transforms,
    "colmap": as_colmap,
    "colmap, one folder": lambda root, cameras: as_colmap(root, cameras, folders=False),
    "json": as_plain_json,
    "json list": as_list_of_cameras,
    "storage yml": lambda root, cameras: as_file_storage(root, cameras, "yml"),
    "storage json": lambda root, cameras: as_file_storage(root, cameras, "json"),
    "storage xml": lambda root, cameras: as_file_storage(root, cameras, "xml"),
    "plain yaml": as_plain_yaml,
    "easymocap": as_easymocap,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_views(name: str, tmp_path: Path) -> None:
    FORMATS[name](tmp_path, rig())
    same_views(read_calibration(tmp_path).cameras, rig(), 0.2 if name == "colmap" else 1e-6)


@pytest.mark.parametrize("name", ["transforms", "json", "storage yml"])
def test_five_coefficients(name: str, tmp_path: Path) -> None:
    FORMATS[name](tmp_path, rig((*LENS, 0.8)))
    same_views(read_calibration(tmp_path).cameras, rig((*LENS, 0.8)))


def test_transforms_are_opengl_camera_to_world(tmp_path: Path) -> None:
    frame = as_transforms(tmp_path, [FRONT])["frames"][0]
    matrix = np.array(frame["transform_matrix"])
    np.testing.assert_allclose(matrix[:3, 3], (0, -1, 0), atol=1e-12)
    np.testing.assert_allclose(matrix[:3, 2], (0, -1, 0), atol=1e-12)  # +z points backward
    np.testing.assert_allclose(matrix[:3, 1], (0, 0, 1), atol=1e-12)  # +y points up
    assert frame["file_path"] == "images/front/"
    read = read_calibration(tmp_path).cameras[0].camera
    np.testing.assert_allclose(read.world_to_camera, FRONT.world_to_camera, atol=1e-9)


def test_colmap_is_world_to_camera_with_y_down(tmp_path: Path) -> None:
    (tmp_path / "cameras.txt").write_text("1 SIMPLE_RADIAL 400 300 1000 200 150 -0.1\n")
    # A quarter turn about X: the world's up (Z) becomes the camera's −y.
    root = math.sqrt(0.5)
    (tmp_path / "images.txt").write_text(f"1 {root} {root} 0 0 0 0 1 1 front.png\n\n")
    camera = read_calibration(tmp_path).cameras[0].camera
    pixels, depth = camera.project(np.array([[0, 0, 0], [0.1, 0, 0], [0, 0, 0.1]]))
    bent = 100 * (1 - 0.1 * 0.01)
    np.testing.assert_allclose(
        pixels, [[200, 150], [200 + bent, 150], [200, 150 - bent]], atol=1e-9
    )
    np.testing.assert_allclose(depth, [1, 1, 1], atol=1e-12)


def test_opencv_pixels_have_their_middle_at_whole_numbers(tmp_path: Path) -> None:
    as_plain_json(tmp_path, [FRONT])
    document = json.loads((tmp_path / "calibration.json").read_text())
    assert document["cameras"]["front"]["K"][0][2] == 199.5
    assert read_calibration(tmp_path).cameras[0].camera.intrinsics[0, 2] == 200


def test_field_of_view_and_sizes_from_pictures(tmp_path: Path) -> None:
    matrix = np.linalg.inv(FRONT.world_to_camera) @ OPENGL
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "front.png"), np.zeros((300, 400), np.uint8))
    frames = [{"file_path": "./images/front", "transform_matrix": matrix[:3].tolist()}]
    angle = 2 * math.atan(200 / 1000)
    document = {"camera_angle_x": angle, "aabb_scale": 16, "scale": 3.0, "frames": frames}
    (tmp_path / "transforms.json").write_text(json.dumps(document))
    found = read_calibration(tmp_path).cameras
    assert found[0].place == "images"
    same_views(found, [replace(FRONT, name="images")])


def test_many_pictures_of_a_camera_are_one_camera(tmp_path: Path) -> None:
    document = as_transforms(tmp_path, rig())
    several = [
        frame | {"file_path": f"images/{camera.name}/talk_{number:06d}.jpg"}
        for camera, frame in zip(rig(), document["frames"], strict=True)
        for number in range(3)
    ]
    (tmp_path / "transforms.json").write_text(json.dumps({"frames": several}))
    found = read_calibration(tmp_path).cameras
    assert [entry.place for entry in found] == [f"images/{c.name}" for c in rig()]
    same_views(found, rig())


def test_cameras_in_one_folder_keep_their_pictures(tmp_path: Path) -> None:
    document = as_transforms(tmp_path, rig())
    several = [
        frame | {"file_path": f"images/{camera.name}_{number:04d}.png"}
        for number in range(2)
        for camera, frame in zip(rig(), document["frames"], strict=True)
    ]
    (tmp_path / "transforms.json").write_text(json.dumps({"frames": several}))
    found = read_calibration(tmp_path).cameras
    same_views(found, rig())
    assert found[1].files == ("images/c1_0000.png", "images/c1_0001.png")


def test_a_scaled_pose_is_the_same_view(tmp_path: Path) -> None:
    document = as_transforms(tmp_path, rig())
    for frame in document["frames"]:
        matrix = np.array(frame["transform_matrix"])
        matrix[:3, :3] *= 2.5
        frame["transform_matrix"] = matrix.tolist()
    (tmp_path / "transforms.json").write_text(json.dumps(document))
    same_views(read_calibration(tmp_path).cameras, rig())


def refused(root: Path) -> str:
    with pytest.raises(CaptureError) as caught:
        read_calibration(root)
    return str(caught.value)


def test_no_calibration(tmp_path: Path) -> None:
    (tmp_path / "takes.json").write_text("{}")
    assert "has no calibration: it needs transforms.json" in refused(tmp_path)
    assert "no capture folder nowhere" in refused(tmp_path / "nowhere")


MIRRORS = {"x": np.diag([-1.0, 1, 1, 1]), "y": np.diag([1.0, -1, 1, 1])}


@pytest.mark.parametrize("axis", MIRRORS)
@pytest.mark.parametrize("name", ["transforms", "json"])
def test_mirrored_axes(name: str, axis: str, tmp_path: Path) -> None:
    mirrored = [replace(c, world_to_camera=MIRRORS[axis] @ c.world_to_camera) for c in rig()]
    FORMATS[name](tmp_path, mirrored)
    assert "camera c0 are mirrored (left-handed" in refused(tmp_path)


@pytest.mark.parametrize("name", ["transforms", "colmap", "json"])
def test_another_programs_camera_axes(name: str, tmp_path: Path) -> None:
    turned = [replace(c, world_to_camera=OPENGL @ c.world_to_camera) for c in rig()]
    FORMATS[name](tmp_path, turned)
    assert "look away from what they should see" in refused(tmp_path)


def test_damaged_transforms(tmp_path: Path) -> None:
    path = tmp_path / "transforms.json"
    document = as_transforms(tmp_path, rig())
    path.write_text("not json")
    assert "transforms.json cannot be read" in refused(tmp_path)
    del document["frames"][1]["fl_x"], document["frames"][1]["fl_y"]
    path.write_text(json.dumps(document))
    assert "lacks 'fl_x'" in refused(tmp_path)
    path.write_text(json.dumps({"frames": []}))
    assert "holds no camera" in refused(tmp_path)
    as_transforms(tmp_path, [rig()[0], replace(rig()[1], name="c0")])
    assert "two cameras called 'c0'" in refused(tmp_path)
    as_transforms(tmp_path, rig(), camera_model="OPENCV_FISHEYE")
    assert "lens model OPENCV_FISHEYE" in refused(tmp_path)
    as_transforms(tmp_path, [replace(c, width=0) for c in rig()])
    assert "does not tell how many pixels camera c0 has" in refused(tmp_path)
    as_transforms(tmp_path, [replace(c, intrinsics=c.intrinsics * (1, -1, 1)) for c in rig()])
    assert "focal length of camera c0 is not positive" in refused(tmp_path)


def test_a_rotation_that_is_none(tmp_path: Path) -> None:
    skewed = np.eye(4)
    skewed[0, 1] = 0.3
    as_transforms(tmp_path, [replace(c, world_to_camera=skewed @ c.world_to_camera) for c in rig()])
    assert "axes are not orthogonal" in refused(tmp_path)
    place = np.eye(4)
    as_transforms(tmp_path, [replace(FRONT, name=n, world_to_camera=place) for n in "ab"])
    assert "stand at the same place" in refused(tmp_path)


def test_damaged_colmap(tmp_path: Path) -> None:
    as_colmap(tmp_path, rig())
    cameras = tmp_path / "sparse" / "0" / "cameras.txt"
    cameras.write_text(cameras.read_text().replace("OPENCV", "THIN_PRISM_FISHEYE"))
    assert "COLMAP's cameras.txt cannot be read: a line is too short" in refused(tmp_path)
    cameras.write_text("1 LENS 100 100 1 1\n")
    assert "COLMAP's cameras.txt cannot be read: " in refused(tmp_path)


def test_damaged_opencv(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    as_plain_json(tmp_path, rig())
    cameras = json.loads(path.read_text())["cameras"]
    del cameras["c2"]["t"]
    path.write_text(json.dumps(cameras))
    assert "lacks the rotation or translation of c2" in refused(tmp_path)
    cameras["c2"]["t"] = [0, 0, 1]
    cameras["c2"]["dist"] = [0.1] * 14
    path.write_text(json.dumps(cameras))
    assert "14 distortion coefficients" in refused(tmp_path)
    cameras["c2"]["distortion_model"] = "equidistant"
    path.write_text(json.dumps(cameras))
    assert "lens model equidistant" in refused(tmp_path)
    path.write_text("{")
    assert "is not JSON" in refused(tmp_path)
