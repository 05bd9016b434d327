"""Which reading of a homograph is meant: NLTK's tagger where its data is, else rules of context."""

import functools
import importlib.util
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from .lexicon import Symbols, homographs

log = logging.getLogger(__name__)

_TAGGER = "averaged_perceptron_tagger_eng"
_BEFORE_VERB = frozenset(
    "to will would can could should must may might shall do does did don't doesn't didn't won't "
    "can't cannot couldn't wouldn't shouldn't not never always often also i you we they who let's "
    "please i'll you'll we'll they'll he'll she'll it'll i'd you'd we'd they'd".split()
)
_BEFORE_NOUN = frozenset(
    "the a an this that these those my your his her its our their some any no each every of in on "
    "at for with by from into about under over two three many few several another".split()
)
_AFTER_VERB = frozenset(
    "the a an this that these those my your his her its our their me him us them it you to".split()
)
_BE = frozenset("is are was were be been being am i'm you're we're they're he's she's it's".split())
_HAVE = frozenset("have has had having i've you've we've they've".split())
_PAST = frozenset(
    "yesterday ago last already once was were went said did had came saw told thought".split()
)
_ADVERBS = frozenset("very so too quite really more most less rather extremely".split())


def reading(words: list[str], place: int, tags: list[str]) -> Symbols | None:
    """Pronounce the homograph at `place`, or None if the word is none.

    Args:
        words: The sentence, lower case.
        place: Which word.
        tags: Part of speech of each word, Penn Treebank (`tag_words`).
    """
    entry = homographs().get(words[place])
    if entry is None:
        return None
    fits, other, part = entry
    part = {"ADJ": "J"}.get(part, part)
    tag = tags[place]
    if words[place] == "read":
        return fits if tag in ("VBD", "VBN") else other
    if words[place] == "used":
        used_to = words[place + 1 : place + 2] == ["to"] and tag != "VBN"
        return other if used_to else fits
    return fits if tag.startswith(part) else other


def tag_words(words: list[str]) -> list[str]:
    """Part of speech of each word: 'V…', 'N…', 'J…' or others, Penn Treebank."""
    tagger = _nltk_tagger()
    if tagger is not None:
        return [tag for _, tag in tagger(words)]
    tags: list[str] = []
    for place in range(len(words)):
        tags.append(_guess(words, place, tags))
    return tags


def _guess(words: list[str], place: int, tags: list[str]) -> str:
    word = words[place]
    before = words[place - 1] if place else ""
    after = words[place + 1] if place + 1 < len(words) else ""
    if word == "read":
        return _guess_read(words, place, before)
    if word not in homographs():
        return "VB" if before in _BEFORE_VERB and word not in _BEFORE_VERB else "NN"
    if before in _ADVERBS:
        return "JJ"
    if before in _HAVE or (before in _BE and word.endswith("ed")):
        return "VBN"
    if before in _BEFORE_VERB or (before in ("he", "she", "it") and word.endswith("s")):
        return "VB"
    if before in _BEFORE_NOUN:
        return "JJ" if _is_adjective_slot(word, after) else "NN"
    if before in _BE:
        return "JJ"
    if place and tags[place - 1].startswith("V"):
        return "NN"
    return "VB" if after in _AFTER_VERB else "NN"


def _is_adjective_slot(word: str, after: str) -> bool:
    functional = _BEFORE_NOUN | _BEFORE_VERB | _BE | _HAVE | {"", "and", "or", "but"}
    return bool(after) and after not in functional and word in ("complex", "minute", "content")


def _guess_read(words: list[str], place: int, before: str) -> str:
    if before in _HAVE | _BE:
        return "VBN"
    if before in ("he", "she", "it"):
        return "VBD"
    if before in _BEFORE_VERB - {"i", "you", "we", "they", "who", "never", "always", "often"}:
        return "VB"
    return "VBD" if _PAST & set(words[:place] + words[place + 1 :]) else "VB"


@functools.lru_cache(maxsize=1)
def _nltk_tagger() -> Callable[[list[str]], list[tuple[str, str]]] | None:
    folders = [Path(item) for item in os.environ.get("NLTK_DATA", "").split(os.pathsep) if item]
    folders += [Path.home() / "nltk_data", Path(sys.prefix) / "nltk_data"]
    folders += [Path("/usr/share/nltk_data"), Path("/usr/local/share/nltk_data")]
    found = any(
        (folder / "taggers" / name).exists()
        for folder in folders
        for name in (_TAGGER, f"{_TAGGER}.zip")
    )
    if not found or importlib.util.find_spec("nltk") is None:
        return None
    import nltk  # takes half a second, so only where its data is

    try:
        nltk.pos_tag(["probe"])
    except (LookupError, OSError, ValueError) as error:
        log.warning("NLTK's tagger data cannot be used: %s", error)
        return None
    return nltk.pos_tag
