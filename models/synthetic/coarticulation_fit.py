"""Fit the coarticulation model to the recorded sentences by gradient descent.

    python -m models.synthetic.coarticulation_fit ../shared/data/spoken_english

writes `data/coarticulation.npz` (deterministic; well under a minute on one core).
"""

import argparse
import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..files import write_arrays
from .coarticulation import (
    DURATION_LIMITS,
    LARGEST_SHIFT,
    NEIGHBOURS,
    PARAMETERS,
    CoarticulationModel,
)
from .lipspace import LipSpace, displacement
from .spoken import SpokenEnglish
from .units import FITTED, UNITS, WEAK, WEAK_DOMINANCE, expand, tied

log = logging.getLogger(__name__)
RANK = 4
EPOCHS = 30
CONTEXT_DROPPED = 0.5
"""Share of steps without the context term: targets must mean something in words never seen."""
BATCH = 64
RATE = 0.03
DECAY = 0.03
TYPICAL_RATE = float(np.log(12.0))
OPENING_WEIGHT = 2.0
SILENT_WEIGHT = 0.1


@dataclass(frozen=True)
class SentenceBatch:
    """Sentences padded to equal length: B sentences, U units, T frames, K features."""

    index: Tensor
    start: Tensor
    end: Tensor
    present: Tensor
    features: Tensor
    weight: Tensor
    times: Tensor

    def part(self, rows: Tensor) -> "SentenceBatch":
        """Some of the sentences."""
        values = {name: value[rows] for name, value in vars(self).items() if name != "times"}
        return replace(self, **values)


class Dominance(torch.nn.Module):
    """The differentiable twin of `CoarticulationModel`, for whole batches."""

    typical: Tensor

    def __init__(self, units: int, features: int, typical: Tensor, rank: int = RANK) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)

        def free(*shape: int, value: float = 0.0) -> torch.nn.Parameter:
            return torch.nn.Parameter(torch.full(shape, value))

        self.target, self.strength = free(units, features), free(units, features)
        self.onset = free(units, features, value=TYPICAL_RATE)
        self.offset = free(units, features, value=TYPICAL_RATE)
        self.peak, self.shift = free(units, features), free(units, features)
        self.lengthening = free(units, features)
        start = 0.1 * torch.randn(len(NEIGHBOURS), units, rank, generator=generator)
        self.context_in = torch.nn.Parameter(start)
        self.context_out = free(len(NEIGHBOURS), units, rank, features)
        self.register_buffer("typical", typical)

    def forward(self, batch: SentenceBatch, context: bool = True) -> Tensor:
        """Features (B, T, K), with or without the neighbours' effect on the targets."""
        index = batch.index
        duration = (batch.end - batch.start).clamp(*DURATION_LIMITS)
        length = torch.tanh(duration.log() - self.typical[index])[..., None]
        targets = self.target[index] + self.lengthening[index] * length
        padded = torch.nn.functional.pad(index, (2, 2))
        for place, step in enumerate(NEIGHBOURS if context else ()):
            near = self.context_in[place][padded[:, 2 + step : 2 + step + index.shape[1]]]
            targets = targets + torch.einsum("bur,burk->buk", near, self.context_out[place][index])
        middle = ((batch.start + batch.end) / 2)[..., None]
        peak = middle + duration[..., None] / 2 * torch.tanh(self.peak[index])
        peak = peak + LARGEST_SHIFT * torch.tanh(self.shift[index])
        distance = batch.times[None, :, None, None] - peak[:, None]
        onset, offset = self.onset[index][:, None].exp(), self.offset[index][:, None].exp()
        dominance = (
            self.strength[index][:, None]
            - torch.where(distance < 0, onset, offset) * distance.abs()
        )
        dominance = dominance.masked_fill(~batch.present[:, None, :, None], -1e4)
        return (torch.softmax(dominance, dim=2) * targets[:, None]).sum(2)

    def penalty(self) -> Tensor:
        """Keeps rarely seen units near the typical."""
        plain = (self.strength, self.peak, self.shift)
        rates = (self.onset - TYPICAL_RATE, self.offset - TYPICAL_RATE)
        total = sum((value**2).mean() for value in (*plain, *rates))
        context = 3 * (self.context_in**2).mean() + 30 * (self.context_out**2).mean()
        targets = 0.1 * (self.target**2).mean() + 3 * (self.lengthening**2).mean()
        return total + targets + context


