"""What a making tells the world: one small JSON file, written again at most every second.

Whoever looks (the panel in Blender, a person) needs nothing but the file: it names the process, so
that a reader finds out whether that still runs. Reading needs no torch.
"""

import dataclasses
import json
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import CancelledError, NeuralFaceError
from ..files import write_bytes, write_json
from ..progress import Progress, silent
from .processes import lives, own_birth

FILE, STOP = "status.json", "stop"
"""Names in a workspace; a file called `stop` asks the making to end."""
SCHEMA = 1
RUNNING, DONE, STOPPED, FAILED, INTERRUPTED = (
    "running",
    "done",
    "stopped",
    "failed",
    "interrupted",
)
"""States; a file that says running of a process that is gone means interrupted."""
WRITE_EVERY = 1.0
_LOOK_EVERY = 0.2


@dataclass
class StageStatus:
    """One stage, for a list of them.

    Attributes:
        name: Of the stage.
        label: For people.
        state: waiting, running, done.
        note: Why it did nothing, or '' where it did.
    """

    name: str
    label: str
    state: str = "waiting"
    note: str = ""


@dataclass
class Preview:
    """A head of the weights so far.

    Attributes:
        version: Grows with every preview; 0 before the first.
        head: Head file, relative to the workspace.
        picture: PNG, relative to the workspace: a held-out frame beside what the head makes of it.
        code: Expression code of that frame.
    """

    version: int = 0
    head: str = ""
    picture: str = ""
    code: list[float] = field(default_factory=list)


@dataclass
class MakingStatus:
    """A making as it is told.

    Attributes:
        state: One of the states above.
        pid: Number of its process.
        born: What tells that process from a later one of the same number.
        until: The stage after which it ends, '' for the last.
        stage: Name of the stage at work.
        label: The same for people.
        message: What it does.
        stage_fraction: How far the stage is, 0…1.
        fraction: How far all of it is, 0…1.
        seconds_left: Estimate; −1 while there is none.
        error: Why it failed, a sentence.
        head: Head file that it makes, relative to the workspace.
        stages: All of them.
        findings: Sentences about the source, by 'errors', 'warnings' and 'notes'.
        pictures: Label → file to look at, relative to the workspace.
        preview: The newest head of the weights so far.
        updated: When it was written, seconds since 1970.
    """

    state: str = RUNNING
    pid: int = 0
    born: str = ""
    until: str = ""
    stage: str = ""
    label: str = ""
    message: str = ""
    stage_fraction: float = 0.0
    fraction: float = 0.0
    seconds_left: float = -1.0
    error: str = ""
    head: str = ""
    stages: list[StageStatus] = field(default_factory=list)
    findings: dict[str, list[str]] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    preview: Preview = field(default_factory=Preview)
    updated: float = 0.0


def read_status(workspace: Path) -> MakingStatus | None:
    """What the making in `workspace` tells; None where there was none.

    A making that was killed is found out here: its state is `INTERRUPTED`.

    Raises:
        NeuralFaceError: The file is damaged or of a newer version.
    """
    path = Path(workspace) / FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.pop("schema") != SCHEMA:
            raise NeuralFaceError(f"{path} was written by another version; update the extension.")
        stages = [StageStatus(**entry) for entry in document.pop("stages")]
        status = MakingStatus(stages=stages, preview=Preview(**document.pop("preview")), **document)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise NeuralFaceError(f"{path} cannot be read ({error}); delete it.") from error
    if status.state == RUNNING and not lives(status.pid, status.born):
        status.state = INTERRUPTED
    return status


def ask_to_stop(workspace: Path) -> None:
    """Ask the making in `workspace` to stop at its next report of progress.

    Raises:
        NeuralFaceError: The folder cannot be written.
    """
    write_bytes(Path(workspace) / STOP, b"")


class StatusWriter:
    """Tells a making's status; a thread of its own writes the file, and says it still runs.

    Use as a context: at its end the state is done, stopped or failed, as the block ended.
    """

    def __init__(self, workspace: Path, status: MakingStatus, progress: Progress = silent) -> None:
        """Take over a workspace.

        Args:
            workspace: Folder.
            status: What is known already; its process becomes this one.
            progress: Told of everything, too.

        Raises:
            NeuralFaceError: Another process is at work in the workspace.
        """
        other = _read_leniently(workspace)
        if other is not None and other.state == RUNNING and other.pid != os.getpid():
            raise NeuralFaceError(
                f"{Path(workspace).name} is being worked on by process {other.pid}; stop that "
                "first or choose another output."
            )
        self._workspace, self._progress = Path(workspace), progress
        status.pid, status.born, status.state, status.error = os.getpid(), own_birth(), RUNNING, ""
        self.status = status
        self._lock, self._ended = threading.Lock(), threading.Event()
        self.asked_to_stop = False
        self._looked = 0.0
        self._thread = threading.Thread(target=self._beat, name="status", daemon=True)

    def __enter__(self) -> "StatusWriter":
        (self._workspace / STOP).unlink(missing_ok=True)
        self.write()
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, _trace: object) -> None:
        self._ended.set()
        self._thread.join()
        status = self.status
        if kind is None:
            status.state, status.fraction, status.seconds_left = DONE, 1.0, 0.0
        elif issubclass(kind, CancelledError | KeyboardInterrupt | SystemExit):
            status.state, status.message = STOPPED, "Stopped"
        else:
            status.state, status.error = FAILED, _sentence(error)
        (self._workspace / STOP).unlink(missing_ok=True)
        self.write()

    def stop(self) -> None:
        """Have the next report of progress raise CancelledError."""
        self.asked_to_stop = True

    def check(self) -> None:
        """Look for a wish to stop.

        Raises:
            CancelledError: There is one.
        """
        now = time.monotonic()
        if now - self._looked > _LOOK_EVERY:
            self._looked = now
            self.asked_to_stop = self.asked_to_stop or (self._workspace / STOP).exists()
        if self.asked_to_stop:
            raise CancelledError("Stopped; the same command continues where it was.")

    def tell(self, **values: object) -> None:
        """Set some of the status's attributes; they reach the file within a second."""
        with self._lock:
            for name, value in values.items():
                setattr(self.status, name, value)
        if "message" in values:
            self._progress(self.status.fraction, f"{self.status.label}: {self.status.message}")

    def write(self) -> None:
        """Write the file now."""
        with self._lock:
            self.status.updated = time.time()
            document = {"schema": SCHEMA, **dataclasses.asdict(self.status)}
        write_json(self._workspace / FILE, document)

    def _beat(self) -> None:
        while not self._ended.wait(WRITE_EVERY):
            self.write()


def relative(path: Path, workspace: Path) -> str:
    """A path as the status keeps it: seen from the workspace, so that both may be moved."""
    try:
        return os.path.relpath(path, workspace)
    except ValueError:  # another drive
        return str(path)


def _read_leniently(workspace: Path) -> MakingStatus | None:
    try:
        return read_status(workspace)
    except NeuralFaceError:
        return None


def _sentence(error: BaseException | None) -> str:
    if isinstance(error, NeuralFaceError):
        return str(error)
    return (
        f"Something unexpected happened ({type(error).__name__}: {error}). Please report it with "
        "what the log says."
    )
