"""A face landmarker's points in every view of a take."""

from pathlib import Path

import numpy as np

from ..capture.folder import CaptureFolder, CaptureTake
from ..errors import CaptureError
from ..files import read_arrays, write_arrays
from ..parallel import spread
from ..progress import Progress, silent
from ..video.faces import POINTS, FaceFinder

CHUNK = 8
"""Frames a worker reads at a time."""


def find_landmarks(
    capture: CaptureFolder,
    take: CaptureTake,
    cache: Path,
    processes: int = 2,
    progress: Progress = silent,
) -> np.ndarray:
    """Landmarks of a take's pictured frames, read from `cache` where they are.

    Returns:
        (frames, cameras, 478, 2) float32 pixels; NaN where no face was found or no picture is.

    Raises:
        MissingDependencyError: mediapipe is missing.
        CancelledError: From `progress`; what is read is kept.
    """
    paths = {frame: cache / f"{take.name}_{frame:06d}.npz" for frame in take.pictured}
    missing = [frame for frame, path in paths.items() if not path.exists()]
    done = len(paths) - len(missing)
    job = (capture.folder, take.name, cache)
    for count in spread(_read, job, missing, processes, CHUNK):
        done += count
        progress(done / len(paths), f"landmarks of {take.name}, frame {done} of {len(paths)}")
    return np.stack([read_arrays(path)["points"] for path in paths.values()])


def _read(job: tuple[Path, str, Path], frames: list[int]) -> int:
    folder, take, cache = job
    capture = CaptureFolder.open(folder)
    with FaceFinder(most=1) as finder:
        for frame in frames:
            points = np.full((len(capture.cameras), POINTS, 2), np.nan, np.float32)
            for place, camera in enumerate(capture.cameras):
                try:
                    picture = capture.picture(camera, take, frame)
                except CaptureError:
                    continue
                for face in finder.find(picture):
                    points[place] = face.points[:, :2]
            write_arrays(cache / f"{take}_{frame:06d}.npz", points=points)
    return len(frames)
