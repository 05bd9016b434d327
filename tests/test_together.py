"""Frames put together to takes: in parts, steady, however long they are."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from models.capture.folder import CaptureTake
from models.files import write_arrays
from models.performance import PerformanceWriter, Take
from models.tracking import together
from models.tracking.face_model import FaceModel, template
from models.tracking.together import TemporalSmoother, between, take_of
from models.tracking.work import PASSES, TrackingJob
from tests.test_tracking import MM, motion_of

NOISE = 0.2 * MM


@pytest.fixture(scope="module")
def model() -> FaceModel:
    return template()


def test_frames_between_pictures_are_interpolated() -> None:
    at, times = np.array([1, 3]), np.arange(6)
    values = np.array([[0.0], [2.0]])
    assert between(values, at, times)[:, 0].tolist() == [0, 0, 1, 2, 2, 2]


def write_frames(model: FaceModel, job: TrackingJob, jaw: np.ndarray, turn: np.ndarray) -> None:
    """Tracked frames, each with noise of its own on every vertex."""
    random = np.random.default_rng(0)
    for frame, (opened, angle) in enumerate(zip(jaw, turn, strict=True)):
        noise = NOISE * random.standard_normal(model.mesh.vertices.shape)
        motion = motion_of(model, (0, 0, angle), jawOpen=opened)
        write_arrays(job.frame("read", frame), **vars(motion), free=noise.astype(np.float32))


@pytest.fixture(scope="module")
def tracked_job(model: FaceModel, tmp_path_factory: pytest.TempPathFactory) -> TrackingJob:
    """A head that turns all around while it opens and closes its mouth."""
    job, times = (
        TrackingJob(Path(), tmp_path_factory.mktemp("tracking"), PASSES[-1]),
        np.arange(144),
    )
    write_frames(model, job, 0.5 + 0.5 * np.sin(times), 5 * times)
    return job


def put_together(model: FaceModel, take: CaptureTake, job: TrackingJob, path: Path) -> Take:
    return take_of(take, TemporalSmoother(model.mesh, [take], job), job, path)


def a_capture_take(frames: int, step: int = 1) -> CaptureTake:
    return CaptureTake("read", 30.0, frames, tuple(range(0, frames, step)), None)


def test_takes_are_put_together_in_parts(
    model: FaceModel, tracked_job: TrackingJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in (1, 4):
        take = a_capture_take(70, step)
        whole = put_together(model, take, tracked_job, tmp_path / "whole.npy")
        monkeypatch.setattr(together, "TOGETHER", 18)
        parts = put_together(model, take, tracked_job, tmp_path / "parts.npy")
        monkeypatch.undo()
        assert len(whole) == len(parts) == 70
        np.testing.assert_allclose(whole.controls, parts.controls, atol=1e-6)
        np.testing.assert_allclose(whole.head_pose, parts.head_pose, atol=1e-6)
        np.testing.assert_allclose(whole.tracked, parts.tracked, atol=1e-6)
        assert np.abs(np.diff(whole.head_pose[:, 2])).max() < np.radians(20)  # never wraps


def test_memory_does_not_grow_with_the_take(
    model: FaceModel, tracked_job: TrackingJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "TOGETHER", 12)
    peaks = {}
    for frames in (64, 64, 144):  # the first makes what is kept
        tracemalloc.start()
        path = tmp_path / f"{frames}.npy"
        take = put_together(model, a_capture_take(frames), tracked_job, path)
        writer = PerformanceWriter(tmp_path / f"performance_{frames}", model.mesh, 30.0, {})
        writer.add(take)
        writer.finish()
        peaks[frames] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peaks[144] - peaks[64] < 0.2 * 80 * model.mesh.vertices.nbytes


def test_a_resting_face_is_still_and_a_closing_mouth_as_fast_as_it_was(
    model: FaceModel, tmp_path: Path
) -> None:
    jaw = np.zeros(60)
    jaw[30:36] = 0.2, 0.7, 0.6, 0.1, 0.5, 0.3
    job, mesh = TrackingJob(Path(), tmp_path, PASSES[-1]), model.mesh
    write_frames(model, job, jaw, np.zeros(60))
    made = put_together(model, a_capture_take(60), job, tmp_path / "made.npy")
    true = mesh.pose(np.stack([motion_of(model, jawOpen=j).units for j in jaw]))
    lips = mesh.landmarks["lips"]
    apart = np.linalg.norm((made.tracked - true)[:, lips], axis=-1).mean(1)
    assert apart[3:25].mean() < 0.5 * np.sqrt(3) * NOISE
    assert apart[30:36].max() < 1.3 * np.sqrt(3) * NOISE
    rarely = put_together(model, a_capture_take(60, 2), job, tmp_path / "rarely.npy")
    assert np.linalg.norm((rarely.tracked - true)[4:24:2, lips], axis=-1).mean() > 1.5 * NOISE
