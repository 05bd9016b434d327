"""Pictures as files: their names tell take and frame, their bytes whether they are whole."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import cv2
import numpy as np

from ..errors import CaptureError
from .calibration.entries import PICTURES

ONLY_TAKE = "take"
"""Name of a take whose pictures are only numbered."""
SPARSE = 20
"""Numbers that fill less than a part in this many of their range are times, not frames."""

_NUMBERED = re.compile(r"(?P<take>.*?)[_\-. ]*(?P<number>\d+)")


@dataclass(frozen=True)
class PictureFiles:
    """One camera's pictures (or masks).

    Attributes:
        files: Path by take and frame.
    """

    files: Mapping[tuple[str, int], Path]

    def has(self, take: str, frame: int) -> bool:
        """Whether there is a file."""
        return (take, frame) in self.files

    def read(self, take: str, frame: int, size: tuple[int, int]) -> np.ndarray:
        """A picture (H, W, 3) uint8 RGB.

        Args:
            take: Name.
            frame: In the take.
            size: Width and height expected; tells whether the camera turned the picture itself.

        Raises:
            CaptureError: It is missing or damaged.
        """
        path = self.path(take, frame)
        picture = _decode(path, cv2.IMREAD_COLOR)
        if picture.shape[1::-1] != size:
            # Calibration programs that ignore a camera's "upright" mark saw it as it was stored.
            stored = _decode(path, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
            picture = stored if stored.shape[1::-1] == size else picture
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)

    def read_mask(self, take: str, frame: int) -> np.ndarray | None:
        """A mask (H, W) uint8, or None."""
        if not self.has(take, frame):
            return None
        mask = _decode(self.path(take, frame), cv2.IMREAD_UNCHANGED)
        mask = mask if mask.ndim == 2 else mask[..., 3] if mask.shape[2] == 4 else mask.max(-1)
        return (mask >> 8).astype(np.uint8) if mask.dtype == np.uint16 else mask.astype(np.uint8)

    def path(self, take: str, frame: int) -> Path:
        """Where a picture is.

        Raises:
            CaptureError: It is missing.
        """
        path = self.files.get((take, frame))
        if path is None:
            raise CaptureError(f"frame {frame} of take {take} is missing.")
        return path


def _decode(path: Path, flags: int) -> np.ndarray:
    name = f"{path.parent.name}/{path.name}"
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise CaptureError(f"{name} is missing or damaged: {error.strerror}.") from error
    picture = cv2.imdecode(data, flags) if data.size and not is_cut(path, data) else None
    if picture is None:
        raise CaptureError(f"{name} is missing or damaged: copy it again, or delete it.")
    return picture


def is_cut(path: Path, data: np.ndarray) -> bool:
    """Whether a file ends early; decoders fill the rest with grey and say nothing."""
    tail = data[-4096:].tobytes()
    if path.suffix.lower() == ".png":
        return b"IEND" not in tail
    return path.suffix.lower() in (".jpg", ".jpeg") and b"\xff\xd9" not in tail


def named_pictures(paths: Iterable[tuple[str, Path]], camera: str) -> dict[tuple[str, int], Path]:
    """Pictures by take and number, as their names tell.

    Args:
        paths: Take that a folder's name tells ('' where none does), and file.
        camera: A name that file names may begin with.
    """
    found = {}
    for given, path in paths:
        if path.suffix.lower() in PICTURES:
            take, number = _take_and_number(path.stem, camera)
            found.setdefault((safe_name(given or take), number), path)
    return found


def _take_and_number(stem: str, camera: str) -> tuple[str, int]:
    stem = Path(stem).stem if Path(stem).suffix.lower() in PICTURES else stem  # "1.png.png"
    if stem == camera:  # one picture of each camera, all of one moment
        return "", 0
    if stem.startswith(camera):
        stem = stem[len(camera) :].lstrip("_-. ")
    match = _NUMBERED.fullmatch(stem)
    return (match["take"], int(match["number"])) if match else (stem, 0)


def safe_name(take: str) -> str:
    """A take's name of letters, digits, `_` and `-`."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", take).strip("_-")[:100] or ONLY_TAKE


def frame_numbers(numbers: Iterable[int]) -> dict[int, int]:
    """Frame of each number in file names: from 0, without the step that all of them share.

    Numbers that are times (of a clock in microseconds, say) are put in a row.
    """
    ordered = sorted(set(numbers))
    step = gcd(*(number - ordered[0] for number in ordered)) or 1
    if (ordered[-1] - ordered[0]) // step > SPARSE * len(ordered):
        return {number: frame for frame, number in enumerate(ordered)}
    return {number: (number - ordered[0]) // step for number in ordered}


def in_frames(
    cameras: Mapping[str, Mapping[tuple[str, int], Path]],
) -> tuple[dict[str, PictureFiles], dict[str, dict[int, int]]]:
    """Pictures by take and number → by take and frame, counted alike for all cameras.

    Returns:
        Each camera's pictures, and each take's frame of every number.
    """
    numbers: dict[str, set[int]] = defaultdict(set)
    for pictures in cameras.values():
        for take, number in pictures:
            numbers[take].add(number)
    frames = {take: frame_numbers(values) for take, values in sorted(numbers.items())}
    sources = {
        camera: PictureFiles({(t, frames[t][n]): path for (t, n), path in pictures.items()})
        for camera, pictures in cameras.items()
    }
    return sources, frames
