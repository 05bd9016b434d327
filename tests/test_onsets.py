"""From frames to seconds, and texts that a sound does not say, without any sound."""

import numpy as np
import pytest

from models.alignment.agreement import decoys
from models.alignment.decoder import FRAME
from models.alignment.onsets import CLASSES, ONSET_MS, SHORTEST, class_of, onsets


def test_phones_start_later_by_what_their_two_classes_say() -> None:
    labels, frames = ["sil", "S", "AA", "sil"], np.array([0, 30, 45, 60])
    found = onsets(labels, frames, 1.0)
    late = ONSET_MS[[0, 2, 5], [2, 5, 0]] / 1000
    np.testing.assert_allclose(found[1:4], frames[1:] * FRAME + late)
    assert (found[0], found[-1]) == (0.0, 1.0)
    assert [CLASSES[class_of(label)] for label in labels] == [
        "silence", "fricative", "vowel", "silence",
    ]  # fmt: skip


def test_every_phone_keeps_some_time() -> None:
    found = onsets(["sil", "F", "S", "AA", "sil"], np.array([0, 20, 20, 20, 20]), 0.2)
    assert np.diff(found).min() >= SHORTEST - 1e-12


@pytest.mark.parametrize("words", [["S IY".split(), "B IH G".split(), "F IH SH".split()]])
def test_decoys_have_the_same_phones_in_other_places(words: list[list[str]]) -> None:
    phones = [phone for word in words for phone in word]
    for decoy in decoys(words):
        dealt = [phone for word in decoy for phone in word]
        assert sorted(dealt) == sorted(phones) and [len(w) for w in decoy] == [2, 3, 3]
        moved = np.mean([a != b for a, b in zip(dealt, phones, strict=True)])
        assert moved >= 0.5
