"""Which frames get pictures: as unlike each other as possible, extremes first."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..performance import Take
from ..template.controls import CONTROL_NAMES

EXTREME_SHARE = 0.2
RUN_SHARE = 0.3
RUN_FRAMES = 12
POOL = 12000
"""Frames that the search for unlike ones looks at; chosen at random beyond that."""
GROUP_WEIGHTS = {
    "jaw": 1.6, "mouth": 1.0, "tongue": 0.9, "eyeLook": 0.5, "eyeBlink": 0.9, "eye": 0.5,
    "brow": 0.6, "noseSneer": 0.6, "cheek": 0.6,
}  # fmt: skip
"""How much a control counts when frames are compared; the first prefix that fits decides."""
EXTREMES = (
    *("jawOpen", "mouthFunnel", "mouthPucker", "mouthSmileLeft", "mouthSmileRight"),
    *("mouthFrownLeft", "mouthStretchLeft", "mouthRollLower", "mouthUpperUpLeft"),
    *("mouthLowerDownLeft", "mouthLeft", "mouthRight", "cheekPuff", "noseSneerLeft"),
    *("eyeBlinkLeft", "eyeBlinkRight", "eyeWideLeft", "eyeSquintLeft", "eyeLookUpLeft"),
    *("eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "browDownLeft", "browInnerUp"),
    *("browOuterUpLeft", "tongueOut", "tongueUp", "tongueBack"),
)
"""Controls whose largest values must be seen."""
SEEN_IN_OPEN_MOUTH = ("tongueOut", "tongueUp", "tongueBack")
"""Controls that a picture shows only when the jaw is open."""


def choose_pictured(
    takes: Sequence[Take], train_count: int, held_out_count: int, seed: int = 0
) -> list[Take]:
    """The same takes with `pictured` filled in.

    Training frames: `EXTREME_SHARE` of them extremes of single controls, the rest by farthest
    point. Held-out frames, from held-out takes alone: `RUN_SHARE` in runs of consecutive frames
    (so that flicker can be seen), the rest at random.

    Args:
        takes: From `make_takes`.
        train_count: Pictured frames of training takes.
        held_out_count: Pictured frames of held-out takes.
        seed: Same seed, same frames.
    """
    rng = np.random.default_rng(seed)
    chosen: dict[str, list[int]] = {take.name: [] for take in takes}
    frames = _frames(takes, "train")
    for place in _diverse(takes, frames, train_count, rng):
        chosen[takes[frames[place, 0]].name].append(int(frames[place, 1]))
    for take, frame in _held_out(takes, held_out_count, rng):
        chosen[takes[take].name].append(frame)
    return [replace(take, pictured=np.unique(chosen[take.name]).astype(int)) for take in takes]


def _frames(takes: Sequence[Take], split: str) -> np.ndarray:
    """(take, frame) rows of every frame of a split."""
    rows = [
        np.column_stack([np.full(len(take), number), np.arange(len(take))])
        for number, take in enumerate(takes)
        if take.split == split
    ]
    return np.concatenate(rows) if rows else np.zeros((0, 2), np.int64)


def _diverse(
    takes: Sequence[Take], frames: np.ndarray, count: int, rng: np.random.Generator
) -> list[int]:
    """Rows of `frames`: extremes, then farthest points."""
    if not len(frames):
        return []
    points = np.concatenate([take.controls for take in takes if take.split == "train"])
    extremes = _extremes(points, int(EXTREME_SHARE * count))
    pool = np.sort(rng.permutation(len(points))[:POOL])
    pool = np.union1d(pool, extremes)
    start = np.searchsorted(pool, extremes)
    return pool[_farthest(points[pool] * _weights(), start, min(count, len(pool)))].tolist()


def _extremes(points: np.ndarray, count: int) -> np.ndarray:
    """Rows with the largest values of each of `EXTREMES`, spread over distinct moments."""
    each = max(1, count // len(EXTREMES))
    jaw = points[:, CONTROL_NAMES.index("jawOpen")]
    rows: list[int] = []
    for name in EXTREMES:
        values = points[:, CONTROL_NAMES.index(name)]
        if name in SEEN_IN_OPEN_MOUTH:
            values = values * np.minimum(jaw / 0.25, 1)
        order = np.argsort(-values, kind="stable")[: 400 * each]
        # A third of the highest values, evenly: neighbours in time look alike.
        high = order[values[order] > 0.7 * values[order[0]]] if values[order[0]] > 0.05 else []
        rows += list(high[:: max(1, len(high) // each)][:each]) if len(high) else []
    return np.unique(rows)[: max(count, 1)]


def _farthest(points: np.ndarray, start: np.ndarray, count: int) -> np.ndarray:
    """Greedy farthest-point choice of `count` rows, beginning with `start`."""
    chosen = list(start[:count])
    distance = np.full(len(points), np.inf, np.float32)
    for row in chosen:
        distance = np.minimum(distance, ((points - points[row]) ** 2).sum(1))
    while len(chosen) < count:
        row = int(np.argmax(distance)) if chosen else 0
        chosen.append(row)
        distance = np.minimum(distance, ((points - points[row]) ** 2).sum(1))
    return np.unique(chosen)


def _weights() -> np.ndarray:
    weights = [
        next((w for prefix, w in GROUP_WEIGHTS.items() if name.startswith(prefix)), 1.0)
        for name in CONTROL_NAMES
    ]
    return np.array(weights, np.float32)


def _held_out(takes: Sequence[Take], count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """(take, frame): runs from takes of every kind and style in turn, then single frames."""
    groups: dict[tuple[str, str], list[int]] = {}
    for number, take in enumerate(takes):
        if take.split == "held_out":
            groups.setdefault((take.kind, take.style), []).append(number)
    if not groups:
        return []
    found: dict[tuple[int, int], None] = {}
    order = [rng.permutation(members).tolist() for members in groups.values()]
    turn = 0
    while len(found) < RUN_SHARE * count and turn < sum(map(len, order)):
        members = order[turn % len(order)]
        number = members[(turn // len(order)) % len(members)]
        first = int(rng.integers(0, max(1, len(takes[number]) - RUN_FRAMES)))
        last = min(first + RUN_FRAMES, len(takes[number]))
        found |= dict.fromkeys((number, frame) for frame in range(first, last))
        turn += 1
    frames = _frames(takes, "held_out")
    for row in rng.permutation(len(frames)):
        if len(found) >= count:
            break
        found[tuple(frames[row].tolist())] = None
    return list(found)[:count]
