"""Work spread over processes that end with the one that started them."""

import argparse
import contextlib
import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any

NEEDED = 1.5e9
"""Bytes of memory for each process, with room for what else runs."""
AHEAD = 3
"""Parts handed out at a time, for each process: none waits, and memory stays flat."""


def usable_processes() -> int:
    """As many as there are cores, and no more than fit into memory."""
    cores = os.cpu_count() or 1
    with contextlib.suppress(AttributeError):  # not everywhere; it knows of containers' limits
        cores = len(os.sched_getaffinity(0))
    fitting = 8
    with contextlib.suppress(AttributeError, ValueError):  # Windows has no sysconf
        fitting = int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / NEEDED)
    return max(1, min(cores, fitting))


def add_processes(parser: argparse._ActionsContainer) -> None:
    """Declare `--processes`."""
    usable = usable_processes()
    text = f"that share the work ({usable}: as many as cores and memory allow); 0 for none"
    parser.add_argument("--processes", type=_count, default=usable, help=text)


def _count(text: str) -> int:
    if (number := int(text)) < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than 0")
    return number


def spread(
    function: Callable, job: object, items: Iterable, processes: int, chunk: int
) -> Iterator[Any]:
    """Results of `function(job, part)` over parts of `items`, in any order.

    Args:
        function: At module level, so that another process finds it.
        job: What every call needs to know.
        items: What to share out; asked for only as fast as the work goes.
        processes: How many; 0 works in this one.
        chunk: Items a call gets.
    """
    stream = iter(items)
    parts = iter(lambda: list(itertools.islice(stream, chunk)), [])
    if not processes:
        yield from (function(job, part) for part in parts)
        return
    spawn = multiprocessing.get_context("spawn")  # a graphics context does not survive a fork
    with ProcessPoolExecutor(processes, spawn, _start_worker) as pool:
        waiting: set[Future] = set()
        try:
            for part in parts:
                waiting.add(pool.submit(function, job, part))
                if len(waiting) >= AHEAD * processes:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    import cv2  # options are declared where it is missing, too

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops the pool
    os.environ.setdefault("LP_NUM_THREADS", "1")  # Mesa's software driver: one core a process
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Idle workers wait for work for ever, even when a killed parent cannot send any."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
