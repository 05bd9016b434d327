"""Time of decoding a whole frame: all regions composed to 1024², and the vertices."""

import time
from collections.abc import Iterator

import numpy as np
import torch

from .figures import Context, Figure

FRAMES, ROUNDS = 40, 6
CPU_BUDGET, GPU_BUDGET = 33.0, 3.0


def run(context: Context) -> Iterator[Figure]:
    """Decode one frame at a time, each with another code of the capture, in several rounds.

    A frame costs what it took in its best round: other work on the machine only ever adds.
    """
    head = context.head
    codes = np.random.default_rng(0).permutation(head.examples.codes)[:FRAMES]
    times = np.empty((ROUNDS, len(codes)))
    head.decode(codes[0])
    for rounds in times:
        for place, code in enumerate(codes):
            start = time.perf_counter()
            head.decode(code)
            rounds[place] = (time.perf_counter() - start) * 1e3
    budget = CPU_BUDGET if context.device == "cpu" else GPU_BUDGET
    value = float(np.median(times.min(0)))
    machine = f"{torch.get_num_threads()} threads"
    if context.device == "cuda":
        machine = torch.cuda.get_device_name()
    yield Figure(
        *("decode", "full_1024", "ms_per_frame", value, "ms"),
        bar=f"<= {budget:g} ms",
        holds=value <= budget,
        baselines={"all_rounds": float(np.median(times))},
        note=f"{machine}; median of {len(codes)} frames, each the best of {ROUNDS} rounds",
    )
