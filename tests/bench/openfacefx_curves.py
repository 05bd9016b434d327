"""PyPI `openfacefx`, a lip-sync library, as a curve of lip opening: read as kindly as possible.

It gives weights of viseme shapes (Oculus' 15), or of ARKit shapes, and no opening: what a rig makes
of them is up to the rig. So the rig is fitted to the talker: the weights' best linear read-out on
sentences of the same talker (for visemes not negative: every shape has some opening; of ARKit's
shapes some close). Lips also count as closed wherever the closing shape has the upper hand, though
the read-out says otherwise.
"""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models.errors import MissingDependencyError
from models.phones import Phones

from .aligned_sentences import Heard
from .lip_opening import Readout

FPS = 100.0
CLOSING = "PP"
"""Its viseme of p, b and m."""

Channels = Callable[[Phones, np.ndarray], np.ndarray]
"""Phones and times (T,) → weights (T, C)."""


@dataclass(frozen=True)
class Peer:
    """One output of openfacefx, read for one talker.

    Attributes:
        name: Which output.
        channels: Makes its weights.
        readout: Weights to opening, outer-eye distances.
        closed: What the opening is where the closing shape has the upper hand.
    """

    name: str
    channels: Channels
    readout: Readout
    closed: float

    def opening(self, phones: Phones, times: np.ndarray) -> np.ndarray:
        """(T,) outer-eye distances."""
        return self.readout(self.channels(phones, times))

    def lips(self, phones: Phones, times: np.ndarray) -> np.ndarray:
        """Like `opening`, and closed where the closing shape has the upper hand."""
        place = viseme_names().index(CLOSING)
        closing = viseme_weights(phones, times)[:, place] > 0.5
        return np.where(closing, self.closed, self.opening(phones, times))


def peers(training: Sequence[Heard], closed: float) -> list[Peer]:
    """Every output, fitted to recorded sentences.

    Raises:
        MissingDependencyError: openfacefx is not installed.
    """
    if importlib.util.find_spec("openfacefx") is None:
        raise MissingDependencyError("The peer is missing: pip install --no-deps openfacefx.")
    outputs: tuple[tuple[str, Channels, bool], ...] = (
        ("visemes", viseme_weights, True),
        ("visemes, JALI", _jali, True),
        ("ARKit", arkit_weights, False),
        ("ARKit, JALI", lambda phones, times: _arkit(_jali(phones, times)), False),
    )
    found = []
    for name, channels, positive in outputs:
        rows, targets = [], []
        for item in training:
            judged = item.truth.judged
            rows.append(channels(item.phones, item.sentence.times)[judged])
            targets.append(item.truth.opening[judged])
        readout = Readout.fit(np.concatenate(rows), np.concatenate(targets), positive)
        found.append(Peer(name, channels, readout, closed))
    return found


def viseme_names() -> list[str]:
    """Its 15 visemes."""
    from openfacefx import VISEMES

    return list(VISEMES)


def viseme_weights(phones: Phones, times: np.ndarray, *, jali: bool = False) -> np.ndarray:
    """Weights (T, 15) of its visemes at `times` (T,), with its default settings or its JALI."""
    from openfacefx import CoartParams, PhonemeSegment, build_viseme_curves

    segments = [
        PhonemeSegment(label if stress < 0 else f"{label}{stress}", float(start), float(end))
        for label, stress, start, end in zip(
            phones.label.tolist(), phones.stress, phones.start, phones.end, strict=True
        )
    ]
    at, weights = build_viseme_curves(segments, fps=FPS, params=CoartParams(jali=jali))
    return np.stack([np.interp(times, at, column) for column in weights.T], axis=1)


def arkit_weights(phones: Phones, times: np.ndarray) -> np.ndarray:
    """Weights (T, C) of ARKit shapes."""
    return _arkit(viseme_weights(phones, times))


def _jali(phones: Phones, times: np.ndarray) -> np.ndarray:
    return viseme_weights(phones, times, jali=True)


def _arkit(weights: np.ndarray) -> np.ndarray:
    """Its own table from visemes (T, 15) to ARKit shapes (T, C), which end at 1."""
    from openfacefx import PRESETS, VISEMES

    table = PRESETS["arkit"]
    shapes = sorted({shape for targets in table.values() for shape, _ in targets})
    matrix = np.zeros((len(VISEMES), len(shapes)))
    for row, viseme in enumerate(VISEMES):
        for shape, weight in table.get(viseme, ()):
            matrix[row, shapes.index(shape)] = weight
    return np.clip(weights @ matrix, 0, 1)
