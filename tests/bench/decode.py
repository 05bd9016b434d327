"""Time of decoding a whole frame: all regions composed to 1024², and the vertices."""

import time
from collections.abc import Iterator

import numpy as np
import torch

from .figures import Context, Figure

FRAMES, WARM_UP = 60, 10
CPU_BUDGET, GPU_BUDGET = 33.0, 3.0


def run(context: Context) -> Iterator[Figure]:
    """Decode one frame at a time, each with another code of the capture."""
    head = context.head
    codes = np.random.default_rng(0).permutation(head.examples.codes)[: FRAMES + WARM_UP]
    times = []
    for code in codes:
        start = time.perf_counter()
        head.decode(code)
        times.append((time.perf_counter() - start) * 1e3)
    budget = CPU_BUDGET if context.device == "cpu" else GPU_BUDGET
    median = float(np.median(times[WARM_UP:]))
    spread = np.percentile(times[WARM_UP:], [5, 95])
    machine = f"{torch.get_num_threads()} threads"
    if context.device == "cuda":
        machine = torch.cuda.get_device_name()
    yield Figure(
        *("decode", "full_1024", "ms_per_frame", median, "ms"),
        bar=f"<= {budget:g} ms",
        holds=median <= budget,
        note=f"{machine}; 5th to 95th percentile {spread[0]:.1f} to {spread[1]:.1f} ms",
    )
