"""Fitting: a made-up talker with known articulation is learnt, held-out sentences stay out."""

import csv
from pathlib import Path

import numpy as np
import pytest
from bench.opening_figures import model_opening, opening_figures

from models.errors import CaptureError
from models.files import write_arrays
from models.synthetic.coarticulation_fit import fit
from models.synthetic.recorded import closed_spans
from models.synthetic.spoken import SpokenEnglish, held_out_names

OUTER = "61 146 91 181 84 17 314 405 321 375 291 409 270 269 267 0 37 39 40 185"
INNER = "78 95 88 178 87 14 317 402 318 324 308 415 310 311 312 13 82 81 80 191"
IDS = np.array(f"{OUTER} {INNER}".split(), int)
UPPER = {0, 37, 39, 40, 185, 267, 269, 270, 409, 415, 310, 311, 312, 13, 82, 81, 80, 191}
OPENINGS = {"sil": 0.02, "B": -0.08, "AA": 0.16, "IY": 0.07, "W": 0.01, "S": 0.05}
SENTENCES, FRAMES, RATE = 130, 40, 25.0


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A talker whose lips follow phone targets smoothed over 60 ms."""
    folder = tmp_path_factory.mktemp("spoken")
    rng = np.random.default_rng(3)
    rest = np.zeros((len(IDS), 3))
    rest[[0, 10], 0] = -0.3, 0.3
    lips = np.zeros((SENTENCES, FRAMES, len(IDS), 3), np.float16)
    side = np.array([0.5 if i in UPPER else -0.5 for i in IDS])
    rows = []
    for clip in range(SENTENCES):
        labels = ["sil", *rng.choice(["B", "AA", "IY", "W", "S"], 8), "sil"]
        edges = np.cumsum([0, 0.3, *rng.uniform(0.08, 0.14, 8), 0.3])
        fine = np.arange(0, FRAMES / RATE, 0.005)
        place = np.clip(np.searchsorted(edges, fine, side="right") - 1, 0, 9)
        curve = np.array([OPENINGS[labels[i]] for i in place])
        kernel = np.exp(-0.5 * (np.arange(-30, 31) * 0.005 / 0.03) ** 2)
        curve = np.convolve(np.pad(curve, 30, mode="edge"), kernel / kernel.sum(), mode="valid")
        opening = np.interp(np.arange(FRAMES) / RATE, fine, np.maximum(curve, 0.003))
        lips[clip] = rest
        lips[clip, :, :, 1] += opening[:, None] * side + rng.normal(0, 0.0005, (FRAMES, len(IDS)))
        for label, start, end in zip(labels, edges[:-1], edges[1:], strict=True):
            word = "" if label == "sil" else f"w{clip}"
            rows.append((f"clip{clip:03d}", start, end, label, word))
    found = np.ones((SENTENCES, FRAMES), np.uint8)
    found[0, 5] = 0
    lips[0, 5] = 9.0
    write_arrays(
        folder / "motion.npz", clip=np.array([f"clip{i:03d}" for i in range(SENTENCES)]),
        frames=np.full(SENTENCES, FRAMES, np.int16), found=found, lips=lips, lip_landmarks=IDS,
        score_names=np.array(["_neutral"]), fps=np.float32(RATE),
        scores=np.zeros((SENTENCES, FRAMES, 1), np.float16),
        head_yaw_pitch_roll_deg=np.zeros((SENTENCES, FRAMES, 3), np.float16),
    )  # fmt: skip
    with (folder / "phones.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("clip", "start", "end", "phone", "word"), *rows])
    return folder


def test_lost_frames_are_interpolated_and_flagged(recording: Path) -> None:
    sentence = SpokenEnglish.open(recording).sentences[0]
    assert not sentence.measured[5]
    assert sentence.measured.sum() == FRAMES - 1
    middle = (sentence.lips[4] + sentence.lips[6]) / 2
    np.testing.assert_allclose(sentence.lips[5], middle, atol=1e-5)


def test_hold_out_depends_on_names_alone(recording: Path) -> None:
    data = SpokenEnglish.open(recording)
    names = [sentence.name for sentence in data.sentences]
    assert held_out_names(names) == held_out_names(names[::-1])
    assert len(data.held_out) == 100
    assert not {s.name for s in data.train} & {s.name for s in data.held_out}


def test_fit_learns_a_made_up_talker_and_generalises(recording: Path) -> None:
    data = SpokenEnglish.open(recording)
    model = fit(data, epochs=60)
    figures = opening_figures(data.held_out, model_opening(model), data, model.lips)
    assert figures.opening_r > 0.85
    assert figures.closure_share == 1.0


def test_same_seed_same_model(recording: Path) -> None:
    data = SpokenEnglish.open(recording)
    first, second = fit(data, epochs=1), fit(data, epochs=1)
    np.testing.assert_array_equal(first.target, second.target)


def test_closed_spans_follow_the_measured_lips(recording: Path) -> None:
    sentence = next(
        s for s in SpokenEnglish.open(recording).train if "B" in s.phones.label.tolist()
    )
    place = sentence.phones.label.tolist().index("B")
    opening = np.where(np.abs(sentence.times - sentence.phones.middle[place]) < 0.045, 0.0, 0.1)
    spans = closed_spans(sentence.phones, sentence.times, opening)
    assert len(spans) == 1
    assert spans[0][0] <= sentence.phones.middle[place] <= spans[0][1] + 1e-9


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"motion\.npz"):
        SpokenEnglish.open(tmp_path)
