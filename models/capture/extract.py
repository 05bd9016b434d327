"""Capture folder and tracked geometry → performance folder with a texture for every picture."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..files import read_arrays, write_arrays
from ..mesh import HeadMesh, Part
from ..parallel import spread
from ..pose import to_world
from ..progress import Progress, silent
from .fill import Reference, fill
from .folder import CaptureFolder
from .layers import Layer
from .performance import (
    Performance,
    PerformanceWriter,
    Take,
    take_vertices,
    texture_paths,
    write_texture,
)
from .raster import shared_rasteriser
from .texture import Unwrapped, unwrap

REFERENCE_FRAMES = 96
"""How many frames, evenly over the takes, the reference for unseen texels is made from."""
CHUNK = 4
"""Frames a worker does at a time."""


@dataclass(frozen=True)
class Job:
    """What every worker needs to know.

    Attributes:
        capture: Capture folder.
        output: Performance folder.
        size: Side of the textures in texels.
    """

    capture: Path
    output: Path
    size: int

    @property
    def reference(self) -> Path:
        """Where the reference texture is kept."""
        return self.output / f"reference_{self.size}.npz"


@dataclass(frozen=True)
class Frame:
    """One frame's geometry.

    Attributes:
        take: Name of the take.
        index: Frame in that take.
        vertices: (V, 3) metres, world.
    """

    take: str
    index: int
    vertices: np.ndarray


def extract(
    capture: Path,
    takes: Sequence[Take],
    output: Path,
    about: Mapping,
    size: int = 1024,
    processes: int = 2,
    progress: Progress = silent,
) -> Performance:
    """Make a performance; frames whose texture is there already are kept.

    Args:
        capture: Capture folder with `template.npz`.
        takes: Geometry and phones; `pictured` frames get a texture, and may be none.
        output: Performance folder, made or continued.
        about: name, credits, licence, consent, provenance.
        size: Side of the textures in texels.
        processes: Worker processes, each with a graphics context of its own; 0 works here.
        progress: Called as frames finish.

    Raises:
        CaptureError: The capture is incomplete or does not fit the takes.
        MissingDependencyError: There is no graphics driver.
        CancelledError: Raised by `progress`; what is finished is kept.
    """
    job, mesh = Job(Path(capture), Path(output), size), CaptureFolder.open(capture).mesh()
    writer = PerformanceWriter(output, mesh, takes[0].fps, about)
    for take in takes:
        writer.add(take)
    frames = [frame for take in takes for frame in _frames(mesh, take)]
    _make_reference(job, frames, processes, progress)
    missing = [f for f in frames if not texture_paths(output, f.take, f.index)[0].exists()]
    done = 0
    for count in spread(_write_textures, job, missing, processes, CHUNK):
        done += count
        progress(done / len(missing), f"texture {done} of {len(missing)}")
    return writer.finish()


def _frames(mesh: HeadMesh, take: Take) -> list[Frame]:
    vertices = take_vertices(mesh, take, take.pictured)
    world = to_world(vertices, take.head_pose[take.pictured], mesh.pivot)
    return [Frame(take.name, int(i), v) for i, v in zip(take.pictured, world, strict=True)]


def _make_reference(job: Job, frames: Sequence[Frame], processes: int, progress: Progress) -> None:
    if job.reference.exists() or not frames:
        return
    chosen = np.unique(np.linspace(0, len(frames) - 1, REFERENCE_FRAMES).round().astype(int))
    reference, done = Reference(job.size), 0
    for part in spread(_reference_of, job, [frames[i] for i in chosen], processes, CHUNK):
        reference.merge(part)
        done = min(done + CHUNK, len(chosen))
        progress(done / len(chosen), f"what cameras see, frame {done} of {len(chosen)}")
    write_arrays(job.reference, texture=reference.texture())


def _reference_of(job: Job, frames: Sequence[Frame]) -> Reference:
    reference = Reference(job.size)
    for frame in frames:
        unwrapped = _unwrap(job, frame)
        reference.add(unwrapped.colour, unwrapped.seen)
    return reference


def _write_textures(job: Job, frames: Sequence[Frame]) -> int:
    reference = _reference(job.reference)
    for frame in frames:
        unwrapped = _unwrap(job, frame)
        colour = fill(unwrapped.colour, unwrapped.seen, reference)
        seen = (unwrapped.seen * 255 + 0.5).astype(np.uint8)
        write_texture(job.output, frame.take, frame.index, colour, seen)
    return len(frames)


def _unwrap(job: Job, frame: Frame) -> Unwrapped:
    folder, mesh, images = _opened(job.capture)
    pictures = [
        (camera, folder.picture(camera, frame.take, frame.index)) for camera in folder.cameras
    ]
    occluders = [
        part_layer(part, frame.vertices, image)
        for part, image in zip(mesh.parts, images, strict=True)
    ]
    return unwrap(shared_rasteriser(), mesh, frame.vertices, pictures, occluders, job.size)


def part_layer(part: Part, vertices: np.ndarray, image: np.ndarray) -> Layer:
    """A part of the head (hair, lashes) on head vertices (V, 3), with its decoded image."""
    positions = part.positions(vertices).astype(np.float32)
    return Layer(part.name, positions, part.faces, part.uvs, image, blended=True)


def part_image(part: Part) -> np.ndarray:
    """A part's image (H, W, 4) uint8."""
    encoded = np.frombuffer(part.texture, np.uint8)
    return cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)


@functools.lru_cache(maxsize=1)
def _opened(capture: Path) -> tuple[CaptureFolder, HeadMesh, list[np.ndarray]]:
    folder = CaptureFolder.open(capture)
    mesh = folder.mesh()
    return folder, mesh, [part_image(part) for part in mesh.parts]


@functools.lru_cache(maxsize=1)
def _reference(path: Path) -> np.ndarray:
    return read_arrays(path)["texture"]
