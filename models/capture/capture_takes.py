"""The takes of a capture: what `takes.json` tells, and what their sound and text files add."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import soundfile

from ..errors import CaptureError
from ..files import write_json
from ..performance import SAFE_NAME

SCHEMA = 1
FILE = "takes.json"
SOUNDS = (".wav", ".flac", ".ogg", ".mp3")
USUAL_RATES = (23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60, 90, 100, 119.88, 120)
ASSUMED_RATE = 30.0


@dataclass(frozen=True)
class CaptureTake:
    """One recording in a capture folder.

    Attributes:
        name: Letters, digits, `_` and `-`.
        fps: Frames a second.
        frames: How many frames it lasts.
        pictured: Frames that have pictures, from two cameras at least where there are two; ask
            `CaptureFolder.has_picture` for each camera.
        audio: Path inside the folder, '' when silent.
        transcript: What is said, '' when unknown.
        audio_start: Seconds of the take at which the sound begins; negative where it began before.
    """

    name: str
    fps: float
    frames: int
    pictured: tuple[int, ...]
    audio: str = ""
    transcript: str = ""
    audio_start: float = 0.0


@dataclass(frozen=True)
class GivenTakes:
    """What `takes.json` tells.

    Attributes:
        takes: Empty where they are to be found.
        fps: Frames a second of takes that are found; None when unknown.
    """

    takes: tuple[CaptureTake, ...] = ()
    fps: float | None = None


def write_takes(folder: Path, takes: Sequence[CaptureTake]) -> None:
    """Write `takes.json`."""
    write_json(folder / FILE, {"schema": SCHEMA, "takes": [asdict(take) for take in takes]})


def read_takes(folder: Path) -> GivenTakes:
    """Read `takes.json` where there is one.

    Raises:
        CaptureError: It is damaged or inconsistent.
    """
    path = Path(folder) / FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise CaptureError(f"takes.json has schema {document['schema']}, not {SCHEMA}.")
        fps = document.get("fps")
        return GivenTakes(
            tuple(_take(entry) for entry in document.get("takes", ())),
            None if fps is None else _rate(float(fps)),
        )
    except FileNotFoundError:
        return GivenTakes()
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise CaptureError(
            f"takes.json of {Path(folder).name} cannot be read: {error!r}."
        ) from error


def _take(entry: dict) -> CaptureTake:
    name, frames = str(entry["name"]), int(entry["frames"])
    pictured = tuple(int(frame) for frame in entry["pictured"])
    if not SAFE_NAME.fullmatch(name):
        raise CaptureError(f"takes.json has a take with the unsafe name {name!r}.")
    if any(not 0 <= frame < frames for frame in pictured):
        raise CaptureError(f"takes.json names pictures of {name} outside its {frames} frames.")
    return CaptureTake(
        name=name,
        fps=_rate(float(entry["fps"])),
        frames=frames,
        pictured=pictured,
        audio=str(entry.get("audio", "")),
        transcript=str(entry.get("transcript", "")),
        audio_start=float(entry.get("audio_start", 0.0)),
    )


def _rate(fps: float) -> float:
    if not 1 <= fps <= 1000:
        raise CaptureError(f"takes.json has an impossible frame rate: {fps:g}.")
    return fps


def with_sound_and_text(
    folder: Path, takes: Sequence[CaptureTake], starts: Mapping[str, float] | None = None
) -> tuple[CaptureTake, ...]:
    """Add `TAKE.wav` and `TAKE.txt`; of an only take also `audio.wav` and `transcript.txt`.

    Args:
        folder: The capture.
        takes: As they are known so far; what they tell stays.
        starts: Second of each take at which its sound begins, where that is not 0.
    """
    alone, folder = len(takes) == 1, Path(folder)
    done = []
    for take in takes:
        audio = take.audio or _sound(folder, take.name, alone)
        text = take.transcript or _text(folder, take.name, alone)
        start = take.audio_start or (starts or {}).get(take.name, 0.0)
        done.append(replace(take, audio=audio, transcript=text, audio_start=start))
    return tuple(done)


def _sound(folder: Path, take: str, alone: bool) -> str:
    names = [take, f"audio/{take}", *(["audio", "audio/audio"] if alone else [])]
    places = (f"{name}{ending}" for name in names for ending in SOUNDS)
    return next((place for place in places if (folder / place).is_file()), "")


def _text(folder: Path, take: str, alone: bool) -> str:
    names = [f"{take}.txt", f"transcripts/{take}.txt", *(["transcript.txt"] if alone else [])]
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    return "" if path is None else path.read_text(encoding="utf-8-sig", errors="replace").strip()


def sound_seconds(path: Path) -> float | None:
    """How long a recording is; None where it cannot be read."""
    try:
        return float(soundfile.info(str(path)).duration)
    except (OSError, RuntimeError):
        return None


def rate_of_sound(seconds: float | None, frames: int) -> float | None:
    """The usual frame rate at which `frames` last as long as the sound, if there is one."""
    if not seconds:
        return None
    rate = min(USUAL_RATES, key=lambda usual: abs(frames / seconds / usual - 1))
    return float(rate) if abs(frames / seconds / rate - 1) < 0.02 else None
