"""Losses of more than one network, or of the field's textbooks; each is checked in closed form."""

import torch
from torch import Tensor
from torch.nn import functional

DETAIL_PATCH = 8
"""Side of the patches whose detail is compared."""
_DETAIL_BLUR = 7
"""Side of the blur that takes detail away."""


def kl_to_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Divergence of N(mean, exp(log_variance)) from N(0, 1), (batch, Z) each; summed over Z."""
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean()


def smooth_error(apart: Tensor, frames: Tensor, channels: int) -> Tensor:
    """Mean of differences: squared near zero, absolute far out, for recordings hold outliers.

    Args:
        apart: Differences in any layout, zero where nothing counts.
        frames: How many frames count.
        channels: Numbers in a frame.
    """
    zero = torch.zeros_like(apart)
    each = functional.smooth_l1_loss(apart, zero, reduction="none", beta=0.5)
    return each.sum() / (frames * channels)


def weighted_error(squares: Tensor, weight: Tensor) -> Tensor:
    """Mean over texels and channels, as `region_network.arranged` has them.

    Args:
        squares: (batch, 12, R/2, R/2).
        weight: (batch, 4, R/2, R/2), how much each texel counts.
    """
    texels = squares.unflatten(1, (4, 3)).sum(2)
    return (texels * weight).sum() / (3 * weight.sum()).clamp_min(1e-6)


def detail_error(made: Tensor, true: Tensor, share: Tensor, unit: float) -> Tensor:
    """Squared difference of the detail's amplitude in patches.

    A least-squares decoder is too smooth where it is unsure; matching the amplitude costs little
    error, for the detail it draws is right on average.

    Args:
        made: Pictures (batch, 3, R, R).
        true: As many.
        share: (batch, 1, R, R), how much each texel counts.
        unit: Error that counts as 1.
    """
    weight = functional.avg_pool2d(share, DETAIL_PATCH)
    return ((amplitude(made) - amplitude(true)) ** 2 * weight).sum() / (weight.sum() * unit)


def amplitude(pictures: Tensor) -> Tensor:
    """Root mean square of what a small blur takes away, (batch, 1, R / patch, R / patch)."""
    smooth = pictures.contiguous()  # pools of lines over planes, a third of a square's time
    side, border = _DETAIL_BLUR, _DETAIL_BLUR // 2
    for kernel, padding in (((side, 1), (border, 0)), ((1, side), (0, border))):
        smooth = functional.avg_pool2d(smooth, kernel, 1, padding, count_include_pad=False)
    energy = ((pictures - smooth) ** 2).mean(1, keepdim=True)
    return (functional.avg_pool2d(energy, DETAIL_PATCH) + 1e-7).sqrt()


def hinge_critic(made: Tensor, real: Tensor) -> Tensor:
    """A discriminator's loss: verdicts over what is real shall exceed 1, over what is made -1."""
    return functional.relu(1 + made).mean() + functional.relu(1 - real).mean()


def hinge_maker(made: Tensor) -> Tensor:
    """The loss of what the discriminator judges."""
    return -made.mean()
