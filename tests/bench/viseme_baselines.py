"""What example-based speech is measured against: static visemes and nearest-sentence replay."""

import numpy as np

from models.phones import Phones, phone_indices
from models.speech.database import PLACES, Slots, SpeechDatabase
from models.speech.visemes import VISEME_INDEX, VISEME_NAMES

_MIDDLE = PLACES.index(0.5)


def static_visemes(database: SpeechDatabase, phones: Phones, times: np.ndarray) -> np.ndarray:
    """Codes (T, Z): each viseme's mean code at its phones' middles, linear in between.

    Visemes that were never captured take the mean of all samples.
    """
    own = database.slots
    middles = database.codes_at(0.5 * (own.start + own.end))
    viseme = VISEME_INDEX[own.label]
    belongs = (viseme == np.arange(len(VISEME_NAMES))[:, None]).astype(float)
    counts = belongs.sum(1, keepdims=True)
    means = np.where(counts > 0, belongs @ middles / np.maximum(counts, 1), middles.mean(0))
    merged = phones.merged()
    keys = means[VISEME_INDEX[phone_indices(merged.label)]]
    columns = [np.interp(times, merged.middle, column) for column in keys.T]
    return np.stack(columns, axis=1).astype(np.float32)


def nearest_sentence(database: SpeechDatabase, phones: Phones, times: np.ndarray) -> np.ndarray:
    """Codes (T, Z): the whole take whose phones match best, warped phone by phone onto the line."""
    slots = Slots.of(phones.merged())
    best, path = np.inf, None
    for take in range(len(database.takes)):
        samples = np.flatnonzero(database.take == take)
        cost, pairs = _align(database, slots, samples)
        if cost < best:
            best, path = cost, pairs
    target = 0.5 * (slots.start + slots.end)[path[:, 0]]
    own = database.slots
    source = 0.5 * (own.start + own.end)[path[:, 1]]
    return database.codes_at(np.interp(times, target + 1e-9 * np.arange(len(target)), source))


def _align(database: SpeechDatabase, slots: Slots, samples: np.ndarray) -> tuple[float, np.ndarray]:
    """Dynamic time warping of phones: mean cost and pairs (K, 2) of slot and sample."""
    apart = database.phone_distance[np.ix_(slots.label, database.slots.label[samples])]
    rows, columns = apart.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0
    for row in range(rows):
        for column in range(columns):
            steps = total[row, column], total[row, column + 1], total[row + 1, column]
            total[row + 1, column + 1] = apart[row, column] + min(steps)
    row, column, pairs = rows, columns, []
    while row and column:
        pairs.append((row - 1, samples[column - 1]))
        steps = ((row - 1, column - 1), (row - 1, column), (row, column - 1))
        row, column = min(steps, key=lambda place: total[place])
    return float(total[-1, -1]) / (rows + columns), np.array(pairs[::-1])
