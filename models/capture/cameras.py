"""Calibrated cameras and nerfstudio's `transforms.json`.

Camera axes are OpenCV's (x right, y down, z forward), the world is Blender's. Pixel coordinates
are continuous: (0, 0) is the outer corner of the top left pixel, whose middle is (0.5, 0.5), as in
COLMAP and nerfstudio. (`cv2.calibrateCamera` puts the middle at (0, 0): add 0.5 to its cx, cy.)
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from ..errors import CaptureError
from ..files import write_json

OPENGL = np.diag([1.0, -1.0, -1.0, 1.0])
"""Between OpenCV's camera axes and OpenGL's (y up, z backward); its own inverse."""
UNDISTORT = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-10)
"""When the iteration that takes a lens's distortion off has converged."""


@dataclass(frozen=True)
class Camera:
    """One calibrated view.

    Attributes:
        name: Folder of its pictures.
        intrinsics: (3, 3) pixels.
        width: Pixels.
        height: Pixels.
        world_to_camera: (4, 4) metres.
        distortion: k1, k2, p1, p2, or also k3, or also k3 to k6, of OpenCV's lens model.
    """

    name: str
    intrinsics: np.ndarray
    width: int
    height: int
    world_to_camera: np.ndarray
    distortion: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)

    @property
    def position(self) -> np.ndarray:
        """Optical centre (3,) in the world."""
        rotation, translation = self.world_to_camera[:3, :3], self.world_to_camera[:3, 3]
        return -rotation.T @ translation

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Project world points (..., 3).

        Returns:
            Pixels (..., 2) and depths (...,) in metres along the optical axis; a pixel means
            something only where its depth is positive.
        """
        local = points @ self.world_to_camera[:3, :3].T + self.world_to_camera[:3, 3]
        depth = local[..., 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            plane = self._distort(local[..., :2] / depth[..., None])
        homogeneous = np.concatenate([plane, np.ones_like(plane[..., :1])], -1)
        return (homogeneous @ self.intrinsics.T)[..., :2], depth

    def normalised(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels (..., 2) on the plane one unit before the camera, (..., 2), without distortion."""
        inverse = np.linalg.inv(self.intrinsics)
        plane = np.asarray(pixels, np.float64) @ inverse[:2, :2].T + inverse[:2, 2]
        if not any(self.distortion) or not plane.size:
            return plane
        flat = np.ascontiguousarray(plane.reshape(-1, 1, 2))
        straight = cv2.undistortPointsIter(
            flat, np.eye(3), np.array(self.distortion), None, None, UNDISTORT
        )
        return straight.reshape(plane.shape)

    def _distort(self, plane: np.ndarray) -> np.ndarray:
        k1, k2, p1, p2, k3, k4, k5, k6 = (*self.distortion, *([0.0] * (8 - len(self.distortion))))
        x, y = plane[..., 0], plane[..., 1]
        squared = x * x + y * y
        radial = 1 + squared * (k1 + squared * (k2 + squared * k3))
        radial = radial / (1 + squared * (k4 + squared * (k5 + squared * k6)))
        return np.stack(
            [
                x * radial + 2 * p1 * x * y + p2 * (squared + 2 * x * x),
                y * radial + p1 * (squared + 2 * y * y) + 2 * p2 * x * y,
            ],
            -1,
        )

    def undistorted(self, picture: np.ndarray) -> tuple["Camera", np.ndarray]:
        """This camera as a pinhole, and `picture` (H, W, C) as the pinhole would have taken it."""
        if not any(self.distortion):
            return self, picture
        middles = self.intrinsics.copy()
        middles[:2, 2] -= 0.5  # OpenCV's pixel middles are whole numbers
        straight = cv2.undistort(picture, middles, np.array(self.distortion), None, middles)
        return replace(self, distortion=(0.0, 0.0, 0.0, 0.0)), straight

    def resized(self, width: int, height: int) -> "Camera":
        """The same view with another number of pixels."""
        scale = np.diag([width / self.width, height / self.height, 1.0])
        return replace(self, intrinsics=scale @ self.intrinsics, width=width, height=height)


