"""Capture folder and tracked geometry → performance folder with a texture for every picture.

Three steps, each resumed where it stopped: a reference texture (the plain mean over frames, then
the mean of frames aligned to it), the camera that each triangle takes its detail from (frame after
frame, for seams should stay where they are), and the textures themselves, spread over processes.
"""

import functools
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from ..errors import CaptureError
from ..files import read_arrays, write_arrays
from ..mesh import HeadMesh
from ..parallel import spread
from ..pose import to_world
from ..progress import Progress, silent
from .cameras import Camera
from .folder import CaptureFolder
from .labels import Labelling
from .performance import (
    Performance,
    PerformanceWriter,
    Take,
    read_labels,
    take_vertices,
    texture_paths,
    write_labels,
    write_texture,
)
from .raster import shared_rasteriser
from .reference import Reference
from .texturing import Pictures, Texturer

log = logging.getLogger(__name__)

REFERENCE_FRAMES = 48
"""How many frames, evenly over the takes, the reference is made from."""
ALIGNMENTS = 1
"""How often the reference's frames are aligned to it: a second time changes it by nothing seen."""
CHUNK = 4
"""Frames a worker does at a time."""


class ColourMatch(Protocol):
    """Brings one camera's colours to those of the others."""

    def apply(self, picture: np.ndarray) -> np.ndarray:
        """The picture (H, W, 3) uint8 with the common colours."""


@dataclass(frozen=True)
class Job:
    """What every worker needs to know.

    Attributes:
        capture: Capture folder.
        output: Performance folder, which holds the mesh.
        size: Side of the textures in texels.
        cameras: Names of those used.
        colours: Corrections by name of the camera.
        coding: How textures are written, one of `performance.CODINGS`.
        rounds: How often the reference that frames are aligned to was aligned itself, −1 for none.
    """

    capture: Path
    output: Path
    size: int
    cameras: tuple[str, ...]
    colours: Mapping[str, ColourMatch] = field(default_factory=dict)
    coding: str = "png"
    rounds: int = -1

    @property
    def reference(self) -> Path:
        """Where the reference texture of so many rounds is kept."""
        return self.output / f"reference_{self.size}_{self.rounds}.npz"


@dataclass(frozen=True)
class Frame:
    """One frame, its geometry as views of the take's, so that waiting frames take no memory.

    Attributes:
        take: Name of the take.
        index: Frame in that take.
        local: (V, 3) metres, head-local, or (C,) controls of the linear model.
        head_pose: (6,).
        labels: (F,) number of the camera of each triangle's detail.
    """

    take: str
    index: int
    local: np.ndarray
    head_pose: np.ndarray
    labels: np.ndarray | None = None

    def vertices(self, mesh: HeadMesh) -> np.ndarray:
        """(V, 3) float32 metres, world."""
        local = self.local if self.local.ndim == 2 else mesh.pose(self.local)
        return to_world(local[None], self.head_pose[None], mesh.pivot)[0].astype(np.float32)


def extract(
    capture: Path,
    mesh: HeadMesh,
    takes: Sequence[Take],
    output: Path,
    about: Mapping,
    size: int = 1024,
    processes: int = 2,
    progress: Progress = silent,
    *,
    colours: Mapping[str, ColourMatch] | None = None,
    without: Sequence[str] = (),
    coding: str = "png",
) -> Performance:
    """Make a performance; frames whose texture is there already are kept.

    Pictures that are missing are done without; a frame that no camera has is not pictured.

    Args:
        capture: Capture folder; its template is not needed.
        mesh: The tracked person's mesh.
        takes: Geometry and phones; `pictured` frames get a texture, and may be none.
        output: Performance folder, made or continued.
        about: name, credits, licence, consent, provenance.
        size: Side of the textures in texels.
        processes: Worker processes, each with a graphics context of its own; 0 works here.
        progress: Called as frames finish.
        colours: Colour corrections by name of the camera.
        without: Names of cameras not to use.
        coding: How textures are written, one of `performance.CODINGS`.

    Raises:
        CaptureError: The capture is incomplete or does not fit the takes.
        MissingDependencyError: There is no graphics driver.
        CancelledError: Raised by `progress`; what is finished is kept.
    """
    folder = CaptureFolder.open(capture)
    cameras = [camera for camera in folder.cameras if camera.name not in without]
    takes = [_with_pictures(folder, cameras, take) for take in takes]
    names = tuple(camera.name for camera in cameras)
    job = Job(Path(capture), Path(output), size, names, dict(colours or {}), coding)
    writer = PerformanceWriter(output, mesh, takes[0].fps, about)
    for take in takes:
        writer.add(take)
    if any(len(take.pictured) for take in takes):
        _write_all(job, mesh, takes, processes, progress)
    return writer.finish()


def _with_pictures(folder: CaptureFolder, cameras: Sequence[Camera], take: Take) -> Take:
    """The take, pictured where at least one camera has a picture."""
    seen = [
        any(folder.has_picture(camera, take.name, int(frame)) for camera in cameras)
        for frame in take.pictured
    ]
    if not all(seen):
        missing = np.asarray(take.pictured)[~np.array(seen)]
        if not any(seen):
            raise CaptureError(
                f"The capture {folder.folder.name} has no picture of any frame of {take.name}."
            )
        log.warning("%s: no camera has a picture of %d frames", take.name, len(missing))
    return replace(take, pictured=np.asarray(take.pictured)[np.array(seen, bool)])


