"""`python -m models import-sequence SEQUENCE -o PERFORMANCE`: tracked or animated meshes."""

import argparse
import time
from pathlib import Path

from ..mesh import ATLAS_SIZE
from ..progress import TerminalProgress
from .import_sequence import ImportSettings, import_sequence


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "source", type=Path, help="folder of .obj or .ply files with textures, or of such folders"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="performance to make")
    parser.add_argument("--fps", type=float, help="as sequence.json says, else 30")
    parser.add_argument(
        "--held-out", nargs="*", default=(), metavar="TAKE", help="takes never trained on"
    )
    parser.add_argument("--size", type=int, default=ATLAS_SIZE, help="texels of a texture's side")
    parser.add_argument("--name", help="of the head; the folder's by default")
    parser.add_argument("--licence", default="")
    parser.add_argument("--consent", default="", help="who agreed to what")


def run(options: argparse.Namespace) -> dict:
    """Run the command."""
    start = time.monotonic()
    settings = ImportSettings(options.fps, tuple(options.held_out), options.size)
    about = about_sequence(options.name or options.source.resolve().name)
    about |= {"licence": options.licence, "consent": options.consent}
    performance = import_sequence(
        options.source, options.output, about, settings, TerminalProgress()
    )
    return {
        "performance": str(options.output),
        "takes": len(performance.takes),
        "frames": sum(len(take) for take in performance.takes),
        "pictured_frames": sum(len(take.pictured) for take in performance.takes),
        "vertices": len(performance.mesh.vertices),
        "controls": len(performance.mesh.control_names),
        "unit_of_the_sequence_in_metres": performance.about["unit_of_the_sequence_in_metres"],
        "seconds": round(time.monotonic() - start, 1),
    }


def about_sequence(name: str) -> dict:
    """What a performance says of itself where no more is known."""
    about = {"name": name, "credits": [], "licence": "", "consent": ""}
    return about | {"provenance": "a mesh sequence that was tracked or animated elsewhere"}
