"""Speech from text alone: held-out sentences of the head's own takes, with predicted durations.

Truth is the lip opening of the takes' own codes. The predicted line runs at its own pace; it is
laid on the true one word by word before the openings are compared.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from models.actor import Actor
from models.animate import move, time_line
from models.errors import CaptureError
from models.head.codes import ExampleTake
from models.mesh import LIP_CONTACT
from models.phones import Phones
from models.speech.durations import DurationModel
from models.speech.examples import spoken_takes, style_of
from models.speech.manner import Manner, StyleCurve
from models.speech.visemes import cues
from models.threads import one_thread

from .figures import Context, Figure
from .lip_opening import Limits, OpeningScore, Truth, spoken, word_warp
from .viseme_baselines import static_visemes

KINDS = {"spoken": "recorded", "generated": "generated"}
"""Kind of take → what it is called in notes."""
NOTES = {
    "spoken": "",
    "generated": "; their truth is the shipped model of durations with 8 % of chance, no talker",
}
LIMITS = Limits(LIP_CONTACT, LIP_CONTACT)


@dataclass(frozen=True)
class Line:
    """A held-out take, and its text with predicted times.

    Attributes:
        take: Of the head.
        phones: Predicted.
        truth: What the take shows, at the examples' rate; openings in metres.
    """

    take: ExampleTake
    phones: Phones
    truth: Truth


Way = Callable[[Line, Phones], np.ndarray]
"""A line and the phones to speak → codes (T, Z) at the examples' rate."""


@dataclass
class Durations:
    """Predicted beside true durations: two lists of arrays, seconds."""

    predicted: list[np.ndarray] = field(default_factory=list)
    true: list[np.ndarray] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Median and mean absolute error, in ms and in % of the true duration."""
        predicted, true = np.concatenate(self.predicted), np.concatenate(self.true)
        apart = np.abs(predicted - true)
        share = 100 * apart / np.maximum(true, 1e-3)
        return {
            "median_ms": 1000 * float(np.median(apart)),
            "mean_ms": 1000 * float(apart.mean()),
            "median_percent": float(np.median(share)),
            "mean_percent": float(share.mean()),
        }


def run(context: Context) -> Iterator[Figure]:
    """Speak the text of every held-out take."""
    head = context.head
    with one_thread():
        lines, skipped = _lines(head)
        if not lines:
            raise CaptureError("The head holds no held-out takes whose text it would speak alike.")
        methods = head.methods
        ways = {method: _by_method(head, method) for method in methods}
        ways["static_visemes"] = _static(head)
        scores = {name: _judged(head, lines, way) for name, way in ways.items()}
        ideal = {m: _judged(head, lines, ways[m], predicted=False) for m in methods}
    for method in methods:
        others = {name: score for name, score in scores.items() if name != method}
        others["true_durations"] = ideal[method]
        yield from _opening_figures(method, lines, scores[method], others, skipped)
    yield from _duration_figures(head, lines)


def words_match(one: Phones, other: Phones) -> bool:
    """Whether both hold the same number of words, and in each the same number of phones."""
    counts = [np.bincount(p.word[p.word >= 0]).tolist() for p in (one, other)]
    return counts[0] == counts[1]


def _lines(head: Actor) -> tuple[list[Line], int]:
    """The held-out takes with predicted times; how many were left out: spoken otherwise."""
    lines, skipped = [], 0
    for take in head.examples.takes:
        if take.split != "held_out" or not take.text or take.phones.silent.all():
            continue
        phones = time_line(head, take.text, style=style_of(take)).phones
        if words_match(phones, take.phones):
            lines.append(Line(take, phones, _truth(head, take)))
        else:
            skipped += 1
    return lines, skipped


def _truth(head: Actor, take: ExampleTake) -> Truth:
    fps = head.examples.fps
    gap = head.lip_gaps(head.examples.take_codes(take))
    return Truth(gap, fps, spoken(np.arange(len(gap)) / fps, take.phones), take.phones)


def _by_method(head: Actor, method: str) -> Way:
    def codes(line: Line, phones: Phones) -> np.ndarray:
        manner, fps = Manner(StyleCurve(style_of(line.take))), line.truth.fps
        return move(head, cues(phones), phones.words, method, fps, manner=manner).codes

    return codes


def _static(head: Actor) -> Way:
    def codes(line: Line, phones: Phones) -> np.ndarray:
        database = head.speaker.examples.database(style_of(line.take))
        times = np.arange(int(np.ceil(phones.seconds * line.truth.fps)) + 1) / line.truth.fps
        return static_visemes(database, phones, times)

    return codes


def _judged(
    head: Actor,
    lines: list[Line],
    way: Way,
    *,
    predicted: bool = True,
) -> OpeningScore:
    """Openings laid on the true words; closures on the line's own times."""
    score = OpeningScore(LIMITS)
    for line in lines:
        phones = line.phones if predicted else line.take.phones
        gap, truth = head.lip_gaps(way(line, phones)), line.truth
        there = word_warp(np.arange(len(truth.opening)) / truth.fps, phones, line.take.phones)
        laid = np.interp(there * truth.fps, np.arange(len(gap)), gap)
        score.add_opening(laid, truth)
        score.add_closures(gap, truth.fps, phones)
    return score


