"""From written text to spoken words, pauses and unknown symbols, each with its text span."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import numbers
from .abbreviations import (
    ABBREVIATIONS,
    DOTTED,
    SENTENCE_ENDING,
    SYMBOLS,
    TITLES,
    UNITS,
    expand_title,
)

PAUSES = {
    ",": 0.18,
    "(": 0.15,
    ")": 0.15,
    "[": 0.15,
    "]": 0.15,
    "{": 0.15,
    "}": 0.15,
    ":": 0.28,
    ";": 0.28,
    "-": 0.28,
    "!": 0.45,
    ".": 0.45,
    "?": 0.5,
    "\n": 0.5,
    "...": 0.6,
}
"""Seconds of pause at a speaking rate of 1."""

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
        for kind, word in rule(match, plain, shouting):
            start, end = origin[match.start()], origin[match.end() - 1] + 1
            tokens.append(Token(kind, word, start, end))
        place = match.end()
    return tokens


Spoken = Iterator[tuple[str, str]]
Rule = Callable[[re.Match, str, bool], Spoken]


def _match(plain: str, place: int) -> tuple[re.Match, Rule]:
    for pattern, rule in _RULES:
        match = pattern.match(plain, place)
        if match and match.end() > place:
            return match, rule
    raise AssertionError("the last rule takes any character")


def _words(words: list[str]) -> Spoken:
    return (("word", word) for word in words)


def _letters(text: str) -> Spoken:
    yield "spelled", "".join(item for item in text if item.isalpha()).upper()


def _space(match: re.Match, plain: str, shouting: bool) -> Spoken:
    if match[0].count("\n"):
        yield "pause", "\n"


def _time(match: re.Match, plain: str, shouting: bool) -> Spoken:
    hour, minute, second = int(match["h"]), int(match["m"] or 0), match["s"]
    half = (match["half"] or "").replace(".", "").strip().lower()
    yield from _words(numbers.clock(hour, minute, int(second) if second else None))
    if half:
        yield from _letters(half)
    elif not minute and not second:
        yield "word", "o'clock"
    if match[0].endswith(".") and match.end() == len(plain.rstrip()):
        yield "pause", "."


def _money(match: re.Match, plain: str, shouting: bool) -> Spoken:
    scales = {"k": "thousand", "m": "million", "bn": "billion", "b": "billion"}
    scale = (match["scale"] or "").strip().lower()
    return _words(numbers.money(match["sign"], match["n"], scales.get(scale, scale)))


def _iso_date(match: re.Match, plain: str, shouting: bool) -> Spoken:
    return _words(numbers.date(int(match[2]), int(match[3]), int(match[1])))


def _slash_date(match: re.Match, plain: str, shouting: bool) -> Spoken:
    number = int(match[3])
    century = 0 if len(match[3]) == 4 else 2000 if number < 50 else 1900
    return _words(numbers.date(int(match[1]), int(match[2]), number + century))


def _phone_number(match: re.Match, plain: str, shouting: bool) -> Spoken:
    for group in re.split(r"\D+", match[0]):
        yield from _words(numbers.digits(group, zero="oh"))
        yield "pause", ","


def _fraction(match: re.Match, plain: str, shouting: bool) -> Spoken:
    if match[1]:
        yield from _words([*numbers.decimal(match[1]), "and"])
    words = numbers.fraction(int(match[2]), int(match[3]))
    if match[1] and words[0] == "one":
        words[0] = "a"
    yield from _words(words)


def _ordinal(match: re.Match, plain: str, shouting: bool) -> Spoken:
    return _words(numbers.ordinal(int(match[1].replace(",", ""))))


def _decade(match: re.Match, plain: str, shouting: bool) -> Spoken:
    number = int(match[1])
    words = numbers.year(number) if len(match[1]) == 4 else numbers.cardinal(number)
    return _words(numbers.plural(words))


def _range(match: re.Match, plain: str, shouting: bool) -> Spoken:
    for number, join in ((match[1], "to"), (match[2], None)):
        yield from _words(_plain_number(number))
        if join:
            yield "word", join
    if match["unit"]:
        yield from _words(UNITS[match["unit"].strip()][1].split())


def _plain_number(text: str) -> list[str]:
    if re.fullmatch(r"1[1-9]\d\d|20\d\d", text):
        return numbers.year(int(text))
    return numbers.decimal(text)


def _number(match: re.Match, plain: str, shouting: bool) -> Spoken:
    if match["minus"]:
        yield "word", "minus"
    unit = match["unit"]
    words = numbers.decimal(match["n"]) if unit else _plain_number(match["n"])
    yield from _words(words)
    if unit:
        one, many = UNITS[unit.strip()]
        yield from _words((one if match["n"] == "1" else many).split())


def _dotted(match: re.Match, plain: str, shouting: bool) -> Spoken:
    known = DOTTED.get(match[0].lower())
    yield from _words(known.split()) if known else _letters(match[0])
    if match.end() == len(plain.rstrip()) and not known:
        yield "pause", "."


def _abbreviation(match: re.Match, plain: str, shouting: bool) -> Spoken:
    name, after = match[1], plain[match.end() :]
    if name in TITLES:
        spoken = expand_title(name, plain[: match.start()], after)
    else:
        spoken = ABBREVIATIONS[name]
    yield from _words(spoken.split())
    ends = not after.strip() or (spoken in SENTENCE_ENDING and re.match(r"\s+[A-Z]", after))
    if match[0].endswith(".") and ends:
        yield "pause", "."


def _address(match: re.Match, plain: str, shouting: bool) -> Spoken:
    for part in re.findall(r"[A-Za-z]+|\d+|[.@/:_-]", re.sub(r"^https?://", "", match[0])):
        spoken = {".": "dot", "@": "at", "/": "slash", ":": "colon", "_": "underscore", "-": "dash"}
        if part in spoken:
            yield "word", spoken[part]
        else:
            yield from _words(numbers.decimal(part) if part.isdigit() else [part.lower()])


_SPELLED = frozenset("US IT AI UK EU PC TV CD ID IP PM DJ MC".split())


def _mixed(match: re.Match, plain: str, shouting: bool) -> Spoken:
    for part in re.findall(r"[A-Za-z]+|\d+", match[0]):
        if part.isdigit():
            yield from _words(_plain_number(part))
        elif len(part) <= 3:
            yield from _letters(part)
        else:
            yield "word", part.lower()


def _capitals(match: re.Match, plain: str, shouting: bool) -> Spoken:
    body, tail = match[1], match[2] or ""
    if shouting or len(body) > 6:
        yield "word", (body + tail).lower()
    else:
        yield "spelled" if body in _SPELLED or tail == "s" else "capitals", body + tail


def _word(match: re.Match, plain: str, shouting: bool) -> Spoken:
    word = match[0].strip("'")
    if len(word) == 1 and word.isupper() and word != "I":
        start = match.start() == 0 or bool(re.search(r"[.!?\n]\s*$", plain[: match.start()]))
        is_article = word == "A" and (start or shouting)
        yield ("word", "a") if is_article else ("spelled", word)
    elif word:
        yield "word", word.lower()


def _hashtag(match: re.Match, plain: str, shouting: bool) -> Spoken:
    yield "word", "number" if match[1].isdigit() else "hashtag"


def _symbol(match: re.Match, plain: str, shouting: bool) -> Spoken:
    return _words(SYMBOLS[match[0]].split())


def _pause(match: re.Match, plain: str, shouting: bool) -> Spoken:
    mark = match[0].strip()
    if "..." in mark or mark == "..":
        yield "pause", "..."
    elif mark[0] in "-–—":
        yield "pause", "-"
    else:
        yield "pause", max(mark, key=lambda item: PAUSES.get(item, 0))


def _nothing(match: re.Match, plain: str, shouting: bool) -> Spoken:
    return iter(())


def _unknown(match: re.Match, plain: str, shouting: bool) -> Spoken:
    yield "unknown", match[0]


def _alternatives(names: object) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_N = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_HALF = r"(?P<half>\s?[AaPp](?:\.\s?[Mm]\.|[Mm])(?![A-Za-z]))"
_DAY = r"(0?[1-9]|[12]\d|3[01])"
_MONTH = r"(0?[1-9]|1[0-2])"
_UNIT = rf"(?P<unit>\s?(?:{_alternatives(UNITS)})(?![A-Za-z0-9]))?"
_NOT_BEFORE = r"(?<![A-Za-z0-9])"
_RULES: tuple[tuple[re.Pattern, Rule], ...] = tuple(
    (re.compile(pattern), rule)
    for pattern, rule in (
        (r"\s+", _space),
        (rf"(?P<h>[01]?\d|2[0-3]):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d))?(?!\d){_HALF}?", _time),
        (rf"(?P<h>1[0-2]|0?[1-9])(?P<m>)(?P<s>)(?<=\d){_HALF}", _time),
        (
            rf"(?P<sign>[$€£¥])\s?(?P<n>{_N})"
            r"(?P<scale>\s?(?:thousand|million|billion|trillion|bn|[kKmMB])\b)?",
            _money,
        ),
        (rf"([12]\d{{3}})-{_MONTH}-{_DAY}(?![\d-])", _iso_date),
        (rf"{_MONTH}/{_DAY}/(\d{{4}}|\d\d)(?![\d/])", _slash_date),
        (r"(?:\+?\d{1,3}[ -])?\(?\d{3}\)?[ -]\d{3}-\d{4}(?!\d)|\d{3}-\d{4}(?!\d)", _phone_number),
        (r"(?:(\d+)\s)?\s*(\d{1,3})/(\d{1,3})(?![\d/])", _fraction),
        (r"(\d[\d,]*)(?:st|nd|rd|th)\b", _ordinal),
        (r"'?((?:1[1-9]|20)\d0|[2-9]0)'?s\b", _decade),
        (rf"({_N})\s?[-–]\s?({_N})(?![\d-]){_UNIT}", _range),
        (rf"(?P<minus>(?<![A-Za-z0-9)])-)?(?P<n>{_N}){_UNIT}(?![A-Za-z])", _number),
        (r"(?:https?://|www\.)[\w./@:-]*\w|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", _address),
        (r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?:com|org|net|io|edu|gov|co|uk|de)\b", _address),
        (rf"{_NOT_BEFORE}(?:[A-Za-z]\.){{2,}}", _dotted),
        (rf"{_NOT_BEFORE}({_alternatives(TITLES | set(ABBREVIATIONS))})\.", _abbreviation),
        (
            rf"{_NOT_BEFORE}({_alternatives(('Dr', 'Mr', 'Mrs', 'Ms', 'vs'))})\b(?!\.)",
            _abbreviation,
        ),
        (r"[A-Za-z]+\d[A-Za-z\d]*|\d+[A-Za-z][A-Za-z\d]*", _mixed),
        (r"([A-Z]{2,})('?s)?(?![A-Za-z'])", _capitals),
        (r"'?[A-Za-z]+(?:'[A-Za-z]+)*'?", _word),
        (r"#(?=(\w))", _hashtag),
        (r"-(?=[A-Za-z0-9])(?<=[A-Za-z0-9]-)", _nothing),
        (r"\s*(?:--+|[–—]|-(?=\s|$))\s*", _pause),
        (r"[,.;:!?()\[\]{}]+", _pause),
        (r"[\"'-]+", _nothing),
        (rf"[{re.escape(''.join(SYMBOLS))}]", _symbol),
        (r"[^\x00-\x7f]+|.", _unknown),
    )
)
