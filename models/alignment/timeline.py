"""Phone sequences without gaps."""

import numpy as np

from ..phones import SILENCE, Phones

_GAP = 1e-4


def filled(phones: Phones, seconds: float) -> Phones:
    """The phones with silence in every gap, from 0 to `seconds`; overlaps end at the next start."""
    label, start, end, stress, word = [], [], [], [], []
    now = 0.0

    def silence(until: float) -> None:
        if until > now + _GAP:
            for column, value in zip(
                (label, start, end, stress, word), (SILENCE, now, until, -1, -1), strict=True
            ):
                column.append(value)

    for index in range(len(phones)):
        begin = float(phones.start[index])
        following = phones.start[index + 1] if index + 1 < len(phones) else np.inf
        finish = float(min(phones.end[index], following))
        silence(begin)
        if 0 < begin - now <= _GAP:
            begin = now
        label.append(str(phones.label[index]))
        start.append(begin)
        end.append(finish)
        stress.append(int(phones.stress[index]))
        word.append(int(phones.word[index]))
        now = finish
    silence(seconds)
    return Phones.build(label, start, end, stress, word, phones.words).merged()
