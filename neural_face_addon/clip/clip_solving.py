"""Solving a clip, on any thread: reading its source where it is needed, movement. No bpy."""

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...models.parameters import AnimationParameters
from ...models.video.analysis import Analysis
from ...models.video.retarget_settings import Retargeting, VideoSource
from ..system import runtime

if TYPE_CHECKING:
    from ...models.actor import Actor

Progress = Callable[[float, str], None]

_READING_SHARE = 0.95


@dataclass(frozen=True)
class Data:
    """What a clip's movement is made from, as the .blend keeps it.

    Attributes:
        source: VIDEO: of `Analysis.to_bytes`; RECORDED: of `packed`.
        content: The bytes.
        size: Of the file, in bytes.
        sha256: Of the file.
        about: A few words for the user.
        warnings: Sentences for the user.
        span: First and last second of the source that are in it.
        whole: Whether it ends where the source does.
    """

    source: str
    content: bytes
    size: int
    sha256: str
    about: str
    warnings: tuple[str, ...]
    span: tuple[float, float]
    whole: bool


Reader = Callable[["Actor", Progress], Data]


@dataclass(frozen=True)
class ClipRequest:
    """What is asked for.

    Attributes:
        data: Source and bytes of the data there are; None to read them.
        read: Reads them.
        fps: Of the scene.
        settings: As of `Retargeting`.
        path: Of the source, to see whether it has changed.
        size: That the file had, in bytes; 0 if unknown.
    """

    data: tuple[str, bytes] | None
    read: Reader
    fps: float
    settings: Mapping[str, Any]
    path: Path
    size: int = 0


@dataclass(frozen=True)
class ClipSolved:
    """What became of it.

    Attributes:
        parameters: Codes and head pose per frame.
        picture_rate: Pictures in a second of the source.
        data: What was read, None where the data there are hold.
        notes: What the user should know, in sentences.
    """

    parameters: AnimationParameters
    picture_rate: float
    data: Data | None = None
    notes: tuple[str, ...] = field(default=())


def solve(head: "Actor", request: ClipRequest, progress: Progress) -> ClipSolved:
    """Read the source if need be, then move the face.

    Raises:
        NeuralFaceError: The source cannot be read or shows no face, the head cannot follow a
            video, a setting is out of range, or the user cancelled.
    """
    data, notes = None, _changed(request)
    if request.data is not None:
        source, content = request.data
    else:
        data, notes = request.read(head, lambda s, text: progress(_READING_SHARE * s, text)), ()
        source, content = data.source, data.content
    progress(_READING_SHARE, "Moving the face")
    if source == "VIDEO":
        analysis = Analysis.from_bytes(content)
        parameters = head.retarget(analysis, Retargeting(**request.settings), request.fps)
        times = np.asarray(analysis.times)
    else:
        recorded = unpacked(content)
        parameters = head.replay(recorded, Retargeting(**request.settings), request.fps)
        times = np.asarray(recorded.times)
    return ClipSolved(parameters, _rate(times), data, notes)


def read_video(path: Path, person: int, start: float, end: float | None) -> Reader:
    """What analyses a video; `person` counts from 1, 0 is the largest face."""

    def read(head: "Actor", progress: Progress) -> Data:
        face = VideoSource(person=person).face
        analysis = runtime.analyse_video(head, path, progress, face, start, end)
        about = _about(analysis)
        # what was asked for: pictures begin and end up to one picture inside of it
        span = start, float(analysis.times[-1]) if end is None else end
        size, sha256 = _identity(path)
        content = analysis.to_bytes()
        return Data(
            "VIDEO", content, size, sha256, about, tuple(analysis.warnings), span, end is None
        )

    return read


def read_arkit(path: Path, neutral: bool) -> Reader:
    """What puts a file of recorded ARKit shapes on the head."""

    def read(head: "Actor", _progress: Progress) -> Data:
        return recorded(head.play_arkit(path, neutral=neutral), *_identity(path))

    return read


def write_arkit(
    head: "Actor", path: Path, times: np.ndarray, codes: np.ndarray, head_pose: np.ndarray
) -> None:
    """Write what a head does at times (T,) in seconds, codes (T, Z), head poses (T, 6).

    Raises:
        NeuralFaceError: The file cannot be written, or the head has not learnt ARKit's shapes.
    """
    head.write_arkit(AnimationParameters(times, codes, head_pose), path)


def recorded(parameters: AnimationParameters, size: int = 0, sha256: str = "") -> Data:
    """Data of a performance that is ready."""
    times = np.asarray(parameters.times)
    about = f"{len(times)} frames, {times[-1] - times[0]:.1f} s"
    span = float(times[0]), float(times[-1])
    return Data("RECORDED", packed(parameters), size, sha256, about, (), span, True)


def packed(parameters: AnimationParameters) -> bytes:
    """Animation parameters as a compressed .npz."""
    stream = io.BytesIO()
    arrays = {name: getattr(parameters, name) for name in ("times", "codes", "head_pose")}
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def unpacked(content: bytes) -> AnimationParameters:
    """Back from `packed`."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return AnimationParameters(**arrays)


def _rate(times: np.ndarray) -> float:
    """Pictures in a second (1/s)."""
    length = float(times[-1] - times[0])
    return (len(times) - 1) / length if length > 0 else 1.0


def _about(analysis: Analysis) -> str:
    seen = float(np.mean(np.asarray(analysis.confidence) > 0))
    width, height = analysis.size
    rate = _rate(np.asarray(analysis.times))
    return (
        f"{len(analysis)} frames, {analysis.seconds:.1f} s at {rate:.4g} fps, {width} × {height}, "
        f"face seen in {seen:.0%}"
    )


def _identity(path: Path) -> tuple[int, str]:
    """Size in bytes and SHA-256 of a file."""
    with path.open("rb") as stream:
        return path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest()


def _changed(request: ClipRequest) -> tuple[str, ...]:
    """Say so where the file is not the one that was read."""
    if request.size and request.path.is_file() and request.path.stat().st_size != request.size:
        return (f"{request.path.name} has changed since it was read: read it again",)
    return ()
