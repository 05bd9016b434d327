"""Pre-flight: look at a capture before anything long is started with it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..cameras import Camera
from ..errors import CaptureError
from ..faces.views import FaceView
from ..progress import Progress, silent
from .check_report import CheckReport, Entry, in_order
from .checks_faces import check_colours, check_faces
from .checks_files import check_files
from .checks_rig import Agreement, agreement, check_agreement, check_world, colours_of
from .checks_scan import check_scan
from .face_observations import FRAMES, FrameObservation, observe_faces
from .folder import CaptureFolder
from .rig_picture import CameraPicture, rig_picture, write_rig_picture
from .world import World, measure_world


@dataclass(frozen=True)
class _Checked:
    """Everything that one look at a capture gave."""

    capture: CaptureFolder
    seen: list[FrameObservation]
    found: Agreement | None
    world: World | None


def check(
    folder: Path,
    progress: Progress = silent,
    picture: Path | None = None,
    frames: int = FRAMES,
) -> CheckReport:
    """Look at a capture: its files, and some frames in every camera.

    Args:
        folder: The capture.
        progress: Called as frames are looked at.
        picture: Where to write a picture of the rig (PNG), if anywhere.
        frames: How many frames to look at.

    Raises:
        MissingDependencyError: MediaPipe or its model is missing.
        CancelledError: From `progress`.
        NeuralFaceError: The picture cannot be written.
    """
    name = Path(folder).resolve().name
    try:
        capture = CaptureFolder.open(folder)
    except CaptureError as error:
        return CheckReport(name, (Entry("error", "capture", str(error)),))
    entries = list(check_files(capture))
    entries += check_scan(capture)
    seen = observe_faces(capture, frames, progress)
    entries += check_faces(capture.cameras, seen)
    checked = _checked(capture, seen)
    colours = {}
    if checked.found is not None:
        entries += check_agreement(capture.cameras, checked.found)
        entries += check_world(capture.cameras, checked.world, not checked.found.explanation)
        colours = colours_of(capture, seen, checked.found)
        entries += check_colours(colours)
    if picture is not None:
        write_rig_picture(picture, _picture(checked))
    return CheckReport(
        capture=name,
        entries=in_order(entries),
        cameras=tuple(camera.name for camera in capture.cameras),
        takes={take.name: len(take.pictured) for take in capture.takes},
        scale=checked.world.scale if checked.world else 1.0,
        errors_px={} if checked.found is None else _errors(capture, checked.found),
        colours={n: (m.gain.tolist(), m.offset.tolist()) for n, m in colours.items() if m.patches},
    )


def _checked(capture: CaptureFolder, seen: list[FrameObservation]) -> _Checked:
    """Triangulate where two cameras see a face."""
    twice = any(sum(face is not None for face in s.faces) >= 2 for s in seen)
    if not twice:
        return _Checked(capture, seen, None, None)
    found = agreement(capture.cameras, seen)
    usable = not found.explanation and np.nanmedian(found.excess) <= 1
    arbitrary = capture.calibration.startswith("COLMAP")
    world = measure_world(found.points, arbitrary) if usable else None
    return _Checked(capture, seen, found, world)


def _errors(capture: CaptureFolder, found: Agreement) -> dict[str, float]:
    pairs = zip(capture.cameras, found.errors, strict=True)
    return {camera.name: float(error) for camera, error in pairs if np.isfinite(error)}


def _picture(checked: _Checked) -> np.ndarray:
    """The rig, and the frame that most cameras see with its landmarks."""
    capture, shown, points = checked.capture, [], None
    errors = {} if checked.found is None else _errors(capture, checked.found)
    if checked.seen:
        best = max(
            range(len(checked.seen)),
            key=lambda i: sum(f is not None for f in checked.seen[i].faces),
        )
        points = None if checked.found is None else checked.found.points[best]
        for camera, one in zip(capture.cameras, checked.seen[best].observations, strict=True):
            if one is not None and not one.problem:
                shown.append(_shown(capture, camera, checked.seen[best], one.face, points))
    return rig_picture(capture.cameras, points, checked.world, errors, shown)


def _shown(
    capture: CaptureFolder,
    camera: Camera,
    observed: FrameObservation,
    face: FaceView | None,
    points: np.ndarray | None,
) -> CameraPicture:
    picture = capture.picture(camera, observed.take, observed.frame)
    there = None if points is None else camera.project(points)[0]
    return CameraPicture(camera.name, picture, None if face is None else face.points, there)
