"""From chosen samples to one code curve: time-warp, cross-fade, closures, ease in and out."""

from dataclasses import dataclass

import numpy as np

from .database import Slots, SpeechDatabase

FADE = 0.05
"""Most seconds by which a cross-fade reaches to each side of a joint."""
_SILENCE = 0


@dataclass(frozen=True)
class Run:
    """Chosen samples that follow one another in their take.

    Attributes:
        first: Its first slot.
        last: Its last slot.
        target: (K,) seconds of the line, increasing.
        source: (K,) seconds of the database, not decreasing.
    """

    first: int
    last: int
    target: np.ndarray
    source: np.ndarray


def assemble(
    database: SpeechDatabase, slots: Slots, chosen: np.ndarray, times: np.ndarray
) -> np.ndarray:
    """Codes (T, Z) at `times` (T,) of the samples `chosen` (P,), warped and cross-faded."""
    runs = _runs(database, slots, chosen, 1.0 / _rate(times))
    fades = [_fade(slots, run.last) for run in runs[:-1]]
    total = np.zeros((len(times), database.examples.codes.shape[1]), np.float32)
    for index, run in enumerate(runs):
        weight = np.ones(len(times))
        if index:
            weight *= _ramp(times, *fades[index - 1])
        if index < len(fades):
            weight *= 1 - _ramp(times, *fades[index])
        used = np.flatnonzero(weight > 0)
        seconds = np.interp(times[used], run.target, run.source)
        total[used] += database.codes_at(seconds) * weight[used, None].astype(np.float32)
    return total


def closed_frames(slots: Slots, times: np.ndarray) -> np.ndarray:
    """How far (T,) 0…1 each time lies in a p, b, m, where lips must stay as captured."""
    weight = np.zeros(len(times))
    step = 1.0 / _rate(times)
    for place in np.flatnonzero(slots.bilabial):
        middle = 0.5 * (slots.start[place] + slots.end[place])
        half = max(0.5 * (slots.end[place] - slots.start[place]), 0.6 * step)
        weight = np.maximum(weight, np.clip(1.5 - np.abs(times - middle) / half, 0, 1))
    return weight


def _rate(times: np.ndarray) -> float:
    return 1.0 / (times[1] - times[0]) if len(times) > 1 else 30.0


def _runs(database: SpeechDatabase, slots: Slots, chosen: np.ndarray, step: float) -> list[Run]:
    follows = (chosen[1:] == chosen[:-1] + 1) & database.follows[chosen[1:]]
    starts = np.flatnonzero(np.append(True, ~follows))
    stops = np.append(starts[1:], len(chosen))
    return [
        _run(database, slots, chosen, a, b - 1, step) for a, b in zip(starts, stops, strict=True)
    ]


def _run(
    database: SpeechDatabase, slots: Slots, chosen: np.ndarray, first: int, last: int, step: float
) -> Run:
    """Knots of a run, reaching one phone beyond both ends so that cross-fades have context."""
    own = database.slots
    target, source = [], []
    for place in range(first, last + 1):
        knots = _slot_knots(database, slots, place, int(chosen[place]), step)
        target += knots[0]
        source += knots[1]
    before, after = int(chosen[first]), int(chosen[last])
    if database.follows[before] and first > 0:
        target.insert(0, slots.start[first - 1])
        source.insert(0, _reach(own, before - 1, slots, first - 1, -1))
    if after + 1 < len(own.start) and database.follows[after + 1] and last + 1 < len(slots.start):
        target.append(slots.end[last + 1])
        source.append(_reach(own, after + 1, slots, last + 1, +1))
    target = np.maximum.accumulate(np.array(target) + 1e-9 * np.arange(len(target)))
    return Run(first, last, target, np.maximum.accumulate(np.array(source)))


def _reach(own: Slots, sample: int, slots: Slots, place: int, side: int) -> float:
    """Where the source must be at the far end of a neighbouring slot; silences are not squeezed."""
    length = own.end[sample] - own.start[sample]
    if own.label[sample] == _SILENCE or slots.label[place] == _SILENCE:
        length = min(length, slots.end[place] - slots.start[place])
    return own.start[sample] + length if side > 0 else own.end[sample] - length


def _slot_knots(
    database: SpeechDatabase, slots: Slots, place: int, sample: int, step: float
) -> tuple[list[float], list[float]]:
    own = database.slots
    start, end = float(slots.start[place]), float(slots.end[place])
    begin, stop = float(own.start[sample]), float(own.end[sample])
    if slots.label[place] == _SILENCE:
        return _silence_knots(slots, place, begin, stop)
    first, last = database.closure[0][sample], database.closure[1][sample]
    if not slots.bilabial[place] or np.isnan(first):
        return [start, end], [begin, stop]
    # At least one frame must fall on the contact, so it is held for a little over a frame.
    share = np.clip((last - first) / max(stop - begin, 1e-3), 0, 0.8)
    half = max(0.5 * share * (end - start), 0.55 * step)
    middle = 0.5 * (start + end)
    target, source = [middle - half, middle + half], [first, last]
    if start < middle - half and begin < first:
        target.insert(0, start)
        source.insert(0, begin)
    if end > middle + half and stop > last:
        target.append(end)
        source.append(stop)
    return target, source


def _silence_knots(
    slots: Slots, place: int, begin: float, stop: float
) -> tuple[list[float], list[float]]:
    """Silence keeps its pace beside the words and is held in the middle, or squeezed."""
    start, end = float(slots.start[place]), float(slots.end[place])
    wanted, there = end - start, stop - begin
    if place == 0:
        used = min(wanted, there)
        return [start, end - used + 1e-6, end], [stop - used, stop - used, stop]
    if place == len(slots.start) - 1:
        used = min(wanted, there)
        return [start, start + used, end + 1e-6], [begin, begin + used, begin + used]
    if wanted <= there:
        return [start, end], [begin, stop]
    half = 0.5 * there
    return [start, start + half, end - half, end], [begin, begin + half, begin + half, stop]


def _fade(slots: Slots, left: int) -> tuple[float, float]:
    """Start and end of the cross-fade after slot `left`: never over a p, b, m."""
    right = left + 1
    joint = float(slots.end[left])
    before, after = (
        min(FADE, 0.45 * float(slots.end[place] - slots.start[place])) for place in (left, right)
    )
    if slots.bilabial[left]:
        before = 0.0
    if slots.bilabial[right]:
        after = 0.0
    return joint - before - 1e-6, joint + after + 1e-6


def _ramp(times: np.ndarray, start: float, end: float) -> np.ndarray:
    part = np.clip((times - start) / (end - start), 0, 1)
    return part * part * (3 - 2 * part)
