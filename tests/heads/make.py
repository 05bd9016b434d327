"""Makes the stored heads anew: `python -m tests.heads.make`, by the same code as real ones.

Training differs from CPU to CPU, so what comes out is committed together with its SHA-256
(and `saved.blend`, which names the head by it, is written anew as `saved.py` says). Needed
when `tests/tiny.py` or what a head file holds changes; tests of training itself train for
themselves.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from unittest import mock

import torch
from torch import nn

from models.actor import Actor
from models.head.file import HeadFile, write_head_file
from models.head.training import region_task
from models.head.training.build_head import build_head
from models.head.training.region_data import load_training_data
from models.head.training.region_task import TrainingConfig
from models.head.training.train_regions import train_regions
from models.style.training import build_style
from models.style.training.style_task import StyleConfig
from models.video.training import build_video
from models.video.training.video_task import VideoConfig
from tests import tiny
from tests.heads import FOLDER, SUMS, TINY

STEPS = {"regions": 60, "style": 400, "video": 150}
"""Enough that styles differ, lips move and eyes follow; a minute in all."""
BITS = 3
"""Of a weight's mantissa that are kept, so that it is stored in half the bytes."""


@contextmanager
def _narrow_networks() -> Iterator[None]:
    """Networks as narrow as their sizes in a head file allow."""
    narrow = (
        (region_task, "RegionDims", {"hidden": 24, "width": 24}),
        (build_style, "StyleDims", {"width": 40}),
        (build_video, "VideoDims", {"width": 40, "hidden": 24}),
    )
    with ExitStack() as stack:
        for module, name, sizes in narrow:
            made = partial(getattr(module, name), **sizes)
            stack.enter_context(mock.patch.object(module, name, made))
        yield


def _round_weights(network: nn.Module) -> None:
    """Keep `BITS` of the mantissa of a trained network's large weights."""
    with torch.no_grad():
        for value in network.parameters():
            if value.ndim > 1:
                mantissa, exponent = torch.frexp(value.float())
                value.copy_(torch.ldexp((mantissa * 2**BITS).round() / 2**BITS, exponent))


def tiny_head(folder: Path) -> HeadFile:
    """The contents of `TINY`; what it is learnt from is made in `folder`."""
    performance = tiny.tiny_performance(folder / "performance")
    data = load_training_data(performance)
    config = TrainingConfig(steps=STEPS["regions"], batch=2, mixed=False)
    training = train_regions(data, config, "cpu", code_sizes=tiny.CODE_SIZES)
    for network in training.networks:
        _round_weights(network)
    file = build_head(performance, data, training)
    head = Actor(file, "cpu")
    footage = tiny.tiny_footage(folder / "footage", performance.takes)
    return _with_video(head, footage, _with_speech(head, file))


def _with_speech(head: Actor, file: HeadFile) -> HeadFile:
    space = build_style.style_space

    def rounded(networks: nn.Module, *args: object) -> build_style.StyleSpace:
        _round_weights(networks)
        return space(networks, *args)

    with mock.patch.object(build_style, "style_space", rounded):
        config = StyleConfig(minutes=None, steps=STEPS["style"], batch=8)
        return build_style.make_style(head, config)[0].stored(file)


def _with_video(head: Actor, footage: Path, file: HeadFile) -> HeadFile:
    extractor = build_video.extractor_of("landmarks")
    data = build_video.video_data(head, footage, extractor)
    config = VideoConfig(minutes=None, steps=STEPS["video"], batch=8)
    networks, _ = build_video.train_video(head, data, config)
    _round_weights(networks)
    return build_video.video_model(head, data, networks, extractor.name).stored(file)


def main() -> None:
    """Make the files and write down what they are."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder, _narrow_networks():
        write_head_file(TINY, tiny_head(Path(folder)))
    stored = sorted(FOLDER.glob("*.nface"))
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in stored]
    SUMS.write_text("".join(f"{d}  {p.name}\n" for d, p in zip(digests, stored, strict=True)))


if __name__ == "__main__":
    main()
