"""`python -m models align`: a recording and its text (or timings) to timed phones."""

import argparse
import contextlib
import sys
from pathlib import Path

from ..errors import TextError
from ..progress import TerminalProgress, silent
from .align import align
from .output import check_output, save_alignment, to_record


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "sound",
        type=Path,
        nargs="?",
        metavar="SOUND",
        help="recording or video; optional with --timings",
    )
    known = parser.add_mutually_exclusive_group()
    known.add_argument("--text", help="what is said; without it phones are recognised")
    known.add_argument("--text-file", type=Path, metavar="FILE", help="file with what is said")
    known.add_argument(
        "--timings",
        type=Path,
        metavar="FILE",
        help=".TextGrid, .srt, `start end phone` list, .json",
    )
    parser.add_argument("-o", "--output", type=Path, help=".json or .TextGrid to write")


def run(options: argparse.Namespace) -> dict:
    """Align, write the file; returns the whole record for --json, else a summary."""
    if options.output:
        check_output(options.output)
    text = _read_text(options.text_file) if options.text_file else options.text
    progress = TerminalProgress() if sys.stderr.isatty() else silent
    found = align(options.sound, text, progress, timings=options.timings)
    if options.output:
        save_alignment(found, options.output)
    record = to_record(found)
    if options.json:
        return record | {"output": str(options.output) if options.output else None}
    summary = {key: record[key] for key in ("method", "confidence", "seconds")}
    summary["words"] = " ".join(w["word"] for w in record["words"])
    summary["phones"] = " ".join(p["phone"] for p in record["phones"])
    for number, warning in enumerate(found.warnings, 1):
        summary[f"warning {number}"] = warning
    return summary | ({"output": str(options.output)} if options.output else {})


def _read_text(path: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8-sig")
    raise TextError(f"{path.name} cannot be read as a text file.")
