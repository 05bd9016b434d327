"""Eyes, brows and head: long unbroken stretches of takes under the speech.

What the mouth says does not tell where a talker looks, blinks or nods, so these come in stretches
as captured, never chopped by phones: aligned so that the takes' speech sets in where the line's
does, joined where both are calm (a blink is never cut), cross-faded in code space.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..phones import Phones
from .database import SpeechDatabase, sample_rows

FADE = 0.3
"""Seconds of cross-fade between stretches."""

_CANDIDATES = 48
_JOINT_SPREAD = 0.8
_STEP = 0.1


@dataclass(frozen=True)
class Stretch:
    """A part of a take laid under the line.

    Attributes:
        take: Which of the database's takes.
        shift: Seconds of the take at the line's time 0.
        start: Seconds of the line at which it takes over.
    """

    take: int
    shift: float
    start: float


@dataclass(frozen=True)
class Background:
    """What speech does not decide, per frame.

    Attributes:
        codes: (T, Z) codes with the eyes' values; in the face's place what the mouth does not
            explain (`face_from_mouth`); the mouth's values are zero.
        head_pose: (T, 6).
    """

    codes: np.ndarray
    head_pose: np.ndarray


class BackgroundMotion:
    """The stretches of a database, ready to be laid under any line."""

    def __init__(self, database: SpeechDatabase) -> None:
        """Separate what the mouth explains of the face from the rest."""
        self._database = database
        self._takes = database.takes
        self._fps = database.fps
        codes = database.examples.codes
        mouth, face = (database.regions[name] for name in ("mouth", "face"))
        rows = np.concatenate([np.arange(t.start, t.start + t.count) for t in self._takes])
        self._map = _regression(codes[rows, mouth], codes[rows, face])
        self._signal = self._signals(codes, mouth, face)
        spread = self._signal[rows].std(0)
        self._scale = np.where(spread > 1e-6, 1 / np.maximum(spread, 1e-6), 0.0)
        self._calm = self._eye_motion(codes)
        self._activity = [_activity(t.phones, t.count / self._fps) for t in self._takes]

    def face_from_mouth(self, mouth: np.ndarray) -> np.ndarray:
        """What mouth codes (T, M) explain of the face's codes (T, F)."""
        return mouth @ self._map[:-1] + self._map[-1]

    def lay(self, phones: Phones, times: np.ndarray, rng: np.random.Generator) -> Background:
        """Stretches under the line `phones` at `times` (T,)."""
        stretches = self._choose(phones, float(times[-1]), rng)
        weights = [np.ones(len(times)) for _ in stretches]
        for index in range(1, len(stretches)):
            joint = stretches[index].start
            part = np.clip((times - joint) / FADE + 0.5, 0, 1)
            rise = part * part * (3 - 2 * part)
            weights[index] *= rise
            weights[index - 1] *= 1 - rise
        total = np.zeros((len(times), self._signal.shape[1]), np.float32)
        for stretch, weight in zip(stretches, weights, strict=True):
            total += weight[:, None].astype(np.float32) * self._state(stretch, times)
        size = self._database.examples.codes.shape[1]
        return Background(total[:, :size], total[:, size:])

    def _signals(self, codes: np.ndarray, mouth: slice, face: slice) -> np.ndarray:
        """Codes without mouth and with the face's rest, and head pose, (N, Z + 6)."""
        rest = codes.copy()
        rest[:, face] -= self.face_from_mouth(codes[:, mouth])
        rest[:, mouth] = 0
        return np.concatenate([rest, self._database.examples.head_pose], axis=1)

    def _eye_motion(self, codes: np.ndarray) -> np.ndarray:
        """How much the eyes move around each frame (N,), in deviations: high in blinks."""
        eyes = [codes[:, self._database.regions[name]] for name in ("left_eye", "right_eye")]
        speed = np.abs(np.gradient(np.concatenate(eyes, axis=1), axis=0)).sum(1) * self._fps
        width = max(int(FADE * self._fps), 1)
        spread = np.convolve(speed, np.ones(width) / width, mode="same")
        return spread / max(float(spread.std()), 1e-6)

    def _state(self, stretch: Stretch, times: np.ndarray) -> np.ndarray:
        take = self._takes[stretch.take]
        rows = np.clip((times + stretch.shift) * self._fps, 0, take.count - 1)
        return sample_rows(self._signal, rows + take.start)

    def _available(self, stretch: Stretch) -> float:
        """Seconds of the line at which the stretch's take ends."""
        return (self._takes[stretch.take].count - 1) / self._fps - stretch.shift

    def _choose(self, phones: Phones, end: float, rng: np.random.Generator) -> list[Stretch]:
        activity = _activity(phones, end + _STEP)
        onsets = _onsets(phones)
        chosen = [self._best(self._offers(onsets, 0.0, rng), lambda s: self._fit(s, activity, end))]
        while self._available(chosen[-1]) < end:
            last = chosen[-1]
            latest = max(self._available(last) - 0.5 * FADE, last.start + FADE)
            joints = np.arange(max(latest - _JOINT_SPREAD, last.start + FADE), latest + 1e-9, _STEP)
            offers = [o for joint in joints for o in self._offers(onsets, float(joint), rng, 12)]
            chosen.append(
                self._best(
                    offers,
                    lambda s, last=last: self._fit(s, activity, end) + self._joint_cost(last, s),
                )
            )
        return chosen

    @staticmethod
    def _best(offers: list[Stretch], cost: Callable[[Stretch], float]) -> Stretch:
        return min(offers, key=cost)

    def _offers(
        self, onsets: np.ndarray, start: float, rng: np.random.Generator, count: int = _CANDIDATES
    ) -> list[Stretch]:
        """Takes that could take over at `start`, their speech setting in with the next phrase."""
        later = onsets[onsets >= start - 0.2]
        onset = float(later[0]) if len(later) and later[0] < start + 1.5 else start
        offers = []
        for take in rng.choice(len(self._takes), min(count, len(self._takes)), replace=False):
            begins = float(_onsets(self._takes[take].phones)[0])
            shift = max(begins - onset, -start)
            offers.append(Stretch(int(take), shift, start))
        return offers

    def _fit(self, stretch: Stretch, activity: np.ndarray, end: float) -> float:
        """Cost of laying a take under speech and silence it was not captured with."""
        stop = min(self._available(stretch), end)
        times = np.arange(stretch.start, max(stop, stretch.start + _STEP), _STEP)
        own = self._activity[stretch.take]
        there = own[np.clip(((times + stretch.shift) / _STEP).astype(int), 0, len(own) - 1)]
        here = activity[np.clip((times / _STEP).astype(int), 0, len(activity) - 1)]
        return float(np.abs(there - here).mean()) + 1.0 / max(stop - stretch.start, _STEP)

    def _joint_cost(self, last: Stretch, following: Stretch) -> float:
        near = following.start + np.array([-0.5, 0.5]) / self._fps
        old, new = (self._state(s, near) * self._scale for s in (last, following))
        jump = np.abs(old - new).mean() + 4 * np.abs((old[1] - old[0]) - (new[1] - new[0])).mean()
        return float(jump) + self._restless(last, near[0]) + self._restless(following, near[0])

    def _restless(self, stretch: Stretch, time: float) -> float:
        take = self._takes[stretch.take]
        row = np.clip(round((time + stretch.shift) * self._fps), 0, take.count - 1)
        return float(self._calm[take.start + int(row)])


def _regression(inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Ridge weights (M + 1, F), the last row the constant."""
    design = np.concatenate([inputs, np.ones((len(inputs), 1), np.float32)], axis=1)
    gram = design.T @ design + 1.0 * np.eye(design.shape[1])
    return np.linalg.solve(gram, design.T @ outputs).astype(np.float32)


def _activity(phones: Phones, seconds: float) -> np.ndarray:
    """0 in silence, 0.5 in speech, 1 on stressed vowels, every `_STEP` seconds."""
    index = phones.at(np.arange(0, max(seconds, _STEP), _STEP))
    spoken = (index >= 0) & ~phones.silent[index]
    return np.where(spoken, np.where(phones.stress[index] == 1, 1.0, 0.5), 0.0)


def _onsets(phones: Phones) -> np.ndarray:
    """Seconds at which phrases begin."""
    starts = ~phones.silent & np.append(True, phones.silent[:-1])
    return phones.start[starts]
