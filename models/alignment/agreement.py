"""Whether a text is what a sound says: it must fit better than nonsense of the same phones.

Scores of an alignment fall with noise as well as with wrong words, so they say little alone. The
decoys are the text's own phones in other orders: a text that is really said beats them by far.
"""

from collections.abc import Sequence

from .decoder import Segment, align_words
from .sound import Sound

_LEAD, _LEAD_UNCOVERED = 3.0, 20.0
_UNCOVERED = 0.35
_CLEAN_SCORE, _SURE = -34.0, -26.0
"""On clean sound right texts scored −10 to −25, others −25 to −80 (three of flite's voices and a
real talker). In noise of 10 dB SNR, lowered by `denoised`, right texts scored −24 to −53 and led
their decoys by 8.7 or more; others led by 9.0 or less, most by less than 3 (two voices).
In such noise, 1 of 15 right texts of the real talker was refused, and 3 of 15 wrong ones
were taken, with a warning: a refused recording is worse than a warned one."""


def fits(
    sound: Sound, words: Sequence[Sequence[str]], score: float, uncovered: float, *, noisy: bool
) -> bool:
    """Whether the words are what the sound says.

    Args:
        sound: The recording, its noise lowered.
        words: ARPAbet phones of each word, without digits.
        score: `mean_score` of the text on the sound.
        uncovered: Share of the loud sound that belongs to no word.
        noisy: Whether there was noise.
    """
    if score >= _SURE and uncovered < _UNCOVERED:
        return True
    if score < _CLEAN_SCORE and not noisy:
        return False
    lead = lead_over_decoys(sound, words, score)
    return lead >= (_LEAD if uncovered < _UNCOVERED else _LEAD_UNCOVERED)


def mean_score(segments: list[Segment]) -> float:
    """Log likelihood against the best state, per frame of speech; 0 is perfect."""
    spoken = [s for s in segments if s.word >= 0]
    return sum(s.score for s in spoken) / max(sum(s.count for s in spoken), 1)


def lead_over_decoys(sound: Sound, words: Sequence[Sequence[str]], score: float) -> float:
    """By how much a text's mean score beats the best decoy's; infinite where none has a path.

    Args:
        sound: The recording.
        words: ARPAbet phones of each word, without digits.
        score: `mean_score` of the text on the sound.
    """
    found = [align_words(sound, [[word] for word in decoy]) for decoy in decoys(words)]
    return score - max(
        (mean_score(item[0]) for item in found if item and item[1]), default=float("-inf")
    )


def decoys(words: Sequence[Sequence[str]]) -> list[list[list[str]]]:
    """The same phones back to front, and dealt out so that neighbours come from far apart."""
    phones = [phone for word in words for phone in word]
    half = (len(phones) + 1) // 2
    dealt = [phones[(place * half + place // 2) % len(phones)] for place in range(len(phones))]
    return [_cut(list(reversed(phones)), words), _cut(dealt, words)]


def _cut(phones: list[str], words: Sequence[Sequence[str]]) -> list[list[str]]:
    """Phones in words as long as the given ones."""
    result, place = [], 0
    for word in words:
        result.append(phones[place : place + len(word)])
        place += len(word)
    return result
