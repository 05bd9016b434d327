"""Example-based visual speech: phones to animation parameters by dynamic visemes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..errors import TextError
from ..head.codes import ExampleSet, ExampleTake
from ..parameters import AnimationParameters, ease_at_ends
from ..phones import Phones
from ..progress import Progress, silent
from .assembly import assemble, closed_frames
from .database import Slots, SpeechDatabase, speaks
from .eyes_and_head import BackgroundMotion
from .lip_contact import LipGap
from .manner import NEUTRAL
from .selection import SelectionWeights, select


@dataclass(frozen=True)
class ExampleSettings:
    """How samples are chosen and joined.

    Attributes:
        style: Acting style whose takes are used; 'neutral' where a head lacks it.
        smoothing: Deviation in seconds of the light smoothing; closures are kept.
        blend: How many good choices of samples are averaged in code space. One is livelier; several
            lose what was accidental in each take (measured on held-out recorded sentences: lip
            error 2.74 mm with one, 2.58 mm with four, at the same amplitude). Closures come from
            the first alone.
        weights: Of the selection.
    """

    style: str = NEUTRAL
    smoothing: float = 0.012
    blend: int = 4
    weights: SelectionWeights = field(default_factory=SelectionWeights)


class ExampleAnimator:
    """A head's takes, ready to speak any line."""

    def __init__(self, examples: ExampleSet, regions: Mapping[str, slice], lip_gap: LipGap) -> None:
        """Prepare.

        Args:
            examples: The head's takes; held-out ones are never used.
            regions: Where each region's values are in a code.
            lip_gap: Codes (n, Z) → how far the lips are apart beyond rest (n,), metres.
        """
        self._examples = examples
        self._regions = regions
        self._lip_gap = lip_gap
        self._ready: dict[str, tuple[SpeechDatabase, BackgroundMotion]] = {}

    @property
    def styles(self) -> tuple[str, ...]:
        """Styles there are takes of."""
        return tuple(sorted({style_of(take) for take in spoken_takes(self._examples)}))

    def database(self, style: str = NEUTRAL) -> SpeechDatabase:
        """The samples of a style; of all styles where the head lacks it."""
        return self._prepared(style)[0]

    def animate(
        self,
        phones: Phones,
        fps: float = 30.0,
        seed: int = 0,
        settings: ExampleSettings | None = None,
        progress: Progress = silent,
    ) -> AnimationParameters:
        """Animation parameters of a line.

        Args:
            phones: The line, silences included.
            fps: Frames per second of the result.
            seed: The same seed gives the same performance.
            settings: Style, smoothing.
            progress: Told how far it is; may raise CancelledError.

        Raises:
            TextError: The line holds no sounding phones.
            HeadFileError: The head holds no spoken takes.
        """
        settings = settings or ExampleSettings()
        if phones.silent.all():
            raise TextError("There is nothing to speak: the line holds only silence.")
        progress(0.0, "Preparing the head's takes")
        database, background = self._prepared(settings.style)
        times = np.arange(int(np.ceil(phones.seconds * fps)) + 1) / fps
        rng = np.random.default_rng(seed)
        slots = Slots.of(_filled(phones))
        progress(0.3, "Choosing dynamic visemes")
        choices = select(database, slots, settings.weights, rng, settings.blend)
        progress(0.7, "Joining them")
        spoken = [
            assemble(database, slots, chosen, times)[:, self._regions["mouth"]]
            for chosen in choices
        ]
        mouth = _finished(spoken, slots, times, settings)
        progress(0.85, "Eyes, brows and head")
        under = background.lay(phones, times, rng)
        codes = under.codes
        codes[:, self._regions["mouth"]] = mouth
        codes[:, self._regions["face"]] += background.face_from_mouth(mouth)
        ease = ease_at_ends(phones, times)[:, None]
        progress(1.0, "Spoken")
        return AnimationParameters(times, codes * ease, under.head_pose * ease)

    def _prepared(self, style: str) -> tuple[SpeechDatabase, BackgroundMotion]:
        usable = spoken_takes(self._examples)
        takes = [take for take in usable if style_of(take) == style]
        key = style if takes else ""
        if key not in self._ready:
            database = SpeechDatabase.build(
                self._examples, takes or usable, self._regions, self._lip_gap
            )
            self._ready[key] = database, BackgroundMotion(database)
        return self._ready[key]


def spoken_takes(examples: ExampleSet) -> list[ExampleTake]:
    """Takes with speech that may be used: held-out ones may not."""
    return [take for take in examples.takes if speaks(take) and take.split != "held_out"]


def style_of(take: ExampleTake) -> str:
    """A take's acting style; 'neutral' where none is named."""
    return take.style or NEUTRAL


def _filled(phones: Phones) -> Phones:
    """Phones without gaps or overlaps, neighbouring silences as one."""
    merged = phones.merged()
    middle = 0.5 * (merged.end[:-1] + merged.start[1:])
    start = np.append(merged.start[:1], middle)
    end = np.append(middle, merged.end[-1:])
    return Phones(merged.label, start, end, merged.stress, merged.word, merged.words)


def _finished(
    spoken: list[np.ndarray], slots: Slots, times: np.ndarray, settings: ExampleSettings
) -> np.ndarray:
    """Mouth codes (T, M) averaged and smoothed, but as captured where lips must meet."""
    frames = settings.smoothing / (times[1] - times[0]) if len(times) > 1 else 0.0
    mean = np.mean(spoken, axis=0)
    smooth = gaussian_filter1d(mean, frames, axis=0, mode="nearest") if frames > 0 else mean
    closed = closed_frames(slots, times)[:, None].astype(np.float32)
    return smooth * (1 - closed) + spoken[0] * closed
