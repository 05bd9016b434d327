"""What a capture session records: one take to track by, and lines read aloud.

The first take holds rest, a spoken line, strong expressions and a turning head; the others, if
there are any, are speech with its sound.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import CaptureError
from ..mesh import HeadMesh
from ..performance import Take
from ..speech.text import pronounce
from ..speech.voice import speak
from ..template.controls import CONTROL_INDEX, CONTROL_NAMES
from .acted_lines import Performer
from .limits import limited
from .line_list import load_lines, spoken_line
from .noise import bump
from .practice import EXPRESSIONS
from .styles import STYLES

LINE = "Maybe we both put the big blue paper boat away"
REST_SECONDS = 0.3
"""At either end; less in a short take."""
LEAST_FRAMES = 18
SPOKEN_SHARE = 0.45
"""Of the take's frames between the rests; expressions fill the others."""
ACTED = (0, 1, 3, 5, 7, 2)
"""Of `EXPRESSIONS`: jaw drop, smile, anger, pucker, stretch, frown."""
TURNS = np.radians((11.0, 8.0, 30.0))
"""Most degrees up and down, to a shoulder, and left and right."""
PERIODS = (2.3, 3.1, 3.7)
"""Seconds of each."""
SHIFTS = (0.012, 0.008, 0.006)
"""Metres that the head wanders."""
READ_AT_ONCE = 5
"""Lines in a take that is read aloud."""


def session_take(mesh: HeadMesh, frames: int, fps: float, seed: int) -> Take:
    """The take; every frame of it is pictured. It begins and ends at rest, looking ahead.

    Args:
        mesh: The actor.
        frames: How long.
        fps: Frames a second.
        seed: Same seed, same take.

    Raises:
        CaptureError: It would be too short.
    """
    random, style = np.random.default_rng([seed, *b"session"]), STYLES["neutral"]
    if frames < LEAST_FRAMES:
        raise CaptureError(f"A session takes at least {LEAST_FRAMES} frames, not {frames}.")
    rest = min(round(REST_SECONDS * fps), frames // 6)
    acted = frames - 2 * rest
    spoken = round(SPOKEN_SHARE * acted)
    phones = spoken_line(LINE, 1.0, random)
    phones = phones.scaled(spoken / fps / phones.seconds)
    line = Performer.build(mesh).perform(phones, style, fps, random)[0][:spoken]
    controls = np.zeros((frames, len(CONTROL_NAMES)))
    ease = np.clip(np.minimum(np.arange(len(line)), np.arange(len(line))[::-1]) / 3, 0, 1)
    controls[rest : rest + len(line)] += ease[:, None] * line
    controls[rest + spoken : frames - rest] += _expressions(acted - spoken, fps)
    times = np.arange(frames) / fps
    pose = _head(times, rest / fps)
    return Take(
        "session", "motion", "train", fps, limited(controls), pose, phones.shifted(rest / fps),
        "neutral", LINE, np.arange(frames),
    )  # fmt: skip


def read_takes(mesh: HeadMesh, lines: int, fps: float, seed: int, sounds: Path) -> Iterator[Take]:
    """Takes of lines read aloud, one style after the other; their sound is written.

    Args:
        mesh: The actor.
        lines: How many.
        fps: Frames a second.
        seed: Same seed, same takes.
        sounds: Folder of `NAME.wav`.

    Raises:
        CaptureError: No voice is installed.
    """
    performer, names, texts = Performer.build(mesh), list(STYLES), load_lines()[:lines]
    sounds.mkdir(parents=True, exist_ok=True)
    for number, first in enumerate(range(0, len(texts), READ_AT_ONCE)):
        text, style = " ".join(texts[first : first + READ_AT_ONCE]), names[number % len(names)]
        name, random = f"read_{number + 1:02d}", np.random.default_rng([seed, number, *b"read"])
        voice = speak(pronounce(text), sounds / f"{name}.wav", STYLES[style].tempo)
        if voice is None:
            raise CaptureError(
                "Lines are read by a voice, and none is installed: flite, espeak-ng."
            )
        controls, pose = performer.perform(voice.phones, STYLES[style], fps, random)
        pictured = np.arange(len(controls))
        yield Take(
            name, "spoken", "train", fps, controls, pose, voice.phones, style, text, pictured
        )


def _expressions(frames: int, fps: float) -> np.ndarray:
    """Strong expressions (frames, C), one after the other."""
    edges = np.linspace(0, frames, len(ACTED) + 1) / fps
    times = np.arange(frames) / fps
    controls = np.zeros((frames, len(CONTROL_NAMES)))
    for place, start, end in zip(ACTED, edges[:-1], edges[1:], strict=True):
        curve = bump(times, start, 0.55 * end + 0.45 * start, end)
        for stem, value in EXPRESSIONS[place].items():
            for name in CONTROL_NAMES:
                if name in (stem, f"{stem}Left", f"{stem}Right"):
                    controls[:, CONTROL_INDEX[name]] += value * curve
    return controls


def _head(times: np.ndarray, rest: float) -> np.ndarray:
    """Head pose (T, 6), still at both ends."""
    inside = np.clip(np.minimum(times - rest, times[-1] - rest - times) / 0.5, 0, 1)
    inside = inside * inside * (3 - 2 * inside)
    waves = [
        reach * np.sin(2 * np.pi * (times - rest) / period)
        for reach, period in zip((*TURNS, *SHIFTS), (*PERIODS, 2.9, 3.3, 2.1), strict=True)
    ]
    return np.stack(waves, -1) * inside[:, None]
