"""Long work off Blender's main thread: reports progress, can be stopped, passes errors on."""

import threading
from collections.abc import Callable
from typing import Any

from ...models.errors import CancelledError

Work = Callable[[Callable[[float, str], None]], Any]
"""Takes a progress callback and returns a result; never touches bpy."""

_running: set["Job"] = set()


class Job:
    """One task on a thread of its own."""

    def __init__(self, work: Work) -> None:
        self.fraction = 0.0
        self.message = ""
        self._work = work
        self._stop = threading.Event()
        self._result: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="Neural Face", daemon=True)

    def start(self) -> "Job":
        """Begin; returns itself."""
        _running.add(self)
        self._thread.start()
        return self

    def progress(self, fraction: float, message: str) -> None:
        """Called by the work. Raises CancelledError when the user has stopped it."""
        self.fraction, self.message = fraction, message
        if self._stop.is_set():
            raise CancelledError("Cancelled; nothing was changed.")

    def _run(self) -> None:
        try:
            self.progress(0.0, "")
            self._result = self._work(self.progress)
        except BaseException as error:  # raised again on the main thread
            self._error = error
        finally:
            _running.discard(self)

    @property
    def done(self) -> bool:
        """Whether it has ended, one way or another."""
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Ask it to stop at its next report of progress."""
        self._stop.set()

    def result(self) -> Any:
        """Wait for the end; the work's result or its error. CancelledError when it was stopped."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        if self._stop.is_set():
            raise CancelledError("Cancelled; nothing was changed.")
        return self._result


def register() -> None:
    """Nothing to do: jobs begin with operators."""


def unregister() -> None:
    """Stop what still runs."""
    for job in list(_running):
        job.cancel()
