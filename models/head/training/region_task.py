"""Training of a region's network: losses, discriminator, schedule, averaged weights."""

import copy
import math
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import CaptureError
from ...mesh import REGION_NAMES
from ..region_network import (
    Discriminator,
    RegionDims,
    RegionNetwork,
    arranged,
    has_bfloat16,
    spread_out,
)
from .region_data import RegionData
from .region_pca import JointPCA, fit_joint_pca

CODE_SIZES = {"mouth": 24, "left_eye": 10, "right_eye": 10, "face": 16}
BUDGETS = {"mouth": 4096, "left_eye": 2304, "right_eye": 2304, "face": 4096}
"""Convolutions' size (`RegionDims.budget`) of each region."""
UNSEEN = 0.02
"""How much texels count that nobody saw: enough to keep them near the mean."""
DETAIL_PATCH = 8
"""Side of the patches whose detail is compared."""
LEAST_TEXTURE = 1e-6
"""Mean squared error (60 dB) below which a PCA texture counts as perfect, to weigh the losses."""
LEAST_GEOMETRY = 1e-3
"""The same for geometry, as a part of its variance."""


@dataclass(frozen=True)
class TrainingConfig:
    """How to train."""

    steps: int | None = None
    """Optimisation steps of each region; None trains by `minutes` alone."""
    minutes: float | None = None
    """Minutes for all regions together, shared out by `shares`."""
    shares: tuple[float, ...] = (0.48, 0.07, 0.07, 0.38)
    """Part of `minutes` for mouth, left eye, right eye and face."""
    batch: int = 4
    """Frames in a step."""
    learning_rate: float = 2e-3
    """Adam's step size after the warm-up; it falls to a fiftieth along a cosine."""
    warm_up: float = 0.02
    """Part of the training in which the learning rate rises."""
    geometry_weight: float = 1.5
    """Of the vertex loss; both losses are 1 for the PCA the training starts from."""
    detail_weights: tuple[float, ...] = (6.0, 4.0, 4.0, 0.0)
    """Of the difference in local fine detail's amplitude, which a squared error lets fade, for each
    region; the face's own detail stands still and comes with its mean."""
    kl_weight: float = 2e-4
    """Of the divergence from a normal distribution, which keeps codes near the capture smooth."""
    gan: bool = True
    """Whether a discriminator judges decoded textures."""
    gan_weight: float = 0.05
    """Of the discriminator's verdict in the decoder's loss."""
    gan_start: float = 0.3
    """Part of the training before the discriminator's verdict counts."""
    gan_crop: int = 96
    """Side of the texture crops that the discriminator sees."""
    average: float = 0.998
    """Decay of the averaged weights that become the head; less in the first steps."""
    mixed: bool | None = None
    """Convolutions in bfloat16; None where the processor has it."""
    seed: int = 0
    """Of everything random."""

    def to_dict(self) -> dict:
        """For the training figures in head.json."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


def start_network(
    data: RegionData, train: np.ndarray, config: TrainingConfig, code: int
) -> RegionNetwork:
    """A network that equals the joint PCA of the training frames.

    Raises:
        CaptureError: There are too few training frames for the code.
    """
    count, side = int(train.sum()), data.region.resolution
    if count <= code + 2:
        raise CaptureError(
            f"Training needs more than {code + 2} pictured training frames, there are {count}."
        )
    dims = RegionDims(
        code=code,
        geometry=data.geometry.shape[1],
        vertices=len(data.basis.index),
        resolution=side,
        encoder_resolution=min(side, 128 if side % 128 == 0 else 96),
        budget=BUDGETS[data.region.name],
    )
    full = fit_joint_pca(
        data.texture[train], data.seen[train], data.owned, data.geometry[train], code
    )
    torch.manual_seed(config.seed)
    network = RegionNetwork(dims)
    _set_buffers(network, data, full, train)
    return network


def _set_buffers(
    network: RegionNetwork, data: RegionData, pca: JointPCA, train: np.ndarray
) -> None:
    mean, basis, weight = (
        arranged(torch.from_numpy(texels)).permute(0, 2, 3, 1).flatten(1)
        for texels in (pca.mean[None], pca.basis, pca.weight[None, ..., None])
    )
    buffers = {
        "mean": mean[0],
        "basis": basis,
        "weight": weight[0],
        "texture_gain": pca.texture_gain,
        "geometry_gain": pca.geometry_gain,
        "geometry_basis": pca.geometry_basis,
        "geometry_unit": max(float(data.geometry[train].std()), 1e-6),
        "vertex_mean": data.basis.mean,
        "vertex_basis": data.basis.basis,
        "vertex_weight": data.basis.weight,
    }
    for name, value in buffers.items():
        getattr(network, name).copy_(torch.as_tensor(value))


class RegionTask:
    """One region's training, step by step (a `trainer.Task`)."""

    def __init__(
        self, network: RegionNetwork, data: RegionData, train: np.ndarray, config: TrainingConfig
    ) -> None:
        """Put network and training frames on the network's device."""
        self.config = config
        device = network.basis.device
        self.network = network.to(memory_format=torch.channels_last)
        network.mixed = has_bfloat16(device) if config.mixed is None else config.mixed
        self.average = copy.deepcopy(network).requires_grad_(False)
        self._updates = 0
        self._detail_weight = config.detail_weights[REGION_NAMES.index(data.region.name)]
        torch.manual_seed(config.seed + 1)
        self.critic = Discriminator().to(device)
        keep = device if device.type == "cuda" else torch.device("cpu")
        arrays = (data.texture[train], data.seen[train], data.geometry[train])
        self._texture, self._seen, self._geometry = (torch.from_numpy(a).to(keep) for a in arrays)
        self._owned = arranged(torch.from_numpy(data.owned)[None, ..., None]).to(device)
        self._optimizers = (
            torch.optim.Adam(network.parameters(), config.learning_rate, betas=(0.9, 0.99)),
            torch.optim.Adam(self.critic.parameters(), config.learning_rate / 2, betas=(0.5, 0.99)),
        )
        self._linear, self._texture_unit, self._geometry_unit = self._start_errors()

    def _batch(self, index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Residuals (batch, 12, R/2, R/2), weights (batch, 4, …), coefficients (batch, K)."""
        device = self._owned.device
        texture, seen, geometry = (
            a[index.to(a.device)].to(device) for a in (self._texture, self._seen, self._geometry)
        )
        weight = (arranged(seen[..., None]).float() / 255).clamp_min(UNSEEN) * self._owned
        return self.network.residual(texture, seen), weight, geometry

    def _start_errors(self) -> tuple[Tensor, float, float]:
        """Linear codes of all frames and the PCA's own losses, which become 1."""
        codes, errors = [], []
        with torch.no_grad():
            for part in torch.arange(len(self._texture)).split(8):
                residual, weight, geometry = self._batch(part)
                code = self.network.linear_code(residual, geometry)
                miss = self.network.decode_residual(code) - residual
                lost = self.network.decode_geometry(code) - geometry
                errors.append((float(_mean(miss**2, weight)), float((lost**2).sum(1).mean())))
                codes.append(code)
        texture, geometry = np.mean(errors, 0)
        spread = float(self._geometry.var(0).sum())
        return torch.cat(codes), max(texture, LEAST_TEXTURE), max(geometry, LEAST_GEOMETRY * spread)

    def step(self, generator: torch.Generator, fraction: float) -> dict[str, float]:
        """One step of the auto-encoder and, when it is on, one of the discriminator."""
        config = self.config
        self._set_rate(fraction)
        index = torch.randint(len(self._texture), (config.batch,), generator=generator)
        residual, weight, geometry = self._batch(index)
        linear = self._linear[index.to(self._linear.device)]
        mu, log_sigma = self.network.encode(residual, geometry, linear)
        noise = torch.randn(mu.shape, generator=generator).to(mu.device)
        code = mu + log_sigma.exp() * noise
        decoded = self.network.decode_residual(code)
        lost = self.network.decode_geometry(code) - geometry
        losses = {
            "texture": _mean((decoded - residual) ** 2, weight) / self._texture_unit,
            "geometry": (lost**2).sum(1).mean() / self._geometry_unit,
            "kl": 0.5 * (mu**2 + (2 * log_sigma).exp() - 1 - 2 * log_sigma).sum(1).mean(),
        }
        total = (
            losses["texture"]
            + config.geometry_weight * losses["geometry"]
            + config.kl_weight * losses["kl"]
        )
        if self._detail_weight:
            losses["detail"] = self._detail_loss(decoded, residual, weight)
            total = total + self._detail_weight * losses["detail"]
        if config.gan and fraction >= config.gan_start:
            pictures = self._crops(decoded, residual, weight, generator)
            losses["gan"] = -self._judge(pictures[0]).mean()
            total = total + config.gan_weight * losses["gan"]
        self._optimizers[0].zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        if all(bool(torch.isfinite(loss)) for loss in losses.values()):
            self._optimizers[0].step()
            self._update_average()
        if "gan" in losses:
            losses["critic"] = self._train_critic(*(picture.detach() for picture in pictures))
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _detail_loss(self, decoded: Tensor, residual: Tensor, weight: Tensor) -> Tensor:
        """Squared difference of the detail's amplitude in patches, in units of the PCA's error.

        A least-squares decoder is too smooth where it is unsure; matching the amplitude costs
        little error, for the detail it draws is right on average.
        """
        mean, shares = self.network.mean_picture, weight.repeat_interleave(3, 1)
        pictures = (_image(p * shares + mean) for p in (decoded, residual))
        made, true = (_amplitude(picture) for picture in pictures)
        share = functional.avg_pool2d(_image(weight), DETAIL_PATCH)
        return ((made - true) ** 2 * share).sum() / (share.sum() * self._texture_unit)

    def _crops(
        self, decoded: Tensor, residual: Tensor, weight: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """The same random crop of decoded and real residuals, in units of the PCA's error."""
        side = min(self.config.gan_crop // 2, decoded.shape[-1])
        room = decoded.shape[-1] - side + 1
        row, column = torch.randint(room, (2,), generator=generator).tolist()
        place = (..., slice(row, row + side), slice(column, column + side))
        shares = (weight, self._owned)  # a residual is zero already where nothing was seen
        made, real = (
            _image(picture[place] * share[place].repeat_interleave(3, 1))
            for picture, share in zip((decoded, residual), shares, strict=True)
        )
        unit = math.sqrt(self._texture_unit)
        return made / unit, real / unit

    def _judge(self, residual: Tensor) -> Tensor:
        with torch.autocast(residual.device.type, torch.bfloat16, enabled=self.network.mixed):
            return self.critic(residual).float()

    def _train_critic(self, decoded: Tensor, real: Tensor) -> Tensor:
        """One step with the hinge loss."""
        self._optimizers[1].zero_grad(set_to_none=True)
        loss = (
            functional.relu(1 + self._judge(decoded)).mean()
            + functional.relu(1 - self._judge(real)).mean()
        )
        loss.backward()
        self._optimizers[1].step()
        return loss

    def _set_rate(self, fraction: float) -> None:
        config = self.config
        rise = min(1.0, (fraction + 1e-3) / config.warm_up) if config.warm_up else 1.0
        fall = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * fraction))
        for optimizer, share in zip(self._optimizers, (1.0, 0.5), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * share * rise * fall

    def _update_average(self) -> None:
        self._updates += 1
        decay = min(self.config.average, (1 + self._updates) / (10 + self._updates))
        with torch.no_grad():
            for mean, value in zip(
                self.average.parameters(), self.network.parameters(), strict=True
            ):
                mean.lerp_(value, 1 - decay)

    def state(self) -> dict:
        """Weights, averages and optimisers; the fixed buffers are made again from the data."""
        parameters = {
            "network": dict(self.network.named_parameters()),
            "average": dict(self.average.named_parameters()),
        }
        state = {
            key: {name: value.detach().cpu() for name, value in values.items()}
            for key, values in parameters.items()
        }
        state["updates"] = self._updates
        state["critic"] = self.critic.state_dict()
        state["optimizers"] = [optimizer.state_dict() for optimizer in self._optimizers]
        return state

    def restore(self, state: dict) -> None:
        """Continue from `state`."""
        self._updates = int(state["updates"])
        for key, module in (("network", self.network), ("average", self.average)):
            missing = module.load_state_dict(state[key], strict=False)
            if missing.unexpected_keys or set(missing.missing_keys) & set(state[key]):
                raise ValueError(f"{key} of another shape")
        self.critic.load_state_dict(state["critic"])
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)


def _amplitude(texture: Tensor) -> Tensor:
    """Root mean square of what a small blur takes away, (batch, 1, H / patch, W / patch)."""
    smooth = texture.contiguous()  # pools of lines over planes, a third of a square's time
    for side, border in (((7, 1), (3, 0)), ((1, 7), (0, 3))):
        smooth = functional.avg_pool2d(smooth, side, 1, border, count_include_pad=False)
    detail = texture - smooth
    energy = functional.avg_pool2d((detail**2).mean(1, keepdim=True), DETAIL_PATCH)
    return (energy + 1e-7).sqrt()


def _image(blocks: Tensor) -> Tensor:
    """Arranged (batch, 4·C, R/2, R/2) → (batch, C, R, R), channels last."""
    return spread_out(blocks).permute(0, 3, 1, 2)


def _mean(squares: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean over texels and channels of (batch, 12, …) with (batch, 4, …)."""
    texels = squares.unflatten(1, (4, 3)).sum(2)
    return (texels * weight).sum() / (3 * weight.sum()).clamp_min(1e-6)
