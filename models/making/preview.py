"""Heads of the weights so far, while the regions train: small, valid head files and a picture."""

import copy
import dataclasses
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from ..errors import NeuralFaceError
from ..files import write_bytes
from ..head.file import write_head_file
from ..head.inference import Head
from ..head.region_network import RegionNetwork
from ..head.training.build_head import build_head
from ..head.training.region_data import TrainingData
from ..head.training.train_regions import Training
from ..performance import Performance, Take
from .workspace import PREVIEW

log = logging.getLogger(__name__)
PICTURE = "preview.png"
INTERVAL = 60.0
MOST_PICTURED, MOST_MOTION = 40, 400
"""Frames whose codes give a preview its sliders, and frames of its example takes."""
TILE = 256

Tell = Callable[[Path, Path, list[float]], None]
"""Told the head file, the picture and the code of the frame that is shown."""


@dataclass(frozen=True)
class Sample:
    """The part of a performance that is enough for a preview.

    Attributes:
        performance: With fewer and shorter takes.
        data: Fewer pictured frames.
        shown: Which of them is shown.
    """

    performance: Performance
    data: TrainingData
    shown: int


def sample_of(performance: Performance, data: TrainingData) -> Sample:
    """Choose frames evenly; show the most expressive held-out one (of all where none is)."""
    train, held = np.flatnonzero(data.train), np.flatnonzero(~data.train)
    size = np.linalg.norm(data.controls, axis=1)
    pool = held if len(held) else train
    shown = int(pool[np.argmax(size[pool])])
    step = max(1, len(train) // MOST_PICTURED)
    chosen = np.unique([*train[::step], shown])
    takes = _shortened(performance.takes)
    return Sample(
        dataclasses.replace(performance, takes=takes),
        _subset(data, chosen),
        int(np.searchsorted(chosen, shown)),
    )


def _subset(data: TrainingData, chosen: np.ndarray) -> TrainingData:
    regions = tuple(
        dataclasses.replace(
            region,
            texture=region.texture[chosen],
            seen=region.seen[chosen],
            geometry=region.geometry[chosen],
        )
        for region in data.regions
    )
    return dataclasses.replace(
        data,
        regions=regions,
        train=data.train[chosen],
        controls=data.controls[chosen],
        vertices=data.vertices[chosen],
        frames=[data.frames[i] for i in chosen],
    )


def _shortened(takes: list[Take]) -> list[Take]:
    """Every take's beginning, so that all together have at most `MOST_MOTION` frames."""
    count = max(2, MOST_MOTION // len(takes))
    return [
        dataclasses.replace(
            take,
            controls=take.controls[:count],
            head_pose=take.head_pose[:count],
            tracked=None if take.tracked is None else take.tracked[:count],
            pictured=take.pictured[take.pictured < count],
        )
        for take in takes
    ]


class Previews:
    """Writes a preview now and then, on a thread of its own; use as a context."""

    def __init__(
        self, sample: Sample, folder: Path, tell: Tell, interval: float = INTERVAL
    ) -> None:
        """Prepare.

        Args:
            sample: What the previews are built with.
            folder: Where they are written.
            tell: Told of each.
            interval: Seconds from the end of one to the begin of the next.
        """
        self._sample, self._folder, self._tell = sample, Path(folder), tell
        self._interval, self._ended = interval, threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, networks: list[RegionNetwork]) -> None:
        """Begin; `networks` are the ones that change as training goes."""
        self._thread = threading.Thread(
            target=self._run, args=(networks,), name="previews", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> "Previews":
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, networks: list[RegionNetwork]) -> None:
        torch.set_num_threads(1)  # counts for this thread; the cores belong to the training
        while not self._ended.is_set():
            try:
                self._tell(*write_preview(self._sample, networks, self._folder))
            except (NeuralFaceError, ValueError, RuntimeError):
                log.warning("no preview", exc_info=True)
            self._ended.wait(self._interval)


def write_preview(
    sample: Sample, networks: list[RegionNetwork], folder: Path
) -> tuple[Path, Path, list[float]]:
    """Write head file and picture of networks that may be in training.

    Returns:
        Head file, picture, code (Z,) of the frame in the picture.
    """
    frozen = [copy.deepcopy(network).eval() for network in networks]
    data = sample.data
    file = build_head(sample.performance, data, Training(frozen))
    write_head_file(folder / PREVIEW, file)
    write_bytes(folder / PICTURE, _picture(data, frozen, sample.shown))
    head = Head(file, "cpu")
    take, frame = data.frames[sample.shown]
    code = head.encode(data.vertices[sample.shown], *sample.performance.texture(take, frame))
    return folder / PREVIEW, folder / PICTURE, [round(float(value), 4) for value in code]


def _picture(data: TrainingData, networks: list[RegionNetwork], frame: int) -> bytes:
    """PNG: the frame's regions above, what the networks make of them below."""
    columns = []
    for region, network in zip(data.regions, networks, strict=True):
        true = region.texture[frame]
        arrays = (region.texture[frame, None], region.seen[frame, None], region.geometry[frame])
        device = network.basis.device
        texture, seen, geometry = (torch.from_numpy(np.ascontiguousarray(a)) for a in arrays)
        with torch.inference_mode():
            residual = network.residual(texture.to(device), seen.to(device))
            code = network.encode(residual, geometry[None].to(device))[0]
            made = network.decode_texture(code)[0].cpu().numpy()
        tiles = [true, np.rint(made.clip(0, 1) * 255).astype(np.uint8)]
        columns.append(np.concatenate([_tile(tile) for tile in tiles]))
    sheet = cv2.cvtColor(np.concatenate(columns, 1), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", sheet)[1].tobytes()


def _tile(texture: np.ndarray) -> np.ndarray:
    return cv2.resize(texture, (TILE, TILE), interpolation=cv2.INTER_AREA)
