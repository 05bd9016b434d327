"""From a video file to what it says about one face."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from ..errors import VideoError
from ..faces.finder import Face, FaceFinder
from ..progress import Progress, silent
from .analysis import Analysis
from .features import Extractor
from .following import FaceDetection, Follower, detection_of
from .video_stream import VideoStream


def analyse_video(
    path: Path,
    extractor: Extractor,
    person: int | None = None,
    start: float = 0.0,
    end: float | None = None,
    progress: Progress = silent,
) -> Analysis:
    """Find, follow and describe a face.

    Args:
        path: Video or picture.
        extractor: Describes each frame.
        person: Which face, from 0 (`Follower.followed`); None takes the largest.
        start: First second wanted; times stay those of the whole video.
        end: Last second wanted; None goes to the end.
        progress: Told before each frame.

    Raises:
        VideoError: The file cannot be read, or shows no such face.
        MissingDependencyError: The face landmarker is missing.
        CancelledError: From `progress`.
    """
    if start < 0 or (end is not None and end <= start):
        raise VideoError("The video's end must come after its start.")
    follower = Follower()
    with (
        VideoStream(path, start, end) as source,
        FaceFinder() as finder,
        ThreadPoolExecutor(1) as pool,
    ):
        total = min(source.seconds, end or np.inf)
        for time, picture, faces in _found(source, finder, pool):
            share = min(time / total, 1.0) if total else 0.0
            progress(share, f"{source.name}: {time:.1f} of {total:.1f} s")
            if picture is not None and faces is not None:
                follower.add(time, picture, _detections(picture, faces.result(), extractor))
        followed = follower.followed(person)
    return Analysis(
        extractor.name,
        followed.times,
        followed.descriptors,
        followed.scores,
        followed.head_pose,
        followed.confidence,
        followed.shots,
        source.size,
        source.warnings + followed.warnings,
    )


def _found(
    source: VideoStream, finder: FaceFinder, pool: ThreadPoolExecutor
) -> Iterator[tuple[float, np.ndarray | None, Future | None]]:
    """Seconds, picture and its faces to come; the next picture's are sought meanwhile."""
    before = None
    for time, picture in source:
        faces = None if picture is None else pool.submit(finder.find, picture)
        if before:
            yield before
        before = time, picture, faces
    if before:
        yield before


def _detections(
    picture: np.ndarray, faces: list[Face], extractor: Extractor
) -> list[FaceDetection]:
    size = picture.shape[1], picture.shape[0]
    shown = picture if extractor.needs_picture else None
    return [detection_of(face, extractor.describe(shown, face), size) for face in faces]
