"""Text laid on a sound: every phone of every word gets its time."""

import numpy as np

from ..errors import AlignmentError
from ..phones import CONSONANT_STRESS, Phones, split_stress
from ..speech.text import Pronunciation
from .activity import active_frames
from .agreement import fits, mean_score
from .decoder import Segment, align_words
from .denoise import denoised, is_noisy
from .onsets import onsets
from .pronunciations import bare, variants
from .result import FORCED, PROPORTIONAL, Alignment
from .sound import Sound

_WORST, _BEST = -60.0, -8.0
"""Mean scores that mean a confidence of 0 and 1."""
_DOUBTFUL = -26.0
_UNCOVERED = 0.25


def align_text(sound: Sound, spoken: Pronunciation) -> Alignment:
    """Lay words on a sound.

    Raises:
        AlignmentError: The text is not what is said.
        MissingDependencyError: pocketsphinx is not installed.
    """
    noisy = is_noisy(sound)
    sound = denoised(sound) if noisy else sound
    readings = [variants(word) for word in spoken.words]
    found = align_words(sound, [[bare(symbols) for symbols in word] for word in readings])
    if found is None:
        raise _mismatch(spoken)
    segments, exact = found
    warnings = _unknown(spoken)
    phones = _phones(sound, spoken, segments, readings)
    if not exact:
        warnings.append("Only words were found in the sound; their phones' times are estimated.")
        return _result(phones, PROPORTIONAL, warnings, 0.0, sound, spoken)
    score, uncovered = mean_score(segments), _uncovered(sound, segments)
    if not fits(sound, [bare(word[0]) for word in readings], score, uncovered, noisy=noisy):
        raise _mismatch(spoken)
    if score < _DOUBTFUL:
        warnings.append("Text and sound fit badly: noise, or some words differ. Check the times.")
    if uncovered > _UNCOVERED:
        warnings.append(f"{uncovered:.0%} of the loud parts of the sound belong to no word.")
    sure = float(np.clip((score - _WORST) / (_BEST - _WORST), 0.0, 1.0))
    return _result(phones, FORCED, warnings, sure, sound, spoken)


def _result(
    phones: Phones,
    method: str,
    warnings: list[str],
    confidence: float,
    sound: Sound,
    spoken: Pronunciation,
) -> Alignment:
    return Alignment(phones, method, tuple(warnings), confidence, sound.seconds, spoken.text)


def _mismatch(spoken: Pronunciation) -> AlignmentError:
    text = " ".join(spoken.text.split())
    shown = text if len(text) <= 60 else text[:57] + "…"
    return AlignmentError(
        f"The text does not match the sound: it does not seem to say {shown!r}. "
        "Check the text, or use a cleaner recording."
    )


def _unknown(spoken: Pronunciation) -> list[str]:
    if not spoken.unknown:
        return []
    return [f"Not spoken, because they are no words: {' '.join(spoken.unknown)}"]


def _uncovered(sound: Sound, segments: list[Segment]) -> float:
    """Share of the active frames that the alignment calls silence."""
    active = active_frames(sound)
    silent = np.ones(len(active), bool)
    for segment in segments:
        if segment.word >= 0:
            silent[max(segment.first - 5, 0) : segment.first + segment.count + 5] = False
    return float((active & silent).sum() / max(active.sum(), 1))


def _phones(sound: Sound, spoken: Pronunciation, segments: list[Segment], readings: list) -> Phones:
    label = [segment.label for segment in segments]
    edges = onsets(label, np.array([segment.first for segment in segments]), sound.seconds)
    stress, place, current = [], 0, -1
    for segment in segments:
        place = place + 1 if segment.word == current else 0
        current = segment.word
        if segment.word < 0:
            stress.append(CONSONANT_STRESS)
        else:
            stress.append(split_stress(readings[segment.word][segment.variant][place])[1])
    word = [segment.word for segment in segments]
    words = [item.text for item in spoken.words]
    return Phones.build(label, edges[:-1], edges[1:], stress, word, words).merged()
