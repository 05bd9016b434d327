"""Example-based speech on held-out sentences whose true motion is known."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from models.actor import Actor
from models.animate import animate_text, move
from models.errors import CaptureError
from models.mesh import LIP_CONTACT, HeadMesh
from models.performance import Take
from models.phones import BILABIALS, Phones
from models.speech.visemes import cues

from .blender_frame import in_blender
from .figures import Context, Figure
from .viseme_baselines import nearest_sentence, static_visemes

CLOSURE_BAR, ERROR_SHARE, SECONDS_BAR = 0.95, 0.75, 2.0
TEN_SECONDS = (
    "Please bring my blue umbrella before the evening train leaves, because the weather people"
    " promised a thunderstorm, and nobody wants to walk home through the park with wet shoes and"
    " a broken paper bag full of vegetables."
)


@dataclass(frozen=True)
class _Rate:
    mesh: HeadMesh
    fps: float


@dataclass
class Score:
    """Sums over sentences."""

    errors: list[float] = field(default_factory=list)
    closures: list[bool] = field(default_factory=list)

    def add(self, vertices: np.ndarray, truth: np.ndarray, phones: Phones, rate: _Rate) -> None:
        """Compare decoded (T, V, 3) with true vertices (T, V, 3) over the spoken part."""
        mesh = rate.mesh
        times = np.arange(len(truth)) / rate.fps
        spoken = _spoken(times, phones)
        lips = mesh.landmarks["lips"]
        apart = np.linalg.norm(vertices[spoken][:, lips] - truth[spoken][:, lips], axis=-1)
        self.errors.append(float(apart.max(1).mean() * 1e3))
        self.closures += closures(mesh.lip_gap(vertices), times, phones)


def run(context: Context) -> Iterator[Figure]:
    """Speak every held-out sentence with its true phone times."""
    head, performance = context.head, context.performance
    takes = [t for t in performance.takes if _judged(t)]
    if not takes:
        raise CaptureError("The performance has no held-out neutral sentences.")
    scores = {name: Score() for name in ("examples", "static_visemes", "nearest_sentence", "true")}
    rate = _Rate(head.mesh, performance.fps)
    for take in takes:
        truth = performance.vertices(take)
        for name, speak in _methods(head, performance.fps).items():
            vertices = head.decode_vertices(speak(take.phones, len(truth)))
            scores[name].add(vertices, truth, take.phones, rate)
        scores["true"].add(truth, truth, take.phones, rate)
    yield from _figures(scores, len(takes))
    yield _duration(context)


def closures(gap: np.ndarray, times: np.ndarray, phones: Phones) -> list[bool]:
    """For each p, b and m, whether the lips touch inside it; gap (T,) metres."""
    found = []
    for label, start, end in zip(phones.label, phones.start, phones.end, strict=True):
        inside = (times >= start - 0.02) & (times <= end + 0.02)
        if label in BILABIALS and inside.any():
            found.append(bool(gap[inside].min() < LIP_CONTACT))
    return found


def _judged(take: Take) -> bool:
    return take.split == "held_out" and len(take.phones) > 0 and take.style in ("", "neutral")


def _spoken(times: np.ndarray, phones: Phones) -> np.ndarray:
    sounding = ~phones.silent
    return (times >= phones.start[sounding].min()) & (times <= phones.end[sounding].max())


def _methods(head: Actor, fps: float) -> dict[str, Callable[[Phones, int], np.ndarray]]:
    tools = head.speaker
    database = tools.examples.database()

    def examples(phones: Phones, count: int) -> np.ndarray:
        codes = move(head, cues(phones), phones.words, "EXAMPLES", fps).codes
        return codes[np.minimum(np.arange(count), len(codes) - 1)]

    def static(phones: Phones, count: int) -> np.ndarray:
        return static_visemes(database, phones, np.arange(count) / fps)

    def nearest(phones: Phones, count: int) -> np.ndarray:
        return nearest_sentence(database, phones, np.arange(count) / fps)

    return {"examples": examples, "static_visemes": static, "nearest_sentence": nearest}


def _figures(scores: dict[str, Score], count: int) -> Iterator[Figure]:
    errors = {name: float(np.mean(score.errors)) for name, score in scores.items()}
    shares = {name: float(np.mean(score.closures)) for name, score in scores.items()}
    others = ("static_visemes", "nearest_sentence")
    yield Figure(
        *("speech_examples", "held_out_sentences", "lip_vertex_error_mm", errors["examples"], "mm"),
        bar=f"<= {ERROR_SHARE:g} static_visemes",
        holds=errors["examples"] <= ERROR_SHARE * errors["static_visemes"],
        baselines={name: errors[name] for name in others},
        note=f"{count} sentences; per-frame maximum over the lips, averaged over the spoken part",
    )
    yield Figure(
        *("speech_examples", "held_out_sentences", "closure_share", shares["examples"], "share"),
        bar=f">= {CLOSURE_BAR:g}",
        holds=shares["examples"] >= CLOSURE_BAR,
        baselines={name: shares[name] for name in (*others, "true")},
        note=f"{len(scores['examples'].closures)} p b m",
    )


def _duration(context: Context) -> Figure:
    animate_text(context.head, "Ready.")
    start = time.perf_counter()
    result = animate_text(context.head, TEN_SECONDS)
    codes = (time.perf_counter() - start) * 10 / result.seconds
    line = in_blender(context, TEN_SECONDS, "EXAMPLES")
    seconds = line["seconds"] * 10 / line["line_seconds"]
    return Figure(
        *("speech_examples", "held_out_sentences", "seconds_per_10s", seconds, "s"),
        bar=f"<= {SECONDS_BAR:g}",
        holds=seconds <= SECONDS_BAR,
        baselines={"text_to_codes": codes},
        note=f"text to keys and voice in Blender, {line['line_seconds']:.1f} s, models loaded",
    )
