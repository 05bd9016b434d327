"""Losses against closed forms: signs, gradients, what they prefer and what they must not see."""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence
from torch.nn import functional

from models.style.training.style_task import core_losses, latent_loss, prior_loss, style_window
from models.training.losses import (
    amplitude,
    detail_error,
    hinge_critic,
    hinge_maker,
    kl_to_normal,
    smooth_error,
    weighted_error,
)
from models.video.training.video_task import VideoConfig, motion_losses, residual_cost


def _random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_divergence_is_that_of_the_distributions() -> None:
    mean, log_variance = _random(5, 3), _random(5, 3, seed=1)
    ours = kl_to_normal(mean, log_variance)
    theirs = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(ours, theirs.sum(1).mean())
    assert kl_to_normal(torch.zeros(4, 2), torch.zeros(4, 2)) == 0
    one = torch.ones(1, 1)
    torch.testing.assert_close(kl_to_normal(one, 0 * one), torch.tensor(0.5))
    torch.testing.assert_close(kl_to_normal(0 * one, one), torch.tensor(0.5 * (torch.e - 2)))


def test_divergence_draws_means_to_zero_and_deviations_to_one() -> None:
    mean, log_variance = (v.requires_grad_() for v in (_random(5, 3), _random(5, 3, seed=1)))
    kl_to_normal(mean, log_variance).backward()
    torch.testing.assert_close(mean.grad, mean.detach() / 5)
    assert torch.equal(log_variance.grad.sign(), log_variance.detach().sign())


def test_smooth_error_is_squared_near_and_absolute_far() -> None:
    apart = torch.tensor([[0.1, -0.1], [2.0, -3.0]])
    expected = (2 * 0.1**2 + (2 - 0.25) + (3 - 0.25)) / 4
    assert float(smooth_error(apart, torch.tensor(2), 2)) == pytest.approx(expected)


def test_weighted_error_ignores_texels_without_weight() -> None:
    squares, weight = _random(2, 12, 3, 3) ** 2, torch.ones(2, 4, 3, 3)
    assert float(weighted_error(squares, weight)) == pytest.approx(float(squares.mean()))
    weight[0, 2, 1, 1] = 0
    spoilt = squares.clone()
    spoilt[0, 6:9, 1, 1] = 1e6
    torch.testing.assert_close(weighted_error(spoilt, weight), weighted_error(squares, weight))
    assert weighted_error(squares, 0 * weight) == 0


def test_detail_prefers_the_sharp_of_two_pictures_equally_far() -> None:
    """A least-squares error cannot tell them apart."""
    true = 0.5 + 0.1 * _random(1, 3, 64, 64)
    smooth = functional.avg_pool2d(true, 9, 1, 4, count_include_pad=False)
    sharp = true + (smooth - true).roll((11, 5), (2, 3))
    whole = torch.ones(1, 1, 64, 64)
    torch.testing.assert_close((sharp - true).square().mean(), (smooth - true).square().mean())
    of_smooth, of_sharp = (float(detail_error(p, true, whole, 1.0)) for p in (smooth, sharp))
    assert of_smooth > 4 * of_sharp
    assert float(detail_error(true, true, whole, 1.0)) == 0
    assert float(detail_error(smooth, true, whole, 0.01)) == pytest.approx(100 * of_smooth)


def test_detail_sees_no_brightness_and_no_texels_without_share() -> None:
    true = 0.5 + 0.1 * _random(1, 3, 32, 32)
    torch.testing.assert_close(amplitude(true), amplitude(true + 0.2), atol=1e-5, rtol=0)
    share = torch.ones(1, 1, 32, 32)
    share[..., :16] = 0
    made = true.clone()
    made[..., :8] = 0.5  # flat, at a distance of the blur from where texels count
    assert float(detail_error(made, true, share, 1.0)) == 0
    assert float(detail_error(made, true, 1 - share, 1.0)) > 1e-4


def test_detail_of_too_smooth_a_picture_grows_sharper_downhill() -> None:
    true = 0.5 + 0.1 * _random(1, 3, 32, 32)
    strength = torch.tensor(0.5, requires_grad=True)
    made = 0.5 + (true - 0.5) * strength
    detail_error(made, true, torch.ones(1, 1, 32, 32), 1.0).backward()
    assert strength.grad < 0


def test_critic_and_maker_pull_against_each_other() -> None:
    made, real = (torch.tensor(v, requires_grad=True) for v in ([0.5, -2.0], [0.5, 2.0]))
    loss = hinge_critic(made, real)
    assert loss.item() == pytest.approx((1.5 + 0) / 2 + (0.5 + 0) / 2)
    loss.backward()
    assert made.grad.tolist() == [0.5, 0] and real.grad.tolist() == [-0.5, 0]
    made.grad = None
    hinge_maker(made).backward()
    assert made.grad.tolist() == [-0.5, -0.5]


