"""The capture that the bundled head is learnt from: one command, one set of settings."""

from pathlib import Path

from ..errors import CaptureError
from ..performance import Performance
from ..progress import Progress, silent
from .synthesize import SynthesisSettings, synthesize

FOLDER = "actor"
FRAMES, HELD_OUT = 720, 96
"""Pictured frames of the bundled head's capture."""


def bundled_performance(cache: Path, data: Path | None, progress: Progress = silent) -> Performance:
    """The bundled head's performance: from `cache` where it was made before, else made anew.

    Raises:
        CaptureError: It has to be made and the recordings are not at hand.
    """
    made = cache / FOLDER / "performance"
    if (made / "performance.json").exists():
        return Performance.open(made)
    if data is None:
        raise CaptureError(
            "The bundled head's capture has to be made first, from the recordings that"
            " docs/making_the_bundled_head.md names: say where they are with DATA=…"
        )
    return synthesize(SynthesisSettings(cache / FOLDER, data, FRAMES, HELD_OUT), progress)
