"""Phones of a recording whose text nobody knows."""

import numpy as np

from ..errors import SoundError
from ..phones import Phones, is_vowel
from .activity import active_frames
from .decoder import Segment, recognise_phones
from .denoise import denoised, is_noisy
from .onsets import onsets
from .result import RECOGNISED, Alignment
from .sound import Sound

_LEAST = 0.33
"""Share of the loud frames that must be heard as vowels. Speech of three of flite's voices and one
real talker has 0.37 to 0.62, clean or in noise of 10 dB SNR; chords, drums, tones, noise and four
of six made-up melodies have less. The other two had more: hence the warning below."""


def recognise(sound: Sound) -> Alignment:
    """Hear the phones of a sound.

    Raises:
        SoundError: The sound is no speech (music, noise).
        MissingDependencyError: pocketsphinx is not installed.
    """
    noisy = is_noisy(sound)
    sound = denoised(sound) if noisy else sound
    segments = recognise_phones(sound)
    share = speech_share(sound, segments)
    if share < _LEAST:
        raise SoundError(
            "No speech was recognised: the loud parts hold hardly any vowels "
            "(music or noise?). Give the text, or a recording of the voice alone."
        )
    label = [segment.label for segment in segments]
    edges = onsets(label, np.array([segment.first for segment in segments]), sound.seconds)
    phones = Phones.build(label, edges[:-1], edges[1:]).merged()
    warnings = ["The phones were recognised without a text; many will be wrong. Give the text."]
    if noisy:
        warnings.append("There is loud background or music: the phones may not be speech at all.")
    sure = min(share, 0.5) * (0.5 if noisy else 1.0)
    return Alignment(phones, RECOGNISED, tuple(warnings), sure, sound.seconds)


def speech_share(sound: Sound, segments: list[Segment]) -> float:
    """Share of the active frames that are heard as vowels."""
    active = active_frames(sound)
    heard = np.zeros(len(active), bool)
    for segment in segments:
        if is_vowel(segment.label):
            heard[segment.first : segment.first + segment.count] = True
    return float((active & heard).sum() / max(active.sum(), 1))
