"""PocketSphinx as two functions: where given words are in a sound, and which phones it holds.

Alignment takes two passes: words with their variants and optional silences, then the states of the
phones of the words found. `bestpath` must be off: with it, word times come from another search than
the second pass expects, and about every second sentence has no path (measured on flite's voices).
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from ..errors import MissingDependencyError
from ..phones import INVENTORY, SILENCE
from .sound import Sound

log = logging.getLogger(__name__)
FRAME = 0.01
"""Seconds between the decoder's frames."""

_BEAMS = (1e-60, 1e-250)
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
) -> tuple[list[Segment], bool] | None:
    """Find the phones of words in a sound.

    Args:
        sound: The recording.
        words: Per word its pronunciations, each a sequence of ARPAbet symbols without digits.

    Returns:
        Phones and silences in order without gaps, and whether their times were heard (else only
        the words' were, and phones share them equally); or None where there is no path: some
        words cannot be in the sound.

    Raises:
        MissingDependencyError: pocketsphinx is not installed.
    """
    module = load_pocketsphinx()
    roughly = None
    for beam in _BEAMS:
        beams = {"beam": beam, "pbeam": beam, "wbeam": beam, "pl_window": 0}
        decoder = module.Decoder(**_SHARED, **beams, bestpath=False)
        names = _add_words(decoder, words)
        try:
            decoder.set_align_text(" ".join(names))
            _decode(decoder, sound)
            roughly = _equally(decoder, names, words)
            decoder.set_alignment()
            _decode(decoder, sound)
            return list(_segments(decoder.get_alignment())), True
        except RuntimeError as error:
            log.info("No path with a beam of %g: %s", beam, error)
    return (roughly, False) if roughly else None


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


def _add_words(decoder: Any, words: Sequence) -> list[str]:
    """Put every word with its variants in the decoder's dictionary; returns the words' names."""
    names: dict[tuple, str] = {}
    keys = [tuple(tuple(variant) for variant in word) for word in words]
    for key in dict.fromkeys(keys):
        names[key] = f"word{len(names)}"
        for place, variant in enumerate(key):
            name = names[key] if not place else f"{names[key]}({place + 1})"
            decoder.add_word(name, " ".join(variant), True)
    return [names[key] for key in keys]


def _variant(name: str) -> int:
    return int(name.partition("(")[2].rstrip(")") or 1) - 1


def _equally(decoder: Any, names: list[str], words: Sequence) -> list[Segment]:
    """The words found so far, each word's time shared equally by its phones.

    Raises:
        RuntimeError: Not all words were found.
    """
    found = [s for s in decoder.seg() or () if s.end_frame >= s.start_frame]
    if sum(s.word.startswith("word") for s in found) != len(names):
        raise RuntimeError("words are missing")
    segments, index = [], -1
    for item in found:
        first, last = item.start_frame, item.end_frame + 1
        if not item.word.startswith("word"):
            segments.append(Segment(SILENCE, first, last - first))
            continue
        index += 1
        variant = _variant(item.word)
        labels = words[index][variant]
        edges = [first + (last - first) * i // len(labels) for i in range(len(labels) + 1)]
        for place, label in enumerate(labels):
            count = edges[place + 1] - edges[place]
            segments.append(Segment(label, edges[place], count, 0.0, index, variant))
    return segments


def _segments(alignment: Any) -> Iterator[Segment]:
    index = -1
    for word in alignment:
        silent = not word.name.startswith("word")
        index += not silent
        variant = 0 if silent else _variant(word.name)
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
