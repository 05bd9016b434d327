"""The last step of every method: strength, articulation, smoothing, parts; then lips that meet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..head.codes import ExampleSet
from ..parameters import AnimationParameters
from .lip_contact import LipGap, sealed
from .manner import Manner
from .visemes import Cue

_SLOW = 0.35
"""Deviation in seconds of the slow movement around which articulation is scaled."""
_ONSET = 0.04
"""Seconds over which a cue's strength comes and goes."""
_LEAST_HABIT = 0.02
"""Added to the variance of each element: a capture of few takes leaves some unmoved."""


@dataclass(frozen=True)
class Finisher:
    """What finishing needs of a head.

    Attributes:
        regions: Where each region's values are in a code.
        lip_gap: Measures codes.
        follow: (M, F): what mouth codes (T, M) explain of the face's codes, as `mouth @ follow`.
        habit: (M, M) covariance of the mouth's codes in the takes.
    """

    regions: Mapping[str, slice]
    lip_gap: LipGap
    follow: np.ndarray
    habit: np.ndarray

    @classmethod
    def build(
        cls, examples: ExampleSet, regions: Mapping[str, slice], lip_gap: LipGap
    ) -> "Finisher":
        """Fit how the mouth moves in the head's takes, and how the face follows it."""
        mouth, face = (examples.codes[:, regions[name]] for name in ("mouth", "face"))
        gram = mouth.T @ mouth + np.eye(mouth.shape[1])
        follow = np.linalg.solve(gram, mouth.T @ face).astype(np.float32)
        habit = np.cov(mouth.T) + _LEAST_HABIT * np.eye(mouth.shape[1])
        return cls(regions, lip_gap, follow, habit.astype(np.float32))

    def __call__(
        self, parameters: AnimationParameters, cues: Sequence[Cue], manner: Manner
    ) -> AnimationParameters:
        """The movement as the manner wants it; p b m f v sealed in the end."""
        codes, pose, times = parameters.codes.copy(), parameters.head_pose, parameters.times
        step = float(times[1] - times[0]) if len(times) > 1 else 1.0
        mouth = self.regions["mouth"]
        codes[:, mouth] = _articulated(codes[:, mouth], times, step, cues, manner.articulation)
        codes, pose = self._parts(codes, pose, manner.parts)
        codes, pose = codes * manner.strength, pose * manner.strength
        if manner.smoothing > 0:
            codes, pose = (
                gaussian_filter1d(v, manner.smoothing / step, axis=0, mode="nearest")
                for v in (codes, pose)
            )
        if "mouth" in manner.parts and manner.strength > 0:
            codes = self.sealed(codes, times, cues)
        return AnimationParameters(times, codes.astype(np.float32), pose.astype(np.float32))

    def sealed(
        self,
        codes: np.ndarray,
        times: np.ndarray,
        cues: Sequence[Cue],
        under: np.ndarray | None = None,
    ) -> np.ndarray:
        """Codes (T, Z) whose lips meet at the p b m f v of `cues`; see `contact.sealed`."""
        return sealed(codes, times, cues, self.regions["mouth"], self.lip_gap, self.habit, under)

    def _parts(
        self, codes: np.ndarray, pose: np.ndarray, parts: frozenset[str]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rest where a part is off; of the face the mouth moves one share, brows the other."""
        mouth, face = self.regions["mouth"], self.regions["face"]
        followed = codes[:, mouth] @ self.follow
        if "brows" not in parts:
            codes[:, face] = followed
        if "mouth" not in parts:
            codes[:, face] -= followed
            codes[:, mouth] = 0
        if "eyes" not in parts:
            codes[:, self.regions["left_eye"]] = codes[:, self.regions["right_eye"]] = 0
        return codes, pose if "head" in parts else np.zeros_like(pose)


def _articulated(
    mouth: np.ndarray, times: np.ndarray, step: float, cues: Sequence[Cue], articulation: float
) -> np.ndarray:
    """Mouth codes (T, M) that go further, or less far, from their slow movement."""
    factor = articulation * _strengths(times, cues)
    if np.allclose(factor, 1.0):
        return mouth
    slow = gaussian_filter1d(mouth, _SLOW / step, axis=0, mode="nearest")
    return slow + (mouth - slow) * factor[:, None]


def _strengths(times: np.ndarray, cues: Sequence[Cue]) -> np.ndarray:
    """The cues' strength at each time (T,), from cue to cue without a jump."""
    if all(cue.strength == 1.0 for cue in cues):
        return np.ones(len(times))
    moments, values = [], []
    for cue in sorted(cues, key=lambda cue: cue.start):
        inside = min(_ONSET, 0.5 * (cue.end - cue.start))
        moments += [cue.start + inside, cue.end - inside]
        values += [cue.strength, cue.strength]
    return np.interp(times, moments, values)
