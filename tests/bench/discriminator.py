"""What the texture discriminator does: the mouth trained with and without it for the same time."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import torch

from models.head.training.held_out_figures import evaluate_region, region_baseline
from models.head.training.region_data import TrainingData
from models.head.training.region_task import (
    CODE_SIZES,
    RegionTask,
    TrainingConfig,
    start_network,
)
from models.training.trainer import Trainer

from .figures import Context, Figure

REGION = "mouth"
SECONDS = 300.0


def run(context: Context) -> Iterator[Figure]:
    """Held-out frames of both; side by side on a CPU, one after the other on a GPU."""
    data, config = context.training_data, TrainingConfig()
    both = (config, replace(config, gan=False))
    workers = min(2, os.cpu_count() or 1) if context.device == "cpu" else 1
    threads = max(1, torch.get_num_threads() // workers)
    with ThreadPoolExecutor(workers) as pool:
        jobs = [pool.submit(_trained, data, one, context.device, threads) for one in both]
        (made, steps), (without, steps_without) = (job.result() for job in jobs)
    for metric, unit in (("psnr_db", "dB"), ("detail_ratio", "ratio")):
        yield Figure(
            *("discriminator", REGION, metric, made["model"][metric], unit),
            baselines={"without": without["model"][metric], "pca": made["pca"][metric]},
            note=f"{SECONDS:g} s each: {steps} steps, without {steps_without}",
        )


def _trained(
    data: TrainingData, config: TrainingConfig, device: str, threads: int
) -> tuple[dict, int]:
    torch.set_num_threads(threads)  # counts for the calling thread
    region = data.region(REGION)
    network = start_network(region, data.train, config, CODE_SIZES[REGION]).to(device)
    task = RegionTask(network, region, data.train, config)
    trainer = Trainer(task, None, SECONDS, seed=config.seed)
    trainer.run()
    pca = region_baseline(region, data.train, CODE_SIZES[REGION])
    return evaluate_region(task.average.eval(), region, data, pca), trainer.step
