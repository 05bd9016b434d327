"""Frames to texture, and what a worker process needs for them."""

import functools
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..cameras import Camera
from ..capture.folder import CaptureFolder
from ..capture.prepared import prepared
from ..errors import CaptureError
from ..files import read_arrays
from ..mesh import HeadMesh
from ..performance import Take, texture_paths
from ..pose import to_world
from ..render.raster import shared_rasteriser
from .photo import Photo
from .texturing import Photos, Texturer

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TextureJob:
    """What every worker needs to know.

    Attributes:
        capture: Capture folder.
        output: Performance folder, which holds the mesh.
        size: Side of the textures in texels.
        cameras: Names of those used.
        coding: How textures are written, one of `performance.CODINGS`.
        rounds: How often the reference that frames are aligned to was aligned itself, −1 for none.
    """

    capture: Path
    output: Path
    size: int
    cameras: tuple[str, ...]
    coding: str = "png"
    rounds: int = -1

    @property
    def reference(self) -> Path:
        """Where the reference texture of so many rounds is kept."""
        return self.output / f"reference_{self.size}_{self.rounds}.npz"

    def is_done(self, frame: "TextureFrame") -> bool:
        """Whether the frame has its texture."""
        return texture_paths(self.output, frame.take, frame.index)[0].exists()


@dataclass(frozen=True)
class TextureFrame:
    """One frame, its geometry as views of the take's, so that waiting frames take no memory.

    Attributes:
        take: Name of the take.
        index: Frame in that take.
        local: (V, 3) metres, head-local, or (C,) controls of the linear model.
        head_pose: (6,).
        labels: (F,) number of the camera of each triangle's detail; none before it is chosen.
    """

    take: str
    index: int
    local: np.ndarray
    head_pose: np.ndarray
    labels: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint8))

    def vertices(self, mesh: HeadMesh) -> np.ndarray:
        """(V, 3) float32 metres, world."""
        local = self.local if self.local.ndim == 2 else mesh.pose(self.local)
        return to_world(local[None], self.head_pose[None], mesh.pivot)[0].astype(np.float32)


def frames_of(takes: Sequence[Take]) -> Iterator[TextureFrame]:
    """Every pictured frame, in order."""
    for take in takes:
        local = take.controls if take.tracked is None else take.tracked
        for index in take.pictured:
            yield TextureFrame(
                take.name, int(index), np.asarray(local[index]), take.head_pose[index]
            )


@dataclass(frozen=True)
class Studio:
    """A capture, the mesh, and what makes its textures, as one process holds them.

    Attributes:
        folder: The capture.
        mesh: The tracked person's.
        cameras: Those used.
        texturer: With the job's reference.
    """

    folder: CaptureFolder
    mesh: HeadMesh
    cameras: tuple[Camera, ...]
    texturer: Texturer

    def cameras_of(self, frame: TextureFrame) -> list[Camera | None]:
        """The cameras, None for those without a picture of the frame."""
        return [
            camera if self.folder.has_picture(camera, frame.take, frame.index) else None
            for camera in self.cameras
        ]

    def photos(self, frame: TextureFrame) -> Photos:
        """The frame's photos; a camera whose picture is missing or damaged is done without.

        Raises:
            CaptureError: None can be read.
        """
        found = {}
        for number, camera in enumerate(self.cameras_of(frame)):
            if camera is None:
                continue
            try:
                found[number] = Photo.read(
                    self.folder, camera, frame.take, frame.index,
                    self.texturer.pixel, self.mesh.pivot,
                )  # fmt: skip
            except CaptureError as error:
                log.warning("done without: %s", error)
        if not found:
            raise CaptureError(
                f"No picture of frame {frame.index} of take {frame.take!r} can be read."
            )
        return found


def studio(job: TextureJob) -> Studio:
    """The job's studio, kept by this process until it is asked for another one."""
    return _studio(job.capture, job.output, job.cameras, job.size, job.rounds >= 0, job.reference)


def close_studio() -> None:
    """Forget the studio: files may have changed."""
    _studio.cache_clear()


@functools.lru_cache(maxsize=1)
def _studio(
    capture: Path, output: Path, names: Sequence[str], size: int, aligned: bool, reference: Path
) -> Studio:
    folder, mesh = prepared(capture, output), HeadMesh.load(output / "template.npz")
    cameras = tuple(camera for camera in folder.cameras if camera.name in names)
    texture = read_arrays(reference)["texture"] if aligned else None
    return Studio(folder, mesh, cameras, Texturer(shared_rasteriser(), mesh, size, texture))
