"""`python -m models train SOURCE -o HEAD.nface`: make a head file, from as far as the source is.

A capture folder is checked, tracked and given textures first; a mesh sequence is taken over; a
performance folder begins with the models of the regions; of a head file only the speech networks
are trained anew and, with footage of its takes, its video network. What is done is kept in a
workspace: the same command goes on there.
"""

import argparse
import contextlib
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from ..errors import MissingDependencyError
from ..progress import TerminalProgress, silent
from .options import add_arguments as add_arguments
from .status import MakingStatus, Preview, StatusWriter, read_status, relative
from .workspace import Workspace, default_workspace

log = logging.getLogger(__name__)


def run(options: argparse.Namespace) -> dict:
    """Make the head; figures of held-out frames."""
    output = options.output
    workspace = Workspace(options.workspace or default_workspace(output))
    known = MakingStatus(
        until=options.until or "",
        head=relative(output, workspace.folder),
        preview=_former_preview(workspace),
    )
    progress = TerminalProgress() if sys.stderr.isatty() else silent
    with StatusWriter(workspace.folder, known, progress) as status, _stopping(status):
        with _needs_packages():
            from .plan import Plan
            from .stages import run_stages

        def tell(head: Path, picture: Path, code: list[float]) -> None:
            version = status.status.preview.version + 1
            head_file, shown_file = (relative(path, workspace.folder) for path in (head, picture))
            shown = Preview(version, head_file, shown_file, code)
            status.tell(preview=shown, pictures=status.status.pictures | {"Preview": shown.picture})

        def notes() -> list[str]:
            found = status.status.findings
            return [*found.get("warnings", []), *found.get("notes", [])]

        stages = Plan(options, workspace, tell, notes).stages()
        return run_stages(stages, workspace, status)


def _former_preview(workspace: Workspace) -> Preview:
    """Versions go on growing when the making does, so that who watches notices the next."""
    former = read_status(workspace.folder)
    return former.preview if former is not None else Preview()


@contextlib.contextmanager
def _needs_packages() -> Iterator[None]:
    """Say which package is missing, and where."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(__name__.partition(".")[0]):
            raise
        raise MissingDependencyError(
            f"The Python package {error.name} is not installed for {sys.executable}."
        ) from error


@contextlib.contextmanager
def _stopping(status: StatusWriter) -> Iterator[None]:
    """Let SIGTERM and Ctrl-C stop cleanly, where this thread may listen; Ctrl-C twice, at once."""

    def asked(number: int, _frame: object) -> None:
        if number == signal.SIGINT and status.asked_to_stop:
            raise KeyboardInterrupt
        status.stop()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, asked) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
