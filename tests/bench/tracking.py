"""Tracking of two synthetic actors against the truth, beside a fit to landmarks alone."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from models.capture.prepared import PREPARED, Preparation
from models.mesh import HeadMesh
from models.normals import vertex_normals
from models.performance import Performance
from models.pose import rotation_matrix, to_world
from models.tracking.face_model import PATH, template
from models.tracking.landmark_fit import LandmarkFit
from models.tracking.linear_face import Motion
from models.tracking.neutral import person_mesh
from models.tracking.track import track

from .figures import Context, Figure
from .tracked import ACTORS, FRAMES, HELD_OUT, Errors, Session, Truth, errors, true_units

BARS = {
    "vertex_mm": 0.9, "vertex_95_mm": 2.5, "lips_mm": 1.3, "lids_mm": 0.6, "worst_frame_mm": 2.0,
    "rotation_deg": 0.4, "drift_mm": 0.2,
}  # fmt: skip
SHARE_OF_LANDMARKS = 0.6
SECONDS = 6.0
NEUTRAL_LIDS = 0.76
"""What an untracked neutral reaches at the lids, mm: a figure above it is worth nothing."""
ABOUT = {"name": "benchmark", "credits": [], "licence": "", "consent": "", "provenance": ""}
EVERY = 10
"""Of the comparisons that are tracked on fewer frames."""


def run(context: Context) -> Iterator[Figure]:
    """Track both actors from eight cameras and pictures, and nothing else."""
    for name in ACTORS:
        session = Session.of(context, name)
        capture = session.without((HELD_OUT,), "eight")
        yield from _case(session, capture)


def _case(session: Session, capture: Path) -> Iterator[Figure]:
    name, output = session.name, session.folder / "tracked"
    performance, seconds = tracked(capture, output)
    truth, frames = session.truth, np.arange(FRAMES)
    found = errors_of(truth, performance, frames)
    rough = errors_of_landmarks(truth, output, frames)
    values = {
        "vertex_mm": (found.face, rough.face), "vertex_95_mm": (found.face_95, rough.face_95),
        "lips_mm": (found.lips, rough.lips), "lids_mm": (found.lids, rough.lids),
        "worst_frame_mm": (found.worst, rough.worst),
        "rotation_deg": (found.rotation, rough.rotation), "drift_mm": (found.drift, rough.drift),
    }  # fmt: skip
    note = f"{FRAMES} frames, 8 views of 512², world frame, no alignment"
    for metric, (value, other) in values.items():
        unit = "°" if metric.endswith("deg") else "mm"
        yield Figure(
            *("tracking", name, metric, value, unit),
            bar=f"<= {BARS[metric]:g}",
            holds=value <= BARS[metric],
            baselines={"landmarks_only": other},
            note=note,
        )
    share = found.face / rough.face
    yield Figure(
        *("tracking", name, "share_of_landmarks_only", share, ""),
        bar=f"<= {SHARE_OF_LANDMARKS:g}",
        holds=share <= SHARE_OF_LANDMARKS,
    )
    yield Figure("tracking", name, "aligned_mm", found.aligned, "mm", note="after rigid alignment")
    yield Figure("tracking", name, "normal_mm", found.normal, "mm", note="along the normal")
    if seconds is not None:
        yield Figure(
            *("tracking", name, "seconds_per_frame", seconds / FRAMES, "s"),
            bar=f"<= {SECONDS:g}, with textures",
            note="two processes, everything but textures",
        )
    yield _with_true_units(session)


def _with_true_units(session: Session) -> Figure:
    """The same tracker told how the actor's face moves."""
    output = session.folder / "tracked_true_units"
    frames = np.arange(0, FRAMES, EVERY)
    few = session.few(frames)
    model = true_units(session.truth, session.folder / "true_units.npz")
    own = errors_of(session.truth, tracked(few, output, model)[0], frames)
    generic = errors_of(session.truth, Performance.open(session.folder / "tracked"), frames)
    return Figure(
        *("tracking", session.name, "vertex_mm_true_units", own.face, "mm"),
        baselines={"template_units": generic.face},
        note=f"every {EVERY}th frame",
    )


def tracked(capture: Path, output: Path, model: Path = PATH) -> tuple[Performance, float | None]:
    """Track, or take what was tracked before; how long it took in the first case."""
    if (output / "performance.json").exists():
        return Performance.open(output), None
    start = time.monotonic()
    fresh = not (output / "tracking").exists()
    performance = track(capture, output, ABOUT, model_path=model)
    return performance, time.monotonic() - start if fresh else None


def errors_of(truth: Truth, performance: Performance, frames: np.ndarray) -> Errors:
    """Errors of a performance on some frames."""
    take, mesh = performance.takes[0], performance.mesh
    preparation = Preparation.load(performance.folder / PREPARED)
    pose = take.head_pose[frames]
    world = to_world(take.tracked[frames], pose, mesh.pivot).astype(np.float64)
    return _errors(truth, preparation, world, rotation_matrix(pose[:, :3]), mesh, frames)


def errors_of_landmarks(truth: Truth, output: Path, frames: np.ndarray) -> Errors:
    """Errors of the fit to landmarks that tracking began with."""
    fit, model = LandmarkFit.load(output / "tracking" / "rough.npz"), template()
    mesh = person_mesh(model, fit.identity, np.zeros(len(model.mesh.vertices)))
    world = np.stack([_posed(mesh, motion) for motion in fit.motions])
    rotation = np.stack([motion.rotation for motion in fit.motions])
    return _errors(truth, Preparation.load(output / PREPARED), world, rotation, mesh, frames)


def _posed(mesh: HeadMesh, motion: Motion) -> np.ndarray:
    return motion.world(mesh.pose(motion.units), mesh.pivot)


def _errors(
    truth: Truth,
    preparation: Preparation,
    world: np.ndarray,
    rotation: np.ndarray,
    mesh: HeadMesh,
    frames: np.ndarray,
) -> Errors:
    world = preparation.to_calibration(world)
    turned = np.einsum("ji,tjk,kl->til", preparation.rotation, rotation, preparation.rotation)
    normals = np.stack([vertex_normals(w.astype(np.float32), mesh.faces) for w in world])
    return errors(truth.at(frames), world, turned, normals)
