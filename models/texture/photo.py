"""One camera's view of one frame, as tracking and textures use it."""

from dataclasses import dataclass

import cv2
import numpy as np

from ..cameras import Camera
from ..capture.folder import CaptureFolder


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
    def read(
        cls,
        folder: CaptureFolder,
        camera: Camera,
        take: str,
        frame: int,
        pixel: float = 0.0,
        head: np.ndarray | None = None,
    ) -> "Photo":
        """A view with the mask that came with it.

        Args:
            folder: The capture.
            camera: One of its cameras.
            take: Name of the take.
            frame: Of the take.
            pixel: Metres at the head that a pixel shall show at least: finer pictures are shrunk.
            head: (3,) where the head is in the world, metres; needed with `pixel`.

        Raises:
            CaptureError: Picture or mask is missing, damaged, or not of the camera's size.
        """
        picture, mask = folder.picture(camera, take, frame), folder.mask(camera, take, frame)
        small = camera if head is None or not pixel else camera.no_finer(pixel, head)
        if small is not camera:
            size = small.width, small.height
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            mask = None if mask is None else cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
        pinhole, picture = small.undistorted(picture)
        if mask is not None:
            mask = np.where(small.undistorted(mask)[1] > 127, 255, 0).astype(np.uint8)
        return cls(pinhole, picture, mask)
