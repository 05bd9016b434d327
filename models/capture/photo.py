"""One camera's view of one frame, as tracking and textures use it."""

from dataclasses import dataclass

import numpy as np

from .cameras import Camera
from .folder import CaptureFolder


@dataclass(frozen=True)
class Photo:
    """One view of a frame.

    Attributes:
        camera: A pinhole.
        picture: (H, W, 3) uint8, undistorted, colours matched.
        mask: (H, W) uint8, 255 where the head is; None where nobody said.
    """

    camera: Camera
    picture: np.ndarray
    mask: np.ndarray | None = None

    @classmethod
    def read(cls, folder: CaptureFolder, camera: Camera, take: str, frame: int) -> "Photo":
        """A view with the mask that came with it.

        Raises:
            CaptureError: Picture or mask is missing, damaged, or not of the camera's size.
        """
        pinhole, picture = camera.undistorted(folder.picture(camera, take, frame))
        mask = folder.mask(camera, take, frame)
        if mask is not None:
            mask = np.where(camera.undistorted(mask)[1] > 127, 255, 0).astype(np.uint8)
        return cls(pinhole, picture, mask)
