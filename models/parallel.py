"""Work spread over processes that end with the one that started them."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any

import cv2


def spread(
    function: Callable, job: object, items: Sequence, processes: int, chunk: int
) -> Iterator[Any]:
    """Results of `function(job, part)` over parts of `items`, in any order.

    Args:
        function: At module level, so that another process finds it.
        job: What every call needs to know.
        items: What to share out.
        processes: How many; 0 works in this one.
        chunk: Items a call gets.
    """
    parts = [items[start : start + chunk] for start in range(0, len(items), chunk)]
    if not processes:
        yield from (function(job, part) for part in parts)
        return
    spawn = multiprocessing.get_context("spawn")  # a graphics context does not survive a fork
    with ProcessPoolExecutor(processes, spawn, _start_worker) as pool:
        futures = [pool.submit(function, job, part) for part in parts]
        try:
            for future in as_completed(futures):
                yield future.result()
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
