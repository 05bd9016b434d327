"""The recorded talker's sentences as the actor's motion."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from ..phones import Phones
from ..template.controls import CONTROL_INDEX
from .acted_lines import LIP_ON_TEETH_POSTURE
from .constraints import FALL, LIP_ON_TEETH, RISE, gate, phone_gate, tongue
from .limits import limited
from .lipspace import CONTACT, displacement
from .spoken import SpokenEnglish, SpokenSentence
from .transfer import Retarget

SCORE_CEILINGS = {
    "eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0, "browInnerUp": 0.45, "browOuterUpLeft": 0.45,
    "browOuterUpRight": 0.45, "browDownLeft": 0.4, "browDownRight": 0.4,
    "eyeSquintLeft": 0.3, "eyeSquintRight": 0.3, "eyeLookUpLeft": 0.35, "eyeLookUpRight": 0.35,
    "eyeLookDownLeft": 0.4, "eyeLookDownRight": 0.4, "eyeLookInLeft": 0.35,
    "eyeLookInRight": 0.35, "eyeLookOutLeft": 0.35, "eyeLookOutRight": 0.35,
}  # fmt: skip
"""What the talker's strongest measured score of a control becomes on the actor."""
TOGETHER = ("eyeBlink", "eyeSquint", "browOuterUp", "browDown")
"""Controls whose two sides move as one when a calm reader speaks; scored apart they wink."""
SMALLEST_RANGE = 0.05
"""Scores whose range is below this are noise around this control's neutral."""
HOLD_TAIL = 0.02
"""Seconds by which a measured closure is prolonged, so that a frame of any rate meets it."""
SHORTEST_HOLD = 0.036
"""Half of two frames at 30 fps, and a little."""


@dataclass(frozen=True)
class ScoreMap:
    """Learnt from the talker: score → control, by his own neutral and his own strongest.

    Attributes:
        columns: Control name → column of the scores.
        gain: Control name → factor on what exceeds the neutral.
    """

    columns: Mapping[str, int]
    gain: Mapping[str, float]

    @classmethod
    def fit(cls, data: SpokenEnglish) -> "ScoreMap":
        """Learn the gains from the sentences that fits may see."""
        columns = {name: data.score_names.index(name) for name in SCORE_CEILINGS}
        raised = np.concatenate([s.scores - _neutral(s.scores) for s in data.train])
        high = np.percentile(raised, 99.5, axis=0)
        gain = {
            name: ceiling / max(float(high[columns[name]]), SMALLEST_RANGE)
            for name, ceiling in SCORE_CEILINGS.items()
        }
        return cls(columns, gain)

    def controls(self, scores: np.ndarray) -> dict[str, np.ndarray]:
        """Controls (T,) by name of scores (T, 52)."""
        raised = scores - _neutral(scores)
        found = {
            name: np.clip(self.gain[name] * raised[:, place], 0, 1)
            for name, place in self.columns.items()
        }
        for name in TOGETHER:
            common = (found[f"{name}Left"] + found[f"{name}Right"]) / 2
            found[f"{name}Left"] = found[f"{name}Right"] = common
        return found


def _neutral(scores: np.ndarray) -> np.ndarray:
    return np.percentile(scores, 30, axis=0)


def transferred(
    sentence: SpokenSentence,
    data: SpokenEnglish,
    retarget: Retarget,
    score_map: ScoreMap,
    fps: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Controls (T, C) and head pose (T, 6) of one recorded sentence at another frame rate."""
    times = np.arange(int(sentence.times[-1] * fps) + 1) / fps
    moved = displacement(sentence, data, retarget.lips.neutral)
    opening = np.maximum(data.opening(sentence.lips) - retarget.lips.closure, 0)
    moved, opening = (
        _resampled(sentence, moved, times),
        transferred_opening(sentence, opening, times),
    )
    on_teeth = phone_gate(sentence.phones, LIP_ON_TEETH, times)
    held = {name: value * on_teeth for name, value in LIP_ON_TEETH_POSTURE.items()}
    controls = retarget.controls(moved, opening, held)
    added = score_map.controls(_resampled(sentence, sentence.scores, times))
    for name, value in (added | tongue(sentence.phones, times)).items():
        controls[:, CONTROL_INDEX[name]] += value
    return limited(controls), _head(sentence, times)


def transferred_opening(
    sentence: SpokenSentence, opening: np.ndarray, times: np.ndarray
) -> np.ndarray:
    """Opening above closure at `times`; wherever the recording closed, closed for two frames."""
    found = np.maximum(_resampled(sentence, opening, times), 0)
    closing = np.zeros(len(times))
    for start, end in closed_spans(sentence.phones, sentence.times, opening):
        middle, half = (start + end) / 2, max((end - start) / 2 + HOLD_TAIL, SHORTEST_HOLD)
        closing = np.maximum(closing, gate(times, middle - half, middle + half))
    return found * (1 - closing)


def closed_spans(
    phones: Phones, times: np.ndarray, opening: np.ndarray
) -> list[tuple[float, float]]:
    """Spans (first, last) in seconds in which the measured lips touch on or beside p b m."""
    near = np.zeros(len(times), bool)
    for place in np.flatnonzero(np.isin(phones.label, ("P", "B", "M"))):
        near |= (times >= phones.start[place] - RISE) & (times <= phones.end[place] + FALL)
    rows = np.flatnonzero(near & (opening < CONTACT))
    if not len(rows):
        return []
    runs = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    return [(float(times[run[0]]), float(times[run[-1]])) for run in runs]


def _resampled(sentence: SpokenSentence, values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Monotone cubic: no overshoot through a closure."""
    return PchipInterpolator(sentence.times, values, axis=0)(times)


def _head(sentence: SpokenSentence, times: np.ndarray) -> np.ndarray:
    """Head pose (T, 6) of the recorded yaw, pitch and roll around their median."""
    degrees = _resampled(sentence, sentence.head - np.median(sentence.head, axis=0), times)
    yaw, pitch, roll = np.radians(degrees).T
    rest = np.zeros((len(times), 3))
    return np.column_stack([pitch, roll, yaw, rest]).astype(np.float32)
