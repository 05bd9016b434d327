"""Capture folder and tracked geometry → performance folder with a texture for every picture.

Three steps, each resumed where it stopped: a reference texture (the plain mean over frames, then
the mean of frames aligned to it), the camera that each triangle takes its detail from (frame after
frame, for seams should stay where they are), and the textures themselves, spread over processes.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..cameras import Camera
from ..capture.folder import CaptureFolder
from ..capture.prepared import prepared
from ..errors import CaptureError
from ..files import read_arrays, write_arrays
from ..mesh import HeadMesh
from ..parallel import spread
from ..performance import (
    Performance,
    PerformanceWriter,
    Take,
    read_labels,
    write_labels,
    write_texture,
)
from ..progress import Progress, silent
from .camera_labels import Labelling
from .reference import Reference
from .texture_frames import TextureFrame, TextureJob, close_studio, frames_of, studio

log = logging.getLogger(__name__)

REFERENCE_FRAMES = 48
"""How many frames, evenly over the takes, the reference is made from."""
ALIGNMENTS = 1
"""How often the reference's frames are aligned to it."""
CHUNK = 4
"""Frames a worker does at a time."""


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
        without: Names of cameras not to use.
        coding: How textures are written, one of `performance.CODINGS`.

    Raises:
        CaptureError: The capture is incomplete or does not fit the takes.
        MissingDependencyError: There is no graphics driver.
        CancelledError: Raised by `progress`; what is finished is kept.
    """
    folder = prepared(capture, output)
    cameras = [camera for camera in folder.cameras if camera.name not in without]
    takes = [_with_pictures(folder, cameras, take) for take in takes]
    names = tuple(camera.name for camera in cameras)
    job = TextureJob(Path(capture), Path(output), size, names, coding)
    writer = PerformanceWriter(output, mesh, takes[0].fps, about)
    for take in takes:
        writer.add(take)
    close_studio()
    if any(len(take.pictured) for take in takes):
        _write_all(job, takes, processes, progress)
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


def _write_all(job: TextureJob, takes: Sequence[Take], processes: int, progress: Progress) -> None:
    for rounds in range(ALIGNMENTS + 1):
        _make_reference(replace(job, rounds=rounds - 1), takes, processes, progress)
    job = replace(job, rounds=ALIGNMENTS)
    total = sum(len(take.pictured) for take in takes)
    done = sum(job.is_done(frame) for frame in frames_of(takes))
    for count in spread(_write_textures, job, _labelled(job, takes), processes, CHUNK):
        done += count
        progress(done / total, f"texture {done} of {total}")


def _make_reference(
    job: TextureJob, takes: Sequence[Take], processes: int, progress: Progress
) -> None:
    """Write the reference of one round more than `job` has."""
    path = replace(job, rounds=job.rounds + 1).reference
    if path.exists() and tuple(read_arrays(path)["cameras"]) == job.cameras:
        return
    frames = list(frames_of(takes))
    chosen = np.unique(np.linspace(0, len(frames) - 1, REFERENCE_FRAMES).round().astype(int))
    reference, done = Reference(job.size), 0
    what = "what cameras see, aligned" if job.rounds >= 0 else "what cameras see"
    for part in spread(_reference_of, job, [frames[i] for i in chosen], processes, CHUNK):
        reference.merge(part)
        done = min(done + CHUNK, len(chosen))
        progress(done / len(chosen), f"{what}, frame {done} of {len(chosen)}")
    write_arrays(path, texture=reference.texture(), cameras=np.array(job.cameras))


def _reference_of(job: TextureJob, frames: Sequence[TextureFrame]) -> Reference:
    reference, own = Reference(job.size), studio(job)
    for frame in frames:
        mean = own.texturer.mean(frame.vertices(own.mesh), own.photos(frame))
        reference.add(mean.colour, mean.seen)
    return reference


def _labelled(job: TextureJob, takes: Sequence[Take]) -> Iterator[TextureFrame]:
    """Frames without a texture, with the camera that each triangle takes its detail from.

    The frame before is preferred, in the order of the takes, so that textures do not depend on
    where work was stopped.
    """
    own, before = studio(job), None
    labelling = Labelling(own.mesh, read_arrays(job.reference)["texture"])
    for frame in frames_of(takes):
        done = job.is_done(frame)
        labels = read_labels(job.output, frame.take, frame.index) if done else None
        if labels is None or len(labels) != len(own.mesh.faces):
            vertices, cameras = frame.vertices(own.mesh), own.cameras_of(frame)
            goodness = own.texturer.judge(labelling, vertices, cameras)
            kept = before.labels if before is not None and before.take == frame.take else None
            labels = labelling.choose(goodness, kept)
        before = replace(frame, labels=labels)
        if not done:
            yield before


def _write_textures(job: TextureJob, frames: Sequence[TextureFrame]) -> int:
    own = studio(job)
    for frame in frames:
        photos = own.photos(frame)
        found = own.texturer.texture(frame.vertices(own.mesh), photos, frame.labels)
        colour, seen = ((a * 255 + 0.5).astype(np.uint8) for a in (found.colour, found.seen))
        write_labels(job.output, frame.take, frame.index, frame.labels)
        write_texture(job.output, frame.take, frame.index, colour, seen, job.coding)
    return len(frames)
