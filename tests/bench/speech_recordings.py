"""Speech against a real talker: text and sound in, the head's lips out, beside the recorded lips.

The sentences are held out from whatever moves lips: from the fit of the actor's speech, from the
head, from what its methods learn. Their phones come from this project's own alignment; how the lips
moved, and when p b m and w were said, from the data set. In a few clips the picture runs away from
the sound; they count like the others, so that even a perfect mouth would not reach 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.actor import Actor
from models.animate import move
from models.mesh import LIP_CONTACT
from models.speech.manner import NEUTRAL, Manner, StyleCurve
from models.speech.visemes import cues
from models.synthetic.coarticulation import bundled_model
from models.synthetic.lipspace import CONTACT, LipSpace
from models.synthetic.transfer import correspondence
from models.threads import one_thread

from .aligned_sentences import Heard, heard, spoken_english
from .figures import Context, Figure
from .lip_opening import Limits, OpeningScore
from .loudness import Loudness
from .openfacefx_curves import Peer, peers
from .opening_figures import NEARLY
from .viseme_baselines import static_visemes

STYLES = {"STYLE": f"{NEUTRAL} (spoken)", "EXAMPLES": NEUTRAL}
"""Method → the style a user would choose for this talker."""
R_BARS = {"STYLE": 0.78, "EXAMPLES": 0.68}
CLOSURE_BAR, W_BAR, LAG_BAR = 0.97, 0.85, 10.0
FITTED_TO = 60
"""Training sentences that the baselines' read-outs are fitted to."""
UNITS = {"opening_r": "r", "closure_share": "share", "w_share": "share", "lag_ms": "ms"}


@dataclass(frozen=True)
class _Scale:
    """The talker's lips, and what their size is on the head's face."""

    lips: LipSpace
    metres: float

    @property
    def measured(self) -> Limits:
        """Limits in outer-eye distances above closed lips."""
        span = float(self.lips.opening_high - self.lips.closure)
        return Limits(CONTACT, NEARLY * span)

    @property
    def decoded(self) -> Limits:
        """Limits in metres on the head."""
        return Limits(LIP_CONTACT, self.measured.nearly * self.metres)

    @classmethod
    def of(cls, head: Actor) -> "_Scale":
        lips = bundled_model().lips
        return cls(lips, correspondence(head.mesh, lips)[1])


def run(context: Context) -> Iterator[Figure]:
    """Every held-out sentence by every method and every baseline."""
    data, folder = spoken_english(context)
    judged, failed = heard(data, folder, data.held_out, context.cache)
    every = max(len(data.train) // FITTED_TO, 1)
    training, _ = heard(data, folder, data.train[::every][:FITTED_TO], context.cache)
    with one_thread():
        others, note = _baselines(context.head, judged, training)
        limits = _Scale.of(context.head).decoded
        scores = {
            method: _spoken(context.head, judged, method, limits) for method in context.head.methods
        }
    for method, score in scores.items():
        beside = others | {name: s for name, s in scores.items() if name != method}
        yield from _figures(method, score, beside, _note(score, failed, note))


def _spoken(head: Actor, judged: list[Heard], method: str, limits: Limits) -> OpeningScore:
    """The head speaks with the phones that were heard."""
    score = OpeningScore(limits)
    manner = Manner(StyleCurve(STYLES[method]))
    for item in judged:
        fps = item.truth.fps
        spoken = move(head, cues(item.phones), item.phones.words, method, fps, manner=manner)
        score.add(head.lip_gaps(spoken.codes), item.truth)
    return score


def _static(head: Actor, judged: list[Heard], limits: Limits) -> OpeningScore:
    score = OpeningScore(limits)
    database = head.speaker.examples.database()
    for item in judged:
        codes = static_visemes(database, item.phones, item.sentence.times)
        score.add(head.lip_gaps(codes), item.truth)
    return score


def _own_codes(head: Actor, judged: list[Heard], limits: Limits) -> OpeningScore:
    """The head's own takes of these sentences: what head and transfer leave of the recording."""
    score = OpeningScore(limits)
    takes = {take.name: take for take in head.examples.takes}
    for item in judged:
        take = takes.get(f"spoken_{item.sentence.name}")
        if take is not None:
            gap = head.lip_gaps(head.examples.take_codes(take))
            frames = item.sentence.times * head.examples.fps
            score.add(np.interp(frames, np.arange(len(gap)), gap), item.truth)
    return score


def _baselines(
    head: Actor, judged: list[Heard], training: list[Heard]
) -> tuple[dict[str, OpeningScore], str]:
    """Other ways, the recording itself, and what must be known of them."""
    scale = _Scale.of(head)
    closure, limits = float(scale.lips.closure), scale.measured
    loudness = Loudness.fit(training)
    tried = {peer.name: _peer(peer, judged, closure, limits) for peer in peers(training, closure)}
    best = max(tried, key=lambda name: tried[name].opening_r)
    loud, recording = OpeningScore(limits), OpeningScore(limits)
    for item in judged:
        loud.add(loudness.opening(item.sound, item.sentence.times) - closure, item.truth)
        recording.add(item.truth.opening - closure, item.truth)
    found = {
        "openfacefx": tried[best],
        "static_visemes": _static(head, judged, scale.decoded),
        "loudness": loud,
        "recording": recording,
        "own_codes": _own_codes(head, judged, scale.decoded),
    }
    note = (
        f"openfacefx: best of {len(tried)} outputs ({best}), the best linear read-out on "
        f"{len(training)} other sentences of this talker, visemes not negative; loudness: RMS over "
        f"{1000 * loudness.smoothing:g} ms, {1000 * loudness.delay:+g} ms, power {loudness.power:g}"
    )
    return found, note


def _peer(peer: Peer, judged: list[Heard], closure: float, limits: Limits) -> OpeningScore:
    score = OpeningScore(limits)
    for item in judged:
        times = item.sentence.times
        opening, lips = peer.opening(item.phones, times), peer.lips(item.phones, times)
        score.add(opening - closure, item.truth, lips - closure)
    return score


def _figures(
    method: str, score: OpeningScore, others: dict[str, OpeningScore], note: str
) -> Iterator[Figure]:
    r_bar = R_BARS[method]
    bars = {
        "opening_r": (f">= {r_bar:g}", score.opening_r >= r_bar),
        "closure_share": (f">= {CLOSURE_BAR:g}", score.closure_share >= CLOSURE_BAR),
        "w_share": (f">= {W_BAR:g}", score.w_share >= W_BAR),
        "lag_ms": (f"within ±{LAG_BAR:g}", abs(score.lag_ms) <= LAG_BAR),
    }
    for metric, (bar, holds) in bars.items():
        yield Figure(
            *("speech_recordings", method, metric, getattr(score, metric), UNITS[metric]),
            bar=bar,
            holds=bool(holds),
            baselines={name: getattr(other, metric) for name, other in others.items()},
            note=note if metric == "opening_r" else _counts(metric, score),
        )


def _note(score: OpeningScore, failed: list[str], baselines: str) -> str:
    median = float(np.median(score.sentence_r))
    missing = f", {len(failed)} not aligned" if failed else ""
    return f"{len(score.by_lag)} sentences{missing}, median {median:.2f}; {baselines}"


def _counts(metric: str, score: OpeningScore) -> str:
    return {
        "closure_share": f"{len(score.closed)} p b m",
        "w_share": f"{len(score.rounded)} w; below {1000 * score.limits.nearly:.1f} mm",
        "lag_ms": "positive: the lips are late",
    }[metric]