def look_at(
    name: str,
    position: np.ndarray,
    target: np.ndarray,
    focal: float,
    size: tuple[int, int],
    principal: tuple[float, float] | None = None,
) -> Camera:
    """A camera at `position` that sees `target` in the middle, upright.

    Args:
        name: Folder of its pictures.
        position: (3,) metres.
        target: (3,) metres.
        focal: Focal length in pixels.
        size: Width and height in pixels.
        principal: Principal point in pixels; the picture's middle when absent.
    """
    position = np.asarray(position, np.float64)
    forward = np.asarray(target, np.float64) - position
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    world_to_camera = np.eye(4)
    world_to_camera[:3, :3] = rotation
    world_to_camera[:3, 3] = -rotation @ position
    cx, cy = principal or (size[0] / 2, size[1] / 2)
    intrinsics = np.array([[focal, 0, cx], [0, focal, cy], [0, 0, 1.0]])
    return Camera(name, intrinsics, size[0], size[1], world_to_camera)


def write_transforms(path: Path, cameras: list[Camera]) -> None:
    """Write the cameras as nerfstudio's `transforms.json`, one frame a camera."""
    frames = []
    for camera in cameras:
        k1, k2, p1, p2 = (float(value) for value in camera.distortion)
        camera_to_world = np.linalg.inv(camera.world_to_camera) @ OPENGL
        frames.append(
            {
                "file_path": f"images/{camera.name}/",
                "w": camera.width,
                "h": camera.height,
                "fl_x": float(camera.intrinsics[0, 0]),
                "fl_y": float(camera.intrinsics[1, 1]),
                "cx": float(camera.intrinsics[0, 2]),
                "cy": float(camera.intrinsics[1, 2]),
                **{"k1": k1, "k2": k2, "p1": p1, "p2": p2},
                "transform_matrix": camera_to_world.tolist(),
            }
        )
    write_json(path, {"camera_model": "OPENCV", "frames": frames})


def read_transforms(path: Path) -> list[Camera]:
    """Read the cameras of a `transforms.json`; shared intrinsics may stand at its top level.

    Raises:
        CaptureError: It is missing, not JSON, or a camera lacks a number.
    """
    path = Path(path)
    try:
        document = json.loads(path.read_text())
        cameras = [_camera({**document, **frame}) for frame in document["frames"]]
    except FileNotFoundError as error:
        raise CaptureError(f"The capture has no {path.name} in {path.parent.name}.") from error
    except KeyError as error:
        raise CaptureError(f"{path.name} lacks {error} for one of its cameras.") from error
    except (ValueError, TypeError, AttributeError, np.linalg.LinAlgError) as error:
        raise CaptureError(f"{path.name} cannot be read: {error}.") from error
    names = [camera.name for camera in cameras]
    if not names or len(set(names)) != len(names):
        raise CaptureError(f"{path.name} must hold at least one camera, each with its own folder.")
    return cameras


def _camera(entry: dict) -> Camera:
    camera_to_world = np.array(entry["transform_matrix"], np.float64)
    if camera_to_world.shape != (4, 4) or not np.isfinite(camera_to_world).all():
        raise ValueError("a transform_matrix is not 4 × 4 finite numbers")
    fx, fy, cx, cy = (float(entry[key]) for key in ("fl_x", "fl_y", "cx", "cy"))
    return Camera(
        name=Path(entry["file_path"]).name,
        intrinsics=np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]]),
        width=int(entry["w"]),
        height=int(entry["h"]),
        world_to_camera=np.linalg.inv(camera_to_world @ OPENGL),
        distortion=tuple(float(entry.get(key, 0.0)) for key in ("k1", "k2", "p1", "p2")),
    )
