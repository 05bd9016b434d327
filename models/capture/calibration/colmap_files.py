"""The records of COLMAP's files: cameras, images, rigs and frames, as text or binary.

pycolmap 4.2.1 reads them, but an empty `images.bin` keeps it busy for ever (stopped after 60 s);
from an `images.txt` without lines of points it silently takes every second picture (2 of 4); and it
refuses a model without `points3D`. So it is asked for lenses only.
"""

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from ...errors import CaptureError

MODELS = {
    "SIMPLE_PINHOLE": 3,
    "PINHOLE": 4,
    "SIMPLE_RADIAL": 4,
    "RADIAL": 5,
    "OPENCV": 8,
    "OPENCV_FISHEYE": 8,
    "FULL_OPENCV": 12,
    "FOV": 5,
    "SIMPLE_RADIAL_FISHEYE": 4,
    "RADIAL_FISHEYE": 5,
    "THIN_PRISM_FISHEYE": 12,
    "RAD_TAN_THIN_PRISM_FISHEYE": 16,
    "SIMPLE_DIVISION": 4,
    "DIVISION": 5,
    "SIMPLE_FISHEYE": 3,
    "FISHEYE": 4,
    "EUCM": 6,
    "EQUIRECTANGULAR": 2,
}
"""COLMAP's lens models in the order of their numbers, with how many parameters each has."""
CAMERA = 0
"""COLMAP's number of the sensor type that takes pictures."""
_NUMBERS = {"CAMERA": CAMERA, "IMU": 1} | {name: i for i, name in enumerate(MODELS)}
_POSE = "d" * 7
_NUMBER = re.compile(r"[-+.\deE]+")
IDENTITY = np.array([1.0, 0, 0, 0, 0, 0, 0])
T = TypeVar("T")


@dataclass(frozen=True)
class Lens:
    """A record of `cameras`.

    Attributes:
        number: COLMAP's.
        model: One of `MODELS`.
        width: Pixels.
        height: Pixels.
        values: The model's parameters.
    """

    number: int
    model: str
    width: int
    height: int
    values: tuple[float, ...]


@dataclass(frozen=True)
class Picture:
    """A record of `images`.

    Attributes:
        number: COLMAP's.
        pose: (7) world to camera: quaternion w, x, y, z and translation.
        lens: Number of its camera.
        name: Path below the pictures' folder.
    """

    number: int
    pose: np.ndarray
    lens: int
    name: str


class _Text:
    """One line's values."""

    def __init__(self, line: str) -> None:
        self._rest = line

    def take(self, form: str) -> tuple:
        *words, self._rest = [*self._rest.split(maxsplit=len(form)), ""][: len(form) + 1]
        if len(words) < len(form):
            raise ValueError("a line is too short")
        return tuple(
            float(word) if kind == "d" else _whole(word)
            for word, kind in zip(words, form, strict=True)
        )

    def name(self) -> str:
        return self._rest

    def skip_points(self) -> None:
        """They stand in a line of their own."""


class _Binary:
    """Values one after another, little-endian."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, form: str) -> tuple:
        values = struct.unpack_from(f"<{form}", self._data, self._at)
        self._at += struct.calcsize(f"<{form}")
        return values

    def name(self) -> str:
        start, self._at = self._at, self._data.index(b"\0", self._at) + 1
        return self._data[start : self._at - 1].decode()

    def skip_points(self) -> None:
        (count,) = self.take("Q")
        self._at += 24 * count
        if self._at > len(self._data):
            raise ValueError("it ends too early")


def _whole(word: str) -> int:
    if word in _NUMBERS:
        return _NUMBERS[word]
    try:
        return int(word)
    except ValueError as error:
        raise ValueError(f"{word!r} is no whole number and no word of COLMAP's") from error


class Records:
    """The records of one file of a model."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, parse: Callable[["Records"], T]) -> T:
        """What `parse` makes of them.

        Raises:
            CaptureError: The file is damaged; named.
        """
        try:
            return parse(self)
        except (ValueError, IndexError, OSError, struct.error) as error:
            raise CaptureError(f"COLMAP's {self._path.name} cannot be read: {error}.") from error

    def __iter__(self) -> Iterator[_Text | _Binary]:
        if self._path.suffix == ".bin":
            source = _Binary(self._path.read_bytes())
            (count,) = source.take("Q")
            for _ in range(count):
                yield source
            return
        for line in self._path.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                yield _Text(line.strip())


def read_cameras(records: Records) -> dict[int, Lens]:
    """The lenses by number."""
    return {lens.number: lens for lens in map(_lens, records)}


def _lens(source: _Text | _Binary) -> Lens:
    number, model, width, height = source.take("IiQQ")
    if not 0 <= model < len(MODELS) or min(width, height) < 1:
        raise ValueError(f"camera {number} has no pixels, or a lens model that is not known")
    name = list(MODELS)[model]
    return Lens(number, name, width, height, source.take("d" * MODELS[name]))


def read_images(records: Records) -> list[Picture]:
    """The pictures, in the file's order; whether their points are written or not."""
    pictures = []
    for source in records:
        if isinstance(source, _Text) and _are_points(source.name()):
            continue
        number, *pose, lens = source.take(f"I{_POSE}I")
        pictures.append(Picture(number, _pose(pose), lens, source.name().replace("\\", "/")))
        source.skip_points()
    return pictures


def _are_points(line: str) -> bool:
    """Whether a line holds points (x, y, number)…; a pose has ten words, the last one a name."""
    words = line.split()
    return len(words) % 3 == 0 and all(map(_NUMBER.fullmatch, words[-3:]))


def _pose(values: Sequence[float]) -> np.ndarray:
    pose = np.array(values)
    if not np.isfinite(pose).all() or not pose[:4].any():
        raise ValueError("a pose is no rotation and translation")
    return pose


def read_rigs(records: Records) -> dict[tuple[int, int], np.ndarray]:
    """Rig to camera (7) by the numbers of rig and camera."""
    found = {}
    for source in records:
        rig, count = source.take("II")
        for sensor in range(count):
            kind, number = source.take("iI")
            # The first is the rig's reference: nothing more is written of it.
            has_pose = sensor > 0 and source.take("B")[0]
            pose = _pose(source.take(_POSE)) if has_pose else IDENTITY
            if kind == CAMERA and (has_pose or sensor == 0):
                found[rig, number] = pose
    return found


def read_frames(records: Records) -> list[tuple[int, np.ndarray, int, int]]:
    """Rig, world to rig (7), camera and picture of all that the frames hold."""
    found = []
    for source in records:
        _, rig, *pose, count = source.take(f"II{_POSE}I")
        data = [source.take("iIQ") for _ in range(count)]
        found += [(rig, _pose(pose), n, picture) for kind, n, picture in data if kind == CAMERA]
    return found
