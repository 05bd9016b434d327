"""What learns: networks under one optimiser, its rate's schedule, and averaged weights."""

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import PARAM_LIST, AveragedModel, get_ema_multi_avg_fn

Schedule = Callable[[int, float], float]
"""Steps done and how far the training is (0…1) → factor on the learning rate."""
LONGEST_MEMORY = 10
"""Averages weigh their first steps as if so many had been done before."""


def cosine(fraction: float, end: float) -> float:
    """From 1 to `end` along half a cosine."""
    return end + (1 - end) * 0.5 * (1 + math.cos(math.pi * min(fraction, 1.0)))


def warm_steps(steps: int, end: float) -> Schedule:
    """A rise over so many steps, and a cosine down to `end`."""
    return lambda done, fraction: min(1.0, (done + 1) / steps) * cosine(fraction, end)


def warm_share(share: float, end: float) -> Schedule:
    """A rise over a share of the training, and a cosine down to `end`."""

    def factor(_done: int, fraction: float) -> float:
        return (min(1.0, (fraction + 1e-3) / share) if share else 1.0) * cosine(fraction, end)

    return factor


class Learner:
    """Networks under one optimiser."""

    def __init__(
        self,
        networks: Sequence[nn.Module],
        optimizer: torch.optim.Optimizer,
        schedule: Schedule,
        clip: float = math.inf,
    ) -> None:
        """Begin a training.

        Args:
            networks: Whose parameters the optimiser has.
            optimizer: At its full learning rates.
            schedule: Of the rates.
            clip: Greatest norm of the gradient.
        """
        self._networks, self._optimizer = nn.ModuleList(networks), optimizer
        self._schedule, self._clip = schedule, clip
        self._rate: LambdaLR | None = None
        self._done, self._fraction = 0, 0.0

    def descend(self, loss: Tensor, fraction: float) -> bool:
        """One step down the loss's gradient; none where the loss is no number.

        Args:
            loss: Of this step.
            fraction: How far the training is, 0…1.

        Returns:
            Whether a step was done.
        """
        self._set_rate(fraction)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self._networks.parameters(), self._clip)
        if not torch.isfinite(loss):
            return False
        self._optimizer.step()
        self._done += 1
        return True

    def _set_rate(self, fraction: float) -> None:
        """By how far the training is, which may be a matter of time: nobody knows it beforehand."""
        self._fraction = fraction
        if self._rate is not None:
            self._rate.step()
            return
        self._rate = LambdaLR(
            self._optimizer,
            lambda done: self._schedule(done, self._fraction),
            last_epoch=self._done - 1,
        )

    def state(self) -> dict:
        """For a checkpoint."""
        return {
            "networks": self._networks.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "done": self._done,
        }

    def restore(self, state: dict) -> None:
        """Continue from `state`."""
        self._networks.load_state_dict(state["networks"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._done, self._rate = int(state["done"]), None


class AveragedLearner(Learner):
    """Networks whose averaged weights are what is kept.

    Attributes:
        averages: Networks of the averaged weights, in evaluation mode.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        optimizer: torch.optim.Optimizer,
        schedule: Schedule,
        average: "Average",
        clip: float = 1.0,
    ) -> None:
        super().__init__(networks, optimizer, schedule, clip)
        self._average = AveragedModel(self._networks, multi_avg_fn=average)
        self._average.eval().requires_grad_(False)
        self._average.update_parameters(self._networks)  # the start counts as the first
        self.averages = list(self._average.module.children())

    def descend(self, loss: Tensor, fraction: float) -> bool:
        """One step, which the averages follow."""
        stepped = super().descend(loss, fraction)
        if stepped:
            self._average.update_parameters(self._networks)
        return stepped

    def finish(self) -> None:
        """Put the averaged weights into the networks, ready for use."""
        self._networks.load_state_dict(self._average.module.state_dict())
        self._networks.eval().requires_grad_(False)

    def state(self) -> dict:
        """For a checkpoint."""
        return super().state() | {"average": self._average.state_dict()}

    def restore(self, state: dict) -> None:
        """Continue from `state`."""
        super().restore(state)
        self._average.load_state_dict(state["average"])


Average = Callable[[PARAM_LIST, PARAM_LIST, Tensor | int], None]
"""Moves averages towards the weights of now; told how many were averaged before."""


def warmed_average(decay: float, lead: int = 0) -> Average:
    """An exponential average whose memory is short at first: the start is soon forgotten.

    Args:
        decay: In the long run.
        lead: Steps by which the memory is longer at first.
    """

    def follow(averages: PARAM_LIST, weights: PARAM_LIST, count: Tensor | int) -> None:
        now = min(decay, (int(count) + lead) / (int(count) + LONGEST_MEMORY))
        get_ema_multi_avg_fn(now)(averages, weights, count)

    return follow


class SequenceConfig(Protocol):
    """What a configuration says of networks that read or write motion."""

    @property
    def learning_rate(self) -> float:
        """After the warm-up; it falls to a hundredth along a cosine."""
        ...

    @property
    def average(self) -> float:
        """Decay of the averaged weights."""
        ...


def sequence_learner(networks: Sequence[nn.Module], config: SequenceConfig) -> AveragedLearner:
    """As all networks learn that read or write motion."""
    parameters = [p for network in networks for p in network.parameters()]
    optimizer = torch.optim.AdamW(
        parameters, config.learning_rate, betas=(0.9, 0.98), weight_decay=0.02
    )
    return AveragedLearner(
        networks, optimizer, warm_steps(50, 0.01), warmed_average(config.average)
    )
