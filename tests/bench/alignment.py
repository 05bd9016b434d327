"""Forced alignment against known phone times."""

import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from models.alignment.align import align
from models.alignment.result import FORCED
from models.alignment.sound import HERTZ, read_sound
from models.errors import NeuralFaceError
from models.speech.flite import VOICE

from .alignment_truth import Spoken, by_flite, onset_pairs, recorded
from .figures import Context, Figure
from .sentences import judged

MEDIAN_MS, MEAN_MS, TIMES_REAL_TIME = 10.0, 15.0, 20.0
OTHER_VOICES = ("kal", "kal16", "rms", "awb")
_OTHERS = 25
NOISE_DB = 10.0
_EVERY, _FIRST = 20, 7


def run(context: Context) -> Iterator[Figure]:
    """flite's sentences; a few of its other voices; a real talker where recordings are at hand."""
    with tempfile.TemporaryDirectory() as folder:
        for warm_up in by_flite(judged(1), VOICE, Path(folder)):
            align(warm_up.path, warm_up.text)
        note = f"100 sentences, voice {VOICE}; corrections measured on other sentences"
        yield from _judge("flite", list(by_flite(judged(), VOICE, Path(folder))), note, bars=True)
        for voice in OTHER_VOICES:
            spoken = list(by_flite(judged()[:_OTHERS], voice, Path(folder)))
            yield from _judge(f"flite_{voice}", spoken, f"{_OTHERS} sentences", bars=False)
        noisy = [_noisy(item) for item in by_flite(judged()[:_OTHERS], VOICE, Path(folder))]
        note = f"{_OTHERS} sentences in white noise of {NOISE_DB:g} dB SNR"
        yield from _judge("flite_noise", noisy, note, bars=False)
    recordings = context.data / "spoken_english" if context.data else None
    if recordings and recordings.is_dir():
        spoken = recorded(recordings, _EVERY, _FIRST)
        note = "a real talker; against another forced alignment of 10 ms steps, no hand labels"
        yield from _judge("spoken_english", list(spoken), note, bars=False)


def _noisy(truth: Spoken) -> Spoken:
    """The same recording in noise."""
    samples = read_sound(truth.path).samples
    power = np.square(samples).mean() / 10 ** (NOISE_DB / 10)
    noise = np.random.default_rng(len(samples)).standard_normal(len(samples)) * np.sqrt(power)
    path = truth.path.with_stem(f"{truth.path.stem}_noisy")
    soundfile.write(path, samples + noise, HERTZ, "FLOAT")
    return replace(truth, path=path)


def _judge(case: str, spoken: Iterable[Spoken], note: str, *, bars: bool) -> Iterator[Figure]:
    errors: list[float] = []
    failed = count = 0
    sound = taken = 0.0
    for truth in spoken:
        count += 1
        sound += len(read_sound(truth.path).samples) / HERTZ
        began = time.thread_time()
        try:
            found = align(truth.path, truth.text)
        except NeuralFaceError:
            failed += 1
            continue
        finally:
            taken += time.thread_time() - began
        failed += found.method != FORCED
        errors += [1000 * error for _, _, error in onset_pairs(truth, found.phones)]
    apart = np.abs(errors)
    late = f"{note}; {len(errors)} onsets, {np.median(errors):+.1f} ms late in the median"
    rows = (
        ("median_ms", np.median(apart), "ms", f"<= {MEDIAN_MS:g}", MEDIAN_MS, late),
        ("mean_ms", apart.mean(), "ms", f"<= {MEAN_MS:g}", MEAN_MS, late),
        ("failed_share", failed / count, "", "== 0", 0.0, f"of {count}"),
    )
    for metric, value, unit, bar, most, text in rows:
        holds = bool(value <= most) if bars else None
        yield Figure(
            "alignment", case, metric, float(value), unit, bar if bars else "", holds, note=text
        )
    speed = sound / taken
    bar, holds = (f">= {TIMES_REAL_TIME:g}", speed >= TIMES_REAL_TIME) if bars else ("", None)
    yield Figure(
        "alignment",
        case,
        "times_real_time",
        speed,
        "",
        bar,
        holds,
        note="seconds of sound per second of CPU time, one thread",
    )
