"""Calibrated cameras.

Camera axes are OpenCV's (x right, y down, z forward), the world is Blender's. Pixel coordinates
are continuous: (0, 0) is the outer corner of the top left pixel, whose middle is (0.5, 0.5), as in
COLMAP and nerfstudio. (`cv2.calibrateCamera` puts the middle at (0, 0): add 0.5 to its cx, cy.)
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

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
            flat, np.eye(3), np.array(self.distortion), np.eye(3), np.eye(3), UNDISTORT
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
        """This camera as a pinhole, and `picture` (H, W[, C]) as the pinhole would take it."""
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

    def no_finer(self, pixel: float, at: np.ndarray) -> "Camera":
        """The same view with pixels of at least `pixel` metres at a point (3,) of the world."""
        shrunk = self.intrinsics[0, 0] * pixel / np.linalg.norm(self.position - at)
        if shrunk <= 1:
            return self
        return self.resized(round(self.width / shrunk), round(self.height / shrunk))

    def turned(self, vector: np.ndarray) -> "Camera":
        """The same camera, turned by a rotation vector (3,) about its own axes."""
        turn = np.eye(4)
        turn[:3, :3] = cv2.Rodrigues(np.asarray(vector, np.float64))[0]
        return replace(self, world_to_camera=turn @ self.world_to_camera)

    def scaled(self, factor: float) -> "Camera":
        """The same view of a world whose lengths are multiplied by `factor`."""
        world_to_camera = self.world_to_camera.copy()
        world_to_camera[:3, 3] *= factor
        return replace(self, world_to_camera=world_to_camera)


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
