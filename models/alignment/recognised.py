"""Phones of a recording whose text nobody knows."""

import numpy as np

from ..errors import SoundError
from ..speech.phones import Phones, is_vowel
from .activity import active_frames
from .decoder import Segment, recognise_phones
from .denoise import denoised, is_noisy
from .onsets import onsets
from .result import RECOGNISED, Alignment
from .sound import Sound

_LEAST = 0.18
"""Share of the loud frames that must be heard as vowels. Clean speech (flite's voices, one real
talker) has 0.38 to 0.59, in noise of 10 dB SNR 0.15 to 0.74; a melody 0.17; chords, drums, tones
and noise 0.0."""


def recognise(sound: Sound) -> Alignment:
    """Hear the phones of a sound.

    Raises:
        SoundError: The sound is no speech (music, noise).
        MissingDependencyError: pocketsphinx is not installed.
    """
    sound = denoised(sound) if is_noisy(sound) else sound
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
    warnings = ("The phones were recognised without a text; many will be wrong. Give the text.",)
    return Alignment(phones, RECOGNISED, warnings, min(share, 0.5), sound.seconds)


def speech_share(sound: Sound, segments: list[Segment]) -> float:
    """Share of the active frames that are heard as vowels."""
    active = active_frames(sound)
    heard = np.zeros(len(active), bool)
    for segment in segments:
        if is_vowel(segment.label):
            heard[segment.first : segment.first + segment.count] = True
    return float((active & heard).sum() / max(active.sum(), 1))
