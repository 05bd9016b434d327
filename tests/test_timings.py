"""Ready-made timings: TextGrid, subtitles, timed lists and JSON, round trips and damage."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from bench.alignment_truth import by_flite, onset_pairs

from models.alignment.align import align
from models.alignment.output import save_alignment, to_textgrid
from models.alignment.result import Alignment
from models.alignment.subtitles import parse_srt
from models.alignment.symbols import to_arpabet
from models.alignment.textgrid import Tier, format_textgrid, parse_textgrid
from models.errors import TimingsError
from models.phones import Phones
from models.speech.flite import VOICE

PHONES = Phones(
    ["sil", "HH", "AH", "L", "OW", "sil", "DH", "EH", "R"],
    np.arange(9) / 10,
    np.arange(1, 10) / 10,
    [-1, -1, 0, -1, 1, -1, -1, 1, -1],
    [-1, 0, 0, 0, 0, -1, 1, 1, 1],
    ["hello", "there"],
)
FOUND = Alignment(
    PHONES.joined(Phones.build(["sil"], [0.9], [1.0])), "forced", (), 0.9, 1.0, "hello there"
)
SHORT = """File type = "ooTextFile"
Object class = "TextGrid"

0
0.6
<exists>
2
"IntervalTier"
"phones"
0
0.6
3
0
0.1
""
0.1
0.35
"b"
0.35
0.6
"aɪ"
"TextTier"
"events"
0
0.6
1
0.3
"a ""click"" here"
"""


def _same(phones: Phones, other: Phones) -> None:
    assert phones.label.tolist() == other.label.tolist()
    assert phones.start == pytest.approx(other.start, abs=1e-6)
    assert phones.end == pytest.approx(other.end, abs=1e-6)
    assert phones.stress.tolist() == other.stress.tolist()
    assert phones.word.tolist() == other.word.tolist()
    assert phones.words == other.words


@pytest.mark.parametrize("name", ["a.json", "a.TextGrid"])
def test_what_is_written_is_read_again(name: str, tmp_path: Path) -> None:
    save_alignment(FOUND, tmp_path / name)
    found = align(None, timings=tmp_path / name)
    assert found.method == "given"
    assert found.confidence == 1
    _same(found.phones, FOUND.phones)
    assert [word for word, _, _ in found.words()] == ["hello", "there"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_textgrid_encodings_and_short_form(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_bytes(SHORT.encode(encoding))
    phones = align(None, timings=path).phones
    assert phones.label.tolist() == ["sil", "B", "AY"]
    assert phones.end == pytest.approx([0.1, 0.35, 0.6])


def test_textgrid_keeps_odd_labels() -> None:
    rows = ((0.0, 0.5, 'say "[1]" = 2'), (0.5, 1.0, "<exists> 7\nnext"))
    assert parse_textgrid(format_textgrid([Tier('a "b"', rows)], 1.0)) == [Tier('a "b"', rows)]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_textgrid_that_breaks_off(share: float) -> None:
    text = to_textgrid(FOUND)
    with pytest.raises(TimingsError, match="damaged or breaks off"):
        parse_textgrid(text[: int(share * len(text))])


def test_textgrid_with_only_words_is_spread(tmp_path: Path) -> None:
    rows = ((0.0, 0.5, "hello"), (0.5, 0.8, ""), (0.8, 1.2, "there"))
    path = tmp_path / "a.TextGrid"
    path.write_text(format_textgrid([Tier("words", rows)], 1.2), encoding="utf-8")
    found = align(None, timings=path)
    assert found.method == "proportional"
    assert found.confidence == 0
    for (word, start, end), row in zip(found.words(), (rows[0], rows[2]), strict=True):
        assert (row[2], pytest.approx(row[0]), pytest.approx(row[1])) == (word, start, end)


SRT = (
    "1\r\n00:00:01,500 --> 00:00:02,250\r\n<i>Hello</i> there\r\n\r\n2\r\n"
    "00:01:02.5 --> 00:01:04,000\r\nTwo\r\nlines [music] &amp; more\r\n"
)


def test_subtitles() -> None:
    assert parse_srt(SRT) == [(1.5, 2.25, "Hello there"), (62.5, 64.0, "Two lines & more")]


def test_subtitles_without_sound_are_spread(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_text(SRT, encoding="utf-8")
    found = align(None, timings=path)
    spoken = found.phones.select(~found.phones.silent)
    assert found.method == "proportional"
    assert spoken.start[0] == pytest.approx(1.5)
    assert spoken.end[-1] == pytest.approx(64.0)
    assert "hello there" in " ".join(found.phones.words)
    assert np.allclose(found.phones.start[1:], found.phones.end[:-1])


@pytest.mark.skipif(not shutil.which("flite"), reason="flite is not installed")
def test_subtitles_with_sound_are_aligned(tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    (truth,) = by_flite(["My younger brother never found the blue paper boat."], VOICE, tmp_path)
    path = tmp_path / "a.srt"
    path.write_text(f"1\n00:00:00,100 --> 00:00:09,000\n{truth.text}\n", encoding="utf-8")
    found = align(truth.path, timings=path)
    assert found.method == "forced"
    errors = [error for _, _, error in onset_pairs(truth, found.phones)]
    assert np.median(np.abs(errors)) <= 0.012
    path.write_text("1\n00:00:00,100 --> 00:00:02,000\nBananas taste awful\n", encoding="utf-8")
    wrong = align(truth.path, timings=path)
    assert wrong.method == "proportional"
    assert "Line 1: it is not heard" in wrong.warnings[0]


@pytest.mark.parametrize(
    ("symbol", "label", "stress"),
    [
        ("AH0", "AH", 0), ("aa1", "AA", 1), ("B", "B", -1), ("p", "P", -1), ("pʰ", "P", -1),
        ("tʃ", "CH", -1), ("t͡ʃ", "CH", -1), ("dʒ", "JH", -1), ("ˈaɪ", "AY", 1), ("iː", "IY", 0),
        ("ɑ̃", "AA", 0), ("ɚ", "ER", 0), ("ʁ", "R", -1), ("ɲ", "N", -1), ("y", "IY", 0),
        ("tʲ", "T", -1), ("j", "Y", -1), ("ə", "AH", 0), ("pau", "sil", -1), ("", "sil", -1),
        ("h#", "sil", -1), ("ax", "AH", 0), ("bcl", "B", -1), ("ç", "SH", -1), ("sp", "sil", -1),
    ],
)  # fmt: skip
def test_symbols(symbol: str, label: str, stress: int) -> None:
    assert to_arpabet(symbol) == (label, stress)


def test_unknown_symbols_are_reported_and_prolong_the_phone_before(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("start,end,label\n0.1,0.2,m\n0.2,0.3,§§\n0.3,0.4,aː\n", encoding="utf-8")
    found = align(None, timings=path)
    assert found.phones.label.tolist() == ["sil", "M", "AA"]
    assert found.phones.end == pytest.approx([0.1, 0.3, 0.4])
    assert found.warnings == ("Unknown phone labels prolong the phone before them: §§",)


@pytest.mark.parametrize(
    ("name", "text", "end"),
    [
        ("a.lab", "0 1000000 sil\n1000000 2500000 b\n", 0.25),
        ("a.phn", "0 1600 h#\n1600 4000 b\n", 0.25),
        ("a.csv", "start;end;phone\n0.0;0.1;sil\n0.1;0.25;B\n", 0.25),
        ("a.tsv", "0.0\t0.1\tsil\n0.1\t0.25\tB\n", 0.25),
    ],
)
def test_timed_lists(name: str, text: str, end: float, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    phones = align(None, timings=tmp_path / name).phones
    assert phones.label.tolist() == ["sil", "B"]
    assert phones.end[-1] == pytest.approx(end)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "", "no timed phones"),
        ("a.txt", "0 0.1 b\nnonsense\n", "Line 2"),
        ("a.txt", "0.2 0.1 b\n", "impossible times"),
        ("a.txt", "nan 0.1 b\n", "impossible times"),
        ("a.txt", "0 0.3 b\n0.1 0.4 d\n", "starts before"),
        ("a.txt", "0 0.3 §\n", "None of its labels"),
        ("a.phn", "0 10 b\n5 4 d\n", "impossible times"),
        ("a.srt", "hello", "no subtitles"),
        ("a.srt", "1\n00:00:02,000 --> 00:00:01,000\nhi\n", "ends before"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\n♪\n", "no subtitles"),
        ("a.TextGrid", "no grid", "not a Praat TextGrid"),
        ("a.json", "{", "no timed phones"),
        ("a.json", "[1]", "no timed phones"),
        ("a.json", '{"phones": [{"start": 1, "end": 0, "phone": "B"}]}', "end before they start"),
    ],
)
def test_bad_timings(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(TimingsError, match=message):
        align(None, timings=tmp_path / name)


def test_missing_timings(tmp_path: Path) -> None:
    with pytest.raises(TimingsError, match=r"no timings file a\.srt"):
        align(None, timings=tmp_path / "a.srt")
