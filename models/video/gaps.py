"""Filling frames in which the face was not seen, and saying so."""

from collections.abc import Iterable

import numpy as np
from scipy.interpolate import PchipInterpolator

EASE = 0.06
"""Seconds in which a movement comes to rest that nobody saw the end of."""
SLOPE_SECONDS = 0.12
SHORTEST = 0.15
"""Shorter gaps are filled without a word."""
MOST_NAMED = 4


def filled(
    times: np.ndarray, shots: np.ndarray, seen: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """Values where seen, else smooth between them; nothing passes over a cut.

    Inside a shot, cubic without overshoot; at its ends, the movement eases out; a shot without any
    face repeats the nearest frame.

    Args:
        times: (T,) seconds.
        shots: (T,) which shot each frame is of.
        seen: (T,) bool, at least one.
        values: (T, D); anything where not seen.
    """
    result = values.copy()
    for first, last in runs(~seen, shots):
        gap = np.arange(first, last)
        known = np.flatnonzero(seen & (shots == shots[first]))
        before, after = known[known < first], known[known >= last]
        if len(before) and len(after):
            around = np.concatenate([before[-2:], after[:2]])
            result[gap] = PchipInterpolator(times[around], values[around])(times[gap])
        elif len(known):
            result[gap] = _eased(times, values, known, gap)
        else:
            everything = np.flatnonzero(seen)
            nearest = np.abs(times[everything][:, None] - times[gap]).argmin(0)
            result[gap] = values[everything[nearest]]
    return result


def _eased(times: np.ndarray, values: np.ndarray, known: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """Values (G, D) of the frames `gap`, which are all before or all after the `known` ones."""
    later = gap[0] > known[-1]
    edge = known[-1] if later else known[0]
    near = known[np.abs(times[known] - times[edge]) <= SLOPE_SECONDS]
    offset = times[near] - times[near].mean()
    slope = offset @ values[near] / max((offset**2).sum(), 1e-9)
    away = np.abs(times[gap] - times[edge])[:, None]
    return values[edge] + (1 if later else -1) * slope * EASE * -np.expm1(-away / EASE)


def runs(true: np.ndarray, shots: np.ndarray) -> list[tuple[int, int]]:
    """First frame and end of each run of true frames (T,); a cut ends it."""
    number = np.cumsum(np.r_[True, (np.diff(true.astype(int)) != 0) | (np.diff(shots) != 0)])
    firsts = np.flatnonzero(np.r_[True, np.diff(number) != 0])
    ends = np.r_[firsts[1:], len(true)]
    return [(int(a), int(b)) for a, b in zip(firsts, ends, strict=True) if true[a]]


def spans(times: np.ndarray, true: np.ndarray) -> list[tuple[float, float]]:
    """Seconds from and to, of runs of true frames (T,) that last long enough to be named."""
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    ends = np.r_[times[1:], times[-1] + step]
    found = runs(true, np.zeros(len(times), int))
    named = [(float(times[a]), float(ends[b - 1])) for a, b in found]
    return [(start, end) for start, end in named if end - start >= SHORTEST]


def sentences(found: Iterable[tuple[float, float]], what: str, then: str) -> list[str]:
    """`what` from … to …; `then`. The longest few by name, in order, the others by number."""
    found = list(found)
    longest = sorted(found, key=lambda span: span[0] - span[1])[:MOST_NAMED]
    texts = [f"{what} from {a:.1f} s to {b:.1f} s; {then}." for a, b in sorted(longest)]
    more = len(found) - len(longest)
    return texts + ([f"{what} {more} times more, shorter; {then}."] if more else [])
