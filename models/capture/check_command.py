"""`python -m models check CAPTURE`: look at a capture before anything long is started with it."""

import argparse
import sys
from pathlib import Path

from ..errors import CaptureError
from ..progress import TerminalProgress, silent
from .check import check
from .face_observations import FRAMES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("capture", type=Path, help="capture folder")
    parser.add_argument("--picture", type=Path, help="picture of the rig to write (.png)")
    parser.add_argument("--frames", type=int, default=FRAMES, help="frames to look at")


def run(options: argparse.Namespace) -> dict:
    """Check; the report as JSON, or its sentences.

    Raises:
        CaptureError: A number is out of range.
    """
    if options.frames < 1:
        raise CaptureError("--frames must be at least 1.")
    progress = TerminalProgress() if sys.stderr.isatty() else silent
    report = check(options.capture, progress, options.picture, options.frames)
    if options.json:
        return report.document()
    shown = {"picture": str(options.picture)} if options.picture else {}
    return report.lines() | shown | {"ok": report.ok}
