"""From written text to spoken words, pauses and unknown symbols, each with its text span."""

import re
import unicodedata
from dataclasses import dataclass

from .abbreviations import SYMBOLS
from .reading import RULES, Rule, TextMatch

_FOLDED = {
    "‘": "'", "’": "'", "‛": "'", "ʼ": "'", "`": "'", "´": "'", "′": "'",
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‹": '"', "›": '"', "″": '"',
    "–": "–", "—": "—", "―": "—", "−": "-", "‐": "-", "‑": "-", "‒": "–",
    "¿": " ", "¡": " ", "•": ",", "·": ",", "、": ",", "。": ".", "？": "?", "！": "!", "，": ",",
    "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE", "đ": "d", "ł": "l",
    "Ł": "L", "ð": "th", "þ": "th", "ı": "i", "⁄": "/", "\r": "\n", "\t": " ",
    "²": " squared ", "³": " cubed ",
}  # fmt: skip
_KEPT_SYMBOLS = frozenset(SYMBOLS) | set("€£¥–—")


@dataclass(frozen=True)
class Token:
    """A piece of the text.

    Attributes:
        kind: 'word', 'capitals' (say it if it is a word, else spell it), 'spelled' (letter by
            letter in capitals, then perhaps a plural s), 'pause' or 'unknown'.
        text: The spoken word, the pause's mark, or the unknown symbols.
        start: First character in the text.
        end: One past the last character.
    """

    kind: str
    text: str
    start: int
    end: int


def fold(text: str) -> tuple[str, list[int]]:
    """Plain ASCII as far as it goes, and for each character its place in `text`."""
    plain: list[str] = []
    origin: list[int] = []
    for place, character in enumerate(text):
        for item in _fold_character(character):
            plain.append(item)
            origin.append(place)
    return "".join(plain), [*origin, len(text)]


def _fold_character(character: str) -> str:
    if character in _FOLDED:
        return _FOLDED[character]
    if character.isascii() or character in _KEPT_SYMBOLS:
        return character
    decomposed = unicodedata.normalize("NFKD", character)
    stripped = "".join(c for c in decomposed if not unicodedata.combining(c))
    if stripped.isascii() or all(c.isascii() or c in _FOLDED for c in stripped):
        expanded = "".join(_FOLDED.get(c, c) for c in stripped)
        return f" {expanded} " if "/" in expanded else expanded
    if unicodedata.category(character) in ("Cf", "Zs", "Zl", "Zp"):
        return " "
    return character


def tokenize(text: str) -> list[Token]:
    """Spoken words, pauses and unknown symbols of `text` in order."""
    plain, origin = fold(text)
    shouting = not re.search(r"[a-z]{2}", plain)
    tokens: list[Token] = []
    place = 0
    while place < len(plain):
        match, rule = _match(plain, place)
        found = TextMatch(match, plain[:place], plain[match.end() :], shouting)
        for kind, word in rule(found):
            start, end = origin[match.start()], origin[match.end() - 1] + 1
            tokens.append(Token(kind, word, start, end))
        place = match.end()
    return tokens


def _match(plain: str, place: int) -> tuple[re.Match, Rule]:
    for pattern, rule in RULES:
        match = pattern.match(plain, place)
        if match and match.end() > place:
            return match, rule
    raise AssertionError("the last rule takes any character")
