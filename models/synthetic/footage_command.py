"""`python -m models footage PERFORMANCE -o FOOTAGE`: synthetic people act takes before cameras."""

import argparse
import time
from pathlib import Path

from ..errors import CancelledError, NeuralFaceError
from ..parallel import add_processes
from ..performance import Performance
from ..progress import TerminalProgress
from ..video.features import EXTRACTORS
from .render_footage import Features, FootagePlan, render_footage


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("performance", type=Path, help="folder with the synthetic actor's takes")
    parser.add_argument("-o", "--output", type=Path, required=True, help="footage folder")
    parser.add_argument("--data", type=Path, help="folder with performer")
    parser.add_argument("--share", type=float, default=1.0, help="of the usual number of clips")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--features", choices=tuple(EXTRACTORS), default="landmarks", help="what the clips are for"
    )
    parser.add_argument("--weights", type=Path, help="of DECA or EMOCA, for resnet50")
    add_processes(parser)


def run(options: argparse.Namespace) -> dict:
    """Run the command.

    Raises:
        NeuralFaceError: An option or the performance is wrong, or a package is missing.
        CancelledError: Stopped with Ctrl-C.
    """
    if options.share <= 0:
        raise NeuralFaceError("--share must be more than zero.")
    assets = options.data / "performer" if options.data else None
    if assets is not None and not assets.is_dir():
        raise NeuralFaceError(f"The data folder {options.data.name} has no folder 'performer'.")
    performance = Performance.open(options.performance)
    start = time.monotonic()
    try:
        clips = render_footage(
            performance.takes,
            options.output,
            assets,
            performance.about,
            options.seed,
            FootagePlan(options.share),
            options.processes,
            TerminalProgress(),
            Features(options.features, options.weights),
        )
    except KeyboardInterrupt as interrupt:
        raise CancelledError("stopped; the same command continues where it was") from interrupt
    seconds = round(time.monotonic() - start, 1)
    return {"footage": str(options.output), "clips": clips, "seconds": seconds}
