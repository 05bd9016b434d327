"""`python -m tests.bench.onset_bias`: measure `ONSET_MS` of models/alignment/onsets.py."""

import sys
import tempfile
from pathlib import Path

import numpy as np

from models.alignment import onsets
from models.alignment.align import align

from .alignment_truth import by_flite, onset_pairs
from .sentences import calibration

VOICES = ("kal", "kal16", "slt", "rms", "awb")
BELIEVED = 15
"""Onsets of a pair of classes at which its own median counts as much as the overall one."""


def main() -> None:
    """Print the table in milliseconds, rows by the class before, columns by the class."""
    onsets.ONSET_MS = np.zeros((len(onsets.CLASSES),) * 2)
    tables = []
    for voice in VOICES:
        with tempfile.TemporaryDirectory() as folder:
            tables.append(_table(voice, Path(folder)))
    for row in np.mean(tables, axis=0):
        sys.stdout.write("    (" + ", ".join(f"{value:.1f}" for value in row) + "),\n")


def _table(voice: str, folder: Path) -> np.ndarray:
    """Median lateness (classes, classes) of one voice, milliseconds."""
    late = [[[] for _ in onsets.CLASSES] for _ in onsets.CLASSES]
    for truth in by_flite(calibration(), voice, folder):
        for before, label, error in onset_pairs(truth, align(truth.path, truth.text).phones):
            late[onsets.class_of(before)][onsets.class_of(label)].append(-1000 * error)
    overall = float(np.median([value for row in late for cell in row for value in cell]))
    return np.array([[_believed(cell, overall) for cell in row] for row in late])


def _believed(cell: list[float], overall: float) -> float:
    share = len(cell) / (len(cell) + BELIEVED)
    return share * float(np.median(cell)) + (1 - share) * overall if cell else overall


if __name__ == "__main__":
    main()
