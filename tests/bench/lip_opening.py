"""How well a curve of lip opening follows the true one: correlation, lag, closures, read-outs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import nnls

from models.phones import BILABIALS, Phones

NEAR = 0.02
"""Seconds by which a phone's window is widened when looking for its closure."""
LONGEST_LAG = 0.2
"""Seconds of lag that are looked at, to each side."""


@dataclass(frozen=True)
class Limits:
    """Up to which opening lips count as closed, and as nearly closed as on w; the curve's unit."""

    contact: float
    nearly: float


@dataclass(frozen=True)
class Truth:
    """One sentence as it really was.

    Attributes:
        opening: (T,) true opening, any unit.
        fps: Frames per second; frame n is at n / fps seconds.
        judged: (T,) bool: spoken and measured.
        phones: Its phones with their true times.
    """

    opening: np.ndarray
    fps: float
    judged: np.ndarray
    phones: Phones


@dataclass
class OpeningScore:
    """Agreement of one way of speaking with the truth, sentence by sentence.

    Attributes:
        limits: In the unit of the curves that are added.
        by_lag: For each sentence Pearson's r (2 L + 1,) at lags −L…L frames.
        closed: For each p, b, m whether the lips meet.
        rounded: For each w whether they nearly do.
    """

    limits: Limits
    by_lag: list[np.ndarray] = field(default_factory=list)
    closed: list[bool] = field(default_factory=list)
    rounded: list[bool] = field(default_factory=list)
    fps: float = 25.0

    def add(self, opening: np.ndarray, truth: Truth, lips: np.ndarray | None = None) -> None:
        """Judge a curve (T',) of the same frames.

        Args:
            opening: What is correlated; the last value holds where it is shorter than the truth.
            truth: The sentence.
            lips: (T',) what closures are read from; `opening` when None.
        """
        self.add_opening(opening, truth)
        self.add_closures(opening if lips is None else lips, truth.fps, truth.phones)

    def add_opening(self, opening: np.ndarray, truth: Truth) -> None:
        """Judge how a curve (T',) follows the truth."""
        opening = opening[np.minimum(np.arange(len(truth.opening)), len(opening) - 1)]
        self.fps = truth.fps
        self.by_lag.append(lagged_r(opening, truth.opening, truth.judged, truth.fps))

    def add_closures(self, lips: np.ndarray, fps: float, phones: Phones) -> None:
        """Judge whether lips (T',) at `fps` close on what is said."""
        times = np.arange(len(lips)) / fps
        self.closed += smallest_below(lips, times, phones, BILABIALS, self.limits.contact)
        self.rounded += smallest_below(lips, times, phones, ("W",), self.limits.nearly)

    @property
    def sentence_r(self) -> np.ndarray:
        """(sentences,) Pearson's r at zero lag."""
        return np.array([row[len(row) // 2] for row in self.by_lag])

    @property
    def opening_r(self) -> float:
        """Mean over sentences at zero lag."""
        return float(self.sentence_r.mean())

    @property
    def closure_share(self) -> float:
        """Share of p b m on which the lips meet."""
        return _share(self.closed)

    @property
    def w_share(self) -> float:
        """Share of w on which the lips nearly close."""
        return _share(self.rounded)

    @property
    def lag_ms(self) -> float:
        """How late the curve is, milliseconds: where the mean correlation is largest."""
        return 1000 * peak_lag(np.mean(self.by_lag, axis=0)) / self.fps


def pearson(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two curves; 0 where one does not move."""
    if len(one) < 2 or min(np.ptp(one), np.ptp(other)) < 1e-12:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def lagged_r(curve: np.ndarray, truth: np.ndarray, judged: np.ndarray, fps: float) -> np.ndarray:
    """Pearson's r (2 L + 1,) of curve (T,) read k frames later than truth (T,), k = −L…L.

    Frames of `judged` (T,) alone count, and of those the ones whose partner lies in the curve.
    """
    reach, rows = round(LONGEST_LAG * fps), np.flatnonzero(judged)
    found = []
    for lag in range(-reach, reach + 1):
        kept = rows[(rows + lag >= 0) & (rows + lag < len(curve))]
        found.append(pearson(curve[kept + lag], truth[kept]))
    return np.array(found)


def peak_lag(correlations: np.ndarray) -> float:
    """Lag in frames of the largest of (2 L + 1,) correlations, refined by a parabola."""
    best = int(np.argmax(correlations))
    lag = float(best - len(correlations) // 2)
    if not 0 < best < len(correlations) - 1:
        return lag
    before, here, after = correlations[best - 1 : best + 2]
    bend = 2 * here - before - after
    return lag + 0.5 * (after - before) / bend if bend > 0 else lag


def smallest_below(
    opening: np.ndarray, times: np.ndarray, phones: Phones, labels: Sequence[str], limit: float
) -> list[bool]:
    """For each phone of `labels`, whether the opening (T,) gets below `limit` in or beside it."""
    found = []
    chosen = phones.select(np.isin(phones.label, labels))
    for start, end in zip(chosen.start, chosen.end, strict=True):
        inside = (times >= start - NEAR) & (times <= end + NEAR)
        if inside.any():
            found.append(bool(opening[inside].min() < limit))
    return found


def spoken(times: np.ndarray, phones: Phones) -> np.ndarray:
    """(T,) bool: from the first to the last sounding phone."""
    sounding = phones.select(~phones.silent)
    return (times >= sounding.start[0]) & (times < sounding.end[-1])


@dataclass(frozen=True)
class Readout:
    """Opening as a weighted sum of channels.

    Attributes:
        offset: Opening where all channels are zero.
        weights: (C,) opening per unit of each channel.
    """

    offset: float
    weights: np.ndarray

    def __call__(self, channels: np.ndarray) -> np.ndarray:
        """Opening (T,) of channels (T, C)."""
        return self.offset + channels @ self.weights

    @classmethod
    def fit(cls, channels: np.ndarray, opening: np.ndarray, positive: bool) -> "Readout":
        """Least squares of opening (N,) on channels (N, C); weights not negative if `positive`."""
        centred, middle = channels - channels.mean(0), opening.mean()
        if positive:
            weights = nnls(centred, opening - middle)[0]
        else:
            weights = np.linalg.lstsq(centred, opening - middle, rcond=1e-6)[0]
        return cls(float(middle - channels.mean(0) @ weights), weights)


def word_warp(times: np.ndarray, ours: Phones, theirs: Phones) -> np.ndarray:
    """For times (T,) of `theirs` the times of `ours`: piecewise linear, words on the same words.

    Both speak the same words in the same order; before the first and after the last word both run
    at the same pace.
    """
    own, other = word_edges(ours), word_edges(theirs)
    inside = np.interp(times, other, own)
    before, after = np.minimum(times - other[0], 0), np.maximum(times - other[-1], 0)
    return inside + before + after


def word_edges(phones: Phones) -> np.ndarray:
    """(2 W,) start and end in seconds of each word, in order."""
    edges = []
    for word in np.unique(phones.word[phones.word >= 0]):
        inside = phones.word == word
        edges += [phones.start[inside].min(), phones.end[inside].max()]
    return np.array(edges)


def _share(found: Sequence[bool]) -> float:
    return float(np.mean(found)) if found else float("nan")
