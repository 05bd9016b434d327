"""Phones and visemes: every phone has one class and is a cue, edited cues give phones back."""

import numpy as np
import pytest

from models.errors import TextError
from models.phones import INVENTORY, Phones, phone_indices, split_stress
from models.speech.visemes import VISEME_INDEX, VISEME_NAMES, VISEMES, Cue, cues, phones_of


def _phones(labels: str) -> Phones:
    names = labels.split()
    edges = np.arange(len(names) + 1) * 0.1
    return Phones.build(names, edges[:-1], edges[1:])


def test_every_phone_has_one_class() -> None:
    assert sorted(p for phones in VISEMES.values() for p in phones) == sorted(INVENTORY)
    assert len(VISEME_INDEX) == len(INVENTORY) == 40
    assert VISEME_NAMES[VISEME_INDEX[INVENTORY.index("M")]] == "Closed Lips"


def test_every_phone_is_a_cue_and_silences_are_one() -> None:
    found = cues(_phones("sil sil B P AA T sil"))
    assert [(cue.viseme, cue.phone) for cue in found] == [
        ("Rest", "sil"),
        ("Closed Lips", "B"),
        ("Closed Lips", "P"),
        ("Wide Open", "AA"),
        ("Tongue Tip", "T"),
        ("Rest", "sil"),
    ]
    assert found[0].end == pytest.approx(0.2)
    assert found[3].stress == 0


def test_edited_cues_give_phones_back() -> None:
    phones = _phones("sil B P AA T sil")
    again = phones_of(cues(phones))
    assert again.label.tolist() == phones.label.tolist()
    assert np.allclose(again.start, phones.start)
    assert again.stress.tolist() == phones.stress.tolist()
    changed = phones_of([Cue(0.4, 1.0, "Closed Lips", "AA"), Cue(0.0, 0.6, "Rest", "sil")])
    assert changed.label.tolist() == ["sil", "P"]
    assert changed.end[0] == changed.start[1] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("cue", "sentence"),
    [(Cue(0.0, 1.0, "Smile", "AA"), "no viseme"), (Cue(1.0, 0.5, "Rest", "sil"), "before it")],
)
def test_impossible_cues_are_refused(cue: Cue, sentence: str) -> None:
    with pytest.raises(TextError, match=sentence):
        phones_of([cue])


def test_phones_merge_shift_and_round_trip() -> None:
    phones = Phones(
        ["sil", "B", "AA", "sil", "sil"], np.arange(5), np.arange(5) + 1,
        [-1, -1, 1, -1, -1], [-1, 0, 0, -1, -1], ["ba"],
    )  # fmt: skip
    merged = phones.merged()
    assert merged.label.tolist() == ["sil", "B", "AA", "sil"]
    assert merged.end[-1] == 5
    joined = merged.joined(merged.shifted(5.0))
    assert joined.word.tolist() == [-1, 0, 0, -1, -1, 1, 1, -1]
    again = Phones.from_arrays(joined.to_arrays())
    assert again.words == ["ba", "ba"]
    assert np.array_equal(again.start, joined.start)
    assert phones.at(np.array([-1.0, 1.5, 4.9, 9.0])).tolist() == [-1, 1, 4, -1]


def test_symbols() -> None:
    assert split_stress("AH0") == ("AH", 0)
    assert split_stress("NG") == ("NG", -1)
    with pytest.raises(TextError, match="'QQ' is not an ARPAbet phone"):
        phone_indices(["AA", "QQ"])
