"""What every calibration file is turned into, and what is checked about it.

A file names pictures; a camera that took many of them must become one `Camera`. A rotation that is
none, mirrored axes and cameras that look away from each other are refused here, once for all
formats.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from ...cameras import Camera
from ...errors import CaptureError, VideoError
from ...video_reader import VideoReader

PICTURES = frozenset(".png .jpg .jpeg .tif .tiff .bmp .webp .exr".split())
VIDEOS = frozenset(".mp4 .mov .mkv .avi .m4v .webm".split())
SHEAR = 0.02
"""How far from orthogonal a rotation may be written."""
SAME_TURN = np.radians(1.0)
SAME_PLACE = 0.02
"""Poses this near (a share of the rig's size) are one camera that was calibrated twice."""
NOT_PARALLEL = 0.005
"""Optical axes that are less spread than this (smallest eigenvalue) meet nowhere in particular."""


@dataclass(frozen=True)
class Calibrated:
    """A camera of a calibration file.

    Attributes:
        camera: The camera.
        place: Its folder of pictures or its video, relative to the capture; '' where the file does
            not tell.
        files: Its pictures, relative to the capture, where other cameras' lie in the same folder.
    """

    camera: Camera
    place: str = ""
    files: tuple[str, ...] = ()


def rigid(matrix: np.ndarray, name: str) -> np.ndarray:
    """World to camera (4, 4) without scale and rounding errors.

    Raises:
        CaptureError: It is no rotation, or mirrors.
    """
    matrix = np.asarray(matrix, np.float64)
    if matrix.shape not in ((3, 4), (4, 4)) or not np.isfinite(matrix).all():
        raise CaptureError(f"The pose of camera {name} is not 4 × 4 finite numbers.")
    turn = matrix[:3, :3]
    volume = np.linalg.det(turn)
    scale = abs(volume) ** (1 / 3)
    if scale < 1e-9 or np.abs(turn @ turn.T / scale**2 - np.eye(3)).max() > SHEAR:
        raise CaptureError(f"The rotation of camera {name} is none: its axes are not orthogonal.")
    if volume < 0:
        raise CaptureError(
            f"The axes of camera {name} are mirrored (left-handed, for example y flipped): "
            "export the calibration with right-handed axes."
        )
    left, _, right = np.linalg.svd(turn / scale)
    result = np.eye(4)
    result[:3, :3], result[:3, 3] = left @ right, matrix[:3, 3] / scale
    return result


def pinhole(fx: float, fy: float, cx: float, cy: float, name: str) -> np.ndarray:
    """Intrinsics (3, 3).

    Raises:
        CaptureError: A focal length is not positive, or a number is not finite.
    """
    if not np.isfinite([fx, fy, cx, cy]).all() or min(fx, fy) <= 0:
        raise CaptureError(
            f"The focal length of camera {name} is not positive ({fx:g}, {fy:g}): a mirrored image "
            "axis must be turned before export."
        )
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])


def picture_size(root: Path, place: str, name: str) -> tuple[int, int]:
    """Width and height of the first picture at `place`, for files that do not tell them.

    Raises:
        CaptureError: There is none that can be read.
    """
    path = Path(root) / place
    path = path if path.suffix or path.is_dir() else path.with_suffix(".png")
    if path.is_dir():
        inside = (p for p in sorted(path.iterdir()) if p.suffix.lower() in PICTURES | VIDEOS)
        path = next(inside, path)
    if path.suffix.lower() in VIDEOS:
        size = _video_size(path)
    else:
        picture = cv2.imread(str(path)) if path.is_file() else None
        size = (0, 0) if picture is None else (picture.shape[1], picture.shape[0])
    if not all(size):
        raise CaptureError(
            f"The calibration does not tell how many pixels camera {name} has, and there is no "
            f"picture of it at {place or name} that could."
        )
    return size


def _video_size(path: Path) -> tuple[int, int]:
    try:
        reader = VideoReader(path)
    except VideoError:
        return 0, 0
    reader.close()
    return reader.size


