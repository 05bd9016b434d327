"""Reading the sound of a recording or a video: mono, 16 kHz, checked."""

import io
import math
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from ..errors import MissingDependencyError, SoundError

HERTZ = 16_000
LONGEST = 600.0
"""Seconds of sound that are taken at once."""
SHORTEST = 0.15
VIDEO = frozenset(".mp4 .m4v .mov .webm .mkv .avi .mpg .mpeg .m4a .aac .opus .wma".split())
"""Endings whose sound ffmpeg reads; everything else is tried with libsndfile first."""

_PEAK = 0.7
_SILENT = 1e-3
_FFMPEG_TIMEOUT = 120.0


@dataclass(frozen=True)
class Sound:
    """A recording ready for alignment.

    Attributes:
        samples: (N,) float32, mono, 16 kHz, peak 0.7.
    """

    samples: np.ndarray

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.samples) / HERTZ

    def piece(self, start: float, end: float) -> "Sound":
        """The part between two times in seconds."""
        first, last = (round(min(max(t, 0.0), self.seconds) * HERTZ) for t in (start, end))
        return Sound(self.samples[first:last])


def read_sound(path: Path) -> Sound:
    """Read a recording (wav, flac, ogg, mp3…) or the sound of a video.

    Raises:
        SoundError: No such file, no sound in it, too short, too long, silent, or damaged.
        MissingDependencyError: A video is given and ffmpeg is not installed.
    """
    path = Path(path)
    if not path.is_file():
        raise SoundError(f"There is no sound file {path.name}.")
    if not path.stat().st_size:
        raise SoundError(f"{path.name} is empty.")
    samples, hertz = _by_ffmpeg(path) if path.suffix.lower() in VIDEO else _by_library(path)
    return prepare(samples, hertz, path.name)


def prepare(samples: np.ndarray, hertz: int, name: str) -> Sound:
    """Check samples (N,) or (N, channels) of any rate; make them mono at 16 kHz.

    Raises:
        SoundError: They are too few, too many, silent or not finite.
    """
    seconds = len(samples) / hertz
    if seconds < SHORTEST:
        raise SoundError(f"{name} is too short: {seconds:.2f} s of sound.")
    _check_length(seconds, name)
    if not np.isfinite(samples).all():
        raise SoundError(f"{name} is damaged: some samples are not numbers (NaN or infinite).")
    mono = samples if samples.ndim == 1 else _mix(samples)
    mono = mono - mono.mean()
    if np.abs(mono).max() < _SILENT:
        raise SoundError(f"{name} is silent.")
    if hertz != HERTZ:
        shared = math.gcd(hertz, HERTZ)
        mono = resample_poly(mono, HERTZ // shared, hertz // shared)
    return Sound((mono * (_PEAK / np.abs(mono).max())).astype(np.float32))


def _mix(samples: np.ndarray) -> np.ndarray:
    """Mean of the channels; the loudest alone where the others cancel it (opposite phase)."""
    mean = samples.mean(1)
    loudest = samples[:, np.square(samples).mean(0).argmax()]
    return loudest if np.square(mean).mean() < 0.05 * np.square(loudest).mean() else mean


def _check_length(seconds: float, name: str) -> None:
    if seconds > LONGEST:
        raise SoundError(
            f"{name} is {seconds / 60:.1f} minutes long; at most {LONGEST / 60:.0f} minutes can be "
            "aligned at once. Cut it into shorter recordings."
        )


def _by_library(path: Path) -> tuple[np.ndarray, int]:
    try:
        info = soundfile.info(str(path))
        _check_length(info.frames / info.samplerate, path.name)
        return soundfile.read(str(path), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        if shutil.which("ffmpeg"):
            return _by_ffmpeg(path)
        raise SoundError(f"{path.name} is not a sound file that can be read.") from error


def _by_ffmpeg(path: Path) -> tuple[np.ndarray, int]:
    if not shutil.which("ffmpeg"):
        raise MissingDependencyError(
            f"The sound of {path.name} needs the program ffmpeg, which is not installed; "
            "install it, or save the sound as .wav."
        )
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path.resolve()), "-vn"]
    command += ["-t", str(LONGEST + 1), "-ac", "1", "-ar", str(HERTZ), "-c:a", "pcm_f32le"]
    try:
        done = subprocess.run(
            [*command, "-f", "wav", "-"], capture_output=True, check=True, timeout=_FFMPEG_TIMEOUT
        )
        return soundfile.read(io.BytesIO(done.stdout), dtype="float32")
    except (subprocess.SubprocessError, soundfile.LibsndfileError) as error:
        raise SoundError(f"{path.name} holds no sound that can be read.") from error
