"""Phone labels of other alphabets as ARPAbet: IPA, TIMIT's and flite's small letters.

Sounds that English lacks become the nearest one to look at: that is what the face needs.
"""

import unicodedata

from ..phones import CONSONANT_STRESS, INVENTORY, SILENCE, is_vowel, split_stress

SILENCES = frozenset(
    "|sil|sp|pau|spn|sp1|h#|#h|epi|ssil|<s>|</s>|<sil>|<p:>|<p>|_|-|#|...|SIL|<eps>|silence".split(
        "|"
    )
)
_CLOSURES = dict(zip("bcl dcl gcl pcl tcl kcl".split(), "B D G P T K".split(), strict=True))
_SMALL = {"ax": "AH", "axr": "ER", "ix": "IH", "ux": "UW", "ax-h": "AH", "dx": "T", "nx": "N"}
_SMALL |= {"el": "L", "em": "M", "en": "N", "eng": "NG", "hv": "HH", "q": "T", **_CLOSURES}

_IPA = {
    "AA": "ɑ ɒ a ä ɐ̞", "AE": "æ", "AH": "ʌ ə ɐ ɜ ɘ ɞ", "AO": "ɔ", "EH": "ɛ e œ ø",
    "ER": "ɝ ɚ ɜ˞ ə˞",
    "IH": "ɪ ɨ", "IY": "i y", "OW": "o ɤ oʊ əʊ ou", "UH": "ʊ ʏ ɵ", "UW": "u ʉ ɯ",
    "AW": "aʊ au aw ɑʊ æʊ", "AY": "aɪ ai aj ɑɪ", "EY": "eɪ ei ej ɛɪ", "OY": "ɔɪ ɔi oɪ oi ɔj ɔʏ",
    "P": "p ɸ", "B": "b ɓ β", "T": "t ʈ ʔ ɾ", "D": "d ɖ ɗ", "K": "k c q x χ", "G": "g ɡ ɟ ɢ ɣ ɠ",
    "F": "f pf", "V": "v ʋ ⱱ", "TH": "θ", "DH": "ð", "S": "s ts", "Z": "z dz",
    "SH": "ʃ ʂ ɕ ç", "ZH": "ʒ ʐ ʑ ʝ", "CH": "tʃ ʧ tɕ ʨ tʂ cç", "JH": "dʒ ʤ dʑ ʥ dʐ ɟʝ",
    "M": "m ɱ", "N": "n ɲ ɳ ɴ", "NG": "ŋ", "L": "l ʎ ɭ ɫ ɬ ʟ ɮ ʎ̝", "R": "r ɹ ɻ ʁ ʀ ɽ", "W": "w ʍ ɰ",
    "Y": "j ɥ", "HH": "h ɦ ħ ʕ",
}  # fmt: skip
_FROM_IPA = {sign: label for label, signs in _IPA.items() for sign in signs.split()}
_MODIFIERS = frozenset("ːˑ.‿͜͡ʰʱʲʷˠˤⁿˡ˞ʼ̚'ˈˌ|‖")
_STRESS = {"ˈ": 1, "'": 1, "ˌ": 2}


def to_arpabet(symbol: str) -> tuple[str, int] | None:
    """ARPAbet label and stress (−1 for consonants) of a label; None when it is not known.

    Understands ARPAbet with or without digits, TIMIT's and flite's small letters, and IPA with
    stress marks, length marks and diacritics.
    """
    symbol = unicodedata.normalize("NFC", symbol.strip())
    if not symbol or symbol in SILENCES or symbol.lower() in SILENCES:
        return SILENCE, CONSONANT_STRESS
    if _is_arpabet(symbol):
        return split_stress(symbol.upper())
    small = _SMALL.get(symbol.lower())
    if small:
        return small, 0 if is_vowel(small) else CONSONANT_STRESS
    label = _ipa(symbol)
    if label is None:
        return None
    stress = next((_STRESS[c] for c in symbol if c in _STRESS), 0)
    return label, stress if is_vowel(label) else CONSONANT_STRESS


def _is_arpabet(symbol: str) -> bool:
    """One small letter is IPA; 'AA', 'aa1' and 'B' are ARPAbet."""
    known = symbol.upper().rstrip("012") in INVENTORY
    return known and (symbol.upper() == symbol or len(symbol) > 1) and symbol not in _FROM_IPA


def _ipa(symbol: str) -> str | None:
    for text in (symbol, _plain(symbol)):
        if text in _FROM_IPA:
            return _FROM_IPA[text]
    text = _plain(symbol)
    pair = text[:2]
    if pair in _FROM_IPA:
        return _FROM_IPA[pair]
    return _FROM_IPA.get(text[:1]) if len(text) <= 3 else None


def _plain(symbol: str) -> str:
    """Without tie bars, length, stress and diacritics; a rhotic hook is kept as its vowel."""
    kept = [
        c
        for c in unicodedata.normalize("NFD", symbol)
        if not unicodedata.combining(c) and c not in _MODIFIERS and not "˥" <= c <= "˩"
    ]
    text = "".join(kept)
    return "ɚ" if "˞" in symbol and text[:1] in "əɜ" else text
