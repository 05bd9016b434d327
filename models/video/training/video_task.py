"""Training of the video network and its residual encoder, together."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from ...training.learner import sequence_learner
from ...training.losses import smooth_error
from ..video_network import VideoNetworks, between
from .video_data import ClipBatchSampler, VideoData


@dataclass(frozen=True)
class VideoConfig:
    """How to train."""

    minutes: float | None = 12.0
    """None trains by `steps`."""
    steps: int | None = None
    """Optimisation steps; with `minutes`, as many as `passes` allow when None."""
    passes: float = 40.0
    """Most times that all footage is seen; little footage would be learnt by heart."""
    batch: int = 24
    """Pieces of clips in a step."""
    frames: int = 96
    """Length of a piece."""
    own_share: float = 0.4
    """Part of the pieces acted by the head's own person."""
    learning_rate: float = 2e-3
    """Step size after the warm-up; it falls to a hundredth along a cosine."""
    dropout: float = 0.3
    """Of the network's channels."""
    noise: float = 0.35
    """Deviation of noise on the features, in theirs: landmarks tremble."""
    offset: float = 0.3
    """Deviation of a piece's constant error of the features: a resting face is hard to know."""
    gain: float = 0.15
    """Deviation of the logarithm of a piece's factor on the features: some move more."""
    change_weight: float = 2.0
    """Of the motion's change from frame to frame."""
    point_weight: float = 2.0
    """Of the vertices that matter, over the codes."""
    pose_weight: float = 2.0
    """Of the head pose, over the codes."""
    residual: bool = True
    """Whether the residual encoder takes part."""
    residual_share: float = 0.5
    """Part of the pieces that are told their residual vector; the others play with zero."""
    residual_size: float = 3e-4
    """Weight of the residual vectors' squares: they say no more than they must."""
    residual_change: float = 2e-3
    """Of the squares of their change from window to window: manner, not movement."""
    residual_likeness: float = 5e-3
    """Of their squared correlation with the features: only what those leave open."""
    residual_noise: float = 0.1
    """Deviation of noise on them, so that near vectors mean nearly the same."""
    average: float = 0.998
    """Decay of the averaged weights that are kept."""
    seed: int = 0
    """Of everything random."""

    def to_dict(self) -> dict:
        """For head.json."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


class VideoTask:
    """Motion network and residual encoder."""

    def __init__(self, networks: VideoNetworks, data: VideoData, config: VideoConfig) -> None:
        self._config = config
        self.learners = (sequence_learner([networks.motion, networks.encoder], config),)
        self._motion, self._encoder = networks.motion, networks.encoder
        self._choose = ClipBatchSampler(
            data.train, data.scale, config.batch, config.frames, config.own_share
        )
        moved = torch.from_numpy(data.points * data.scale.deviation[:-6, None])
        self._points = moved / moved.norm(dim=0).mean()
        self._groups = _feature_groups(networks.dims.features)

    def step(self, generator: torch.Generator, fraction: float) -> dict[str, float]:
        """One step."""
        config, batch = self._config, self._choose(generator)
        features = self._spoilt(batch.features, generator)
        knots = self._encoder.knots(batch.motion)
        given = torch.rand((len(knots), 1, 1), generator=generator) < config.residual_share
        given = given & config.residual
        noise = config.residual_noise * torch.randn(knots.shape, generator=generator)
        residual = between((knots + noise) * given, batch.motion.shape[1])
        made = self._motion(features, residual) + batch.turned
        losses = motion_losses(made, batch.motion, batch.mask, self._points)
        codes, pose, change, points = losses
        loss = codes + config.pose_weight * pose + config.change_weight * change
        loss = loss + config.point_weight * points
        if config.residual:
            loss = loss + residual_cost(knots, batch.features, self._groups, config)
        self.learners[0].descend(loss, fraction)
        return {
            "codes": codes.item(),
            "pose": pose.item(),
            "change": change.item(),
            "points": points.item(),
            "residual": knots.square().mean().sqrt().item(),
        }

    def _spoilt(self, features: Tensor, generator: torch.Generator) -> Tensor:
        """Features as other people's videos have them: trembling, offset, weaker or stronger."""
        config, count = self._config, len(features)
        gain = torch.randn((count, 1, 1), generator=generator) * config.gain
        offset = torch.randn((count, 1, features.shape[2]), generator=generator) * config.offset
        noise = torch.randn(features.shape, generator=generator) * config.noise
        return features * gain.exp() + offset + noise


def motion_losses(made: Tensor, motion: Tensor, mask: Tensor, points: Tensor) -> tuple[Tensor, ...]:
    """Mean errors of codes, of the head pose, of both's change, and of vertices.

    Args:
        made: (B, T, Z + 6).
        motion: As much.
        mask: (B, T, 1).
        points: (Z, 3 P) vertices of codes.
    """
    apart = (made - motion) * mask
    frames = mask.sum().clamp_min(1)
    codes, pose = apart[..., :-6], apart[..., -6:]
    step = (apart[:, 1:] - apart[:, :-1]) * mask[:, 1:]
    return (
        smooth_error(codes, frames, codes.shape[-1]),
        smooth_error(pose, frames, 6),
        smooth_error(step, frames, apart.shape[-1]),
        smooth_error(codes @ points, frames, points.shape[-1]),
    )


def residual_cost(knots: Tensor, features: Tensor, groups: Tensor, config: VideoConfig) -> Tensor:
    """Residual vectors shall be small, slow, and unlike what the features tell.

    Args:
        knots: (B, K, R), one for each window.
        features: (B, T, F).
        groups: (F, G) sums of features.
        config: Weights.
    """
    pieces = features.shape[1] // knots.shape[1] * knots.shape[1]
    given = features[:, :pieces].unflatten(1, (knots.shape[1], -1)).mean(2) @ groups
    likeness = (_normal(knots).T @ _normal(given) / given.shape[:2].numel()).square().mean()
    return (
        config.residual_size * knots.square().mean()
        + config.residual_change * (knots[:, 1:] - knots[:, :-1]).square().mean()
        + config.residual_likeness * likeness
    )


def _normal(values: Tensor) -> Tensor:
    """(B, K, C) → (B K, C) of mean 0 and deviation 1."""
    flat = values.flatten(0, 1)
    return (flat - flat.mean(0)) / flat.std(0).clamp_min(1e-3)


def _feature_groups(size: int, groups: int = 24) -> Tensor:
    """(F, groups): fixed random sums of features, to which residual vectors must be unlike."""
    generator = torch.Generator().manual_seed(7)
    return torch.randn((size, groups), generator=generator) / size**0.5
