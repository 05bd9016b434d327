"""Frames put together to takes: steady, the skull's motion apart, lips closed where they touch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ..capture.folder import CaptureTake
from ..files import map_rows, write_rows
from ..mesh import HeadMesh
from ..performance import Performance, PerformanceWriter, Take, vertices_path
from .closed_lips import sealed
from .frame_tracking import Tracked
from .person import laplacian
from .stabilise import stabilised
from .steady import noise_of, steadied
from .work import TrackingJob, read_tracked

TOGETHER = 100
"""Frames that are smoothed at a time, so that long takes need little memory."""
MARGIN = 24
"""Frames before and after them that smoothing looks at."""
QUIET, QUIETEST = 8, 16
"""Frames of a moment at rest, and how many such moments tell what is noise."""
COMPARED = 40
"""One vertex in so many tells whether a moment is quiet."""
LENGTHS = np.array([0.1, 0.1, 0.1, 1.0, 1.0, 1.0])
"""What makes metres of a head pose: angles move the face, which is so far from the pivot."""
NEIGHBOURS = 4
"""Rings of vertices that move alike."""

Moment = tuple[str, np.ndarray]
"""A take's name and frames of it."""


@dataclass(frozen=True)
class Motions:
    """Frames apart from the skull's motion.

    Attributes:
        units: (T, U) face units.
        pose: (T, 6) head pose, the angles unwrapped.
        local: (T, V, 3) metres, head-local.
    """

    units: np.ndarray
    pose: np.ndarray
    local: np.ndarray

    @classmethod
    def of(cls, mesh: HeadMesh, tracked: Sequence[Tracked]) -> "Motions":
        """From frames as they were tracked."""
        units = np.stack([t.motion.units for t in tracked])
        local = mesh.pose(units) + np.stack([t.free for t in tracked])
        local, motions = stabilised(mesh, local, [t.motion for t in tracked])
        angles = Rotation.from_matrix(np.stack([m.rotation for m in motions])).as_euler("xyz")
        shifts = np.stack([m.shift for m in motions])
        return cls(units, np.c_[np.unwrap(angles, axis=0), shifts], local)

    @property
    def values(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Units (T, U, 1), pose (T, 1, 6) in metres, and vertices (T, V, 3)."""
        return self.units[..., None], (self.pose * LENGTHS)[:, None], self.local

    @classmethod
    def from_values(cls, units: np.ndarray, pose: np.ndarray, local: np.ndarray) -> "Motions":
        """Back from `values`."""
        return cls(units[..., 0], pose[:, 0] / LENGTHS, local)


class TemporalSmoother:
    """Takes noise off stretches of one person's frames."""

    def __init__(self, mesh: HeadMesh, takes: Sequence[CaptureTake], job: TrackingJob) -> None:
        """Learn from the quietest moments of all takes how noisy frames are."""
        self.mesh, self._bend = mesh, laplacian(mesh.faces, len(mesh.vertices)).tocsr()
        moments = _quietest(mesh, takes, job)
        noises = [[noise_of(v) for v in Motions.of(mesh, _read(*m, job)).values] for m in moments]
        self._noise = [np.mean(n, 0) for n in zip(*noises, strict=True)]
        if self._noise:
            self._noise[-1] = self._averaged(self._noise[-1][None])[0]

    def smoothed(self, tracked: Sequence[Tracked], at: np.ndarray) -> Motions:
        """Frames `at` (T,) of a take, steady, their lips closed where they touch."""
        motions, follows = Motions.of(self.mesh, tracked), np.diff(at, prepend=-2) == 1
        if self._noise:
            averages = _alone, _alone, self._averaged
            parts = zip(motions.values, self._noise, averages, strict=True)
            motions = Motions.from_values(*(steadied(v, n, follows, mean) for v, n, mean in parts))
        return replace(motions, local=sealed(self.mesh, motions.local))

    def _averaged(self, values: np.ndarray) -> np.ndarray:
        for _ in range(NEIGHBOURS):
            values = values - 0.5 * (self._bend @ values.T).T
        return values


def _alone(values: np.ndarray) -> np.ndarray:
    return values


def tracked_frames(job: TrackingJob, takes: Sequence[CaptureTake]) -> Iterator[Tracked]:
    """All frames that were pictured, in order."""
    for take in takes:
        for frame in take.pictured:
            yield read_tracked(job.frame(take.name, frame))


def _quietest(mesh: HeadMesh, takes: Sequence[CaptureTake], job: TrackingJob) -> list[Moment]:
    """Those moments of all takes in which vertices move least: the quietest tenth at most."""
    found: list[tuple[float, Moment]] = []
    for take in takes:
        at = np.array(take.pictured)
        for frames in (at[k : k + QUIET] for k in range(0, len(at) - QUIET + 1, QUIET // 2)):
            if frames[-1] - frames[0] < QUIET:
                worlds = (tracked.world(mesh) for tracked in _read(take.name, frames, job))
                some = np.stack([world[::COMPARED] for world in worlds])
                found.append((noise_of(some).mean(), (take.name, frames)))
    found.sort(key=lambda pair: pair[0])
    return [moment for _, moment in found[: min(QUIETEST, -(-len(found) // 10))]]


def _read(take: str, frames: np.ndarray, job: TrackingJob) -> list[Tracked]:
    return [read_tracked(job.frame(take, frame)) for frame in frames]


def put_together(
    output: Path, about: Mapping, takes: Sequence[CaptureTake], mesh: HeadMesh, job: TrackingJob
) -> Performance:
    """The performance in folder `output` of all that was tracked.

    Args:
        output: Performance folder.
        about: name, credits, licence, consent, provenance.
        takes: Of the capture.
        mesh: The person's, with face units of its own.
        job: Whose frames they are.
    """
    writer = PerformanceWriter(output, mesh, takes[0].fps, about)
    smoother = TemporalSmoother(mesh, takes, job)
    for take in takes:
        writer.add(take_of(take, smoother, job, vertices_path(output, take.name)))
    return writer.finish()


def take_of(take: CaptureTake, smoother: TemporalSmoother, job: TrackingJob, path: Path) -> Take:
    """A take's numbers on every frame, vertices in `path`; between pictured frames interpolated."""
    times = np.arange(take.frames)
    units, pose = [], []

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, len(times), TOGETHER):
            part = _part(take, smoother, job, times[start : start + TOGETHER])
            units.append(part.units)
            pose.append(part.pose)
            yield part.local

    write_rows(path, (len(times), len(smoother.mesh.vertices), 3), blocks())
    poses = np.concatenate(pose)
    poses[:, :3] = np.unwrap(poses[:, :3], axis=0)
    return Take(
        take.name, "motion", "train", take.fps, np.concatenate(units).astype(np.float32), poses,
        text=take.transcript, pictured=np.array(take.pictured), tracked=map_rows(path),
    )  # fmt: skip


def _part(
    take: CaptureTake, smoother: TemporalSmoother, job: TrackingJob, times: np.ndarray
) -> Motions:
    """Some frames of a take, consecutive ones."""
    at = np.array(take.pictured)
    first, last = np.clip(np.searchsorted(at, times[[0, -1]], "right") - 1, 0, None)
    used = at[max(first - MARGIN, 0) : last + 2 + MARGIN]
    found = smoother.smoothed(_read(take.name, used, job), used)
    return Motions(*(between(v, used, times) for v in (found.units, found.pose, found.local)))


def between(values: np.ndarray, at: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Values (n, …) known at rising `at` (n,), at `times` (T,); beyond them they stay."""
    after = np.clip(np.searchsorted(at, times), 0, len(at) - 1)
    before = np.where(at[after] > times, np.maximum(after - 1, 0), after)
    gap = np.maximum(at[after] - at[before], 1)
    share = np.clip((times - at[before]) / gap, 0, 1)
    share = share.reshape(-1, *[1] * (values.ndim - 1)).astype(values.dtype)
    return values[before] * (1 - share) + values[after] * share
