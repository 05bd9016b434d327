"""Cameras as people write them with OpenCV: intrinsics, distortion and world to camera.

JSON, YAML or XML, by `cv2.FileStorage` or plain; all cameras in one file, one file a camera, or
EasyMocap's `intri.yml` and `extri.yml`. OpenCV's pixel middles are whole numbers, ours are halves:
0.5 is added to the principal point.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np

from ...cameras import Camera
from ...errors import CaptureError
from .entries import Calibrated, check_rig, picture_size, pinhole, rigid

ENDINGS = frozenset(".json .yml .yaml .xml".split())
PLACES = ("", "calibration", "calib", "cameras")
"""Folders of a capture where such files are looked for."""
OTHER_FILES = frozenset("takes.json sync.json transforms.json".split())
INTRINSICS = "k camera_matrix cameramatrix intrinsics intrinsic intrinsic_matrix mtx m".split()
DISTORTION = (
    *("dist", "distortion", "distortion_coefficients", "distortion_coeffs", "dist_coeffs"),
    *("distcoeffs", "distcoef", "d"),
)
ROTATION = "r rotation rotation_matrix rot rvec rotation_vector".split()
TRANSLATION = "t translation tvec translation_vector".split()
MATRIX = "world_to_camera w2c extrinsics extrinsic extrinsic_matrix rt".split()
INVERSE = "camera_to_world c2w".split()
SIZE = "image_size imgsize img_size size resolution".split()
EASYMOCAP = (("K_", "K"), ("dist_", "dist"), ("Rot_", "R"), ("T_", "t"), ("R_", "rvec"))
LENGTHS = (4, 5, 8)
"""How many distortion coefficients there may be."""


def read_opencv(root: Path) -> list[Calibrated]:
    """Cameras of every such file in a capture; none where there is no file.

    Raises:
        CaptureError: A camera lacks something, mirrors, or has a lens model that is not read.
    """
    found: dict[str, dict] = {}
    for path in _files(Path(root)):
        for name, values in _cameras_in(_document(path), path.stem):
            found[name] = {**found.get(name, {}), **values}
    complete = {name: values for name, values in found.items() if _is_camera(values)}
    cameras = [_camera(name, values, Path(root)) for name, values in complete.items()]
    check_rig(cameras)
    return [Calibrated(camera) for camera in cameras]


def _files(root: Path) -> list[Path]:
    folders = [root / place for place in PLACES]
    paths = [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir())]
    return [
        path
        for path in paths
        if path.suffix.lower() in ENDINGS and path.name not in OTHER_FILES and path.is_file()
    ]


def _document(path: Path) -> object:
    """Plain Python values of a file; None where it is none of ours."""
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        if path.suffix.lower() == ".json":
            raise CaptureError(f"{path.name} is not JSON, or it is incomplete.") from None
    if path.suffix.lower() != ".xml" and not text.lstrip().startswith("%YAML"):
        text = f"%YAML:1.0\n---\n{text}"
    try:
        storage = cv2.FileStorage(text, cv2.FILE_STORAGE_READ | cv2.FILE_STORAGE_MEMORY)
        return _plain(storage.root())
    except (cv2.error, SystemError) as error:
        raise CaptureError(f"{path.name} is not a file that OpenCV could read.") from error


def _plain(node: cv2.FileNode) -> object:
    if node.isMap():
        return {key: _plain(node.getNode(key)) for key in node.keys()}  # noqa: SIM118
    if node.isSeq():
        return [_plain(node.at(index)) for index in range(node.size())]
    return node.string() if node.isString() else node.real()


def _cameras_in(document: object, stem: str) -> Iterator[tuple[str, dict]]:
    """Names and values of what may be cameras: the file itself, its members, lists of them."""
    if isinstance(document, list):
        for number, entry in enumerate(document):
            if isinstance(entry, dict):
                yield str(entry.get("name", entry.get("id", number))), _lower(entry)
    elif isinstance(document, dict):
        yield from _by_suffix(document)
        if _has_parts(_lower(document)):
            yield str(document.get("name", document.get("camera_name", stem))), _lower(document)
            return
        for key, value in document.items():
            if key.lower() in ("cameras", "views") or isinstance(value, list):
                yield from _cameras_in(value, stem)
            elif isinstance(value, dict) and _has_parts(_lower(value)):
                yield str(value.get("name", key)), _lower(value)


def _by_suffix(document: dict) -> Iterator[tuple[str, dict]]:
    names = document.get("names")
    for name in map(str, names) if isinstance(names, list) else ():
        yield (
            name,
            {
                ours.lower(): document[f"{theirs}{name}"]
                for theirs, ours in EASYMOCAP
                if f"{theirs}{name}" in document
            },
        )


def _lower(values: Mapping) -> dict:
    return {str(key).lower(): value for key, value in values.items()}


def _has_parts(values: Mapping) -> bool:
    return any(key in values for key in (*INTRINSICS, "fx", *ROTATION, *MATRIX, *INVERSE))


def _is_camera(values: Mapping) -> bool:
    return any(key in values for key in (*INTRINSICS, "fx"))


def _camera(name: str, values: Mapping, root: Path) -> Camera:
    model = str(values.get("distortion_model", values.get("model", ""))).lower()
    if "fisheye" in model or "equidistant" in model or "omni" in model:
        raise CaptureError(
            f"Camera {name} has the lens model {model}, which is not read: undistort its pictures."
        )
    try:
        width, height = _size(values) or picture_size(root, _place(root, name), name)
        return Camera(
            name,
            _intrinsics(values, name),
            width,
            height,
            _pose(values, name),
            _distortion(values, name),
        )
    except (ValueError, TypeError, IndexError, cv2.error) as error:
        raise CaptureError(f"The calibration of camera {name} cannot be read: {error}.") from error


def _place(root: Path, name: str) -> str:
    places = (f"images/{name}", name)
    folder = next((place for place in places if (root / place).is_dir()), None)
    if folder is not None:
        return folder
    videos = (p for p in (*root.glob(f"{name}.*"), *root.glob(f"videos/{name}.*")) if p.is_file())
    return next((str(p.relative_to(root)) for p in videos if p.suffix not in ENDINGS), name)


def _array(value: object) -> np.ndarray:
    if isinstance(value, Mapping):
        return np.array(value["data"], np.float64).reshape(int(value["rows"]), int(value["cols"]))
    return np.array(value, np.float64)


def _first(values: Mapping, keys: tuple | list) -> np.ndarray | None:
    return next((_array(values[key]) for key in keys if key in values), None)


def _size(values: Mapping) -> tuple[int, int] | None:
    pair = _first(values, SIZE)
    for keys in (("width", "height"), ("image_width", "image_height"), ("w", "h")):
        if pair is None and all(key in values for key in keys):
            pair = np.array([float(values[key]) for key in keys])
    return None if pair is None else (int(pair.ravel()[0]), int(pair.ravel()[1]))


def _intrinsics(values: Mapping, name: str) -> np.ndarray:
    matrix = _first(values, INTRINSICS)
    if matrix is None:
        fx, fy, cx, cy = (float(values[key]) for key in ("fx", "fy", "cx", "cy"))
    elif matrix.size == 4:
        fx, fy, cx, cy = matrix.ravel()
    else:
        matrix = matrix.reshape(3, 3) / matrix.reshape(3, 3)[2, 2]
        fx, fy, cx, cy = matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]
    return pinhole(fx, fy, cx + 0.5, cy + 0.5, name)


def _distortion(values: Mapping, name: str) -> tuple[float, ...]:
    given = _first(values, DISTORTION)
    numbers = [] if given is None else given.ravel().tolist()
    while len(numbers) > LENGTHS[-1] and not numbers[-1]:
        numbers.pop()
    length = next((n for n in LENGTHS if n >= len(numbers)), None)
    if length is None:
        raise CaptureError(
            f"Camera {name} has {len(numbers)} distortion coefficients; at most {LENGTHS[-1]} are "
            "read: calibrate without thin prism and tilt."
        )
    return tuple(numbers + [0.0] * (length - len(numbers)))


def _pose(values: Mapping, name: str) -> np.ndarray:
    matrix, inverse = _first(values, MATRIX), _first(values, INVERSE)
    if matrix is None and inverse is not None:
        matrix = np.linalg.inv(np.vstack([inverse[:3], (0, 0, 0, 1)]))
    if matrix is None:
        turn, shift = _first(values, ROTATION), _first(values, TRANSLATION)
        if turn is None or shift is None:
            raise CaptureError(f"The calibration lacks the rotation or translation of {name}.")
        turn = cv2.Rodrigues(turn.ravel())[0] if turn.size == 3 else turn.reshape(3, 3)
        matrix = np.hstack([turn, shift.reshape(3, 1)])
    return rigid(matrix, name)
