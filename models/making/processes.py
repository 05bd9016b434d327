"""Whether a process still runs, told by its number and by when it began: numbers are used again."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

_STILL_ACTIVE = 259
_QUERY_LIMITED = 0x1000
"""Windows' names: exit code of a running process, the right to ask for it."""


def birth(pid: int) -> str:
    """What tells a running process from a later one of the same number; '' where it has ended."""
    if sys.platform == "win32":
        return _birth_on_windows(pid)
    if Path("/proc/self/stat").exists():
        return _birth_in_proc(pid)
    return _birth_of_ps(pid)


def lives(pid: int, born: str) -> bool:
    """Whether process `pid` runs and is the one for which `birth` gave `born`."""
    return pid > 0 and bool(born) and birth(pid) == born


def _birth_in_proc(pid: int) -> str:
    """Ticks since the computer's start, see proc(5); a zombie has ended."""
    with contextlib.suppress(OSError, IndexError):
        # the program's name stands in brackets and may hold anything
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    return ""


def _birth_of_ps(pid: int) -> str:
    command = ["ps", "-p", str(pid), "-o", "stat=,lstart="]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        shown = subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.split()
        return "" if not shown or shown[0].startswith("Z") else " ".join(shown[1:])
    return ""


def _birth_on_windows(pid: int) -> str:
    import ctypes
    from ctypes import wintypes

    kernel = ctypes.windll.kernel32
    handle = kernel.OpenProcess(_QUERY_LIMITED, False, pid)
    if not handle:
        return ""
    try:
        code, times = wintypes.DWORD(), [wintypes.FILETIME() for _ in range(4)]
        if not kernel.GetExitCodeProcess(handle, ctypes.byref(code)):
            return ""
        if code.value != _STILL_ACTIVE:
            return ""
        if not kernel.GetProcessTimes(handle, *(ctypes.byref(time) for time in times)):
            return ""
        return str((times[0].dwHighDateTime << 32) + times[0].dwLowDateTime)
    finally:
        kernel.CloseHandle(handle)


def own_birth() -> str:
    """`birth` of this process."""
    return birth(os.getpid())
