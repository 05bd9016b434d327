"""Choosing dynamic visemes: dynamic programming over a data term and a smoothness term.

Data term: how far a sample's codes are from what the context lets expect, how differently its
neighbours look, how far it must be stretched, whether stress and place in the word agree.
Smoothness term: distance of codes and of their velocity where two samples meet. Neighbours in a
take meet without any cost, so long stretches of captured speech win where they fit.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from .database import REACH, Slots, SpeechDatabase
from .visemes import VISEME_INDEX

CANDIDATES = 60
_POOL = 600
_FEW = 20
_NEIGHBOUR_WEIGHTS = np.array([0.15, 0.35, 1.0, 0.0, 1.0, 0.35, 0.15])
_SILENCE = 0


@dataclass(frozen=True)
class SelectionWeights:
    """What a mismatch costs.

    Attributes:
        expected: Squared code distance to what the context lets expect.
        context: Difference in looks of the neighbours.
        viseme: Difference in looks of the phone itself.
        duration: Squared log ratio of the durations.
        stress: Other stress.
        place: Other place in the word.
        join: Squared code distance at a joint.
        velocity: Squared distance of code change per frame at a joint.
        cut: Any joint at all.
        chance: Random cost, so that another seed speaks differently.
    """

    expected: float = 1.0
    context: float = 1.0
    viseme: float = 6.0
    duration: float = 0.6
    stress: float = 0.1
    place: float = 0.1
    join: float = 0.5
    velocity: float = 1.0
    cut: float = 0.05
    chance: float = 0.5


def select(
    database: SpeechDatabase,
    slots: Slots,
    weights: SelectionWeights,
    rng: np.random.Generator,
    count: int = 1,
) -> list[np.ndarray]:
    """The best samples (P,) of `database` for the slots, `count` times with other chances."""
    pools, costs = _candidates(database, slots, weights)
    joins = [
        _join_costs(database, left, right, weights) for left, right in itertools.pairwise(pools)
    ]
    paths = []
    for _ in range(count):
        chances = [cost + weights.chance * rng.random(len(cost)) for cost in costs]
        path = _cheapest_path(chances, joins)
        paths.append(np.array([pool[i] for pool, i in zip(pools, path, strict=True)]))
    return paths


def _cheapest_path(costs: list[np.ndarray], joins: list[np.ndarray]) -> list[int]:
    """Which candidate of each slot, by dynamic programming."""
    total = costs[0]
    came_from = []
    for cost, join in zip(costs[1:], joins, strict=True):
        reached = total[:, None] + join
        best = reached.argmin(0)
        came_from.append(best)
        total = reached[best, np.arange(len(best))] + cost
    path = [int(total.argmin())]
    for best in reversed(came_from):
        path.append(int(best[path[-1]]))
    return path[::-1]


def _candidates(
    database: SpeechDatabase, slots: Slots, weights: SelectionWeights
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """For each slot the samples worth considering and their data terms."""
    expected = database.expected(slots)
    scale = database.importance / max(float(database.importance.mean()), 1e-9)
    groups = _groups(database)
    pools, costs = [], []
    for place in range(len(slots.start)):
        pool = groups[slots.label[place]]
        cheap = _context_cost(database, slots, place, pool, weights)
        if len(pool) > _POOL:
            kept = np.argpartition(cheap, _POOL)[:_POOL]
            pool, cheap = pool[kept], cheap[kept]
        apart = ((database.inside[pool] - expected[place]) ** 2 * scale).mean((1, 2))
        cost = cheap + weights.expected * apart
        if len(pool) > CANDIDATES:
            kept = np.argpartition(cost, CANDIDATES)[:CANDIDATES]
            pool, cost = pool[kept], cost[kept]
        pools.append(pool)
        costs.append(cost)
    return pools, costs


def _groups(database: SpeechDatabase) -> list[np.ndarray]:
    """For each phone the samples that may stand for it; for p, b, m those that really close."""
    label = database.slots.label
    closes = ~database.slots.bilabial | np.isfinite(database.closure[0])
    looks_like = VISEME_INDEX[label]
    groups = []
    for phone, viseme in enumerate(VISEME_INDEX):
        tiers = (
            np.flatnonzero((label == phone) & closes),
            np.flatnonzero((looks_like == viseme) & closes),
            np.flatnonzero(label == phone),
            _nearest_phones(database, phone),
        )
        chosen = next((tier for tier in tiers[:2] if len(tier) >= _FEW), None)
        if chosen is None:
            chosen = next(tier for tier in (tiers[1], tiers[2], tiers[3]) if len(tier))
        groups.append(chosen)
    return groups


def _nearest_phones(database: SpeechDatabase, phone: int) -> np.ndarray:
    """Samples of the phones that look most like one that was never captured."""
    order = np.argsort(database.phone_distance[phone], kind="stable")
    present = [other for other in order if (database.slots.label == other).any()]
    return np.flatnonzero(np.isin(database.slots.label, present[:3]))


def _context_cost(
    database: SpeechDatabase, slots: Slots, place: int, pool: np.ndarray, weights: SelectionWeights
) -> np.ndarray:
    """Data terms (pool,) that need no codes."""
    other = database.slots
    apart = database.phone_distance[slots.context[place], other.context[pool]]
    neighbours = apart @ _NEIGHBOUR_WEIGHTS / _NEIGHBOUR_WEIGHTS.sum()
    stretch = slots.log_duration[place] - other.log_duration[pool]
    stress = (slots.stress[place] != other.stress[pool]).astype(float)
    edges = (slots.first[place] != other.first[pool]) | (slots.last[place] != other.last[pool])
    return (
        weights.context * neighbours
        + weights.viseme * apart[:, REACH]
        + weights.duration * stretch**2
        + weights.stress * stress
        + weights.place * edges
    )


def _join_costs(
    database: SpeechDatabase, left: np.ndarray, right: np.ndarray, weights: SelectionWeights
) -> np.ndarray:
    """Smoothness terms (left, right)."""
    starts, ends = database.boundary
    size = len(database.importance)
    scale = database.importance / max(float(database.importance.mean()), 1e-9) / size
    scale = np.sqrt(np.concatenate([weights.join * scale, weights.velocity * scale]))
    a, b = ends[left] * scale, starts[right] * scale
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    consecutive = (left[:, None] + 1 == right) & database.follows[right]
    return np.where(consecutive, 0.0, np.maximum(squared, 0) + weights.cut)
