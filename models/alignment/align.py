"""One call from a recording (and what is known of it) to phones."""

from pathlib import Path

from ..errors import AlignmentError
from ..progress import Progress, silent
from ..speech.text import pronounce
from .forced import align_text
from .given import from_timings
from .recognised import recognise
from .result import Alignment
from .sound import read_sound
from .timings import read_timings

_MOST_PHONES_PER_SECOND = 30.0


def align(
    path: Path | None,
    text: str | None = None,
    progress: Progress = silent,
    *,
    timings: Path | None = None,
) -> Alignment:
    """Phones of a recording with their times.

    Args:
        path: Sound file or video; None where only timings are given.
        text: What is said in it; None to recognise phones.
        progress: Told how far it is; may raise CancelledError.
        timings: Praat TextGrid, SubRip subtitles, timed phone list, or JSON of `save_alignment`,
            used in place of a text.

    Raises:
        SoundError: The file is no sound, silent, damaged, too long, or no speech.
        TextError: The text is empty or cannot be spoken.
        AlignmentError: The text is not what is said.
        TimingsError: The timings cannot be understood.
        MissingDependencyError: pocketsphinx (or ffmpeg for a video) is not installed.
    """
    if timings is not None:
        return _from_file(path, timings, progress)
    if path is None:
        raise AlignmentError("There is nothing to align: give a sound or a file of timings.")
    spoken = pronounce(text) if text is not None else None
    progress(0.0, "Reading the sound")
    sound = read_sound(path)
    progress(0.1, "Listening")
    if spoken is None:
        result = recognise(sound)
    else:
        if len(spoken.label) > _MOST_PHONES_PER_SECOND * sound.seconds:
            raise AlignmentError(
                f"The text does not match the sound: {len(spoken.words)} words cannot be said in "
                f"{sound.seconds:.1f} s."
            )
        result = align_text(sound, spoken)
    progress(1.0, "Aligned")
    return result


def _from_file(path: Path | None, timings: Path, progress: Progress) -> Alignment:
    known = read_timings(timings)
    progress(0.0, "Reading the sound")
    sound = read_sound(path) if path is not None else None
    progress(0.1, "Listening")
    result = from_timings(known, sound, lambda share: progress(0.1 + 0.9 * share, "Listening"))
    progress(1.0, "Aligned")
    return result
