"""How a line is played: style over time, strength, articulation, smoothing, which parts move."""

from dataclasses import dataclass, field

import numpy as np

from ..errors import TextError
from ..settings import check, setting

NEUTRAL = "neutral"
PARTS = {
    "mouth": "Mouth with cheeks and jaw",
    "eyes": "Lids and gaze",
    "brows": "Brows",
    "head": "Turns of the head",
}
"""What moves, each to be switched off or weighed → what it is."""
MOST_STYLE_AXES = 16
"""Elements of a style's offset that a .blend keeps."""


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
class StyleSettings:
    """A style that stays the same over the line, or its values at one time."""

    style_first: str = setting(
        "", "Style", "Acting style, or a take to be like; empty for neutral", option="--style"
    )
    style_second: str = setting(
        "", "Mix With", "Second style, to mix in; empty for none", option="--second-style"
    )
    style_mix: float = setting(
        0.0, "Mix", "Share of the second style", low=0.0, high=1.0, kind="share", keyed=True,
        option="--mix",
    )  # fmt: skip
    style_offset: tuple[float, ...] = setting(
        (), "Style Offset", "Added to the style along this axis, in deviations",
        size=MOST_STYLE_AXES, soft=(-3.0, 3.0), keyed=True,
    )  # fmt: skip

    def __post_init__(self) -> None:
        check(self, TextError)

    @property
    def curve(self) -> StyleCurve:
        """The same as a curve."""
        mix, offset = np.array([self.style_mix]), np.array([self.style_offset], float)
        return StyleCurve(self.style_first, self.style_second, np.zeros(1), mix, offset)


@dataclass(frozen=True)
class Manner:
    """How a line is played, whatever the method.

    Attributes:
        style: Which style, over time.
        strength: Factor; 1 as learnt.
        articulation: Factor; 1 as learnt.
        smoothing: Deviation in seconds of a Gaussian.
        parts: Which of `PARTS` move; the others rest.
    """

    style: StyleCurve = StyleCurve()
    strength: float = setting(
        1.0, "Strength", "How much everything moves; lips still close", low=0.0, high=3.0,
        soft=(None, 2.0),
    )  # fmt: skip
    articulation: float = setting(
        1.0, "Articulation", "How far the mouth goes for each sound", low=0.0, high=3.0,
        soft=(None, 2.0),
    )  # fmt: skip
    smoothing: float = setting(
        0.0, "Smoothing", "Softens all movement; lips still close", low=0.0, high=1.0,
        soft=(None, 0.2), kind="seconds",
    )  # fmt: skip
    parts: frozenset[str] = setting(
        frozenset(PARTS), "Parts", "What speech moves; the others rest", noun="part",
        choices=tuple((name, name.capitalize(), tip) for name, tip in PARTS.items()),
    )  # fmt: skip

    def __post_init__(self) -> None:
        check(self, TextError)
