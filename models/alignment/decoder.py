"""PocketSphinx as two functions: where given words are in a sound, and which phones it holds.

Alignment takes two passes: words with their variants and optional silences, then the states of the
phones of the words found. `bestpath` must be off: with it, word times come from another search than
the second pass expects, and about every second sentence has no path (measured on flite's voices).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import MissingDependencyError
from ..speech.phones import INVENTORY, SILENCE
from .sound import Sound

log = logging.getLogger(__name__)
FRAME = 0.01
"""Seconds between the decoder's frames."""

_BEAMS = (1e-100, 1e-250)
_LANGUAGE_WEIGHT = 2.0


@dataclass(frozen=True)
class Segment:
    """A phone as the decoder found it.

    Attributes:
        label: ARPAbet without digits, 'sil' for silence and noise.
        first: First frame.
        count: Frames.
        score: Log likelihood against the best state of each frame, summed; 0 is perfect.
        word: Index of the word, −1 for silence.
        variant: Which pronunciation of the word was heard.
    """

    label: str
    first: int
    count: int
    score: float = 0.0
    word: int = -1
    variant: int = 0


def align_words(
    sound: Sound, words: Sequence[Sequence[Sequence[str]]]
) -> list[Segment] | None:
    """Find the phones of words in a sound.

    Args:
        sound: The recording.
        words: Per word its pronunciations, each a sequence of ARPAbet symbols without digits.

    Returns:
        Phones and silences in order without gaps, or None where there is no path: some words
        cannot be in the sound.

    Raises:
        MissingDependencyError: pocketsphinx is not installed.
    """
    module = load_pocketsphinx()
    for beam in _BEAMS:
        decoder = module.Decoder(
            **_SHARED, bestpath=False, beam=beam, pbeam=beam, wbeam=beam, pl_window=0
        )
        try:
            return _align(decoder, sound, words)
        except RuntimeError as error:
            log.info("No path with a beam of %g: %s", beam, error)
    return None


def recognise_phones(sound: Sound) -> list[Segment]:
    """Phones heard in a sound of which nothing is known, without gaps.

    Raises:
        MissingDependencyError: pocketsphinx is not installed.
    """
    module = load_pocketsphinx()
    model = module.get_model_path("en-us/en-us-phone.lm.bin")
    decoder = module.Decoder(
        **_SHARED, allphone=model, lw=_LANGUAGE_WEIGHT, beam=1e-20, pbeam=1e-20
    )
    try:
        _decode(decoder, sound)
    except RuntimeError as error:
        log.info("No phones: %s", error)
        return []
    found = [(s.word, s.start_frame, s.end_frame + 1 - s.start_frame) for s in decoder.seg()]
    return [Segment(_label(name), first, count) for name, first, count in found if count > 0]


def load_pocketsphinx() -> ModuleType:
    """The package, loaded on first use: nothing but recordings needs it.

    Raises:
        MissingDependencyError: It is not installed.
    """
    try:
        import pocketsphinx
    except ImportError as error:
        raise MissingDependencyError(
            "Recordings need the Python package pocketsphinx, which is not installed. "
            "Install it, or give a file with timings instead."
        ) from error
    return pocketsphinx


_SHARED = {"lm": None, "dict": None, "loglevel": "FATAL"}


def _align(decoder: Any, sound: Sound, words: Sequence) -> list[Segment]:
    names: dict[tuple, str] = {}
    for word in words:
        key = tuple(tuple(variant) for variant in word)
        if key not in names:
            names[key] = f"word{len(names)}"
            for place, variant in enumerate(key):
                name = names[key] if not place else f"{names[key]}({place + 1})"
                decoder.add_word(name, " ".join(variant), True)
    decoder.set_align_text(" ".join(names[tuple(tuple(v) for v in word)] for word in words))
    _decode(decoder, sound)
    if decoder.hyp() is None:
        raise RuntimeError("no hypothesis")
    decoder.set_alignment()
    _decode(decoder, sound)
    segments = list(_segments(decoder.get_alignment()))
    if len({s.word for s in segments if s.word >= 0}) != len(words):
        raise RuntimeError("words are missing")
    return segments


def _segments(alignment: Any) -> Any:
    index = -1
    for word in alignment:
        silent = not word.name.startswith("word")
        index += not silent
        variant = int(word.name.partition("(")[2].rstrip(")") or 1) - 1 if not silent else 0
        for phone in word:
            place = -1 if silent else index
            yield Segment(
                _label(phone.name), phone.start, phone.duration, phone.score, place, variant
            )


def _decode(decoder: Any, sound: Sound) -> None:
    decoder.start_utt()
    decoder.process_raw((sound.samples * 32767).astype(np.int16).tobytes(), full_utt=True)
    decoder.end_utt()


def _label(name: str) -> str:
    return name if name in _KNOWN else SILENCE


_KNOWN = frozenset(INVENTORY)
