"""`python -m models synthesize OUT`: make a synthetic capture with known truth."""

import argparse
import logging
import time
from pathlib import Path

from ..errors import CancelledError, NeuralFaceError
from ..parallel import add_processes
from ..progress import TerminalProgress
from .camera_rig import PLACES
from .synthesize import SynthesisSettings, synthesize
from .take_list import TakePlan

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    default = SynthesisSettings(Path())
    parser.add_argument("output", type=Path, help="folder to make, or to continue")
    parser.add_argument(
        "--data", type=Path, help="folder with performer, motion, speech_motion, spoken_english"
    )
    parser.add_argument("--frames", type=int, default=default.frames, help="pictured frames")
    parser.add_argument(
        "--held-out", type=int, default=default.held_out, help="pictured frames never trained on"
    )
    parser.add_argument("--cameras", type=int, default=default.cameras)
    parser.add_argument("--resolution", type=int, default=default.resolution, help="pixels")
    parser.add_argument("--texture", type=int, default=default.texture, help="texels")
    parser.add_argument("--spoken", type=int, help="recorded sentences (all by default)")
    parser.add_argument("--lines", type=int, help="generated lines (all by default)")
    parser.add_argument("--person", default="", help="person_01… (the bundled actor by default)")
    parser.add_argument(
        "--individual", type=float, default=0.0, help="how far the face moves in its own way, 0…1"
    )
    parser.add_argument(
        "--session",
        action="store_true",
        help="to be tracked: one take of --frames frames, and --lines lines (none by default) "
        "read aloud; pictures, cameras and sound only",
    )
    parser.add_argument("--fps", type=float, default=default.fps, help="frames a second")
    parser.add_argument("--seed", type=int, default=default.seed)
    add_processes(parser)


def run(options: argparse.Namespace) -> dict:
    """Run the command.

    Raises:
        NeuralFaceError: A number is out of range, or the capture cannot be made.
        CancelledError: Stopped with Ctrl-C.
    """
    settings = settings_from(options)
    start = time.monotonic()
    try:
        performance = synthesize(settings, TerminalProgress())
    except KeyboardInterrupt as interrupt:
        raise CancelledError("stopped; the same command continues where it was") from interrupt
    return {
        "performance": str(performance.folder),
        "takes": len(performance.takes),
        "pictured_frames": sum(len(take.pictured) for take in performance.takes),
        "seconds": round(time.monotonic() - start, 1),
    }


def settings_from(options: argparse.Namespace) -> SynthesisSettings:
    """The settings that the options ask for.

    Raises:
        NeuralFaceError: A number is out of range or the data folder is missing.
    """
    lowest = {"frames": 1, "held_out": 0, "cameras": 1, "resolution": 64, "texture": 64, "fps": 1}
    for name, value in lowest.items():
        if getattr(options, name) < value:
            raise NeuralFaceError(f"--{name.replace('_', '-')} must be at least {value}.")
    if options.cameras > len(PLACES):
        raise NeuralFaceError(f"--cameras must be at most {len(PLACES)}.")
    if options.data is not None and not (options.data / "performer").is_dir():
        raise NeuralFaceError(f"The data folder {options.data.name} has no folder 'performer'.")
    plan = TakePlan(spoken=options.spoken, lines=options.lines)
    return SynthesisSettings(
        output=options.output,
        data=options.data,
        frames=options.frames,
        held_out=options.held_out,
        cameras=options.cameras,
        resolution=options.resolution,
        texture=options.texture,
        seed=options.seed,
        processes=options.processes,
        takes=plan,
        person=options.person,
        individual=options.individual,
        session=options.session,
        fps=options.fps,
    )
