"""The process that makes a head, outside Blender: begun so that it outlives Blender."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...models.errors import NeuralFaceError
from ...models.making.workspace import default_workspace
from ..system import preference_values

LOG = "log.txt"
"""In the workspace: what the process says."""
_ROOT = Path(__file__).resolve().parents[2]
_LOG_TAIL = 4000


@dataclass(frozen=True)
class MakingRequest:
    """What to make.

    Attributes:
        source: Capture or performance folder.
        output: Head file.
        options: Further options of the command; empty ones are left out.
    """

    source: Path
    output: Path
    options: Mapping[str, str]


def command(request: MakingRequest, python: str) -> list[str]:
    """The command line; the same one begins and goes on."""
    words = [python, "-m", "models", "train", str(request.source), "-o", str(request.output)]
    for name, value in request.options.items():
        # one word, so that no text is taken for an option
        words += [f"{name}={value}"] if value else []
    return words


def start(request: MakingRequest) -> subprocess.Popen:
    """Begin; it goes on when Blender is closed.

    Raises:
        NeuralFaceError: The Python cannot be run, or nothing can be written beside the output.
    """
    python, environment = _python()
    workspace = default_workspace(request.output)
    flags: dict[str, Any] = (
        {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    try:
        workspace.mkdir(parents=True, exist_ok=True)
        with (workspace / LOG).open("wb") as log:
            return subprocess.Popen(
                command(request, python),
                cwd=_ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                **flags,
            )
    except OSError as error:
        reason = f"{error.strerror or error}: {error.filename or workspace}"
        raise NeuralFaceError(f"The training cannot be started ({reason}).") from error


def last_words(workspace: Path) -> str:
    """The last line of the log, '' where there is none."""
    try:
        text = (workspace / LOG).read_bytes()[-_LOG_TAIL:].decode(errors="replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("error: ") if lines else ""


def _python() -> tuple[str, dict[str, str]]:
    """The Python to run and its environment: Blender's own one borrows the packages folder."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONHOME"}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # nothing is written into the extension's folder
    chosen = preference_values.training_python()
    if chosen:
        environment.pop("PYTHONPATH", None)
        return chosen, environment
    folder = preference_values.packages_folder()
    if folder:
        environment["PYTHONPATH"] = folder
    return sys.executable, environment
