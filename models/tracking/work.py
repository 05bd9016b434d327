"""What worker processes do: one frame at a time, each result in a file of its own."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from ..capture.folder import CaptureFolder, CaptureTake
from ..capture.prepared import prepared
from ..errors import CaptureError
from ..files import read_arrays, write_arrays
from ..texture.photo import Photo
from .face_model import PATH, FaceModel
from .frame_tracking import FrameInput, FrameTracker, Tracked
from .landmark_fit import LandmarkFit
from .linear_face import Motion
from .neutral import PersonEstimate

PASSES = ("generic", "personal")
"""With the template's face units, then with the person's own."""
ROUNDS = {"generic": 3, "personal": 1}
PIXEL = 0.0005
"""Metres at the head: finer pictures are shrunk. Flow errs by a quarter of a pixel and less."""


@dataclass(frozen=True)
class TrackingJob:
    """What every worker needs to know.

    Attributes:
        capture: Capture folder.
        cache: Folder of what is done.
        stage: One of `PASSES`.
        model: File of the template.
    """

    capture: Path
    cache: Path
    stage: str
    model: Path = PATH

    def frame(self, take: str, frame: int, stage: str | None = None) -> Path:
        """Where a frame's result is."""
        return self.cache / (stage or self.stage) / f"{take}_{frame:06d}.npz"


def track_frames(job: TrackingJob, frames: Sequence[tuple[str, int]]) -> int:
    """Track frames, each a take and a frame of it, and write them; how many."""
    worker = _worker(job)
    for take, frame in frames:
        tracked = worker.track(take, frame)
        write_arrays(
            job.frame(take, frame),
            rotation=tracked.motion.rotation,
            shift=tracked.motion.shift,
            units=tracked.motion.units,
            free=tracked.free.astype(np.float32),
        )
    return len(frames)


def read_tracked(path: Path) -> Tracked:
    """A frame's result."""
    arrays = read_arrays(path)
    motion = Motion(*(arrays[name] for name in ("rotation", "shift", "units")))
    return Tracked(motion, arrays["free"].astype(np.float64))


class _Worker:
    """What a process keeps open."""

    def __init__(self, job: TrackingJob) -> None:
        cv2.setNumThreads(1)
        self._job, model = job, FaceModel.load(job.model)
        self._folder = prepared(job.capture, job.cache.parent)
        self._takes = {take.name: take for take in self._folder.takes}
        person = PersonEstimate.load(job.cache / "person.npz", model)
        if job.stage == "personal":
            basis = read_arrays(job.cache / "units.npz")["basis"]
            person = replace(person, mesh=replace(person.mesh, basis=basis))
        self._tracker = FrameTracker(model, person, self._folder.cameras)
        fit = LandmarkFit.load(job.cache / "rough.npz")
        frames = [(take.name, frame) for take in self._folder.takes for frame in take.pictured]
        self._starts = dict(zip(frames, fit.motions, strict=True))
        self._openness = dict(zip(frames, fit.openness, strict=True))

    def track(self, take: str, frame: int) -> Tracked:
        landmarks = read_arrays(self._job.cache / "landmarks" / f"{take}_{frame:06d}.npz")["pixels"]
        seen = FrameInput(
            photos_of(self._folder, self._takes[take], frame, self._tracker.mesh.pivot),
            landmarks,
            self._openness[take, frame],
        )
        if self._job.stage == "generic":
            motion = self._tracker.from_landmarks(self._starts[take, frame], seen)
            start = Tracked(motion, np.zeros(self._tracker.mesh.vertices.shape))
        else:
            start = read_tracked(self._job.frame(take, frame, "generic"))
            change = read_arrays(self._job.cache / "units.npz")["change"]
            start = Tracked(start.motion, start.free - np.tensordot(start.motion.units, change, 1))
        return self._tracker.track(seen, start, ROUNDS[self._job.stage])


@functools.lru_cache(maxsize=1)
def _worker(job: TrackingJob) -> _Worker:
    return _Worker(job)


def photos_of(
    folder: CaptureFolder, take: CaptureTake, frame: int, head: np.ndarray
) -> list[Photo]:
    """Every view of a frame that has a picture, as fine as tracking needs, for a head at (3,)."""
    photos = []
    for camera in folder.cameras:
        try:
            photos.append(Photo.read(folder, camera, take.name, frame, PIXEL, head))
        except CaptureError:
            continue
    return photos
