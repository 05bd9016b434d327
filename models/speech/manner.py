"""How a line is played: style over time, strength, articulation, smoothing, which parts move."""

from dataclasses import dataclass, field

import numpy as np

from ..errors import TextError

NEUTRAL = "neutral"
PARTS = ("mouth", "eyes", "brows", "head")
"""What speech moves, each to be switched off: mouth with cheeks and jaw, lids with gaze, brows,
head pose."""


@dataclass(frozen=True)
class StyleCurve:
    """A style that may change over the line: from one named style to another, plus an offset.

    Attributes:
        first: A named style or the name of a take; '' for the usual one, which is neutral where
            the head has it.
        second: The same; '' for `first`.
        times: (K,) seconds from the line's start, increasing; constant before and after.
        mix: (K,) share of `second`, 0…1.
        offset: (K, S) added to the style vector, in its axes' deviations; S may be 0 for none.
    """

    first: str = ""
    second: str = ""
    times: np.ndarray = field(default_factory=lambda: np.zeros(1))
    mix: np.ndarray = field(default_factory=lambda: np.zeros(1))
    offset: np.ndarray = field(default_factory=lambda: np.zeros((1, 0)))

    def __post_init__(self) -> None:
        sizes = {len(self.times), len(self.mix), len(self.offset)}
        values = [np.asarray(v, float) for v in (self.times, self.mix, self.offset)]
        if len(sizes) != 1 or not len(self.times) or not all(np.isfinite(v).all() for v in values):
            raise TextError("A style's times, mix and offset must be finite and equally many.")

    @property
    def prevailing(self) -> str:
        """The name with the larger share, for whoever cannot mix."""
        return self.second if self.second and float(np.mean(self.mix)) > 0.5 else self.first

    def mix_at(self, times: np.ndarray) -> np.ndarray:
        """(T,) share of `second`."""
        return np.interp(times, self.times, np.clip(self.mix, 0, 1))

    def offset_at(self, times: np.ndarray) -> np.ndarray:
        """(T, S) offset."""
        columns = [np.interp(times, self.times, column) for column in np.asarray(self.offset).T]
        return np.stack(columns, 1) if columns else np.zeros((len(times), 0))


@dataclass(frozen=True)
class Manner:
    """How a line is played, whatever the method.

    Attributes:
        style: Which style, over time.
        strength: Factor on all movement; lips still close.
        articulation: Factor on how far the mouth goes for each sound; 1 as learnt.
        smoothing: Deviation in seconds of a Gaussian over all movement; lips still close.
        parts: Which of `PARTS` move; the others rest.
    """

    style: StyleCurve = StyleCurve()
    strength: float = 1.0
    articulation: float = 1.0
    smoothing: float = 0.0
    parts: frozenset[str] = frozenset(PARTS)

    def __post_init__(self) -> None:
        limits = {"strength": (0, 3), "articulation": (0, 3), "smoothing": (0, 1)}
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise TextError(f"The {name} must be between {low} and {high}.")
        unknown = sorted(self.parts - set(PARTS))
        if unknown:
            raise TextError(f"There is no part {unknown[0]!r}; known: {', '.join(PARTS)}.")