def _write_all(
    job: Job, mesh: HeadMesh, takes: Sequence[Take], processes: int, progress: Progress
) -> None:
    for rounds in range(ALIGNMENTS + 1):
        _make_reference(replace(job, rounds=rounds - 1), mesh, takes, processes, progress)
    job = replace(job, rounds=ALIGNMENTS)
    total = sum(len(take.pictured) for take in takes)
    missing = _labelled(job, mesh, takes)
    done = total - sum(not _is_done(job, frame) for frame in _frames(takes))
    for count in spread(_write_textures, job, missing, processes, CHUNK):
        done += count
        progress(done / total, f"texture {done} of {total}")


def _frames(takes: Sequence[Take]) -> Iterator[Frame]:
    for take in takes:
        local = take.controls if take.tracked is None else take.tracked
        for index in take.pictured:
            yield Frame(take.name, int(index), local[index], take.head_pose[index])


def _is_done(job: Job, frame: Frame) -> bool:
    return texture_paths(job.output, frame.take, frame.index)[0].exists()


def _make_reference(
    job: Job, mesh: HeadMesh, takes: Sequence[Take], processes: int, progress: Progress
) -> None:
    """Write the reference of one round more than `job` has."""
    path = replace(job, rounds=job.rounds + 1).reference
    if path.exists() and tuple(read_arrays(path)["cameras"]) == job.cameras:
        return
    frames = list(_frames(takes))
    chosen = np.unique(np.linspace(0, len(frames) - 1, REFERENCE_FRAMES).round().astype(int))
    reference, done = Reference(job.size), 0
    for part in spread(_reference_of, job, [frames[i] for i in chosen], processes, CHUNK):
        reference.merge(part)
        done = min(done + CHUNK, len(chosen))
        what = "what cameras see, aligned" if job.rounds >= 0 else "what cameras see"
        progress(done / len(chosen), f"{what}, frame {done} of {len(chosen)}")
    write_arrays(path, texture=reference.texture(), cameras=np.array(job.cameras))


def _reference_of(job: Job, frames: Sequence[Frame]) -> Reference:
    reference = Reference(job.size)
    for frame in frames:
        opened = _opened(job.capture, job.output, job.cameras)
        mean = _texturer(job).mean(frame.vertices(opened.mesh), opened.pictures(job, frame))
        reference.add(mean.colour, mean.seen)
    return reference


def _labelled(job: Job, mesh: HeadMesh, takes: Sequence[Take]) -> Iterator[Frame]:
    """Frames without a texture, with the camera of each triangle, that of the frame before
    preferred; in the order of the takes, so that it does not matter where work was stopped."""
    opened, texturer = _opened(job.capture, job.output, job.cameras), _texturer(job)
    labelling = Labelling(mesh, _reference(job.reference))
    before: Frame | None = None
    for frame in _frames(takes):
        labels = read_labels(job.output, frame.take, frame.index) if _is_done(job, frame) else None
        if labels is None or len(labels) != len(mesh.faces):
            cameras = [
                camera if opened.folder.has_picture(camera, frame.take, frame.index) else None
                for camera in opened.cameras
            ]
            goodness = texturer.judge(labelling, frame.vertices(mesh), cameras)
            kept = before.labels if before is not None and before.take == frame.take else None
            labels = labelling.choose(goodness, kept)
        before = replace(frame, labels=labels)
        if not _is_done(job, frame):
            yield before


def _write_textures(job: Job, frames: Sequence[Frame]) -> int:
    opened, texturer = _opened(job.capture, job.output, job.cameras), _texturer(job)
    for frame in frames:
        vertices = frame.vertices(opened.mesh)
        found = texturer.texture(vertices, opened.pictures(job, frame), frame.labels)
        colour, seen = ((a * 255 + 0.5).astype(np.uint8) for a in (found.colour, found.seen))
        write_labels(job.output, frame.take, frame.index, frame.labels)
        write_texture(job.output, frame.take, frame.index, colour, seen, job.coding)
    return len(frames)


@dataclass(frozen=True)
class Opened:
    """A capture and the mesh, as a worker holds them."""

    folder: CaptureFolder
    mesh: HeadMesh
    cameras: tuple[Camera, ...]

    def pictures(self, job: Job, frame: Frame) -> Pictures:
        """The frame's pictures; a camera whose picture is missing or damaged is done without."""
        found = {}
        for number, camera in enumerate(self.cameras):
            if not self.folder.has_picture(camera, frame.take, frame.index):
                continue
            try:
                picture = self.folder.picture(camera, frame.take, frame.index)
            except CaptureError as error:
                log.warning("%s", error)
                continue
            match = job.colours.get(camera.name)
            found[number] = camera, picture if match is None else match.apply(picture)
        if not found:
            raise CaptureError(
                f"No picture of frame {frame.index} of take {frame.take} can be read."
            )
        return found


@functools.lru_cache(maxsize=1)
def _opened(capture: Path, output: Path, names: tuple[str, ...]) -> Opened:
    folder = CaptureFolder.open(capture)
    cameras = tuple(camera for camera in folder.cameras if camera.name in names)
    return Opened(folder, HeadMesh.load(output / "template.npz"), cameras)


def _texturer(job: Job) -> Texturer:
    path = job.reference if job.rounds >= 0 else None
    return _texturer_of(job.capture, job.output, job.cameras, job.size, path)


@functools.lru_cache(maxsize=1)
def _texturer_of(
    capture: Path, output: Path, names: tuple[str, ...], size: int, reference: Path | None
) -> Texturer:
    mesh = _opened(capture, output, names).mesh
    texture = None if reference is None else _reference(reference)
    return Texturer(shared_rasteriser(), mesh, size, texture)


@functools.lru_cache(maxsize=1)
def _reference(path: Path) -> np.ndarray:
    return read_arrays(path)["texture"]