def one_per_camera(posed: Sequence[tuple[str, Camera]]) -> list[Calibrated]:
    """One camera for each folder, video, or posed picture.

    Args:
        posed: Path of a picture, folder or video, with the camera that took it.

    Raises:
        CaptureError: There are none, or two have the same name.
    """
    if not posed:
        raise CaptureError("The calibration holds no camera.")
    folders: dict[str, list[tuple[str, Camera]]] = defaultdict(list)
    for path, camera in posed:
        is_picture = PurePosixPath(path).suffix.lower() in PICTURES
        folders[str(PurePosixPath(path).parent) if is_picture else path].append((path, camera))
    size = _rig_size([camera for _, camera in posed])
    cameras = [one for place, taken in folders.items() for one in _of_folder(place, taken, size)]
    check_rig([one.camera for one in cameras])
    return cameras


def _of_folder(place: str, taken: list[tuple[str, Camera]], size: float) -> list[Calibrated]:
    groups: list[list[tuple[str, Camera]]] = []
    for path, camera in taken:
        same = next((g for g in groups if _is_same_pose(g[0][1], camera, size)), None)
        if same is None:
            groups.append([(path, camera)])
        else:
            same.append((path, camera))
    if len(groups) == 1:
        name = PurePosixPath(place).name or PurePosixPath(taken[0][0]).stem
        name = PurePosixPath(name).stem if _suffix(place) in VIDEOS else name
        return [Calibrated(replace(_middle([c for _, c in taken]), name=name), place)]
    return [
        Calibrated(
            replace(_middle([c for _, c in group]), name=_common_name([p for p, _ in group])),
            files=tuple(p for p, _ in group),
        )
        for group in groups
    ]


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _common_name(paths: Sequence[str]) -> str:
    stems = [PurePosixPath(path).stem for path in paths]
    columns = zip(*stems, strict=False)
    common = "".join(c[0] for c in itertools.takewhile(lambda c: len(set(c)) == 1, columns))
    whole = common if len(stems) == 1 else common.rstrip("0123456789")
    return whole.rstrip("_-. ") or stems[0]


def _is_same_pose(a: Camera, b: Camera, size: float) -> bool:
    turn = a.world_to_camera[:3, :3] @ b.world_to_camera[:3, :3].T
    angle = np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))
    apart = np.linalg.norm(a.position - b.position)
    return bool(angle < SAME_TURN and apart <= SAME_PLACE * size)


def _rig_size(cameras: Sequence[Camera]) -> float:
    places = np.stack([camera.position for camera in cameras])
    return float(np.linalg.norm(places - places.mean(0), axis=1).max())


def _middle(cameras: Sequence[Camera]) -> Camera:
    """The one whose place is nearest to all others'."""
    places = np.stack([camera.position for camera in cameras])
    return cameras[int(np.argmin(np.linalg.norm(places - np.median(places, 0), axis=1)))]


def check_rig(cameras: Sequence[Camera]) -> None:
    """Refuse what cannot be a rig around a head.

    Raises:
        CaptureError: A name stands twice, all cameras are at one place, or they look away from what
            they should see.
    """
    twice = [name for name, count in Counter(c.name for c in cameras).items() if count > 1]
    if twice:
        raise CaptureError(f"The calibration has two cameras called {twice[0]!r}.")
    if len(cameras) < 2:
        return
    axes = np.stack([camera.world_to_camera[2, :3] for camera in cameras])
    places = np.stack([camera.position for camera in cameras])
    if np.ptp(places, axis=0).max() <= 1e-9 * max(1.0, np.abs(places).max()):
        raise CaptureError("All cameras of the calibration stand at the same place.")
    across = np.eye(3) - axes[:, :, None] * axes[:, None, :]
    if np.linalg.eigvalsh(across.mean(0))[0] < NOT_PARALLEL:
        return
    meet = np.linalg.solve(across.sum(0), np.einsum("cij,cj->i", across, places))
    if (np.einsum("ci,ci->c", axes, meet - places) < 0).all():
        raise CaptureError(
            "The cameras look away from what they should see: the calibration is written with "
            "another program's camera axes (transforms.json has y up and z backward; COLMAP and "
            "OpenCV have y down and z forward), or its poses are inverted."
        )
