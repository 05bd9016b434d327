"""What is said in a capture's takes: phones from its sound, with or without a transcript."""

import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..alignment.align import align
from ..alignment.result import Alignment
from ..capture.folder import CaptureFolder, CaptureTake
from ..errors import AlignmentError, SoundError, TextError
from ..files import read_arrays, write_arrays
from ..performance import Take
from ..phones import Phones
from ..progress import Progress, partly

log = logging.getLogger(__name__)
Align = Callable[[Path, str | None, Progress], Alignment]
LEAST_SOUNDING = 2
"""Fewer sounding phones are no speech."""


def spoken_takes(
    capture: CaptureFolder,
    takes: list[Take],
    cache: Path,
    progress: Progress,
    aligned: Align = align,
) -> tuple[list[Take], list[str]]:
    """The takes with what is said in them, and sentences about those where that failed.

    Args:
        capture: Has the sound.
        takes: Tracked, named as in the capture.
        cache: Folder for the phones of each take.
        progress: Told how far it is.
        aligned: `models.alignment.align.align`, or its like.

    Raises:
        MissingDependencyError: pocketsphinx is not installed.
    """
    recorded = {take.name: take for take in capture.takes}
    found, notes = [], []
    for place, take in enumerate(takes):
        report = partly(progress, place / len(takes), (place + 1) / len(takes))
        about = recorded.get(take.name)
        if about is None or not about.audio:
            found.append(take)
            continue
        made, note = _spoken(capture.folder, take, about, cache, report, aligned)
        found.append(made)
        notes += [note] if note else []
    return found, notes


def _spoken(
    folder: Path, take: Take, about: CaptureTake, cache: Path, progress: Progress, aligned: Align
) -> tuple[Take, str]:
    kept = cache / f"{take.name}.npz"
    if kept.exists():
        arrays = read_arrays(kept)
        phones, text, note = Phones.from_arrays(arrays), str(arrays["text"]), str(arrays["note"])
    else:
        phones, text, note = _heard(folder / about.audio, about.transcript, progress, aligned)
        write_arrays(
            kept, text=np.array(text, np.str_), note=np.array(note, np.str_), **phones.to_arrays()
        )
    phones = _within(phones.shifted(about.audio_start), len(take) / take.fps)
    note = f"Take {take.name}: {note}" if note else ""
    if (~phones.silent).sum() < LEAST_SOUNDING:
        return take, note
    return dataclasses.replace(take, kind="spoken", phones=phones, text=text), note


def _heard(
    path: Path, transcript: str, progress: Progress, aligned: Align
) -> tuple[Phones, str, str]:
    """Phones, text, and a sentence where something went otherwise than wished."""
    nothing = Phones.build([], [], [])
    try:
        if transcript.strip():
            try:
                found = aligned(path, transcript, progress)
                return found.phones, transcript, " ".join(found.warnings)
            except (AlignmentError, TextError) as error:
                phones = aligned(path, None, progress).phones
                return phones, "", f"{error} Its phones were recognised from the sound instead."
        return aligned(path, None, progress).phones, "", ""
    except (SoundError, AlignmentError) as error:
        return nothing, "", f"{error} It is used as motion without speech."


def _within(phones: Phones, seconds: float) -> Phones:
    """The phones that sound while the take lasts, none longer."""
    kept = phones.select((phones.start < seconds) & (phones.end > 0))
    start, end = np.maximum(kept.start, 0.0), np.minimum(kept.end, seconds)
    return Phones(kept.label, start, end, kept.stress, kept.word, kept.words)
