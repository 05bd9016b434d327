"""COLMAP's models: world to camera, OpenCV's camera axes, up to scale, standing as they like.

Where `frames` and `rigs` are written beside `images`, they hold the poses: those of `images` may be
older.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ...errors import CaptureError
from .colmap_files import Records, read_cameras, read_frames, read_images, read_rigs
from .colmap_lens import cameras_of
from .entries import Calibrated, one_per_camera, rigid

FOLDERS = ("", "sparse/0", "sparse", "colmap/sparse/0", "colmap/sparse", "colmap")
"""Where the model may be inside a capture."""
ENDINGS = (".txt", ".bin")


def find_colmap(folder: Path) -> Path | None:
    """The `images` file of a capture's COLMAP model; text where it is there in both forms."""
    for place in FOLDERS:
        for ending in ENDINGS:
            images = Path(folder) / place / f"images{ending}"
            if images.is_file() and images.with_stem("cameras").is_file():
                return images
    return None


def read_colmap(images: Path, root: Path) -> list[Calibrated]:
    """Read the cameras of a model.

    Args:
        images: Its `images.txt` or `images.bin`; the other files of the same form lie beside it.
        root: The capture; pictures are in its `images` where that exists.

    Raises:
        CaptureError: A file is damaged, or a lens cannot be expressed.
        MissingDependencyError: A lens needs pycolmap, which is not installed.
    """
    cameras = images.with_stem("cameras")
    pictures = Records(images).read(read_images)
    lenses = Records(cameras).read(read_cameras)
    poses = {picture.number: picture.pose for picture in pictures} | _rig_poses(images)
    prefix = "images/" if (Path(root) / "images").is_dir() else ""
    for picture in pictures:
        if picture.lens not in lenses:
            raise CaptureError(f"{cameras.name} lacks camera {picture.lens} of {picture.name}.")
    numbers = {picture.lens for picture in pictures}
    used = cameras_of([lenses[number] for number in sorted(numbers)], cameras.name)
    posed = []
    for picture in pictures:
        pose = rigid(_matrix(poses[picture.number]), picture.name)
        lens = used[picture.lens]
        camera = replace(lens, name=picture.name, world_to_camera=lens.world_to_camera @ pose)
        posed.append((f"{prefix}{picture.name}", camera))
    return one_per_camera(posed)


def _rig_poses(images: Path) -> dict[int, np.ndarray]:
    """World to camera (7) of each picture that a frame of a rig holds."""
    rigs, frames = images.with_stem("rigs"), images.with_stem("frames")
    if not (rigs.is_file() and frames.is_file()):
        return {}
    sensors = Records(rigs).read(read_rigs)
    return {
        picture: _after(sensors[rig, camera], pose)
        for rig, pose, camera, picture in Records(frames).read(read_frames)
        if (rig, camera) in sensors
    }


def _after(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The pose (7) that moves by `inner`, then by `outer`."""
    turn = _rotation(outer)
    w_last = (turn * _rotation(inner)).as_quat()
    return np.r_[w_last[3], w_last[:3], turn.apply(inner[4:]) + outer[4:]]


def _rotation(pose: np.ndarray) -> Rotation:
    return Rotation.from_quat(pose[[1, 2, 3, 0]])


def _matrix(pose: np.ndarray) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = _rotation(pose).as_matrix()
    matrix[:3, 3] = pose[4:]
    return matrix
