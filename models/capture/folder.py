"""A capture folder: calibrated cameras, their pictures by take and frame, sound, template mesh."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from ..errors import CaptureError
from ..files import write_bytes, write_json
from ..mesh import HeadMesh
from .cameras import Camera, read_transforms, write_transforms
from .performance import SAFE_NAME, picture_file

SCHEMA = 1


@dataclass(frozen=True)
class CaptureTake:
    """One recording in a capture folder.

    Attributes:
        name: Letters, digits, `_` and `-`.
        fps: Frames a second.
        frames: How many frames it lasts.
        pictured: Frames that have a picture from every camera.
        audio: Path inside the folder, '' when silent.
        transcript: What is said, '' when unknown.
    """

    name: str
    fps: float
    frames: int
    pictured: tuple[int, ...]
    audio: str = ""
    transcript: str = ""


@dataclass(frozen=True)
class CaptureFolder:
    """A capture folder, read; pictures stay on disk until asked for.

    Attributes:
        folder: Where it is.
        cameras: In the order of `transforms.json`.
        takes: In the order of `takes.json`.
    """

    folder: Path
    cameras: tuple[Camera, ...]
    takes: tuple[CaptureTake, ...]

    @classmethod
    def open(cls, folder: Path) -> "CaptureFolder":
        """Read cameras and takes.

        Raises:
            CaptureError: One of the two files is missing, damaged or inconsistent.
        """
        folder = Path(folder)
        cameras = read_transforms(folder / "transforms.json")
        path = folder / "takes.json"
        try:
            document = json.loads(path.read_text())
            if document["schema"] != SCHEMA:
                raise CaptureError(f"takes.json has schema {document['schema']}, not {SCHEMA}.")
            takes = tuple(_take(entry) for entry in document["takes"])
        except FileNotFoundError as error:
            raise CaptureError(f"The capture {folder.name} has no takes.json.") from error
        except (KeyError, ValueError, TypeError) as error:
            raise CaptureError(f"takes.json of {folder.name} cannot be read: {error!r}.") from error
        return cls(folder, tuple(cameras), takes)

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
        """Whether there is a picture, be it damaged."""
        return picture_path(self.folder, camera.name, take, frame).is_file()

    def picture(self, camera: Camera, take: str, frame: int) -> np.ndarray:
        """A picture (H, W, 3) uint8.

        Raises:
            CaptureError: It is missing, damaged, or not of the camera's size.
        """
        path = picture_path(self.folder, camera.name, take, frame)
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            raise CaptureError(f"The picture {camera.name}/{path.name} is missing or damaged.")
        if picture.shape[:2] != (camera.height, camera.width):
            raise CaptureError(
                f"The picture {camera.name}/{path.name} has {picture.shape[1]}×{picture.shape[0]} "
                f"pixels, its camera {camera.width}×{camera.height}."
            )
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


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
    write_transforms(folder / "transforms.json", list(cameras))
    write_json(folder / "takes.json", {"schema": SCHEMA, "takes": [asdict(take) for take in takes]})
    if mesh is not None:
        mesh.save(folder / "template.npz")


def _take(entry: dict) -> CaptureTake:
    name, frames = str(entry["name"]), int(entry["frames"])
    pictured = tuple(int(frame) for frame in entry["pictured"])
    if not SAFE_NAME.fullmatch(name):
        raise CaptureError(f"takes.json has a take with the unsafe name {name!r}.")
    if any(not 0 <= frame < frames for frame in pictured):
        raise CaptureError(f"takes.json names pictures of {name} outside its {frames} frames.")
    return CaptureTake(
        name=name,
        fps=float(entry["fps"]),
        frames=frames,
        pictured=pictured,
        audio=str(entry.get("audio", "")),
        transcript=str(entry.get("transcript", "")),
    )
