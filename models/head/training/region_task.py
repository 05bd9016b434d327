"""Training of a region's network beside its discriminator."""

import copy
import math
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from ...errors import CaptureError
from ...mesh import REGION_NAMES
from ...training.learner import AveragedLearner, Learner, warm_share, warmed_average
from ...training.losses import (
    detail_error,
    hinge_critic,
    hinge_maker,
    kl_to_normal,
    weighted_error,
)
from ..region_network import (
    Discriminator,
    RegionDims,
    RegionNetwork,
    arranged,
    channels_last,
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
    """One region's training, step by step (a `trainer.Task`).

    Attributes:
        network: What is trained.
        average: The same of averaged weights, which change as training goes.
        critic: The discriminator.
        learners: Of network and critic.
    """

    def __init__(
        self, network: RegionNetwork, data: RegionData, train: np.ndarray, config: TrainingConfig
    ) -> None:
        """Put network and training frames on the network's device."""
        self.config = config
        device = network.basis.device
        self.network = channels_last(network)
        network.mixed = has_bfloat16(device) if config.mixed is None else config.mixed
        self._detail_weight = config.detail_weights[REGION_NAMES.index(data.region.name)]
        torch.manual_seed(config.seed + 1)
        self.critic = Discriminator().to(device)
        self.learners = self._learners()
        self.average = self._averaged()
        keep = device if device.type == "cuda" else torch.device("cpu")
        arrays = (data.texture[train], data.seen[train], data.geometry[train])
        self._texture, self._seen, self._geometry = (torch.from_numpy(a).to(keep) for a in arrays)
        self._owned = arranged(torch.from_numpy(data.owned)[None, ..., None]).to(device)
        self._linear, self._texture_unit, self._geometry_unit = self._start_errors()

    def _learners(self) -> tuple[AveragedLearner, Learner]:
        config, schedule = self.config, warm_share(self.config.warm_up, 0.02)
        rate = config.learning_rate
        adam = torch.optim.Adam(self.network.parameters(), rate, betas=(0.9, 0.99))
        other = torch.optim.Adam(self.critic.parameters(), rate / 2, betas=(0.5, 0.99))
        # the parts learn; the network's own buffers are the PCA, made again from the data
        parts, average = list(self.network.children()), warmed_average(config.average, 1)
        return AveragedLearner(parts, adam, schedule, average), Learner(
            [self.critic], other, schedule
        )

    def _averaged(self) -> RegionNetwork:
        network = copy.deepcopy(self.network).requires_grad_(False)
        names = [name for name, _ in network.named_children()]
        for name, part in zip(names, self.learners[0].averages, strict=True):
            setattr(network, name, part)
        return network

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
                errors.append((float(weighted_error(miss**2, weight)), float(_squared(lost))))
                codes.append(code)
        texture, geometry = np.mean(errors, 0)
        spread = float(self._geometry.var(0).sum())
        return torch.cat(codes), max(texture, LEAST_TEXTURE), max(geometry, LEAST_GEOMETRY * spread)

    def step(self, generator: torch.Generator, fraction: float) -> dict[str, float]:
        """One step of the auto-encoder and, when it is on, one of the discriminator."""
        config = self.config
        index = torch.randint(len(self._texture), (config.batch,), generator=generator)
        residual, weight, geometry = self._batch(index)
        linear = self._linear[index.to(self._linear.device)]
        mu, log_sigma = self.network.encode(residual, geometry, linear)
        noise = torch.randn(mu.shape, generator=generator).to(mu.device)
        code = mu + log_sigma.exp() * noise
        decoded = self.network.decode_residual(code)
        lost = self.network.decode_geometry(code) - geometry
        losses = {
            "texture": weighted_error((decoded - residual) ** 2, weight) / self._texture_unit,
            "geometry": _squared(lost) / self._geometry_unit,
            "kl": kl_to_normal(mu, 2 * log_sigma),
        }
        weights = {"texture": 1.0, "geometry": config.geometry_weight, "kl": config.kl_weight}
        if self._detail_weight:
            losses["detail"] = self._detail(decoded, residual, weight)
            weights["detail"] = self._detail_weight
        if config.gan and fraction >= config.gan_start:
            made, real = self._crops(decoded, residual, weight, generator)
            losses["gan"] = hinge_maker(self._judge(made))
            weights["gan"] = config.gan_weight
        network, critic = self.learners
        weighted = [weights[name] * loss for name, loss in losses.items()]
        network.descend(sum(weighted, torch.zeros(())), fraction)
        if "gan" in losses:
            verdicts = self._judge(made.detach()), self._judge(real.detach())
            losses["critic"] = hinge_critic(*verdicts)
            critic.descend(losses["critic"], fraction)
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _detail(self, decoded: Tensor, residual: Tensor, weight: Tensor) -> Tensor:
        """In units of the PCA's error."""
        mean, shares = self.network.mean_picture, weight.repeat_interleave(3, 1)
        made, true = (_image(p * shares + mean) for p in (decoded, residual))
        return detail_error(made, true, _image(weight), self._texture_unit)

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


def _image(blocks: Tensor) -> Tensor:
    """Arranged (batch, 4·C, R/2, R/2) → (batch, C, R, R), channels last."""
    return spread_out(blocks).permute(0, 3, 1, 2)


def _squared(lost: Tensor) -> Tensor:
    """Mean over the batch of the squared length of (batch, K)."""
    return (lost**2).sum(1).mean()
