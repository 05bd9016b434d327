"""Training of the speech networks: core with style encoder, the priors, then their samplers."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional

from ...training.learner import sequence_learner
from ...training.losses import kl_to_normal, smooth_error
from ..style_network import (
    DOWN,
    StyleNetworks,
    conditions,
)
from ..style_scale import StyleScale
from .style_data import StyleBatch, StyleData, batch_of, jittered


@dataclass(frozen=True)
class StyleConfig:
    """How to train."""

    minutes: float | None = 30.0
    """For all networks together; None trains by `steps`."""
    steps: int | None = None
    """Optimisation steps of the core network; the others take part of it by `shares`."""
    shares: tuple[float, ...] = (0.62, 0.22, 0.16)
    """Part of the time for core with encoder, priors, samplers."""
    batch: int = 24
    """Takes in a step."""
    learning_rate: float = 2e-3
    """Step size after the warm-up; it falls to a hundredth along a cosine."""
    lip_weight: float = 2.5
    """Of the lips' vertices in the core's loss, over the codes'."""
    dropout: float = 0.2
    """Of the core network's channels."""
    jitter: float = 0.008
    """Deviation in seconds by which phone times are moved: those of recordings are no more exact,
    and a few words said often are not learnt by heart."""
    change_weight: float = 2.0
    """Of the codes' change from frame to frame."""
    style_kl: float = 2e-3
    """Of the style's divergence from a normal distribution, which keeps what is said out of it."""
    style_dropout: float = 0.1
    """Part of the takes that are played without a style, so that none is a style of its own."""
    style_noise: float = 0.3
    """Deviation added to the style that the samplers are told, lest they know takes by it."""
    style_window: tuple[float, float] = (0.4, 0.8)
    """Part of a take that the style encoder sees; the core has to play all of it."""
    average: float = 0.998
    """Decay of the averaged weights that are kept."""
    seed: int = 0
    """Of everything random."""

    def to_dict(self) -> dict:
        """For head.json."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


class TakeBatchSampler:
    """Draws takes so that every kind of take counts alike, whatever there is more of."""

    def __init__(self, data: StyleData, config: StyleConfig) -> None:
        self._train, self._scale = data.train, data.scale
        self._batch, self._jitter = config.batch, config.jitter
        kinds = [item.take.kind for item in data.train]
        share = {kind: 1 / kinds.count(kind) for kind in set(kinds)}
        self._weights = torch.tensor([share[kind] for kind in kinds])

    def __call__(self, generator: torch.Generator) -> StyleBatch:
        """A batch."""
        count = min(self._batch, len(self._train))
        rows = torch.multinomial(self._weights, count, generator=generator)
        chosen = [jittered(self._train[row], self._jitter, generator) for row in rows.tolist()]
        return batch_of(chosen, self._scale)


class CoreTask:
    """Core network and style encoder, together."""

    def __init__(self, networks: StyleNetworks, data: StyleData, config: StyleConfig) -> None:
        self._config = config
        self._core, self._encoder = networks.core, networks.encoder
        self._choose = TakeBatchSampler(data, config)
        self._lips = lip_map(data.scale)
        self.learners = (sequence_learner([networks.core, networks.encoder], config),)

    def step(self, generator: torch.Generator, fraction: float) -> dict[str, float]:
        """One step; the style comes from a part of the take, the whole take is played."""
        batch = self._choose(generator)
        seen = style_window(batch.mask, self._config.style_window, generator)
        mean, log_variance = self._encoder(batch.motion, seen)
        noise = torch.randn(mean.shape, generator=generator)
        style = mean + noise * (0.5 * log_variance).exp()
        kept = torch.rand((len(mean), 1), generator=generator) >= self._config.style_dropout
        style = style * kept
        made = self._core(batch.labels, style[..., None].expand(-1, -1, batch.mask.shape[-1]))
        codes, change, lips = core_losses(made, batch, self._lips)
        kl = kl_to_normal(mean, log_variance)
        config = self._config
        loss = codes + config.change_weight * change + config.lip_weight * lips
        self.learners[0].descend(loss + config.style_kl * kl, fraction)
        return {
            "codes": codes.item(),
            "change": change.item(),
            "lips": lips.item(),
            "kl": kl.item(),
        }


def lip_map(scale: StyleScale) -> Tensor:
    """(Z, 3 P): lips in their own deviations per deviation of the codes."""
    moved = torch.from_numpy(scale.lips * scale.deviation[:-6, None])
    return moved / moved.norm(dim=0).mean()


def core_losses(made: Tensor, batch: StyleBatch, lips: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean absolute errors of codes and pose, of their change, of the lips; 1 is a bad guess."""
    apart = (made - batch.motion) * batch.mask
    frames, channels = batch.mask.sum().clamp_min(1), made.shape[1]
    codes = smooth_error(apart, frames, channels)
    change = smooth_error(apart[..., 1:] - apart[..., :-1], frames, channels)
    moved = torch.einsum("bzt,zp->bpt", apart[:, :-6], lips)
    return codes, change, smooth_error(moved, frames, lips.shape[1])


