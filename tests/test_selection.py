"""Costs of dynamic visemes in closed form, and the cheapest path among all."""

import dataclasses
import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from models.phones import INVENTORY
from models.speech import assembly, selection
from models.speech.database import REACH, Slots
from models.speech.selection import SelectionWeights

RNG = np.random.default_rng(0)
FREE = SelectionWeights(**{item.name: 0.0 for item in dataclasses.fields(SelectionWeights)})


def _only(**weights: float) -> SelectionWeights:
    return dataclasses.replace(FREE, **weights)


def _slots(count: int, **parts: np.ndarray) -> Slots:
    """Phones of equal length, all alike but for `parts`."""
    start = 0.1 * np.arange(count)
    still = np.zeros(count, bool)
    slots = Slots(
        np.ones((count, 2 * REACH + 1), int), start, start + 0.1, np.ones(count, int), still, still
    )
    return dataclasses.replace(slots, **parts)


def _joining(codes: np.ndarray, velocities: np.ndarray) -> np.ndarray:
    """Join costs (1, n) from sample 0 to the samples 1…n; weights 2 and 3, a cut costs 0.25."""
    states = np.concatenate([codes, velocities], 1)
    database = SimpleNamespace(
        boundary=(states, states), importance=np.ones(codes.shape[1]), follows=np.arange(4) == 1
    )
    weights = _only(join=2.0, velocity=3.0, cut=0.25)
    return selection._join_costs(database, np.array([0]), np.array([1, 2, 3]), weights)


def test_joints_cost_distance_and_velocity_and_neighbours_nothing() -> None:
    still = np.zeros((4, 2))
    far = still.copy()
    far[[1, 2], 0] = 1.0
    np.testing.assert_allclose(_joining(still, still), [[0, 0.25, 0.25]])
    np.testing.assert_allclose(_joining(far, still), [[0, 0.25 + 2 / 2, 0.25]])
    np.testing.assert_allclose(_joining(still, far), [[0, 0.25 + 3 / 2, 0.25]])


def test_elements_that_speech_does_not_explain_may_jump() -> None:
    states = np.zeros((2, 4))
    states[1, :2] = 1.0
    database = SimpleNamespace(
        boundary=(states, states), importance=np.array([1.0, 0.0]), follows=np.zeros(2, bool)
    )
    cost = selection._join_costs(database, np.array([0]), np.array([1]), _only(join=1.0))
    assert cost[0, 0] == pytest.approx(2 * 1 / 2), "the one that counts, twice the mean"


def _context_costs(weights: SelectionWeights, **parts: np.ndarray) -> list[float]:
    """Of two samples against a slot that is as the first one, but for `parts` (2, …)."""
    distance = 1.0 - np.eye(len(INVENTORY))
    database = SimpleNamespace(slots=_slots(2, **parts), phone_distance=distance)
    wanted = _slots(1, **{name: value[:1] for name, value in parts.items()})
    pool = np.arange(2)
    return selection._context_cost(database, wanted, 0, pool, weights).tolist()


def test_what_differs_costs_what_its_weight_says() -> None:
    ends = {"end": np.array([0.1, 0.1 + 0.1 * np.e])}
    assert _context_costs(_only(duration=0.5), **ends) == pytest.approx([0, 0.5])
    stress = {"stress": np.array([1, 0])}
    assert _context_costs(_only(stress=0.3), **stress) == pytest.approx([0, 0.3])
    edges = {"first": np.array([True, False]), "last": np.array([False, True])}
    assert _context_costs(_only(place=0.2), **edges) == pytest.approx([0, 0.2]), "once"


@pytest.mark.parametrize(("place", "share"), [(0, 0.05), (2, 1 / 3), (4, 1 / 3), (6, 0.05)])
def test_near_neighbours_weigh_more(place: int, share: float) -> None:
    context = np.ones((2, 2 * REACH + 1), int)
    context[1, place] = 2
    assert _context_costs(_only(context=1.0), context=context) == pytest.approx([0, share])
    assert _context_costs(_only(viseme=1.0), context=context) == [0, 0]


def test_the_cheapest_of_all_paths_is_taken() -> None:
    sizes = (3, 4, 2, 3)
    costs = [RNG.random(size) for size in sizes]
    joins = [2 * RNG.random(pair) for pair in itertools.pairwise(sizes)]

    def price(path: tuple[int, ...]) -> float:
        steps = zip(joins, itertools.pairwise(path), strict=True)
        return sum(c[i] for c, i in zip(costs, path, strict=True)) + sum(j[p] for j, p in steps)

    best = min(itertools.product(*map(range, sizes)), key=price)
    assert tuple(selection._cheapest_path(costs, joins)) == best


def _database(labels: np.ndarray, **parts: object) -> SimpleNamespace:
    count = len(labels)
    context = np.zeros((count, 2 * REACH + 1), int)
    context[:, REACH] = labels
    slots = _slots(count, context=context)
    nothing = {"closure": (np.zeros(count), np.zeros(count)), "importance": np.ones(1)}
    distance = 1.0 - np.eye(len(INVENTORY))
    return SimpleNamespace(slots=slots, phone_distance=distance, **(nothing | parts))


def test_samples_of_p_b_m_that_stay_open_are_left_out() -> None:
    p = INVENTORY.index("P")
    closure = np.where(np.arange(40) < 30, 1.0, np.nan)
    groups = selection._groups(_database(np.full(40, p), closure=(closure, closure)))
    assert groups[p].tolist() == list(range(30))


def test_the_sample_nearest_to_what_the_context_lets_expect_is_chosen() -> None:
    inside = np.array([3.0, 1.0, -2.0, 5.0]).reshape(4, 1, 1)
    expected = np.array(0.8).reshape(1, 1, 1)
    database = _database(np.full(4, 1), inside=inside, expected=lambda slots: expected)
    pools, costs = selection._candidates(database, _slots(1), _only(expected=1.0))
    assert pools[0][costs[0].argmin()] == 1
    assert costs[0].tolist() == pytest.approx(((inside - 0.8) ** 2).ravel().tolist())


@pytest.mark.parametrize(("labels", "before", "after"), [
    ("AA T", 0.045, 0.045), ("AA P", 0.045, 0.0), ("M AA", 0.0, 0.045),
])  # fmt: skip
def test_cross_fades_do_not_reach_over_closures(labels: str, before: float, after: float) -> None:
    context = np.zeros((2, 2 * REACH + 1), int)
    context[:, REACH] = [INVENTORY.index(label) for label in labels.split()]
    start, end = assembly._fade(_slots(2, context=context), 0)
    assert (0.1 - start, end - 0.1) == pytest.approx((before, after), abs=1e-5)
