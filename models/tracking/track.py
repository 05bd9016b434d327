"""From a capture to a performance without textures: `track` does all of it, stage by stage.

landmarks → rough fit → person → every frame → the person's own face units → every frame again →
put together. What a stage has done is kept in the performance's folder `tracking`, frame by
frame, so that a stopped run continues.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..capture.check import check
from ..capture.colour import UNCHANGED
from ..capture.folder import CaptureFolder, CaptureTake
from ..capture.prepared import PREPARED, Preparation
from ..errors import CaptureError
from ..files import read_arrays, write_arrays
from ..mesh import HeadMesh
from ..parallel import spread
from ..performance import Performance
from ..progress import Progress, silent
from ..scan.neutral_scan import Scan
from .face_model import PATH, FaceModel
from .landmark_fit import LandmarkFit, fit_landmarks, rough_poses
from .neutral import KeyFrame, PersonEstimate, choose_key_frames, find_person
from .observed_landmarks import ObservedLandmarks, find_landmarks
from .together import put_together, tracked_frames
from .work import PASSES, TrackingJob, photos_of, track_frames

CHUNK = 4
"""Frames a worker does at a time."""
UNIT_RIDGE = 2.0
"""Face units are refined as far as frames use them: so many frames at full weight count half."""
LEAST_SEEN = 0.5
"""Share of frames in which a face must be found."""


def track(
    capture: Path,
    output: Path,
    about: Mapping,
    processes: int = 2,
    progress: Progress = silent,
    model_path: Path = PATH,
) -> Performance:
    """Track every pictured frame of a capture.

    Args:
        capture: Capture folder.
        output: Performance folder, made or continued.
        about: name, credits, licence, consent, provenance.
        processes: Worker processes; 0 works in this one.
        progress: Told how far it is.
        model_path: File of another template.

    Raises:
        CaptureError: The capture is incomplete, or no face is seen.
        MissingDependencyError: mediapipe or a graphics driver is missing.
        CancelledError: From `progress`; what is finished is kept.
    """
    cache, folder = Path(output) / "tracking", CaptureFolder.open(capture)
    takes, model = [take for take in folder.takes if take.pictured], FaceModel.load(model_path)
    if not takes:
        raise CaptureError(f"The capture {folder.folder.name} has no take with pictures.")
    stage = _Stages(progress)
    found = [
        find_landmarks(folder, take, cache / "landmarks", processes, stage.part(0.0, 0.17))
        for take in takes
    ]
    landmarks = ObservedLandmarks(tuple(path for take in found for path in take.paths))
    points = landmarks.points()
    _check_seen(folder, points)
    preparation = _preparation(folder, model, takes, points, cache.parent / PREPARED)
    unaimed = np.zeros_like(preparation.turns)
    folder = replace(preparation, turns=unaimed).open(folder.folder)
    follows = np.concatenate([np.diff(take.pictured, prepend=-2) == 1 for take in takes])
    fit = fit_landmarks(
        model, folder.cameras, landmarks, preparation.from_calibration(points), follows,
        cache / "rough.npz", stage.part(0.17, 0.2),
    )  # fmt: skip
    person = _person(folder, model, takes, landmarks, fit, cache, stage.part(0.2, 0.35))
    replace(preparation, turns=person.turns).save(cache.parent / PREPARED)
    shares = {"generic": (0.35, 0.75), "personal": (0.75, 1.0)}
    mesh = person.mesh
    for name in PASSES:
        if name == "personal":
            mesh = _own_units(mesh, takes, cache)
        job = TrackingJob(folder.folder, cache, name, model_path)
        _all_frames(job, takes, processes, stage.part(*shares[name]))
    return put_together(Path(output), about, takes, mesh, job)


class _Stages:
    """Progress of stages as progress of the whole."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def part(self, start: float, end: float) -> Progress:
        return lambda share, message: self._progress(start + share * (end - start), message)


def _check_seen(folder: CaptureFolder, points: np.ndarray) -> None:
    """Refuse a capture with hardly a face in it."""
    faces = np.isfinite(points).all(2).mean(1) > LEAST_SEEN
    if faces.mean() < LEAST_SEEN:
        raise CaptureError(
            f"A face is seen by two cameras or more in only {faces.sum()} of {len(faces)} frames "
            f"of {folder.folder.name}: look at `python -m models check`."
        )


def _preparation(
    folder: CaptureFolder,
    model: FaceModel,
    takes: Sequence[CaptureTake],
    points: np.ndarray,
    path: Path,
) -> Preparation:
    """Metres, the resting head where the template's is, colours matched; kept in `path`."""
    if not path.exists():
        report = check(folder.folder)
        matches = report.matches()
        first = points[: max(1, len(takes[0].pictured) // 20)]
        rest = rough_poses(model, report.scale * first)[0]
        pivot = model.mesh.pivot
        colours = [matches.get(camera.name, UNCHANGED) for camera in folder.cameras]
        Preparation(
            report.scale,
            rest.rotation.T,
            pivot - rest.rotation.T @ (pivot + rest.shift),
            np.stack([match.gain for match in colours]),
            np.stack([match.offset for match in colours]),
            np.zeros((len(folder.cameras), 3)),
        ).save(path)
    return Preparation.load(path)


def _person(
    folder: CaptureFolder,
    model: FaceModel,
    takes: Sequence[CaptureTake],
    landmarks: ObservedLandmarks,
    fit: LandmarkFit,
    cache: Path,
    progress: Progress,
) -> PersonEstimate:
    places = [(take, frame) for take in takes for frame in take.pictured]
    chosen, head = choose_key_frames(fit.motions), model.mesh.pivot
    frames = [KeyFrame(photos_of(folder, *places[k], head), landmarks[k]) for k in chosen]
    motions = [fit.motions[k] for k in chosen]
    scan = None if folder.scan is None else Scan.read(folder.scan)
    return find_person(
        model, folder.cameras, frames, fit.identity, motions, cache / "person.npz", progress, scan
    )


def _all_frames(
    job: TrackingJob, takes: Sequence[CaptureTake], processes: int, progress: Progress
) -> None:
    frames = [(take.name, frame) for take in takes for frame in take.pictured]
    missing = [frame for frame in frames if not job.frame(*frame).exists()]
    done = len(frames) - len(missing)
    for count in spread(track_frames, job, missing, processes, CHUNK):
        done += count
        progress(done / len(frames), f"{job.stage} face units, frame {done} of {len(frames)}")


def _own_units(mesh: HeadMesh, takes: Sequence[CaptureTake], cache: Path) -> HeadMesh:
    """The mesh with face units that explain what the template's left over, kept in `cache`."""
    path, job = cache / "units.npz", TrackingJob(Path(), cache, PASSES[0])
    if not path.exists():
        count = len(mesh.control_names)
        normal, right = UNIT_RIDGE * np.eye(count), np.zeros((count, mesh.vertices.size))
        for tracked in tracked_frames(job, takes):
            units = tracked.motion.units
            normal += np.outer(units, units)
            right += np.outer(units, tracked.free.ravel())
        change = np.linalg.solve(normal, right).reshape(mesh.basis.shape).astype(np.float32)
        write_arrays(path, basis=mesh.basis + change, change=change)
    return replace(mesh, basis=read_arrays(path)["basis"])
