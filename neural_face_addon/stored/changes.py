"""Who hears of an edit: properties announce it here, and what solves lines and clips listens.

What the add-on itself writes is not an edit: it writes inside `silence`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import bpy

Listener = Callable[[bpy.types.PropertyGroup], None]
"""Takes the edited line or clip."""

_listeners: list[Listener] = []
_silent = 0


@contextmanager
def silence() -> Iterator[None]:
    """Write properties without their being taken for edits."""
    global _silent
    _silent += 1
    try:
        yield
    finally:
        _silent -= 1


def silent() -> bool:
    """Whether the add-on itself is writing."""
    return _silent > 0


def announce(passage: bpy.types.PropertyGroup) -> None:
    """Tell that a line or clip was edited."""
    if not silent():
        for listener in _listeners:
            listener(passage)


def listen(listener: Listener) -> None:
    """Be told of edits."""
    _listeners.append(listener)


def unlisten(listener: Listener) -> None:
    """Be told no more."""
    _listeners.remove(listener)