def _opening_figures(
    method: str,
    lines: list[Line],
    score: OpeningScore,
    others: dict[str, OpeningScore],
    skipped: int,
) -> Iterator[Figure]:
    notes = {
        "opening_r": f"{_by_kind(lines, score)}; {skipped} left out: another pronunciation",
        "closure_share": f"{len(score.closed)} p b m",
    }
    for metric, unit in (("opening_r", "r"), ("closure_share", "share")):
        yield Figure(
            *("speech_text", method, metric, getattr(score, metric), unit),
            baselines={name: getattr(other, metric) for name, other in others.items()},
            note=notes[metric],
        )


def _by_kind(lines: list[Line], score: OpeningScore) -> str:
    kinds = np.array([line.take.kind for line in lines])
    parts = [
        f"{(kinds == kind).sum()} {name} {score.sentence_r[kinds == kind].mean():.2f}"
        for kind, name in KINDS.items()
        if (kinds == kind).any()
    ]
    return f"mean over {len(lines)} takes: {', '.join(parts)}"


def _duration_figures(head: Actor, lines: list[Line]) -> Iterator[Figure]:
    """Each kind of take for itself: generated ones were timed by a model of durations."""
    seconds = _mean_duration(head)
    for kind, name in KINDS.items():
        chosen = [line for line in lines if line.take.kind == kind]
        ways = {own: Durations() for own in ("predicted", "prior", "global_mean")}
        for line in chosen:
            true = line.take.phones.select(line.take.phones.word >= 0)
            ours = line.phones.select(line.phones.word >= 0)
            for own, predicted in (
                ("predicted", ours.duration),
                ("prior", _prior().seconds(ours.label, ours.stress, ours.word)),
                ("global_mean", np.full(len(true), seconds)),
            ):
                ways[own].predicted.append(predicted)
                ways[own].true.append(true.duration)
        if not chosen:
            continue
        found = {own: way.figures() for own, way in ways.items()}
        count = sum(map(len, ways["prior"].true))
        for metric, value in found.pop("predicted").items():
            yield Figure(
                *("speech_text", f"durations_{name}", metric, value),
                unit="ms" if metric.endswith("ms") else "%",
                baselines={own: figures[metric] for own, figures in found.items()},
                note=f"{count} phones of {len(chosen)} takes{NOTES[kind]}",
            )


def _mean_duration(head: Actor) -> float:
    """Mean length in seconds of the sounding phones that methods may learn from."""
    takes = [take.phones for take in spoken_takes(head.examples)]
    return float(np.concatenate([p.duration[~p.silent] for p in takes]).mean())


def _prior() -> DurationModel:
    """Each phone's usual length in English, whatever its neighbours, talker and place."""
    model = DurationModel.default()
    return DurationModel(model.prior, 0.0, np.zeros_like(model.weights))
