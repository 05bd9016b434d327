"""Coarticulation: how the lips move between phones, with dominance functions fitted to a talker.

After M. Cohen and D. Massaro, "Modeling coarticulation in synthetic visual speech" (1993): every
unit has a target and a dominance that decays before and after it at separate rates; the lips are
the dominance-weighted mean of the targets. Extended so that a target bends with the unit's length
and with its two neighbours on each side (low rank). The parameters in `data/coarticulation.npz`
were fitted by `python -m models.synthetic.coarticulation_fit` and need no recording.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ..files import read_arrays
from ..phones import Phones
from .lipspace import LipSpace
from .units import UNITS, UnitSequence, expand

PARAMETERS = Path(__file__).parent / "data" / "coarticulation.npz"
NEIGHBOURS = (-1, 1, -2, 2)
DURATION_LIMITS = (0.02, 0.6)
LARGEST_SHIFT = 0.05
"""The moment of a unit's largest dominance lies at most this far, in seconds, from the unit."""


@dataclass(frozen=True)
class CoarticulationModel:
    """Fitted dominance model; U units, K lip features, R the rank of the context term.

    Attributes:
        lips: What the features mean.
        target: (U, K).
        strength: (U, K) logarithm of the dominance at its peak.
        onset: (U, K) logarithm of the rate, per second, at which dominance rises before the peak.
        offset: (U, K) the same after the peak.
        peak: (U, K) where in the unit the peak lies: tanh −1…1 from start to end.
        shift: (U, K) further shift of the peak in seconds over `LARGEST_SHIFT`, before tanh.
        lengthening: (U, K) change of the target with the logarithm of the duration.
        typical: (U,) mean logarithm of the duration.
        context_in: (4, U, R) what a neighbour at `NEIGHBOURS` contributes.
        context_out: (4, U, R, K) how a unit answers to it.
    """

    lips: LipSpace
    target: np.ndarray
    strength: np.ndarray
    onset: np.ndarray
    offset: np.ndarray
    peak: np.ndarray
    shift: np.ndarray
    lengthening: np.ndarray
    typical: np.ndarray
    context_in: np.ndarray
    context_out: np.ndarray

    def features(
        self, phones: Phones, times: np.ndarray, articulation: float = 1.0, pace: float = 1.0
    ) -> np.ndarray:
        """Lip features (T, K) at `times` (T,) seconds.

        Args:
            phones: What is said.
            times: When to evaluate, seconds.
            articulation: Scales every target's distance from rest (1 = as recorded).
            pace: Scales the rates of dominance: above 1 targets are reached more fully.
        """
        units = expand(phones)
        if not len(units.index):
            return np.repeat(self.target[:1], len(times), axis=0)
        rest = self.target[0]
        targets = rest + articulation * (self.targets(units) - rest)
        return np.einsum("tuk,uk->tk", self.weights(units, times, pace), targets)

    def weights(self, units: UnitSequence, times: np.ndarray, pace: float = 1.0) -> np.ndarray:
        """Share (T, U, K) of each unit in each feature; sums to one over the units."""
        index = units.index
        middle, half = (units.start + units.end) / 2, _clipped(units) / 2
        peak = middle[:, None] + half[:, None] * np.tanh(self.peak[index])
        peak = peak + LARGEST_SHIFT * np.tanh(self.shift[index])
        distance = np.asarray(times)[:, None, None] - peak
        rate = np.exp(np.where(distance < 0, self.onset[index], self.offset[index])) * pace
        dominance = self.strength[index] - rate * np.abs(distance)
        dominance -= dominance.max(axis=1, keepdims=True)
        share = np.exp(dominance)
        return share / share.sum(axis=1, keepdims=True)

    def targets(self, units: UnitSequence) -> np.ndarray:
        """Targets (U, K) of the units where they stand."""
        index = units.index
        length = np.tanh(np.log(_clipped(units)) - self.typical[index])
        targets = self.target[index] + self.lengthening[index] * length[:, None]
        padded = np.concatenate([[0, 0], index, [0, 0]])
        for place, step in enumerate(NEIGHBOURS):
            near = padded[2 + step : 2 + step + len(index)]
            given = self.context_in[place][near]
            targets = targets + np.einsum("ur,urk->uk", given, self.context_out[place][index])
        return targets

    def arrays(self) -> dict[str, np.ndarray]:
        """Plain arrays for an .npz; `from_arrays` reverses it."""
        own = {
            k: np.asarray(v, np.float32) for k, v in vars(self).items() if isinstance(v, np.ndarray)
        }
        return own | self.lips.arrays() | {"units": np.array(UNITS)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "CoarticulationModel":
        """Rebuild from `arrays`."""
        own = {k: np.asarray(v, float) for k, v in arrays.items() if k in cls.__annotations__}
        return cls(lips=LipSpace.from_arrays(arrays), **own)


@cache
def bundled_model() -> CoarticulationModel:
    """The model kept in the repository."""
    return CoarticulationModel.from_arrays(read_arrays(PARAMETERS))


def _clipped(units: UnitSequence) -> np.ndarray:
    return np.clip(units.end - units.start, *DURATION_LIMITS)
