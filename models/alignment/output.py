"""Alignments as JSON and as Praat TextGrid."""

from pathlib import Path

from ..errors import NeuralFaceError
from ..files import write_bytes, write_json
from ..phones import SILENCE
from .result import Alignment
from .textgrid import Tier, format_textgrid

FORMAT = "neural_face_alignment"
VERSION = 1


def to_record(alignment: Alignment) -> dict:
    """Plain values: method, confidence, warnings, words and phones with times in seconds."""
    phones = alignment.phones
    columns = zip(phones.label, phones.start, phones.end, phones.stress, phones.word, strict=True)
    return {
        "format": FORMAT,
        "version": VERSION,
        "seconds": round(alignment.seconds, 6),
        "method": alignment.method,
        "confidence": round(alignment.confidence, 3),
        "warnings": list(alignment.warnings),
        "text": alignment.text,
        "words": [
            {"word": word, "start": round(start, 6), "end": round(end, 6)}
            for word, start, end in alignment.words()
        ],
        "phones": [
            {
                "phone": str(label),
                "start": round(float(start), 6),
                "end": round(float(end), 6),
                "stress": int(stress),
                "word": phones.words[word] if word >= 0 else None,
            }
            for label, start, end, stress, word in columns
        ],
    }


def to_textgrid(alignment: Alignment) -> str:
    """Tiers `words` and `phones` (with stress digits)."""
    phones = alignment.phones
    columns = zip(phones.label, phones.start, phones.end, phones.stress, strict=True)
    rows = [
        (float(a), float(b), f"{label}{stress}" if stress >= 0 else _shown(str(label)))
        for label, a, b, stress in columns
    ]
    seconds = max(alignment.seconds, phones.seconds)
    tiers = (("words", alignment.words()), ("phones", rows))
    said = [(a, b, word) for word, a, b in tiers[0][1]]
    return format_textgrid(
        [Tier("words", _covering(said, seconds)), Tier("phones", _covering(rows, seconds))], seconds
    )


def check_output(path: Path) -> None:
    """Refuse an ending that says no format.

    Raises:
        NeuralFaceError: It is neither .json nor .TextGrid.
    """
    if path.suffix.lower() not in (".json", ".textgrid"):
        raise NeuralFaceError("The output must end in .json or .TextGrid.")


def save_alignment(alignment: Alignment, path: Path) -> None:
    """Write .json or .TextGrid, whole or not at all.

    Raises:
        NeuralFaceError: The ending is another, or the file cannot be written.
    """
    check_output(path)
    if path.suffix.lower() == ".json":
        write_json(path, to_record(alignment))
    else:
        write_bytes(path, to_textgrid(alignment).encode())


def _shown(label: str) -> str:
    return "" if label == SILENCE else label


def _covering(rows: list[tuple[float, float, str]], seconds: float) -> tuple:
    """Rows with empty intervals in the gaps, as Praat wants them."""
    covered, now = [], 0.0
    for start, end, label in rows:
        if start > now + 1e-6:
            covered.append((now, start, ""))
        covered.append((now if abs(start - now) <= 1e-6 else start, end, label))
        now = end
    if seconds > now + 1e-6:
        covered.append((now, seconds, ""))
    return tuple(covered)
