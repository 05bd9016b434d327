"""Speech whose phone times are known, and how far an alignment is from them."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.errors import MissingDependencyError
from models.phones import SILENCE, Phones
from models.speech.flite import RENAMED, available
from models.speech.utterance import align_labels, run_program


@dataclass(frozen=True)
class Spoken:
    """A recording with its truth: (P,) labels and onsets in seconds."""

    path: Path
    text: str
    label: tuple[str, ...]
    start: np.ndarray


def by_flite(texts: Sequence[str], voice: str, folder: Path) -> Iterator[Spoken]:
    """Texts spoken by a voice of flite, which prints exact phone times."""
    if not available():
        raise MissingDependencyError("Exact phone times need the program flite.")
    for number, text in enumerate(texts):
        path = folder / f"{voice}_{number}.wav"
        command = ["flite", "-voice", voice, "-psdur", "-t", text, "-o", str(path)]
        pairs = re.findall(r"([a-z@#]+):(\d+\.\d+)", run_program(command, 60.0))
        label = tuple(RENAMED.get(name, name.upper()) for name, _ in pairs)
        end = np.array([float(seconds) for _, seconds in pairs])
        yield Spoken(path, text, label, np.append(0.0, end[:-1]))


def recorded(folder: Path, every: int, first: int) -> Iterator[Spoken]:
    """Every so-manieth sentence of a real talker, phones by another forced alignment."""
    rows: dict[str, list[dict]] = {}
    with (folder / "phones.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            rows.setdefault(row["clip"], []).append(row)
    for clip in sorted(rows)[first::every]:
        words = [
            row["word"]
            for before, row in zip([None, *rows[clip]], rows[clip], strict=False)
            if row["word"] and (before is None or before["word"] != row["word"])
        ]
        label = tuple(SILENCE if not r["word"] else r["phone"] for r in rows[clip])
        start = np.array([float(row["start"]) for row in rows[clip]])
        yield Spoken(folder / "audio" / f"{clip}.ogg", " ".join(words), label, start)


def onset_pairs(truth: Spoken, found: Phones) -> list[tuple[str, str, float]]:
    """Phone before, phone, and found minus true onset in seconds, for each phone in both.

    Pronunciations differ between a voice and a dictionary, so phones are laid against each other;
    all phones that have a counterpart count, whatever its label.
    """
    kept = np.flatnonzero(~found.silent)
    match = align_labels(list(truth.label), found.label[kept])
    pairs, used = [], set()
    for place, index in enumerate(match):
        if index >= 0 and index not in used:
            used.add(index)
            here = int(kept[index])
            before = str(found.label[here - 1]) if here else SILENCE
            error = float(found.start[here] - truth.start[place])
            pairs.append((before, str(found.label[here]), error))
    return pairs
