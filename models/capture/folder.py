"""A capture folder: calibrated cameras, their pictures by take and frame, sound, template mesh."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from ..cameras import Camera
from ..errors import CaptureError
from ..files import write_bytes
from ..mesh import HeadMesh
from ..performance import picture_file
from .calibration.find import read_calibration
from .calibration.transforms import FILE, write_transforms
from .capture_takes import CaptureTake, read_takes, write_takes
from .colour import ColourMatch
from .layout import Source, find_layout
from .pictures import PictureFiles

SCANS = ("neutral.obj", "neutral.ply")


@dataclass(frozen=True)
class CaptureFolder:
    """A capture folder, read; pictures stay on disk until asked for.

    Attributes:
        folder: Where it is.
        cameras: In the order of the calibration; some may have no pictures.
        takes: As `takes.json` has them, or as pictures and videos make them.
        calibration: Which program's, for people.
        pictures: By camera name.
        masks: By camera name.
        scan: The user's own scan of the neutral face, if there is one.
        colours: Corrections by camera name that `picture` makes.
        notes: What had to be assumed in reading, a sentence each.
    """

    folder: Path
    cameras: tuple[Camera, ...]
    takes: tuple[CaptureTake, ...]
    calibration: str = FILE
    pictures: Mapping[str, Source] = field(default_factory=dict)
    masks: Mapping[str, PictureFiles] = field(default_factory=dict)
    scan: Path | None = None
    notes: tuple[str, ...] = ()
    colours: Mapping[str, ColourMatch] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> "CaptureFolder":
        """Find and read cameras, takes, and where pictures are.

        Raises:
            CaptureError: There is no calibration, there are no pictures, or a file is damaged or
                inconsistent.
        """
        folder = Path(folder)
        calibration, given = read_calibration(folder), read_takes(folder)
        layout = find_layout(folder, calibration.cameras, given)
        return cls(
            folder,
            tuple(entry.camera for entry in calibration.cameras),
            layout.takes,
            calibration.source,
            layout.pictures,
            layout.masks,
            next((folder / name for name in SCANS if (folder / name).is_file()), None),
            layout.notes,
        )

    def scaled(self, factor: float) -> "CaptureFolder":
        """The same capture with every length of its calibration multiplied by `factor`."""
        return replace(self, cameras=tuple(camera.scaled(factor) for camera in self.cameras))

    def mesh(self) -> HeadMesh:
        """The template mesh.

        Raises:
            CaptureError: There is none or it does not fit together.
        """
        path = self.folder / "template.npz"
        if not path.is_file():
            raise CaptureError(f"The capture {self.folder.name} has no template.npz.")
        return HeadMesh.load(path)

    def has_picture(self, camera: Camera, take: str, frame: int) -> bool:
        """Whether there is a picture, without reading it."""
        source = self.pictures.get(camera.name)
        return source is not None and source.has(take, frame)

    def picture(self, camera: Camera, take: str, frame: int) -> np.ndarray:
        """A picture (H, W, 3) uint8 RGB; quickest where a camera's frames are read in order.

        Raises:
            CaptureError: It is missing, damaged, or not of the camera's size.
        """
        source = self.pictures.get(camera.name)
        if source is None:
            raise CaptureError(f"Camera {camera.name} has no pictures in {self.folder.name}.")
        size = camera.width, camera.height
        try:
            picture = source.read(take, frame, size)
        except CaptureError as error:
            raise CaptureError(f"The picture of camera {camera.name}: {error}") from error
        if picture.shape[1::-1] != size:
            raise CaptureError(
                f"Frame {frame} of take {take} of camera {camera.name} has {picture.shape[1]}×"
                f"{picture.shape[0]} pixels, its calibration {size[0]}×{size[1]}: give "
                "the calibration of these pictures, or the pictures in their first size."
            )
        colour = self.colours.get(camera.name)
        return picture if colour is None else colour.apply(picture)

    def mask(self, camera: Camera, take: str, frame: int) -> np.ndarray | None:
        """What the user marked as the head in a picture, (H, W) uint8, or None without a mask.

        Raises:
            CaptureError: The mask is damaged or not of the camera's size.
        """
        source = self.masks.get(camera.name)
        mask = None if source is None else source.read_mask(take, frame)
        if mask is not None and mask.shape != (camera.height, camera.width):
            raise CaptureError(
                f"The mask of camera {camera.name}, frame {frame} of take {take}, is not of its "
                "pictures' size."
            )
        return mask


def picture_path(folder: Path, camera: str, take: str, frame: int) -> Path:
    """Where a picture is."""
    return picture_file(Path(folder) / "images" / camera, f"{take}_{frame:06d}")


def write_picture(folder: Path, camera: str, take: str, frame: int, picture: np.ndarray) -> None:
    """Write a picture (H, W, 3) uint8."""
    encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
    write_bytes(picture_path(folder, camera, take, frame), encoded.tobytes())


def write_capture(
    folder: Path, cameras: Sequence[Camera], takes: Sequence[CaptureTake], mesh: HeadMesh | None
) -> None:
    """Write everything of a capture folder but pictures and sound."""
    folder = Path(folder)
    write_transforms(folder / FILE, cameras)
    write_takes(folder, takes)
    if mesh is not None:
        mesh.save(folder / "template.npz")
