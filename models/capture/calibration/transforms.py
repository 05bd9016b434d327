"""nerfstudio's and instant-ngp's `transforms.json`: camera to world, OpenGL's camera axes.

Pictures of one camera may stand in it one by one (`images/front/000001.png`), or one entry stands
for a folder (`images/front/`) or a video (`front.mp4`). What only tells a renderer how to place the
scene (`aabb_scale`, `scale`, `offset`) does not change the cameras.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from ...cameras import OPENGL, Camera
from ...errors import CaptureError
from ...files import write_json
from .entries import Calibrated, one_per_camera, picture_size, pinhole, rigid

FILE = "transforms.json"
PINHOLE_MODELS = (
    "",
    "OPENCV",
    "PINHOLE",
    "SIMPLE_PINHOLE",
    "RADIAL",
    "SIMPLE_RADIAL",
    "PERSPECTIVE",
)


def write_transforms(path: Path, cameras: Sequence[Camera]) -> None:
    """Write the cameras as nerfstudio's `transforms.json`, one frame a camera.

    Raises:
        CaptureError: A lens has more than five distortion coefficients, which the file cannot hold.
    """
    write_json(path, {"camera_model": "OPENCV", "frames": [_frame(camera) for camera in cameras]})


def _frame(camera: Camera) -> dict:
    k1, k2, p1, p2, k3, *more = (*camera.distortion, 0.0)
    if any(more):
        raise CaptureError(f"transforms.json cannot hold the distortion of camera {camera.name}.")
    camera_to_world = np.linalg.inv(camera.world_to_camera) @ OPENGL
    return {
        "file_path": f"images/{camera.name}/",
        "w": camera.width,
        "h": camera.height,
        "fl_x": float(camera.intrinsics[0, 0]),
        "fl_y": float(camera.intrinsics[1, 1]),
        "cx": float(camera.intrinsics[0, 2]),
        "cy": float(camera.intrinsics[1, 2]),
        **{"k1": k1, "k2": k2, "k3": k3, "p1": p1, "p2": p2},
        "transform_matrix": camera_to_world.tolist(),
    }


def read_transforms(path: Path) -> list[Calibrated]:
    """Read the cameras of a `transforms.json`; shared intrinsics may stand at its top level.

    Raises:
        CaptureError: It is missing, not JSON, lacks a number, or its axes are not OpenGL's.
    """
    path = Path(path)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        posed = [_posed({**document, **frame}, path.parent) for frame in document["frames"]]
    except FileNotFoundError as error:
        raise CaptureError(f"The capture has no {path.name} in {path.parent.name}.") from error
    except KeyError as error:
        raise CaptureError(f"{path.name} lacks {error} for one of its cameras.") from error
    except (ValueError, TypeError, AttributeError, np.linalg.LinAlgError) as error:
        raise CaptureError(f"{path.name} cannot be read: {error}.") from error
    except CaptureError as error:
        raise CaptureError(f"{path.name}: {error}") from error
    return one_per_camera(posed)


def _posed(entry: dict, root: Path) -> tuple[str, Camera]:
    place = str(PurePosixPath(str(entry["file_path"]).replace("\\", "/")))
    name = PurePosixPath(place).stem
    camera_to_world = np.array(entry["transform_matrix"], np.float64)
    if camera_to_world.shape == (3, 4):
        camera_to_world = np.vstack([camera_to_world, (0, 0, 0, 1)])
    if camera_to_world.shape != (4, 4) or not np.isfinite(camera_to_world).all():
        raise ValueError("a transform_matrix is not 4 × 4 finite numbers")
    w, h = entry.get("w"), entry.get("h")
    width, height = (int(w), int(h)) if w and h else picture_size(root, place, name)
    camera = Camera(
        name=name,
        intrinsics=_intrinsics(entry, width, height, name),
        width=width,
        height=height,
        world_to_camera=rigid(np.linalg.inv(camera_to_world @ OPENGL), name),
        distortion=_distortion(entry, name),
    )
    return _with_ending(root, place), camera


def _with_ending(root: Path, place: str) -> str:
    """NeRF's synthetic scenes leave the `.png` away."""
    path = root / place
    if not path.suffix and not path.exists() and path.with_suffix(".png").is_file():
        return f"{place}.png"
    return place


def _intrinsics(entry: dict, width: int, height: int, name: str) -> np.ndarray:
    if "fl_x" in entry or "fl_y" in entry:
        fx = float(entry["fl_x"] if "fl_x" in entry else entry["fl_y"])
        fy = float(entry.get("fl_y", fx))
    elif "camera_angle_x" in entry:
        fx = 0.5 * width / math.tan(0.5 * float(entry["camera_angle_x"]))
        angle = entry.get("camera_angle_y")
        fy = fx if angle is None else 0.5 * height / math.tan(0.5 * float(angle))
    else:
        raise KeyError("fl_x")
    cx, cy = entry.get("cx", width / 2), entry.get("cy", height / 2)
    return pinhole(fx, fy, float(cx), float(cy), name)


def _distortion(entry: dict, name: str) -> tuple[float, ...]:
    model = str(entry.get("camera_model", "")).upper()
    if entry.get("is_fisheye") or model not in PINHOLE_MODELS or float(entry.get("k4", 0.0)):
        model = model if model not in PINHOLE_MODELS else "fisheye"
        raise CaptureError(
            f"Camera {name} has the lens model {model}, which is not read: undistort its pictures, "
            "or calibrate it with the model OPENCV."
        )
    return tuple(float(entry.get(key, 0.0)) for key in ("k1", "k2", "p1", "p2", "k3"))
