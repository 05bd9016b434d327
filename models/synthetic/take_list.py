"""The list of takes that a synthetic capture consists of."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..mesh import HeadMesh
from ..performance import Take
from ..phones import Phones
from ..progress import Progress, silent
from .acted_lines import Performer
from .eyes_motion import eye_controls
from .head_motion import head_motion
from .limits import column, limited
from .line_list import load_lines, spoken_line
from .practice import practice_block
from .recorded import ScoreMap, transferred
from .recorded_motion import CREDITS, read_live_link, read_shapes
from .spoken import CREDIT, SpokenEnglish
from .styles import STYLES

log = logging.getLogger(__name__)
FPS = 30.0
BLOCK_SECONDS = 16.0
HELD_OUT_BLOCK = 5
"""Which block of the range of motion is held out: it holds mouth, brow and gaze extremes."""
HELD_OUT_EVERY = 12
"""Every twelfth generated line is held out, in every style it is spoken in."""
STYLED_EVERY = 3
"""Every third line is spoken in each style besides neutral."""
REPEATED_EVERY = 10
"""Every tenth line is spoken a second time in neutral."""
SHAPE_TAKES = ("1114_2_01", "1114_2_02", "1114_2_03", "1114_2_04", "1114_3_15")
SHAPE_SECONDS = 20.0
PRACTICE_BLOCKS = 4


@dataclass(frozen=True)
class TakePlan:
    """How much to make of each kind; None means all there is.

    Attributes:
        spoken: Recorded training sentences (the held-out ones always come along).
        lines: Generated lines, counted in lines, not takes.
        styles: Names of the styles.
        motion: Whether to make the range-of-motion takes.
    """

    spoken: int | None = None
    lines: int | None = None
    styles: tuple[str, ...] = field(default=tuple(STYLES))
    motion: bool = True


def make_takes(
    mesh: HeadMesh,
    data: Path | None = None,
    seed: int = 0,
    plan: TakePlan = TakePlan(),
    fps: float = FPS,
    progress: Progress = silent,
) -> list[Take]:
    """Every take of the capture: motion, spoken and generated, with splits by whole takes.

    Args:
        mesh: The actor.
        data: Folder with `motion`, `speech_motion`, `spoken_english`; without it the range of
            motion is a practice of single controls, and speech is generated only.
        seed: Same seed, same takes.
        plan: How much.
        fps: Frames per second.
        progress: Called after each take.

    Raises:
        CaptureError: A recording in `data` is missing or damaged.
        CancelledError: From `progress`.
    """
    performer = Performer.build(mesh)
    sources = [_generated(performer, plan, seed, fps)]
    if plan.motion:
        sources.insert(0, _motion(data, seed, fps))
    if data is not None:
        sources.insert(1, _spoken(Path(data) / "spoken_english", performer, plan, fps))
    total = expected_takes(data is not None, plan)
    takes: list[Take] = []
    for source in sources:
        for take in source:
            takes.append(take)
            progress(min(len(takes) / total, 1.0), f"motion of {take.name}")
    return takes


def motion_credits(data: Path | None) -> list[str]:
    """Whom the motion is owed to: generated speech, too, to the talker that it was fitted to."""
    return [CREDIT] if data is None else [CREDIT, *CREDITS]


def expected_takes(recorded: bool, plan: TakePlan) -> int:
    """About how many takes a plan makes, for progress."""
    lines = len(load_lines()) if plan.lines is None else plan.lines
    spoken = (850 if plan.spoken is None else plan.spoken) + 100 if recorded else 0
    styled = len(plan.styles) - 1
    return max(1, spoken + int(lines * (1 + styled / STYLED_EVERY + 1 / REPEATED_EVERY)) + 40)


def _rng(seed: int, *key: str) -> np.random.Generator:
    """Chance that depends on the take alone: leaving out others changes nothing."""
    return np.random.default_rng([seed, *"/".join(key).encode()])


def _motion(data: Path | None, seed: int, fps: float) -> Iterator[Take]:
    for block in range(PRACTICE_BLOCKS):
        controls = practice_block(fps, _rng(seed, "practice", str(block)))
        split = "held_out" if data is None and block == PRACTICE_BLOCKS - 1 else "train"
        yield _motion_take(f"practice_{block + 1}", split, controls, seed, fps, blinks=False)
    if data is None:
        return
    controls = read_live_link(Path(data) / "motion" / "alex_rom_3.csv", fps)
    for block, part in enumerate(_blocks(controls, BLOCK_SECONDS, fps)):
        split = "held_out" if block == HELD_OUT_BLOCK else "train"
        yield _motion_take(f"range_{block + 1}", split, part, seed, fps, blinks=False)
    for name in SHAPE_TAKES:
        part = read_shapes(Path(data) / "speech_motion", name, fps)
        part = part[: int(SHAPE_SECONDS * fps)]
        yield _motion_take(f"shapes_{name}", "train", part, seed, fps, blinks=True)


def _blocks(controls: np.ndarray, seconds: float, fps: float) -> list[np.ndarray]:
    count = max(1, round(len(controls) / (seconds * fps)))
    return np.array_split(controls, count)


def _motion_take(
    name: str, split: str, controls: np.ndarray, seed: int, fps: float, blinks: bool
) -> Take:
    """A wordless take; where the recording holds no eyes, they are added."""
    rng, times = _rng(seed, name), np.arange(len(controls)) / fps
    phones, style = Phones.build([], [], []), STYLES["neutral"]
    if blinks:
        controls = controls.copy()
        for control, value in eye_controls(phones, times, style, rng).items():
            column(controls, control)[:] += value
    pose = head_motion(times, np.zeros(0), style, rng)
    return Take(name, "motion", split, fps, limited(controls), pose)


def _spoken(folder: Path, performer: Performer, plan: TakePlan, fps: float) -> Iterator[Take]:
    data = SpokenEnglish.open(folder)
    score_map = ScoreMap.fit(data)
    for sentence in [*data.train[: plan.spoken], *data.held_out]:
        controls, pose = transferred(sentence, data, performer.retarget, score_map, fps)
        split = "held_out" if sentence.held_out else "train"
        yield Take(
            f"spoken_{sentence.name}", "spoken", split, fps, controls, pose,
            sentence.phones.merged(), "neutral", sentence.text,
        )  # fmt: skip


def _generated(performer: Performer, plan: TakePlan, seed: int, fps: float) -> Iterator[Take]:
    for number, text in enumerate(load_lines()[: plan.lines]):
        split = "held_out" if number % HELD_OUT_EVERY == HELD_OUT_EVERY - 1 else "train"
        for style, repetition in _repetitions(number, plan.styles):
            name = f"line_{number + 1:03d}_{style}_{repetition + 1}"
            rng = _rng(seed, name)
            phones = spoken_line(text, STYLES[style].tempo, rng)
            controls, pose = performer.perform(phones, STYLES[style], fps, rng)
            yield Take(name, "generated", split, fps, controls, pose, phones, style, text)


def _repetitions(number: int, styles: tuple[str, ...]) -> list[tuple[str, int]]:
    """In which styles, and how often, a line is spoken."""
    spoken = [(styles[0], 0)]
    if number % REPEATED_EVERY == 0:
        spoken.append((styles[0], 1))
    if number % STYLED_EVERY == STYLED_EVERY - 1:
        spoken += [(style, 0) for style in styles[1:]]
    return spoken