def make_batch(data: SpokenEnglish, lips: LipSpace) -> SentenceBatch:
    """The training sentences as one padded batch."""
    sentences = data.train
    units = [expand(sentence.phones) for sentence in sentences]
    frames = max(len(s.lips) for s in sentences)
    shape = len(sentences), max(len(u.index) for u in units)
    index, present = np.zeros(shape, np.int64), np.zeros(shape, bool)
    start, end = np.zeros(shape, np.float32), np.ones(shape, np.float32)
    features = np.zeros((len(sentences), frames, len(lips.shapes) + 1), np.float32)
    weight = np.zeros((len(sentences), frames), np.float32)
    for row, (sentence, unit) in enumerate(zip(sentences, units, strict=True)):
        count, length = len(unit.index), len(sentence.lips)
        index[row, :count], present[row, :count] = unit.index, True
        start[row, :count], end[row, :count] = unit.start, unit.end
        moved = displacement(sentence, data, lips.neutral)
        features[row, :length] = lips.encode(moved, data.opening(sentence.lips))
        weight[row, :length] = np.where(sentence.speaking, 1 + SILENT_WEIGHT, SILENT_WEIGHT)
        weight[row, :length] *= sentence.measured
    times = np.arange(frames, dtype=np.float32) / sentences[0].fps
    arrays = (index, start, end, present, features, weight, times)
    return SentenceBatch(*(torch.from_numpy(array) for array in arrays))


def fit(data: SpokenEnglish, epochs: int = EPOCHS, seed: int = 0) -> CoarticulationModel:
    """Fit to the sentences that fits may see; the same seed gives the same model."""
    torch.manual_seed(seed)
    lips = LipSpace.fit(data)
    batch = make_batch(data, lips)
    model = Dominance(len(FITTED), batch.features.shape[-1], _typical(batch))
    steps = epochs * int(np.ceil(len(batch.index) / BATCH))
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    scale = torch.ones(batch.features.shape[-1])
    scale[0] = OPENING_WEIGHT
    for epoch in range(epochs):
        for rows in torch.randperm(len(batch.index)).split(BATCH):
            part = batch.part(rows)
            weight = part.weight[..., None] * scale
            found = model(part, context=bool(torch.rand(()) >= CONTEXT_DROPPED))
            loss = ((found - part.features) ** 2 * weight).sum() / weight.sum()
            optimizer.zero_grad()
            (loss + DECAY * model.penalty()).backward()
            optimizer.step()
            schedule.step()
        log.info("epoch %d of %d: loss %.4f", epoch + 1, epochs, loss.item())
    return _finished(model, lips)


def _typical(batch: SentenceBatch) -> Tensor:
    length = (batch.end - batch.start).clamp(*DURATION_LIMITS).log()
    index, length = batch.index[batch.present], length[batch.present]
    total = torch.zeros(len(FITTED)).index_add(0, index, length)
    count = torch.zeros(len(FITTED)).index_add(0, index, torch.ones_like(length))
    return total / count.clamp(min=1)


def _finished(model: Dominance, lips: LipSpace) -> CoarticulationModel:
    """Add the tied units."""
    values = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    for name, value in values.items():
        if name.startswith("context"):
            values[name] = np.stack([tied(part) for part in value])
        else:
            values[name] = tied(value)
    for name in WEAK:
        values["strength"][UNITS.index(name)] += WEAK_DOMINANCE
    return CoarticulationModel(lips=lips, **values)


def main() -> None:
    """Refit and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path, help="folder of the recorded speech")
    parser.add_argument("--output", type=Path, default=PARAMETERS)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    torch.set_num_threads(1)
    write_arrays(options.output, **fit(SpokenEnglish.open(options.recording)).arrays())


if __name__ == "__main__":
    main()
