"""The folder in which a head file is made: what each stage left, and under which settings.

`state.json` keeps, for each stage, the identity of its settings and what it came to. The identity
covers the settings of the stages that it needs, so a changed setting makes everything that depends
on it anew and nothing else.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..errors import NeuralFaceError
from ..files import write_json

STATE = "state.json"
SCHEMA = 1
SUFFIX = ".making"
PREVIEW = "preview.nface"
"""The head of the weights so far."""


@dataclass(frozen=True)
class Outcome:
    """What a stage came to.

    Attributes:
        figures: For the command's result.
        pictures: Label → file to look at.
        findings: Sentences by 'errors', 'warnings' and 'notes'.
        note: Why the stage did nothing, '' where it did.
        error: A sentence why the making cannot go on, ''.
    """

    figures: dict = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    findings: dict[str, list[str]] = field(default_factory=dict)
    note: str = ""
    error: str = ""


def default_workspace(output: Path) -> Path:
    """Where a head file is made unless told otherwise: HEAD.making beside HEAD.nface."""
    return Path(output).with_suffix(SUFFIX)


class Workspace:
    """A workspace folder, made when absent."""

    def __init__(self, folder: Path) -> None:
        """Open it.

        Raises:
            NeuralFaceError: It cannot be written, or was made by another version.
        """
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise NeuralFaceError(f"Cannot make the folder {self.folder}: {reason}.") from error
        self._stages = self._read()

    def _read(self) -> dict[str, dict]:
        path = self.folder / STATE
        if not path.exists():
            return {}
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if document["schema"] != SCHEMA:
                raise NeuralFaceError(f"{path} is of another version; delete it to start again.")
            return dict(document["stages"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NeuralFaceError(
                f"{path} cannot be read ({error}); delete it to start again."
            ) from error

    def path(self, *parts: str) -> Path:
        """A path inside."""
        return self.folder.joinpath(*parts)

    def begin(self, name: str, identity: str, owned: Iterable[Path]) -> None:
        """A stage begins or goes on; what it left under other settings is deleted first.

        Args:
            name: Of the stage.
            identity: Of its settings.
            owned: Files and folders that are its own.

        Raises:
            NeuralFaceError: Something cannot be deleted.
        """
        if self._stages.get(name, {}).get("identity") == identity:
            return
        for path in owned:
            _delete(path)
        self._stages[name] = {"identity": identity}
        self._write()

    def finish(self, name: str, outcome: Outcome) -> None:
        """A stage has ended well."""
        self._stages[name]["outcome"] = asdict(outcome)
        self._write()

    def outcome(self, name: str, identity: str, leaves: Sequence[Path]) -> Outcome | None:
        """What a stage came to under the same settings, None where it has still to be done."""
        entry = self._stages.get(name, {})
        if entry.get("identity") != identity or "outcome" not in entry:
            return None
        outcome = Outcome(**entry["outcome"])
        there = outcome.note or all(path.exists() for path in leaves)
        return outcome if there else None

    def _write(self) -> None:
        write_json(self.folder / STATE, {"schema": SCHEMA, "stages": self._stages})


def identity(name: str, settings: Mapping, needed: Iterable[str]) -> str:
    """A hash of a stage's settings (JSON values) and of the identities that it needs."""
    known = json.dumps([name, settings, list(needed)], sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()


def fingerprint(path: Path, leave_out: frozenset[str] = frozenset()) -> str:
    """A hash that changes when a file, or any file in a folder, changes: names, sizes and times.

    Args:
        path: File or folder.
        leave_out: Endings (lower case, with dot) of files that do not matter.
    """
    entries = sorted(_entries(path, leave_out))
    return hashlib.sha256(json.dumps(entries).encode()).hexdigest()


def _entries(path: Path, leave_out: frozenset[str]) -> Iterable[tuple[str, int, int]]:
    if path.is_file():
        about = path.stat()
        yield path.name, about.st_size, about.st_mtime_ns
        return
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(folder, name)
            if file.suffix.lower() not in leave_out and not name.startswith("."):
                about = file.stat()
                yield file.relative_to(path).as_posix(), about.st_size, about.st_mtime_ns


def _delete(path: Path) -> None:
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise NeuralFaceError(f"Cannot delete {path}: {error.strerror or error}.") from error