def style_window(mask: Tensor, share: tuple[float, float], generator: torch.Generator) -> Tensor:
    """Masks (B, 1, T) of a random part of each sequence."""
    count = mask.sum(2, keepdim=True)
    low, high = share
    length = count * (low + (high - low) * torch.rand(count.shape, generator=generator))
    start = (count - length) * torch.rand(count.shape, generator=generator)
    frame = torch.arange(mask.shape[2])
    return mask * ((frame >= start) & (frame < start + length)).float()


class PriorTask:
    """Both priors learn to give back what they are shown, through their quantised latents."""

    def __init__(self, networks: StyleNetworks, data: StyleData, config: StyleConfig) -> None:
        self._networks, self._data = networks, data
        self.learners = (sequence_learner([networks.eyes, networks.head], config),)
        self._choose = TakeBatchSampler(data, config)

    def step(self, generator: torch.Generator, fraction: float) -> dict[str, float]:
        """One step."""
        batch = self._choose(generator)
        style = styles_of(self._networks, batch)
        losses = {}
        for name, signal in signals(batch.motion, self._data).items():
            prior = getattr(self._networks, name)
            latents = prior.encode(signal * batch.mask)
            made = prior.decode(latents, style.expand(-1, -1, latents.shape[-1]))
            losses[name] = prior_loss(made, signal, batch.mask)
        self.learners[0].descend(sum(losses.values(), torch.zeros(())), fraction)
        return {name: loss.item() for name, loss in losses.items()}


def prior_loss(made: Tensor, signal: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error of (B, C, T) and, twice, of its change; mask (B, 1, T)."""
    apart = (made - signal) * mask
    change = apart[..., 1:] - apart[..., :-1]
    return (apart.abs().sum() + 2 * change.abs().sum()) / (mask.sum() * made.shape[1])


class SamplerTask:
    """The samplers learn how the priors' latents go on."""

    def __init__(self, networks: StyleNetworks, data: StyleData, config: StyleConfig) -> None:
        self._config, self._networks, self._data = config, networks, data
        samplers = [networks.eyes_sampler, networks.head_sampler]
        self.learners = (sequence_learner(samplers, config),)
        self._choose = TakeBatchSampler(data, config)

    def step(self, generator: torch.Generator, fraction: float) -> dict[str, float]:
        """One step."""
        batch, networks = self._choose(generator), self._networks
        style = styles_of(networks, batch)
        style = style + self._config.style_noise * torch.randn(style.shape, generator=generator)
        condition = conditions(batch.labels)
        with torch.no_grad():
            latents = {
                name: getattr(networks, name).encode(signal * batch.mask)
                for name, signal in signals(batch.motion, self._data).items()
            }
        inside = batch.mask[:, 0, DOWN - 1 :: DOWN]
        style = style.expand(-1, -1, condition.shape[-1])
        losses = {}
        for name, given in (
            ("eyes", condition),
            ("head", torch.cat([condition, latents["eyes"]], 1)),
        ):
            sampler, prior = getattr(networks, f"{name}_sampler"), getattr(networks, name)
            logits = sampler(latents[name], given, style)
            wanted = prior.index(latents[name]).transpose(1, 2)
            losses[name] = latent_loss(logits, wanted, inside)
        self.learners[0].descend(sum(losses.values(), torch.zeros(())), fraction)
        return {name: loss.item() for name, loss in losses.items()}


def latent_loss(logits: Tensor, wanted: Tensor, inside: Tensor) -> Tensor:
    """Mean cross-entropy of levels (B, N, D, L) where `wanted` (B, N, D) and `inside` (B, N)."""
    miss = functional.cross_entropy(logits.permute(0, 3, 1, 2), wanted, reduction="none")
    return (miss.mean(2) * inside).sum() / inside.sum()


def styles_of(networks: StyleNetworks, batch: StyleBatch) -> Tensor:
    """Style vectors (B, S, 1) of whole sequences."""
    with torch.no_grad():
        return networks.encoder(batch.motion, batch.mask)[0][..., None]


def signals(motion: Tensor, data: StyleData) -> dict[str, Tensor]:
    """What each prior is shown (B, C, T) of normalised motion (B, Z + 6, T)."""
    scale = data.scale
    deviation = torch.from_numpy(scale.deviation)[:, None]
    codes = motion[:, :-6] * deviation[:-6]
    mouth, face = (codes[:, data.regions[name]] for name in ("mouth", "face"))
    rest = face - torch.einsum("bmt,mf->bft", mouth, torch.from_numpy(scale.follow))
    rest = rest / deviation[:-6][data.regions["face"]]
    eyes = [motion[:, data.regions[name]] for name in ("left_eye", "right_eye")]
    return {"eyes": torch.cat([*eyes, rest], 1), "head": motion[:, -6:]}
