"""Files of ready-made timings: phones as they are, or lines of text with their times."""

import codecs
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import TimingsError
from ..phones import Phones
from .phone_list import Row, parse_phone_list
from .subtitles import Cue, parse_srt
from .symbols import SILENCES, to_arpabet
from .textgrid import Tier, parse_textgrid

_LARGEST = 20_000_000
_PHONE_TIERS = ("phone", "phoneme", "segment", "mau", "ipa", "arpabet", "kan")
_WORD_TIERS = ("word", "ort", "utterance", "sentence", "text", "transcript")


@dataclass(frozen=True)
class Timings:
    """What a file says: either phones or cues.

    Attributes:
        phones: Timed phones, or None.
        cues: (start, end, text) of lines or words whose phones are to be found.
        unknown: Labels that are no known phone, each once.
    """

    phones: Phones | None
    cues: tuple[Cue, ...] = ()
    unknown: tuple[str, ...] = ()


def read_timings(path: Path) -> Timings:
    """Read a Praat TextGrid, SubRip subtitles, a timed phone list or this program's JSON.

    Raises:
        TimingsError: No such file, or it cannot be understood.
    """
    path = Path(path)
    text = _text(path)
    suffix = path.suffix.lower()
    try:
        if suffix == ".srt":
            return Timings(None, tuple(parse_srt(text)))
        if suffix == ".textgrid" or "ooTextFile" in text[:100]:
            return _from_tiers(parse_textgrid(text))
        if suffix == ".json":
            return _from_json(text)
        return from_rows(parse_phone_list(text, suffix))
    except TimingsError as error:
        raise TimingsError(f"{path.name}: {error}") from error


def from_rows(rows: Sequence[Row], words: Sequence[Row] = ()) -> Timings:
    """Phones of timed labels; a label that is not known prolongs the phone before it.

    Args:
        rows: (start, end, label) in order.
        words: (start, end, word) in order; each phone belongs to the word its middle lies in.
    """
    said = [row for row in words if row[2].strip() and row[2].strip() not in SILENCES]
    starts = np.array([row[0] for row in said])
    label, start, end, stress, word, unknown = [], [], [], [], [], []
    for begin, finish, name in rows:
        found = to_arpabet(name)
        if found is None:
            unknown.append(name.strip())
            if end:
                end[-1] = finish
            continue
        place = int(np.searchsorted(starts, 0.5 * (begin + finish), side="right")) - 1
        inside = place >= 0 and 0.5 * (begin + finish) < said[place][1]
        label.append(found[0])
        start.append(begin)
        end.append(finish)
        stress.append(found[1])
        word.append(place if inside and found[0] != "sil" else -1)
    if not label:
        raise TimingsError(
            f"None of its labels is a phone: {' '.join(dict.fromkeys(unknown))[:60]}."
        )
    phones = Phones.build(label, start, end, stress, word, [row[2].strip() for row in said])
    return Timings(phones, (), tuple(dict.fromkeys(unknown)))


def _text(path: Path) -> str:
    if not path.is_file():
        raise TimingsError(f"There is no timings file {path.name}.")
    if path.stat().st_size > _LARGEST:
        raise TimingsError(f"{path.name} is too large for a file of timings.")
    data = path.read_bytes()
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if data[1:2] == b"\0" or data[:1] == b"\0":
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _from_tiers(tiers: list[Tier]) -> Timings:
    filled = [tier for tier in tiers if any(row[2].strip() for row in tier.intervals)]
    if not filled:
        raise TimingsError("The TextGrid has no interval tier with labels.")
    words = _named(filled, _WORD_TIERS)
    phones = _named(filled, _PHONE_TIERS) or next(
        (tier for tier in filled if tier is not words and _known_share(tier) > 0.8), None
    )
    if phones:
        rows = [row for row in phones.intervals if row[1] > row[0]]
        return from_rows(rows, words.intervals if words else ())
    said = [row for row in (words or filled[0]).intervals if row[2].strip() not in SILENCES]
    return Timings(None, tuple((a, b, text.strip()) for a, b, text in said if b > a))


def _named(tiers: list[Tier], names: Sequence[str]) -> Tier | None:
    for name in names:
        for tier in tiers:
            if name in tier.name.lower():
                return tier
    return None


def _known_share(tier: Tier) -> float:
    labels = [row[2] for row in tier.intervals if row[2].strip()]
    return sum(to_arpabet(label) is not None for label in labels) / max(len(labels), 1)


def _from_json(text: str) -> Timings:
    try:
        record = json.loads(text)
        rows = [(float(p["start"]), float(p["end"]), str(p["phone"])) for p in record["phones"]]
        words = record.get("words", [])
        said = [(float(w["start"]), float(w["end"]), str(w["word"])) for w in words]
        stress = [p.get("stress") for p in record["phones"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TimingsError("This JSON file holds no timed phones.") from error
    marked = [
        (a, b, f"{label}{mark}" if mark in (0, 1, 2) else label)
        for (a, b, label), mark in zip(rows, stress, strict=True)
    ]
    if not all(0 <= a < b for a, b, _ in marked):
        raise TimingsError("This JSON file has phones that end before they start.")
    return from_rows(marked, said)
