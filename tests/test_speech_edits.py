"""Edited cues in a line that is timed anew; words said otherwise in a recording's time."""

import itertools
from dataclasses import replace

import pytest

pytest.importorskip("g2p_en", reason="reading text needs g2p-en")

from models.errors import TextError
from models.speech.edits import merged, respelled
from models.speech.visemes import Cue, viseme_of

WORDS = ["see", "my", "baby"]
SOUNDS = ("sil -1", "S 0", "IY 0", "M 1", "AY 1", "B 2", "EY 2", "B 2", "IY 2", "sil -1")


def line(length: float = 0.1, start: float = 0.0) -> list[Cue]:
    pairs = [sound.split() for sound in SOUNDS]
    edges = [start + length * step for step in range(len(pairs) + 1)]
    return [
        Cue(a, b, viseme_of(phone), phone, word=int(word))
        for (phone, word), (a, b) in zip(pairs, itertools.pairwise(edges), strict=True)
    ]


def assert_tiles(cues: list[Cue]) -> None:
    for one, two in itertools.pairwise(cues):
        assert one.end == pytest.approx(two.start) and one.start < one.end


def plain(pairs: list) -> list[Cue]:
    return [cue for cue, _ in pairs]


def test_without_edits_the_fresh_line_is_taken() -> None:
    result = merged(line(0.2), WORDS, line(), WORDS, ())
    assert plain(result) == line(0.2)
    assert [source for _, source in result] == [-1, 1, 2, 3, 4, 5, 6, 7, 8, -1]


def test_an_edited_word_keeps_its_times_from_its_new_start() -> None:
    old = line()
    old[3] = replace(old[3], end=0.43, strength=0.5)
    old[4] = replace(old[4], start=0.43)
    result = merged(line(0.2), WORDS, old, WORDS, (3, 4))
    assert_tiles(plain(result))
    mine = [(cue, source) for cue, source in result if cue.word == 1]
    assert [source for _, source in mine] == [3, 4]
    assert [(c.start, c.end) for c, _ in mine] == [
        (pytest.approx(0.6), pytest.approx(0.73)),
        (pytest.approx(0.73), pytest.approx(0.8)),
    ]
    assert mine[0][0].strength == 0.5
    baby = [cue for cue, _ in result if cue.word == 2]
    assert (baby[0].start, baby[-1].end) == (pytest.approx(0.8), pytest.approx(1.8))
    assert plain(result)[:3] == line(0.2)[:3]


def test_a_long_edited_word_squeezes_the_next_and_eats_silence() -> None:
    old = line(0.1)
    fresh = line(0.05)
    result = plain(merged(fresh, WORDS, old, WORDS, (6,)))
    assert_tiles(result)
    baby = [cue for cue in result if cue.word == 2]
    assert baby[0].start == pytest.approx(0.25) and baby[-1].end == pytest.approx(0.65)
    assert len(result) == len(fresh) - 1  # the silence at the end is gone
    middle = plain(merged(fresh, WORDS, old, WORDS, (3,)))
    assert_tiles(middle)
    assert [c.word for c in middle] == [c.word for c in fresh]
    squeezed = [cue for cue in middle if cue.word == 2]
    assert squeezed[0].start == pytest.approx(0.35)
    assert squeezed[-1].end == pytest.approx(0.45)


def test_edits_go_with_their_word_when_the_text_changes() -> None:
    old = line()
    old[5] = replace(old[5], viseme="Lip on Teeth", phone="V")
    words = ["my", "baby", "see"]
    order = (0, 3, 4, 5, 6, 7, 8, 1, 2, 9)
    fresh = [
        replace(cue, start=0.1 * place, end=0.1 * place + 0.1)
        for place, cue in enumerate(line()[number] for number in order)
    ]
    fresh = [replace(c, word={1: 0, 2: 1, 0: 2, -1: -1}[c.word]) for c in fresh]
    result = plain(merged(fresh, words, old, WORDS, (5,)))
    assert_tiles(result)
    assert next(cue.viseme for cue in result if cue.word == 1) == "Lip on Teeth"
    gone = plain(merged(fresh[:3] + fresh[-1:], ["my"], old, WORDS, (5,)))
    assert "Lip on Teeth" not in [cue.viseme for cue in gone]


def test_inserted_and_deleted_cues_stay_so() -> None:
    old = line()
    inserted = [
        *old[:4],
        replace(old[4], end=0.45),
        Cue(0.45, 0.5, "Round", "OW", word=1),
        *old[5:],
    ]
    result = plain(merged(line(0.2), WORDS, inserted, WORDS, (4, 5)))
    assert_tiles(result)
    assert [cue.viseme for cue in result if cue.word == 1][-1] == "Round"
    deleted = [old[0], *old[3:]]
    deleted[1] = replace(deleted[1], start=0.1)
    result = plain(merged(line(0.2), WORDS, deleted, WORDS, (1,)))
    assert_tiles(result)
    assert not [cue for cue in result if cue.word == 0]


def test_a_word_said_otherwise_keeps_its_time() -> None:
    result, words = respelled(line(), ["see", "papa", "baby"], (1,))
    assert words == ["see", "papa", "baby"]
    assert_tiles(plain(result))
    papa = [cue for cue, _ in result if cue.word == 1]
    assert [cue.phone for cue in papa] == ["P", "AA", "P", "AH"]
    assert (papa[0].start, papa[-1].end) == (pytest.approx(0.3), pytest.approx(0.5))
    assert [source for cue, source in result if cue.word == 2] == [5, 6, 7, 8]


def test_words_left_out_and_put_in() -> None:
    result, words = respelled(line(), ["see", "", "baby"], (1,))
    assert words == ["see", "baby"]
    assert [cue.phone for cue, _ in result if cue.word == 1] == ["B", "EY", "B", "IY"]
    assert result[3][0].viseme == "Rest" and result[3][0].word == -1
    longer = [replace(cue, word=3) if cue.word == 2 else cue for cue in line()]
    result, words = respelled(longer, ["see", "my", "bob", "baby"], (2,))
    assert_tiles(plain(result))
    bob = [cue for cue, _ in result if cue.word == 2]
    assert [cue.phone for cue in bob] == ["B", "AA", "B"]
    assert (bob[0].start, bob[-1].end) == (pytest.approx(0.4), pytest.approx(0.5))
    first = [replace(c, word=c.word + 1) if c.word >= 0 else c for c in line()]
    result, _ = respelled(first, ["bob", *WORDS], (0,))
    assert_tiles(plain(result))
    assert result[1][0].phone == "B" and result[1][0].start == pytest.approx(0.1)
    with pytest.raises(TextError):
        respelled(line(), ["see", "\N{ROCKET}", "baby"], (1,))
