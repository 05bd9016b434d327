"""Work spread over processes that end with the one that started them."""

import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any

import cv2

AHEAD = 3
"""Parts handed out at a time, for each process: none waits, and memory stays flat."""


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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops the pool
    os.environ.setdefault("LP_NUM_THREADS", "1")  # Mesa's software driver: one core a process
    cv2.setNumThreads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Idle workers wait for work for ever, even when a killed parent cannot send any."""
    multiprocessing.parent_process().join()
    os._exit(1)
