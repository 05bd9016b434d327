"""`python -m models track CAPTURE -o PERFORMANCE`: geometry and textures from cameras."""

import argparse
import time
from pathlib import Path

from ..capture.check import check
from ..capture.prepared import misaimed
from ..errors import CancelledError, CaptureError, NeuralFaceError
from ..parallel import add_processes
from ..performance import Performance
from ..progress import TerminalProgress
from ..texture.extract import extract
from .track import track


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("capture", type=Path, help="folder with calibrated cameras and pictures")
    parser.add_argument("-o", "--output", type=Path, required=True, help="performance folder")
    parser.add_argument("--name", default="", help="of the head (the folder's by default)")
    parser.add_argument("--licence", default="", help="under which the head may be used")
    parser.add_argument("--consent", default="", help="what the person has agreed to")
    parser.add_argument("--texture", type=int, default=1024, help="side in texels; 0 for none")
    add_processes(parser)


def run(options: argparse.Namespace) -> dict:
    """Track a capture and extract its textures; what is finished is kept.

    Raises:
        NeuralFaceError: A number is out of range, or the capture cannot be tracked.
        CancelledError: Stopped with Ctrl-C.
    """
    if options.texture and options.texture < 64:
        raise NeuralFaceError("--texture must be at least 64, or 0 for none.")
    report, start = check(options.capture), time.monotonic()
    if not report.ok:
        raise CaptureError(report.of_level("error")[0].sentence())
    about = {
        "name": options.name or options.capture.resolve().name,
        "credits": [],
        "licence": options.licence,
        "consent": options.consent,
        "provenance": "tracked from calibrated views",
    }
    progress = TerminalProgress()
    try:
        performance = track(options.capture, options.output, about, options.processes, progress)
        if options.texture:
            performance = _textured(options, performance, about, progress)
    except KeyboardInterrupt as interrupt:
        raise CancelledError("stopped; the same command continues where it was") from interrupt
    notes = misaimed(options.capture, options.output)
    return {
        "performance": str(performance.folder),
        "takes": len(performance.takes),
        "frames": sum(len(take.pictured) for take in performance.takes),
        "seconds": round(time.monotonic() - start, 1),
        **({"notes": " ".join(notes)} if notes else {}),
    }


def _textured(
    options: argparse.Namespace,
    performance: Performance,
    about: dict,
    progress: TerminalProgress,
) -> Performance:
    return extract(
        options.capture,
        performance.mesh,
        performance.takes,
        options.output,
        about,
        options.texture,
        options.processes,
        progress,
    )
