"""The door to what needs more than NumPy: opened heads, speaking, reading videos and meshes.

Everything is imported when first needed, so that the add-on works, as far as it can, in a Blender
without torch. What needs NumPy only is imported directly, where it is used.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...models.errors import NeuralFaceError
from . import packages, preference_values
from .packages import (
    PACKAGES,
    PICTURE_PACKAGES,
    RECORDING_PACKAGES,
    SPEECH_PACKAGES,
    VIDEO_PACKAGES,
)

if TYPE_CHECKING:
    import numpy as np

    from ...models.actor import Actor
    from ...models.animate import Line
    from ...models.parameters import AnimationParameters
    from ...models.pixels import PixelBuffer
    from ...models.speech.edits import Tracked
    from ...models.speech.visemes import Cue
    from ...models.video.analysis import Analysis

BUNDLED = "bundled:"
"""Prefix of a path below the extension's own models/bundled, wherever that is installed."""

_lock = threading.RLock()
_actors: dict[tuple[str, str], "Actor | Exception"] = {}


def refresh() -> None:
    """Forget what failed and look for the packages again (the preferences changed)."""
    packages.forget()
    with _lock:
        for key in [key for key, actor in _actors.items() if isinstance(actor, Exception)]:
            del _actors[key]


def close_all() -> None:
    """Forget every open head."""
    with _lock:
        _actors.clear()


def close(path: Path, sha256: str) -> None:
    """Forget one open head, which no object shows any more."""
    with _lock:
        _actors.pop((str(path), sha256), None)


def bundled_path() -> Path:
    """Where the bundled head is installed."""
    return Path(__file__).resolve().parents[2] / "models" / "bundled" / "actor.nface"


def portable(path: Path) -> str:
    """The path as a .blend keeps it: the bundled head is named, not located."""
    if path.resolve() == bundled_path():
        return f"{BUNDLED}{path.name}"
    return str(path)


def located(filepath: str, beside: Path | None = None) -> Path:
    """The file meant by `portable`; one that has moved may lie beside the .blend."""
    if filepath.startswith(BUNDLED):
        return bundled_path().with_name(filepath.removeprefix(BUNDLED))
    path = Path(filepath)
    moved = beside / path.name if beside else path
    return moved if moved.exists() and not path.exists() else path


def actor(path: Path, sha256: str = "") -> "Actor":
    """The head in the file `path` with all its parts, opened once.

    Args:
        path: Head file.
        sha256: Hash it must have; '' for any.

    Raises:
        NeuralFaceError: A package is missing, or the file is unusable or another one.
    """
    key = (str(path), sha256)
    with _lock:
        if key not in _actors:
            try:
                _actors[key] = _open(path, sha256)
            except NeuralFaceError as error:
                _actors[key] = error
        found = _actors[key]
    if isinstance(found, Exception):
        raise found
    return found


def open_fresh(path: Path) -> "Actor":
    """Open a head file anew, for an import: the file may have changed since.

    Raises:
        NeuralFaceError: A package is missing or the file is unusable.
    """
    opened = _open(path, "")
    with _lock:
        _actors[str(path), opened.info.sha256] = opened
    return opened


def _open(path: Path, sha256: str) -> "Actor":
    packages.require(PACKAGES)
    from ...models.actor import Actor

    opened = Actor.open(path, device=preference_values.device())
    if sha256 and opened.info.sha256 != sha256:
        raise NeuralFaceError(
            f"{path.name} is not the head this object was made with; import it as a new head or "
            "put the old file back."
        )
    return opened


def pixel_buffer(rows: int, columns: int) -> "PixelBuffer":
    """Makes Blender's pixels of decoded textures (rows, columns, 3)."""
    from ...models.pixels import PixelBuffer

    return PixelBuffer(rows, columns)


def write_picture(path: Path, picture: "np.ndarray") -> None:
    """Write a picture (H, W, 3) uint8, top row first, as PNG."""
    import cv2

    from ...models.files import write_bytes

    encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
    write_bytes(path, encoded.tobytes())


def time_line(
    actor: "Actor", text: str, progress: Callable[[float, str], None], **settings: Any
) -> "Line":
    """What is spoken when; see `models.animate.time_line`.

    Raises:
        NeuralFaceError: A package is missing, the text cannot be spoken, or the user cancelled.
    """
    recorded = settings.get("recording") is not None
    packages.require(PACKAGES, SPEECH_PACKAGES, RECORDING_PACKAGES if recorded else {})
    from ...models.animate import time_line

    return time_line(actor, text, progress=progress, **settings)


def move(
    actor: "Actor",
    cues: "Sequence[Cue]",
    words: Sequence[str],
    progress: Callable[[float, str], None],
    **settings: Any,
) -> "AnimationParameters":
    """Animation parameters of timed cues; see `models.animate.move`, whose errors it has."""
    from ...models.animate import move

    return move(actor, cues, words, progress=progress, **settings)


def respelled(*arguments: Any) -> "tuple[list[Tracked], list[str]]":
    """Words said otherwise in the time they had; see `models.speech.edits.respelled`."""
    packages.require(SPEECH_PACKAGES)
    from ...models.speech.edits import respelled

    return respelled(*arguments)


def analyse_video(
    actor: "Actor",
    path: Path,
    progress: Callable[[float, str], None],
    person: int | None = None,
    start: float = 0.0,
    end: float | None = None,
) -> "Analysis":
    """What a video says about one face; see `models.actor.Actor.analyse_video`.

    Raises:
        NeuralFaceError: The head cannot follow a video, a package is missing, the video cannot be
            read or shows no face, or the user cancelled.
    """
    actor.video_network()
    packages.require(PACKAGES, VIDEO_PACKAGES)
    weights = preference_values.expression_weights()
    return actor.analyse_video(path, progress, person, start, end, weights)


def followed(
    actor: "Actor", source: "int | Path"
) -> "Iterator[tuple[float, np.ndarray, np.ndarray, float]]":
    """Seconds, code (Z,), head pose (6,) and confidence of each picture, as they come.

    Args:
        actor: Opened head.
        source: Number of a camera, or a video played at its own speed.

    Raises:
        NeuralFaceError: The head has no video network, a package is missing, or the source gives
            no pictures.
    """
    network = actor.video_network()
    packages.require(PACKAGES, VIDEO_PACKAGES)
    from ...models.video.live_pictures import pictures_now
    from ...models.video.live_solver import LiveSolver

    with LiveSolver(actor, network, preference_values.expression_weights()) as solver:
        for seconds, picture in pictures_now(source):
            yield seconds, *solver.step(picture)


def performance_from_sequence(
    source: Path, output: Path, name: str, progress: Callable[[float, str], None]
) -> str:
    """Make a performance of a mesh sequence; a sentence about it.

    Args:
        source: Folder of the sequence.
        output: Performance folder to make.
        name: Of the performer.
        progress: Told how far it is; raises to cancel.

    Raises:
        NeuralFaceError: The mesh shows no face, its UVs are of no use, a package is missing, or the
            user cancelled.
    """
    packages.require(PACKAGES, VIDEO_PACKAGES, PICTURE_PACKAGES)
    from ...models.sequences.import_sequence import import_sequence
    from ...models.sequences.import_sequence_command import about_sequence

    # in a thread of its own: the pictures' graphics context must not replace Blender's
    with ThreadPoolExecutor(1, "Neural Face") as pool:
        about = about_sequence(name)
        made = pool.submit(import_sequence, source, output, about, progress=progress).result()
    frames = sum(len(take) for take in made.takes)
    return f"{output.name}: {frames} frames, {len(made.mesh.vertices)} vertices"
