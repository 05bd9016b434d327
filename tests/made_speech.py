"""Made-up speaking takes of known structure: every phone has one look, lips close on p b m."""

import numpy as np

from models.head.codes import ExampleSet, ExampleTake
from models.phones import BILABIALS, SILENCE, Phones, is_vowel
from models.speech.examples import ExampleAnimator

REGIONS = {
    "mouth": slice(0, 4),
    "left_eye": slice(4, 6),
    "right_eye": slice(6, 8),
    "face": slice(8, 11),
}
FPS = 30.0
OPEN = 0.01
"""Metres between the lips per unit of the first mouth element."""
LABELS = "AA IY UW EH OW P B M T S K L F W N".split()
_RANDOM = np.random.default_rng(3)
LOOKS = {label: _RANDOM.uniform(0.4, 1.5, 4) for label in LABELS}
LOOKS |= {label: np.array([0.0, 0.3, 0.3, 0.3]) for label in BILABIALS}
LOOKS[SILENCE] = np.array([0.1, 0.1, 0.1, 0.1])


def lip_gap(codes: np.ndarray) -> np.ndarray:
    """Metres; the first mouth element opens the lips."""
    return codes[:, 0] * OPEN


def made_phones(labels: list[str], rng: np.random.Generator, pace: float = 1.0) -> Phones:
    """Labels with random durations and silence around; three phones make a word."""
    named = [SILENCE, *labels, SILENCE]
    seconds = np.where(np.array(named) == SILENCE, 0.4, rng.uniform(0.07, 0.13, len(named)) / pace)
    end = np.cumsum(seconds)
    word = [-1, *(i // 3 for i in range(len(labels))), -1]
    stress = [1 if is_vowel(label) else -1 for label in named]
    words = [f"word{i}" for i in range((len(labels) + 2) // 3)]
    return Phones(named, end - seconds, end, stress, word, words)


def made_codes(phones: Phones, rng: np.random.Generator, brow: float = 0.0) -> np.ndarray:
    """Codes (T, 11): looks at phone middles, coloured by the next phone; one blink; brows."""
    times = np.arange(int(phones.seconds * FPS) + 1) / FPS
    looks = np.array([LOOKS[label] for label in phones.label])
    looks = 0.6 * looks + 0.4 * np.roll(looks, -1, axis=0)
    mouth = np.stack([np.interp(times, phones.middle, column) for column in looks.T], axis=1)
    for start, end in zip(phones.start, phones.end, strict=True):
        if phones.label[phones.at(np.array([start]))][0] in BILABIALS:
            mouth[(times >= start) & (times < end), 0] = 0.0
    blink = np.exp(-(((times - rng.uniform(0.6, times[-1])) / 0.06) ** 2))[:, None] * np.ones(4)
    face = np.stack([0.8 * mouth[:, 0], 0.5 * mouth[:, 1], np.full(len(times), brow)], 1)
    return np.concatenate([mouth, blink, face], axis=1).astype(np.float32)


def random_labels(rng: np.random.Generator, count: int = 15) -> list[str]:
    """Phones without repeats next to each other."""
    labels: list[str] = []
    while len(labels) < count:
        label = LABELS[rng.integers(len(LABELS))]
        if not labels or labels[-1] != label:
            labels.append(label)
    return labels


def made_examples(count: int = 30, styles: tuple[str, ...] = ("neutral",)) -> ExampleSet:
    """Takes in turn of each style; a style's place is its brows' height and the head's turn."""
    rng = np.random.default_rng(5)
    takes, codes, poses, start = [], [], [], 0
    for index in range(count):
        place = index % len(styles)
        phones = made_phones(random_labels(rng), rng)
        rows = made_codes(phones, rng, float(place))
        pose = np.full((len(rows), 6), 0.1 * place, np.float32)
        take = f"take_{index}", "spoken", "train", styles[place], ""
        takes.append(ExampleTake(*take, start, len(rows), phones))
        codes.append(rows)
        poses.append(pose)
        start += len(rows)
    return ExampleSet(np.concatenate(codes), np.concatenate(poses), FPS, tuple(takes))


def made_animator(examples: ExampleSet) -> ExampleAnimator:
    """Ready to speak."""
    return ExampleAnimator(examples, REGIONS, lip_gap)
