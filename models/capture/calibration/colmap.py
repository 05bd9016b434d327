"""COLMAP's text model: `cameras.txt` and `images.txt`; world to camera, OpenCV's camera axes.

COLMAP reconstructs up to scale, and its world stands as it likes.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ...cameras import Camera
from ...errors import CaptureError
from .entries import Calibrated, one_per_camera, pinhole, rigid

FOLDERS = ("", "sparse/0", "sparse", "colmap/sparse/0", "colmap/sparse", "colmap")
"""Where the model may be inside a capture."""
MODELS = {
    "SIMPLE_PINHOLE": "f cx cy",
    "PINHOLE": "fx fy cx cy",
    "SIMPLE_RADIAL": "f cx cy k1",
    "RADIAL": "f cx cy k1 k2",
    "OPENCV": "fx fy cx cy k1 k2 p1 p2",
    "FULL_OPENCV": "fx fy cx cy k1 k2 p1 p2 k3 k4 k5 k6",
}
"""Parameters of each lens model that is read, in the file's order."""


def find_colmap(folder: Path) -> Path | None:
    """Where a capture's COLMAP model is.

    Raises:
        CaptureError: It is there in binary form only.
    """
    for place in FOLDERS:
        model = Path(folder) / place
        if (model / "cameras.txt").is_file() and (model / "images.txt").is_file():
            return model
        if (model / "cameras.bin").is_file():
            raise CaptureError(
                f"The COLMAP model in {model.name} is binary: convert it with "
                "'colmap model_converter --output_type TXT'."
            )
    return None


def read_colmap(model: Path, root: Path) -> list[Calibrated]:
    """Read the cameras of a text model.

    Args:
        model: Folder with `cameras.txt` and `images.txt`.
        root: The capture; pictures are in its `images` where that exists.

    Raises:
        CaptureError: A file is damaged, or a lens model is not among `MODELS`.
    """
    prefix = "images/" if (Path(root) / "images").is_dir() else ""
    try:
        lenses = dict(_lens(line.split()) for line in _lines(Path(model) / "cameras.txt"))
        poses = _lines(Path(model) / "images.txt", blank=True)
        posed = [_posed(line, lenses, prefix) for line in _every_second(poses)]
    except (ValueError, IndexError, KeyError, OSError) as error:
        raise CaptureError(f"The COLMAP model of {Path(root).name} cannot be read: {error}.") from (
            error
        )
    return one_per_camera(posed)


def _lines(path: Path, blank: bool = False) -> list[str]:
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if not line.startswith("#") and (blank or line)]


def _every_second(lines: list[str]) -> Iterator[str]:
    """The poses of `images.txt`; the line after each holds its points and may be blank."""
    rest = iter(lines)
    for line in rest:
        if line:
            yield line
            next(rest, None)


def _lens(words: list[str]) -> tuple[int, Camera]:
    number, model, width, height = int(words[0]), words[1], int(words[2]), int(words[3])
    if model not in MODELS:
        raise CaptureError(
            f"COLMAP's lens model {model} is not read: use OPENCV, or 'colmap image_undistorter'."
        )
    names = MODELS[model].split()
    values = dict(zip(names, map(float, words[4 : 4 + len(names)]), strict=True))
    fx, fy = (values[key if key in values else "f"] for key in ("fx", "fy"))
    order = "k1 k2 p1 p2 k3 k4 k5 k6".split()
    return number, Camera(
        name=str(number),
        intrinsics=pinhole(fx, fy, values["cx"], values["cy"], str(number)),
        width=width,
        height=height,
        world_to_camera=np.eye(4),
        distortion=tuple(values.get(k, 0.0) for k in order[: 8 if "k3" in values else 4]),
    )


def _posed(line: str, lenses: dict[int, Camera], prefix: str) -> tuple[str, Camera]:
    words = line.split(maxsplit=9)
    w, x, y, z, *translation = map(float, words[1:8])
    lens, name = lenses[int(words[8])], words[9].replace("\\", "/")
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_quat((x, y, z, w)).as_matrix()
    matrix[:3, 3] = translation
    camera = Camera(
        name, lens.intrinsics, lens.width, lens.height, rigid(matrix, name), lens.distortion
    )
    return f"{prefix}{name}", camera
