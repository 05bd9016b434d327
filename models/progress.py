"""How long tasks report: a callable that may raise CancelledError to stop them."""

import sys
import time
from collections.abc import Callable

Progress = Callable[[float, str], None]


def silent(fraction: float, message: str) -> None:
    """Report nothing."""


def partly(progress: Progress, low: float, high: float) -> Progress:
    """The progress of a part of a task, which is the task's from `low` to `high`."""
    return lambda fraction, message: progress(low + (high - low) * fraction, message)


class TerminalProgress:
    """One line on standard error with the time left, at most five times a second."""

    def __init__(self) -> None:
        self._start = self._shown = time.monotonic()

    def __call__(self, fraction: float, message: str) -> None:
        """Show `message` with `fraction` (0…1) and an estimate of the time left."""
        now = time.monotonic()
        if now - self._shown < 0.2 and fraction < 1:
            return
        self._shown = now
        left = (now - self._start) * (1 - fraction) / max(fraction, 1e-6)
        end = "\n" if fraction >= 1 else ""
        sys.stderr.write(f"\r\x1b[K{fraction:6.1%}  {message}  {_clock(left)} left{end}")
        sys.stderr.flush()


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(int(min(seconds, 359_999)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
