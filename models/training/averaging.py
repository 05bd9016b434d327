"""What trainers' tasks share: Adam with a cosine schedule, and averaged weights that are kept."""

import copy
import math
from typing import Protocol

import torch
from torch import Tensor, nn


class Averaging(Protocol):
    """What a configuration says about it.

    Attributes:
        learning_rate: After the warm-up; it falls to a hundredth along a cosine.
        average: Decay of the averaged weights.
    """

    learning_rate: float
    average: float


class AveragedTask:
    """Mixin of a trainer's task: Adam, cosine schedule, averaged weights of some networks."""

    def __init__(self, networks: list[nn.Module], config: Averaging) -> None:
        self._networks, self._config = networks, config
        self._averages = [copy.deepcopy(n).eval().requires_grad_(False) for n in networks]
        parameters = [p for n in networks for p in n.parameters()]
        self._optimizer = torch.optim.AdamW(
            parameters, config.learning_rate, betas=(0.9, 0.98), weight_decay=0.02
        )
        self._taken = 0

    def _descend(self, loss: Tensor, fraction: float) -> None:
        warm = min(1.0, (self._taken + 1) / 50)
        rate = self._config.learning_rate * warm
        rate *= 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(fraction, 1.0)))
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        parameters = [p for group in self._optimizer.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(parameters, 1.0)
        self._optimizer.step()
        self._taken += 1
        decay = min(self._config.average, self._taken / (self._taken + 10))
        with torch.no_grad():
            for network, average in zip(self._networks, self._averages, strict=True):
                pairs = zip(
                    average.state_dict().values(), network.state_dict().values(), strict=True
                )
                for kept, new in pairs:
                    kept.lerp_(new, 1 - decay) if kept.is_floating_point() else kept.copy_(new)

    def finish(self) -> None:
        """Put the averaged weights into the networks, ready for use."""
        for network, average in zip(self._networks, self._averages, strict=True):
            network.load_state_dict(average.state_dict())
            network.eval().requires_grad_(False)

    def state(self) -> dict:
        """For a checkpoint."""
        return {
            "networks": [n.state_dict() for n in self._networks],
            "averages": [n.state_dict() for n in self._averages],
            "optimizer": self._optimizer.state_dict(),
            "taken": self._taken,
        }

    def restore(self, state: dict) -> None:
        """Continue from `state`."""
        for name, networks in (("networks", self._networks), ("averages", self._averages)):
            for network, values in zip(networks, state[name], strict=True):
                network.load_state_dict(values)
        self._optimizer.load_state_dict(state["optimizer"])
        self._taken = int(state["taken"])