def _style_batch(frames: int = 12, seen: int = 8) -> SimpleNamespace:
    mask = torch.zeros(2, 1, frames)
    mask[..., :seen] = 1
    return SimpleNamespace(motion=_random(2, 10, frames), mask=mask)


def test_core_losses_ignore_what_is_masked() -> None:
    batch, lips = _style_batch(), _random(4, 6, seed=3)
    made = _random(2, 10, 12, seed=1)
    other = made + 100 * (1 - batch.mask)
    for one, two in zip(core_losses(made, batch, lips), core_losses(other, batch, lips),
                        strict=True):  # fmt: skip
        assert torch.equal(one, two)


def test_core_losses_in_closed_form() -> None:
    """An offset of one code: change is zero but at the end of what counts, lips follow the map."""
    batch, lips = _style_batch(seen=12), torch.zeros(4, 3)
    lips[0, 1] = 2.0
    made = batch.motion.clone()
    made[:, 0] += 1.0
    codes, change, moved = core_losses(made, batch, lips)
    assert float(codes) == pytest.approx(0.75 / 10)
    assert float(change) == pytest.approx(0, abs=1e-6)
    assert float(moved) == pytest.approx(1.75 / 3)


def test_prior_loss_in_closed_form() -> None:
    signal, mask = torch.zeros(1, 2, 4), torch.ones(1, 1, 4)
    offset = signal + 0.5
    assert float(prior_loss(offset, signal, mask)) == pytest.approx(0.5)
    jump = signal.clone()
    jump[0, 0, 2:] = 1.0
    assert float(prior_loss(jump, signal, mask)) == pytest.approx((2 + 2 * 1) / 8)
    mask[..., 2:] = 0
    assert float(prior_loss(jump, signal, mask)) == 0


def test_latent_loss_is_the_cross_entropy_of_what_is_inside() -> None:
    logits, wanted = _random(2, 3, 4, 5), torch.arange(24).view(2, 3, 4) % 5
    inside = torch.tensor([[1.0, 1, 0], [1, 0, 0]])
    chosen = logits.log_softmax(-1).gather(-1, wanted[..., None])[..., 0]
    expected = -(chosen[0, :2].sum() + chosen[1, :1].sum()) / 12
    torch.testing.assert_close(latent_loss(logits, wanted, inside), expected)


def test_style_windows_lie_inside_and_have_the_asked_length() -> None:
    mask = torch.zeros(64, 1, 100)
    mask[:, :, :60] = 1
    windows = style_window(mask, (0.4, 0.8), torch.Generator().manual_seed(0))
    lengths = windows.sum((1, 2))
    assert torch.equal(windows, windows * mask)
    assert 23 <= lengths.min() < 28 and 44 < lengths.max() <= 49
    assert (windows.diff(dim=2).abs().sum((1, 2)) <= 2).all(), "in one piece"


def test_motion_losses_in_closed_form() -> None:
    motion, mask, points = _random(2, 9, 8), torch.ones(2, 9, 1), torch.zeros(2, 3)
    points[1, 2] = 3.0
    made = motion.clone()
    made[..., 1] += 1.0  # a code
    made[..., -1] -= 2.0  # of the pose
    codes, pose, change, moved = (float(v) for v in motion_losses(made, motion, mask, points))
    assert codes == pytest.approx(0.75 / 2)
    assert pose == pytest.approx(1.75 / 6)
    assert change == pytest.approx(0, abs=1e-6), "a constant offset does not change"
    assert moved == pytest.approx(2.75 / 3)


def test_motion_losses_ignore_what_is_masked_also_in_its_change() -> None:
    motion, mask, points = _random(2, 9, 8), torch.ones(2, 9, 1), _random(2, 3, seed=2)
    mask[:, 6:] = 0
    made = motion + 0.5
    other = made + 100 * (1 - mask)
    one, two = (motion_losses(m, motion, mask, points) for m in (made, other))
    assert [float(v) for v in one] == [float(v) for v in two]
    assert float(one[2]) == pytest.approx(0, abs=1e-6), "the end of a clip is no change"


def _cost(knots: Tensor, features: Tensor, **weights: float) -> float:
    nothing = {"residual_size": 0.0, "residual_change": 0.0, "residual_likeness": 0.0}
    config = VideoConfig(**(nothing | weights))
    return float(residual_cost(knots, features, torch.eye(features.shape[2]), config))


def test_residuals_cost_size_change_and_likeness() -> None:
    knots, features = _random(40, 4, 2), _random(40, 24, 3, seed=1)
    assert _cost(knots, features, residual_size=2.0) == pytest.approx(
        2 * float(knots.square().mean())
    )
    still = knots[:, :1].expand(-1, 4, -1)
    assert (
        _cost(still, features, residual_change=1.0)
        == 0
        < _cost(knots, features, residual_change=1.0)
    )
    alike = features.unflatten(1, (4, 6)).mean(2)[..., :2]
    unlike = _cost(knots, features, residual_likeness=1.0)
    assert _cost(alike, features, residual_likeness=1.0) > 10 * unlike
