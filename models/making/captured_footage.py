"""A capture's own pictures as footage: the actor as the cameras in front of the face saw them."""

import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..cameras import Camera
from ..capture.folder import CaptureFolder
from ..capture.prepared import prepared
from ..errors import CaptureError
from ..faces.finder import POINTS, SCORE_NAMES, FaceFinder
from ..mesh import HeadMesh
from ..parallel import spread
from ..performance import Performance, Take
from ..pose import angles_of, rotation_matrix, to_world
from ..progress import Progress, silent
from ..video.features import Extractor, extractor_of
from ..video.training.footage import FootageClip, has_clip, write_about, write_clip, write_motion
from ..video.training.video_data import LEAST_FRAMES, OWN

log = logging.getLogger(__name__)

FRONTAL = np.radians(35)
"""A camera is in front of a face that looks no further past it."""
MOST_CAMERAS = 4
"""Of those in front, so many that see the face best from there."""
LONGEST_GAP = 3
"""Frames without a picture that a clip may bridge."""
LONGEST_SECONDS = 20.0
MARGIN = 1.35
"""Side of the looked-at part of a picture over that of the head in it."""
LARGEST = 512
"""Pixels of that part's side; the landmarker needs no more."""
FRONT, UP = np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0])
_TO_BLENDER = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""From OpenCV's camera axes to Blender's, the viewer at −Y."""


@dataclass(frozen=True)
class Framing:
    """The part of a camera's pictures that shows the head throughout a clip, upright.

    Attributes:
        box: Left, top, right, bottom in pixels.
        turns: Quarter turns, counterclockwise, that put the head upright.
        side: Of the square that the part is scaled to.
        rotation: (3, 3) from the world to this part's own view, Blender axes, the viewer at −Y.
    """

    box: tuple[int, int, int, int]
    turns: int
    side: int
    rotation: np.ndarray

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """The part (side, side, 3) of a whole picture; grey beyond its edges."""
        left, top, right, bottom = self.box
        height, width = picture.shape[:2]
        inside = picture[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
        border = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
        whole = cv2.copyMakeBorder(inside, *border, cv2.BORDER_CONSTANT, value=(128, 128, 128))
        part = cv2.resize(whole, (self.side, self.side), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(np.rot90(part, self.turns))

    def pose(self, head_pose: np.ndarray) -> np.ndarray:
        """Head poses (T, 6) of the world in this view's axes; a head facing it upright has none."""
        turned = self.rotation @ rotation_matrix(head_pose[:, :3])
        return np.concatenate([angles_of(turned), head_pose[:, 3:] @ self.rotation.T], 1)


@dataclass(frozen=True)
class _Shot:
    """One clip to read: a camera's pictures of a take's frames `start` to `stop`."""

    name: str
    take: Take
    camera: Camera
    frames: np.ndarray
    start: int
    stop: int


@dataclass(frozen=True)
class _Job:
    """What every worker needs to know."""

    capture: Path
    performance: Path
    output: Path
    mesh: HeadMesh
    features: str
    weights: Path | None


def footage_of_capture(
    capture: Path,
    performance: Performance,
    output: Path,
    progress: Progress = silent,
    processes: int = 0,
    features: str = "landmarks",
    weights: Path | None = None,
) -> int:
    """Make a footage folder of a capture; clips that are there already are kept.

    Args:
        capture: Capture folder.
        performance: Tracked from it; its takes have the capture's names.
        output: Folder to make or to continue.
        progress: Told after each clip.
        processes: Processes; 0 works in this one.
        features: As `extractor_of` takes them.
        weights: The user's, for features that need them.

    Returns:
        Number of clips.

    Raises:
        CaptureError: No camera sees the face from the front for long enough.
        MissingDependencyError: mediapipe is missing.
        VideoError: The features' weights are wrong.
        CancelledError: From `progress`.
    """
    name = extractor_of(features, weights).name  # wrong weights are found before anything is read
    folder = prepared(capture, performance.folder)
    shots = shots_of(folder, performance)
    if not shots:
        raise CaptureError(
            f"No camera of {folder.folder.name} sees the face from the front (±35°) for "
            f"{LEAST_FRAMES} pictures in a row."
        )
    provenance = f"cameras of the capture {folder.folder.name}"
    about = {"name": performance.about.get("name", ""), "features": name}
    write_about(output, about | {"provenance": provenance})
    write_motion(output, performance.takes, performance.mesh.control_names)
    job = _Job(Path(capture), performance.folder, Path(output), performance.mesh, features, weights)
    missing = [shot for shot in shots if not has_clip(output, shot.name)]
    done = len(shots) - len(missing)
    for count in spread(_read_shots, job, missing, processes, 1):
        done += count
        progress(done / len(shots), f"clip {done} of {len(shots)}")
    return len(shots)


def shots_of(capture: CaptureFolder, performance: Performance) -> list[_Shot]:
    """Every camera in front of the face, with runs of pictures long enough to learn from."""
    pictured = {take.name: take.pictured for take in capture.takes}
    shots = []
    for take in performance.takes:
        frames = np.array(pictured.get(take.name, ()), int)
        frames = frames[frames < len(take)]
        if not len(frames):
            continue
        longest = int(LONGEST_SECONDS * take.fps)
        for camera in in_front(capture.cameras, take, frames, performance.mesh):
            for run in runs_of(frames, longest):
                name = f"{OWN}__{take.name}__{camera.name}__{run[0]:05d}"
                shots.append(_Shot(name, take, camera, run, int(run[0]), int(run[-1]) + 1))
    return shots


