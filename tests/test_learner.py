"""What learns: rates, averages, clipping and checkpoints in closed form."""

import copy
import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from models.training.learner import (
    AveragedLearner,
    Learner,
    cosine,
    sequence_learner,
    warm_share,
    warm_steps,
    warmed_average,
)
from models.video.training.video_task import VideoConfig


def _line(value: float = 1.0) -> nn.Linear:
    layer = nn.Linear(1, 1, bias=False)
    nn.init.constant_(layer.weight, value)
    return layer


def test_cosine_falls_from_one_to_its_end() -> None:
    assert cosine(0, 0.1) == 1
    assert cosine(0.5, 0.1) == pytest.approx(0.55)
    assert cosine(1, 0.1) == pytest.approx(0.1) == cosine(1.2, 0.1)


def test_rates_warm_up_by_steps_or_by_share() -> None:
    by_steps, by_share = warm_steps(50, 0.01), warm_share(0.02, 0.02)
    assert by_steps(0, 0) == pytest.approx(1 / 50)
    assert by_steps(24, 0) == pytest.approx(0.5) and by_steps(99, 0) == 1
    assert by_steps(99, 1) == pytest.approx(0.01)
    assert by_share(0, 0) == pytest.approx(0.05)
    assert by_share(7, 0.009) == pytest.approx(0.5 * cosine(0.009, 0.02))
    assert by_share(7, 1) == pytest.approx(0.02)
    assert warm_share(0, 0.02)(0, 0) == 1


def test_each_step_goes_at_the_rate_of_its_own_moment() -> None:
    """Also the first one of a learner that begins late, as a discriminator does."""
    line = _line(0.0)
    learner = Learner([line], torch.optim.SGD(line.parameters(), 2.0), lambda n, f: (n + 1) * f)
    for done, fraction in enumerate((0.5, 0.5, 0.75)):
        before = line.weight.item()
        learner.descend(line.weight.sum(), fraction)
        assert before - line.weight.item() == pytest.approx(2 * (done + 1) * fraction)


def test_gradients_are_clipped_together() -> None:
    one, two = _line(0.0), _line(0.0)
    parameters = [one.weight, two.weight]
    learner = Learner([one, two], torch.optim.SGD(parameters, 1.0), lambda n, f: 1.0, clip=1.0)
    learner.descend(30 * one.weight.sum() + 40 * two.weight.sum(), 0.0)
    assert one.weight.item() == pytest.approx(-0.6, abs=1e-4)
    assert two.weight.item() == pytest.approx(-0.8, abs=1e-4)


def test_a_loss_that_is_no_number_changes_nothing() -> None:
    line = _line()
    optimizer = torch.optim.SGD(line.parameters(), 1.0)
    learner = AveragedLearner([line], optimizer, lambda n, f: 1.0, warmed_average(0.9))
    assert not learner.descend(line.weight.sum() * math.nan, 0.0)
    assert line.weight.item() == 1 == learner.averages[0].weight.item()


@pytest.mark.parametrize("lead", [0, 1])
def test_averages_forget_their_start_soon(lead: int) -> None:
    line, expected = _line(), 1.0
    optimizer = torch.optim.SGD(line.parameters(), 1.0)
    learner = AveragedLearner([line], optimizer, lambda n, f: 1.0, warmed_average(0.6, lead))
    for step in range(1, 25):
        learner.descend(line.weight.sum(), 0.0)
        decay = min(0.6, (step + lead) / (step + 10))
        expected = decay * expected + (1 - decay) * line.weight.item()
        assert learner.averages[0].weight.item() == pytest.approx(expected, rel=1e-5)
    assert decay == 0.6
    learner.finish()
    assert line.weight.item() == pytest.approx(expected, rel=1e-5)
    assert not line.training and not line.weight.requires_grad


def _adam(networks: list[nn.Module]) -> Learner:
    return Learner(networks, torch.optim.Adam(networks[0].parameters(), 0.1), warm_steps(5, 0.1))


@pytest.mark.parametrize(
    "make", [_adam, lambda networks: sequence_learner(networks, VideoConfig(learning_rate=0.1))]
)
def test_a_restored_learner_goes_on_as_if_it_had_never_stopped(
    make: Callable[[list[nn.Module]], Learner], recwarn: pytest.WarningsRecorder
) -> None:
    def learn(learner: Learner, line: nn.Linear, steps: range) -> list[float]:
        for step in steps:
            learner.descend((line.weight - 5).square().sum(), step / 10)
        averages = learner.averages if isinstance(learner, AveragedLearner) else []
        return [part.weight.item() for part in (line, *averages)]

    whole = _line()
    expected = learn(make([whole]), whole, range(8))
    first, second = _line(), _line()
    stopped, again = make([first]), make([second])
    learn(stopped, first, range(3))
    again.restore(copy.deepcopy(stopped.state()))
    assert learn(again, second, range(3, 8)) == expected
    assert not recwarn.list
