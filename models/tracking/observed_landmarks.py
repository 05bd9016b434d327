"""A face landmarker's points in every view of a take, and where that puts them in space."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..capture.folder import CaptureFolder, CaptureTake
from ..capture.triangulate import triangulate
from ..errors import CaptureError
from ..faces.finder import POINTS, FaceFinder
from ..files import read_arrays, write_arrays
from ..parallel import spread
from ..progress import Progress, silent

CHUNK = 8
"""Frames a worker reads at a time."""


@dataclass(frozen=True)
class ObservedLandmarks(Sequence):
    """Pixels of frames, each (cameras, 478, 2) float32, read when asked for.

    They are NaN where no face was found or no picture is.

    Attributes:
        paths: File of each frame.
    """

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, frame: int) -> np.ndarray:
        return read_arrays(self.paths[frame], "pixels")["pixels"]

    def points(self) -> np.ndarray:
        """Where they are in space, (frames, 478, 3) float32 in the calibration's units.

        NaN where fewer than two cameras see.
        """
        return np.stack([read_arrays(path, "points")["points"] for path in self.paths])


def find_landmarks(
    capture: CaptureFolder,
    take: CaptureTake,
    cache: Path,
    processes: int = 2,
    progress: Progress = silent,
) -> ObservedLandmarks:
    """Landmarks of a take's pictured frames, kept in `cache`.

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
    return ObservedLandmarks(tuple(paths.values()))


def _read(job: tuple[Path, str, Path], frames: list[int]) -> int:
    folder, take, cache = job
    capture = CaptureFolder.open(folder)
    with FaceFinder(most=1) as finder:
        for frame in frames:
            pixels = np.full((len(capture.cameras), POINTS, 2), np.nan, np.float32)
            for place, camera in enumerate(capture.cameras):
                try:
                    picture = capture.picture(camera, take, frame)
                except CaptureError:
                    continue
                for face in finder.find(picture):
                    pixels[place] = face.points[:, :2]
            seen = np.isfinite(pixels[..., 0]).astype(float)
            points = triangulate(capture.cameras, pixels, seen)[0].astype(np.float32)
            write_arrays(cache / f"{take}_{frame:06d}.npz", pixels=pixels, points=points)
    return len(frames)