def runs_of(frames: np.ndarray, longest: int) -> list[np.ndarray]:
    """Frames (n,), rising, in runs without long gaps, each long enough to learn from."""
    cuts = np.flatnonzero(np.diff(frames) > LONGEST_GAP + 1) + 1
    runs = []
    for run in np.split(frames, cuts):
        length = int(run[-1] - run[0]) + 1
        parts = max(1, round(length / longest))
        edges = run[0] + np.round(np.linspace(0, length, parts + 1)).astype(int)
        runs += np.split(run, np.searchsorted(run, edges[1:-1]))
    return [run for run in runs if len(run) and run[-1] - run[0] + 1 >= LEAST_FRAMES]


def in_front(
    cameras: Sequence[Camera], take: Take, frames: np.ndarray, mesh: HeadMesh
) -> list[Camera]:
    """Cameras that most frames' faces look at, give or take `FRONTAL`; the best first."""
    turns = rotation_matrix(take.head_pose[frames, :3])
    face = mesh.vertices[mesh.landmarks["nose_tip"]].mean(0)
    place = turns @ (face - mesh.pivot) + mesh.pivot + take.head_pose[frames, 3:]
    angles = {}
    for number, camera in enumerate(cameras):
        towards = camera.position - place
        towards /= np.linalg.norm(towards, axis=1, keepdims=True)
        cosine = np.einsum("tc,tc->t", towards, turns @ FRONT)
        angles[number] = float(np.median(np.arccos(np.clip(cosine, -1, 1))))
    best = sorted(
        (number for number in angles if angles[number] < FRONTAL), key=lambda number: angles[number]
    )
    return [cameras[number] for number in best[:MOST_CAMERAS]]


def framing_of(camera: Camera, take: Take, frames: np.ndarray, mesh: HeadMesh) -> Framing:
    """Where the head is in a camera's pictures (without distortion) of a take's frames."""
    sample = frames[:: max(1, len(frames) // 20)]
    near = np.linalg.norm(mesh.vertices - mesh.vertices[mesh.landmarks["nose_tip"]], axis=1) < 0.16
    local = np.broadcast_to(mesh.vertices[near], (len(sample), int(near.sum()), 3))
    world = to_world(local, take.head_pose[sample], mesh.pivot)
    pixels = camera.project(world.reshape(-1, 3).astype(np.float64))[0]
    low, high = pixels.min(0), pixels.max(0)
    centre, side = (low + high) / 2, max(8, round(MARGIN * float((high - low).max())))
    left, top = (round(float(c - side / 2)) for c in centre)
    axes = _looking_at(camera, centre)
    up = axes @ camera.world_to_camera[:3, :3] @ rotation_matrix(take.head_pose[sample, :3]) @ UP
    turned = [axes]
    for _ in range(3):  # a quarter turn to the left: what was down points right
        right, down, forward = turned[-1]
        turned.append(np.stack([down, -right, forward]))
    rises = [float((-(view @ axes.T)[1] @ up.T).sum()) for view in turned]
    turns = int(np.argmax(rises))
    rotation = _TO_BLENDER @ turned[turns] @ camera.world_to_camera[:3, :3]
    return Framing((left, top, left + side, top + side), turns, min(side, LARGEST), rotation)


def _looking_at(camera: Camera, pixel: np.ndarray) -> np.ndarray:
    """Axes (rows right, down, forward) in the camera's own of a view straight at a pixel (2,)."""
    forward = np.linalg.solve(camera.intrinsics, np.append(pixel, 1.0))
    forward /= np.linalg.norm(forward)
    right = np.cross((0.0, 1.0, 0.0), forward)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward])


def _read_shots(job: _Job, shots: Sequence[_Shot]) -> int:
    for shot in shots:
        write_clip(job.output, _read(job, shot))
    return len(shots)


def _read(job: _Job, shot: _Shot) -> FootageClip:
    folder, extractor = _opened(job.capture, job.performance), _extractor(job.features, job.weights)
    framing = framing_of(shot.camera, shot.take, shot.frames, job.mesh)
    count, lost = shot.stop - shot.start, 0
    points = np.full((count, POINTS, 3), np.nan, np.float32)
    scores = np.full((count, len(SCORE_NAMES)), np.nan, np.float32)
    poses = np.full((count, 4, 4), np.nan, np.float32)
    descriptors = (
        np.full((count, extractor.size), np.nan, np.float32) if extractor.needs_picture else None
    )
    with FaceFinder(most=1) as finder:
        for frame in shot.frames.tolist():
            try:
                picture = folder.picture(shot.camera, shot.take.name, frame)
            except CaptureError:  # one camera may lack a frame: no face is seen in it
                lost += 1
                continue
            part = framing(shot.camera.undistorted(picture)[1])
            for face in finder.find(part):
                row = frame - shot.start
                points[row], scores[row], poses[row] = face.points, face.scores, face.pose
                if descriptors is not None:
                    descriptors[row] = extractor.describe(part, face)
    if lost:
        log.info("%s: %d pictures are missing or damaged", shot.name, lost)
    pose = framing.pose(shot.take.head_pose[shot.start : shot.stop]).astype(np.float32)
    return FootageClip(
        shot.name, shot.take.name, OWN, shot.take.split, shot.start, pose, points, scores, poses,
        (framing.side, framing.side), extractor.name, descriptors,
    )  # fmt: skip


@functools.lru_cache(maxsize=1)
def _opened(capture: Path, performance: Path) -> CaptureFolder:
    return prepared(capture, performance)


@functools.lru_cache(maxsize=1)
def _extractor(name: str, weights: Path | None) -> Extractor:
    return extractor_of(name, weights)
