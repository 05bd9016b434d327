"""Recorded English speech: one talker's lips, face scores, head and phones (the GRID corpus).

Source: GRID audiovisual sentence corpus, talker 1, CC BY 4.0, M. Cooke, J. Barker, S. Cunningham,
X. Shao, "An audio-visual corpus for speech perception and automatic speech recognition", JASA 2006.
"""

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..errors import CaptureError
from ..files import read_arrays
from ..phones import Phones

CREDIT = (
    "GRID audiovisual sentence corpus, talker 1 (CC BY 4.0): M. Cooke, J. Barker, S. Cunningham, "
    "X. Shao, JASA 2006"
)
HELD_OUT_SENTENCES = 100
INNER_PAIRS = ((82, 87), (13, 14), (312, 317))
"""MediaPipe landmarks of the inner lip rim, upper and lower, whose mean distance is the opening."""
_LARGEST_STEP = 0.25


@dataclass(frozen=True)
class SpokenSentence:
    """One sentence of the recording.

    Attributes:
        name: Clip name; spells the sentence in the corpus' code.
        fps: Frames per second; frame n was taken at n / fps seconds.
        lips: (T, 40, 3) lip landmarks in head-fixed axes, in outer-eye distances.
        scores: (T, 52) MediaPipe face scores.
        head: (T, 3) yaw, pitch, roll, degrees.
        measured: (T,) bool; False where the face was lost and the values were interpolated.
        phones: With the words; empty where the aligner found no path.
        held_out: Excluded from every fit.
    """

    name: str
    fps: float
    lips: np.ndarray
    scores: np.ndarray
    head: np.ndarray
    measured: np.ndarray
    phones: Phones
    held_out: bool

    @property
    def times(self) -> np.ndarray:
        """(T,) seconds."""
        return np.arange(len(self.lips)) / self.fps

    @property
    def speaking(self) -> np.ndarray:
        """(T,) bool: from the first to the last sounding phone."""
        sounding = self.phones.select(~self.phones.silent)
        times = self.times
        return (times >= sounding.start[0]) & (times < sounding.end[-1])

    @property
    def text(self) -> str:
        """The words."""
        return " ".join(self.phones.words)


@dataclass(frozen=True)
class SpokenEnglish:
    """The recording: sentences and what their columns mean."""

    sentences: tuple[SpokenSentence, ...]
    landmark_ids: tuple[int, ...]
    score_names: tuple[str, ...]

    @classmethod
    def open(cls, folder: Path) -> "SpokenEnglish":
        """Read `folder` (motion.npz, phones.csv).

        Raises:
            CaptureError: A file is missing.
        """
        folder = Path(folder)
        for name in ("motion.npz", "phones.csv"):
            if not (folder / name).is_file():
                raise CaptureError(f"The recorded speech in {folder} lacks {name}.")
        motion, phones = read_arrays(folder / "motion.npz"), _read_phones(folder / "phones.csv")
        held_out = held_out_names(phones)
        sentences = []
        for row, clip in enumerate(motion["clip"].tolist()):
            count = int(motion["frames"][row])
            lips, measured = _repaired(motion["lips"][row], motion["found"][row], count)
            scores, head = (
                _filled(motion[name][row, :count].astype(np.float32), measured)
                for name in ("scores", "head_yaw_pitch_roll_deg")
            )
            spoken = phones.get(clip, Phones.build([], [], []))
            sentences.append(
                SpokenSentence(
                    clip, float(motion["fps"]), lips, scores, head, measured, spoken,
                    clip in held_out,
                )
            )  # fmt: skip
        ids = tuple(int(i) for i in motion["lip_landmarks"])
        return cls(tuple(sentences), ids, tuple(motion["score_names"].tolist()))

    @cached_property
    def train(self) -> list[SpokenSentence]:
        """Aligned sentences that fits may see."""
        return [s for s in self.sentences if len(s.phones) and not s.held_out]

    @cached_property
    def held_out(self) -> list[SpokenSentence]:
        """The sentences no fit may see."""
        return [s for s in self.sentences if s.held_out]

    def opening(self, lips: np.ndarray) -> np.ndarray:
        """Inner-lip opening (...,) of lips (..., 40, 3), in outer-eye distances."""
        return lip_opening(lips, self.landmark_ids)


def held_out_names(names: Iterable[str], count: int = HELD_OUT_SENTENCES) -> set[str]:
    """The `count` names with the smallest hashes: the same for everyone, whatever the order."""
    return set(sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())[:count])


def lip_opening(lips: np.ndarray, landmark_ids: Sequence[int]) -> np.ndarray:
    """Mean distance of the middle inner-lip pairs, (...,) for lips (..., 40, 3)."""
    place = {landmark: row for row, landmark in enumerate(landmark_ids)}
    upper, lower = (lips[..., [place[pair[side]] for pair in INNER_PAIRS], :] for side in (0, 1))
    return np.linalg.norm(upper - lower, axis=-1).mean(-1)


def _read_phones(path: Path) -> dict[str, Phones]:
    rows = defaultdict(list)
    with path.open(newline="") as stream:
        for row in csv.DictReader(stream):
            rows[row["clip"]].append(row)
    return {clip: _phones(items) for clip, items in rows.items()}


def _phones(rows: list[dict[str, str]]) -> Phones:
    words: list[str] = []
    index = []
    previous = ""
    for row in rows:
        # The corpus' grammar never repeats a word within a sentence.
        if row["word"] and row["word"] != previous:
            words.append(row["word"])
        previous = row["word"]
        index.append(len(words) - 1 if row["word"] else -1)
    stress = [1 if row["phone"][0] in "AEIOU" else -1 for row in rows]
    start, end = ([float(row[name]) for row in rows] for name in ("start", "end"))
    return Phones.build([row["phone"] for row in rows], start, end, stress, index, words)


def _repaired(lips: np.ndarray, found: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Lips (T, 40, 3) with lost or impossible frames interpolated, and which were measured."""
    lips = lips[:count].astype(np.float32)
    measured = (found[:count] > 0) & np.isfinite(lips).all((1, 2))
    centre = np.where(measured[:, None], lips.mean(1), np.nan)
    typical = np.nanmedian(centre, axis=0)
    measured &= np.nan_to_num(np.abs(centre - typical).max(-1), nan=np.inf) < _LARGEST_STEP
    return _filled(lips, measured), measured


def _filled(values: np.ndarray, measured: np.ndarray) -> np.ndarray:
    if measured.all() or not measured.any():
        return np.nan_to_num(values)
    known = np.flatnonzero(measured)
    flat = values.reshape(len(values), -1)
    columns = [np.interp(np.arange(len(flat)), known, column[known]) for column in flat.T]
    return np.stack(columns, axis=-1).reshape(values.shape).astype(np.float32)
