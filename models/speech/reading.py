"""The rules of reading aloud: what each pattern of written text is spoken as."""

import re
from collections.abc import Callable, Iterable, Iterator
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


@dataclass(frozen=True)
class TextMatch:
    """A pattern found in the text.

    Attributes:
        match: Of one rule's pattern.
        before: The text before it.
        after: The text after it.
        shouting: Whether the whole text is in capitals.
    """

    match: re.Match
    before: str
    after: str
    shouting: bool


Spoken = Iterator[tuple[str, str]]
Rule = Callable[[TextMatch], Spoken]


def _words(words: list[str]) -> Spoken:
    return (("word", word) for word in words)


def _letters(text: str) -> Spoken:
    yield "spelled", "".join(item for item in text if item.isalpha()).upper()


def _space(found: TextMatch) -> Spoken:
    if found.match[0].count("\n"):
        yield "pause", "\n"


def _time(found: TextMatch) -> Spoken:
    hour, minute, second = int(found.match["h"]), int(found.match["m"] or 0), found.match["s"]
    half = (found.match["half"] or "").replace(".", "").strip().lower()
    yield from _words(numbers.clock(hour, minute, int(second) if second else None))
    if half:
        yield from _letters(half)
    elif not minute and not second:
        yield "word", "o'clock"
    if found.match[0].endswith(".") and not found.after.strip():
        yield "pause", "."


def _money(found: TextMatch) -> Spoken:
    scales = {"k": "thousand", "m": "million", "bn": "billion", "b": "billion"}
    scale = (found.match["scale"] or "").strip().lower()
    return _words(numbers.money(found.match["sign"], found.match["n"], scales.get(scale, scale)))


def _iso_date(found: TextMatch) -> Spoken:
    return _words(numbers.date(int(found.match[2]), int(found.match[3]), int(found.match[1])))


def _slash_date(found: TextMatch) -> Spoken:
    number = int(found.match[3])
    century = 0 if len(found.match[3]) == 4 else 2000 if number < 50 else 1900
    return _words(numbers.date(int(found.match[1]), int(found.match[2]), number + century))


def _phone_number(found: TextMatch) -> Spoken:
    for group in re.split(r"\D+", found.match[0]):
        yield from _words(numbers.digits(group, zero="oh"))
        yield "pause", ","


def _fraction(found: TextMatch) -> Spoken:
    if found.match[1]:
        yield from _words([*numbers.decimal(found.match[1]), "and"])
    words = numbers.fraction(int(found.match[2]), int(found.match[3]))
    if found.match[1] and words[0] == "one":
        words[0] = "a"
    yield from _words(words)


def _ordinal(found: TextMatch) -> Spoken:
    return _words(numbers.ordinal(int(found.match[1].replace(",", ""))))


def _decade(found: TextMatch) -> Spoken:
    number = int(found.match[1])
    words = numbers.year(number) if len(found.match[1]) == 4 else numbers.cardinal(number)
    return _words(numbers.plural(words))


def _range(found: TextMatch) -> Spoken:
    for number, join in ((found.match[1], "to"), (found.match[2], None)):
        yield from _words(_plain_number(number))
        if join:
            yield "word", join
    if found.match["unit"]:
        yield from _words(UNITS[found.match["unit"].strip()][1].split())


def _plain_number(text: str) -> list[str]:
    if re.fullmatch(r"1[1-9]\d\d|20\d\d", text):
        return numbers.year(int(text))
    return numbers.decimal(text)


def _number(found: TextMatch) -> Spoken:
    if found.match["minus"]:
        yield "word", "minus"
    unit = found.match["unit"]
    words = numbers.decimal(found.match["n"]) if unit else _plain_number(found.match["n"])
    yield from _words(words)
    if unit:
        one, many = UNITS[unit.strip()]
        yield from _words((one if found.match["n"] == "1" else many).split())


def _dotted(found: TextMatch) -> Spoken:
    known = DOTTED.get(found.match[0].lower())
    yield from _words(known.split()) if known else _letters(found.match[0])
    if not found.after.strip() and not known:
        yield "pause", "."


def _abbreviation(found: TextMatch) -> Spoken:
    name, after = found.match[1], found.after
    spoken = expand_title(name, found.before, after) if name in TITLES else ABBREVIATIONS[name]
    yield from _words(spoken.split())
    ends = not after.strip() or (spoken in SENTENCE_ENDING and re.match(r"\s+[A-Z]", after))
    if found.match[0].endswith(".") and ends:
        yield "pause", "."


def _address(found: TextMatch) -> Spoken:
    for part in re.findall(r"[A-Za-z]+|\d+|[.@/:_-]", re.sub(r"^https?://", "", found.match[0])):
        spoken = {".": "dot", "@": "at", "/": "slash", ":": "colon", "_": "underscore", "-": "dash"}
        if part in spoken:
            yield "word", spoken[part]
        else:
            yield from _words(numbers.decimal(part) if part.isdigit() else [part.lower()])


_SPELLED = frozenset("US IT AI UK EU PC TV CD ID IP PM DJ MC".split())


def _mixed(found: TextMatch) -> Spoken:
    for part in re.findall(r"[A-Za-z]+|\d+", found.match[0]):
        if part.isdigit():
            yield from _words(_plain_number(part))
        elif len(part) <= 3:
            yield from _letters(part)
        else:
            yield "word", part.lower()


def _capitals(found: TextMatch) -> Spoken:
    body, tail = found.match[1], found.match[2] or ""
    if found.shouting or len(body) > 6:
        yield "word", (body + tail).lower()
    else:
        yield "spelled" if body in _SPELLED or tail == "s" else "capitals", body + tail


def _word(found: TextMatch) -> Spoken:
    word = found.match[0].strip("'")
    if len(word) == 1 and word.isupper() and word != "I":
        start = not found.before or bool(re.search(r"[.!?\n]\s*$", found.before))
        is_article = word == "A" and (start or found.shouting)
        yield ("word", "a") if is_article else ("spelled", word)
    elif word:
        yield "word", word.lower()


def _hashtag(found: TextMatch) -> Spoken:
    yield "word", "number" if found.match[1].isdigit() else "hashtag"


def _symbol(found: TextMatch) -> Spoken:
    return _words(SYMBOLS[found.match[0]].split())


def _pause(found: TextMatch) -> Spoken:
    mark = found.match[0].strip()
    if "..." in mark or mark == "..":
        yield "pause", "..."
    elif mark[0] in "-–—":
        yield "pause", "-"
    else:
        yield "pause", max(mark, key=lambda item: PAUSES.get(item, 0))


def _nothing(_: TextMatch) -> Spoken:
    return iter(())


def _unknown(found: TextMatch) -> Spoken:
    yield "unknown", found.match[0]


def _alternatives(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_N = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_HALF = r"(?P<half>\s?[AaPp](?:\.\s?[Mm]\.|[Mm])(?![A-Za-z]))"
_DAY = r"(0?[1-9]|[12]\d|3[01])"
_MONTH = r"(0?[1-9]|1[0-2])"
_UNIT = rf"(?P<unit>\s?(?:{_alternatives(UNITS)})(?![A-Za-z0-9]))?"
_NOT_BEFORE = r"(?<![A-Za-z0-9])"
RULES: tuple[tuple[re.Pattern, Rule], ...] = tuple(
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
