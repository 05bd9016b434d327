"""Style-aware speech on held-out sentences of the actor, whose true motion is known."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from scipy.signal import welch

from models.actor import Actor
from models.animate import animate_text, move
from models.errors import CaptureError
from models.head.codes import ExampleTake
from models.mesh import REGION_NAMES
from models.parameters import AnimationParameters
from models.phones import Phones
from models.speech.database import speaks
from models.speech.examples import spoken_takes, style_of
from models.speech.manner import Manner, StyleCurve
from models.speech.visemes import cues
from models.style.frame_labels import frame_labels
from models.style.training.build_style import encode
from models.style.training.style_data import StyleData
from models.threads import one_thread

from .blender_frame import in_blender
from .figures import Context, Figure
from .speech_examples import TEN_SECONDS, closures
from .viseme_baselines import static_visemes

CASE = ("speech_style", "held_out_sentences")
ERROR_OF_EXAMPLES, ERROR_OF_STATIC, ERROR_OF_NO_STYLE = 0.85, 0.60, 0.90
CLOSURE_BAR, RATE_BAR, PROBE_BAR = 0.97, 0.25, 0.90
SECONDS_BAR, AGAIN_BAR, MEGABYTES_BAR = 1.0, 0.3, 10.0
STYLED_LINES = 20
SEEN = 3e-8
"""Power of a turn by 0.01 degrees: less than that nobody sees."""
NEAR_PAUSE = 0.25
MIXES = (0.0, 0.25, 0.5, 0.75, 1.0)

Play = Callable[[ExampleTake], AnimationParameters]


@dataclass(frozen=True)
class Points:
    """Vertices that are compared, and where they are among those decoded together."""

    head: Actor
    groups: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, head: Actor) -> "Points":
        """Lips, lids and brows of a head."""
        marks = head.mesh.landmarks
        upper = [marks[name] for name in marks if "lid" in name or "brow" in name]
        lids = [marks[f"{lid}_{side}"] for side in ("left", "right") for lid in _LIDS]
        groups = {"lips": marks["lips"], "rim": head.mesh.lip_points}
        groups |= {"upper": np.unique(np.concatenate(upper)), "lids": np.concatenate(lids)}
        return cls(head, {name: np.asarray(values) for name, values in groups.items()})

    def __call__(self, codes: np.ndarray) -> dict[str, np.ndarray]:
        """Positions (T, n, 3) of each group, metres."""
        chosen = np.concatenate(list(self.groups.values()))
        ends = np.cumsum([len(group) for group in self.groups.values()])[:-1]
        parts = np.split(self.head.decode_points(codes, chosen), ends, axis=1)
        return dict(zip(self.groups, parts, strict=True))


_LIDS = ("upper_lid", "lower_lid")


@dataclass
class Score:
    """Sums over sentences of one way to play them."""

    errors: list[float] = field(default_factory=list)
    closed: list[bool] = field(default_factory=list)
    dynamics: list[float] = field(default_factory=list)
    opening: list[float] = field(default_factory=list)
    jerk: list[float] = field(default_factory=list)
    at_pauses: list[bool] = field(default_factory=list)
    blinks: int = 0
    shifts: int = 0
    seconds: float = 0.0
    poses: list[np.ndarray] = field(default_factory=list)

    def add(
        self,
        points: Points,
        take: ExampleTake,
        made: AnimationParameters,
        true: AnimationParameters,
    ) -> None:
        """Compare a take as played with the take as captured."""
        fps = points.head.info.fps
        times = np.arange(len(true.codes)) / fps
        sounding = ~take.phones.silent
        spoken = (times >= take.phones.start[sounding].min()) & (
            times <= take.phones.end[sounding].max()
        )
        mine, truth = points(made.codes), points(true.codes)
        apart = np.linalg.norm(mine["lips"] - truth["lips"], axis=-1)[spoken]
        self.errors.append(float(apart.max(1).mean() * 1e3))
        mesh = points.head.mesh
        gaps = [mesh.lip_gap_of_points(item["rim"]) for item in (mine, truth)]
        self.closed += closures(gaps[0], times, take.phones)
        self.opening.append(float(np.corrcoef(gaps[0][spoken], gaps[1][spoken])[0, 1]))
        spread = [np.linalg.norm(p["upper"].std(0), axis=-1).mean() * 1e3 for p in (mine, truth)]
        self.dynamics.append(abs(spread[0] - spread[1]))
        third = np.diff(mine["lips"][spoken], 3, axis=0) * fps**3
        self.jerk.append(float(np.linalg.norm(third, axis=-1).mean()))
        closed = blinking(mine["lids"])
        self.blinks += onsets(closed)
        self.at_pauses += at_pauses(times[1:][closed[1:] & ~closed[:-1]], take.phones)
        self.shifts += gaze_shifts(points.head, made.codes, closed, fps)
        self.seconds += len(times) / fps
        self.poses.append(made.head_pose[:, :3])


def blinking(lids: np.ndarray) -> np.ndarray:
    """Frames (T,) with closed lids, of positions (T, n, 3) of upper then lower lids per eye."""
    upper_left, lower_left, upper_right, lower_right = np.split(lids, 4, axis=1)
    height = (upper_left[..., 2] - lower_left[..., 2]).mean(1)
    height += (upper_right[..., 2] - lower_right[..., 2]).mean(1)
    return height < 0.5 * np.median(height)


def at_pauses(moments: np.ndarray, phones: Phones) -> list[bool]:
    """Which moments (n,) lie in a silence or at most `NEAR_PAUSE` seconds from one."""
    rest = phones.select(phones.silent)
    inside = moments[:, None] >= rest.start - NEAR_PAUSE
    return (inside & (moments[:, None] <= rest.end + NEAR_PAUSE)).any(1).tolist()


def onsets(flags: np.ndarray) -> int:
    """How often `flags` (T,) become true."""
    return int((flags[1:] & ~flags[:-1]).sum())


def gaze_shifts(head: Actor, codes: np.ndarray, closed: np.ndarray, fps: float) -> int:
    """Number of quick changes of gaze outside blinks in codes (T, Z)."""
    names = [slider.name for slider in head.sliders]
    look = [names.index(f"Eye L: Look {way}") for way in ("Left-Right", "Up-Down")]
    step = max(1, round(0.1 * fps))
    moved = np.linalg.norm(codes[step:, look] - codes[:-step, look], axis=1) > 0.5
    near = np.convolve(closed, np.ones(2 * step + 1), mode="same")[step:] > 0
    return onsets(moved & ~near)


def run(context: Context) -> Iterator[Figure]:
    """Play every held-out line with its true phone times in every way."""
    head = context.head
    if head.style is None:
        raise CaptureError("This head has no speech networks: python -m models train HEAD -o HEAD.")
    takes = [t for t in head.examples.takes if t.split == "held_out" and speaks(t)]
    if not takes:
        raise CaptureError("The head has no held-out sentences.")
    with one_thread():
        yield from _figures(_scores(head, takes), len(takes))
        yield from _styles(head)
    yield from _costs(context)


def _scores(head: Actor, takes: Sequence[ExampleTake]) -> dict[str, Score]:
    points, scores = Points.of(head), {}
    for name, play in _ways(head).items():
        scores[name] = score = Score()
        for take in takes:
            score.add(points, take, _cut(play(take), take), captured(head, take))
    return scores


def captured(head: Actor, take: ExampleTake) -> AnimationParameters:
    """A take as it was captured."""
    times = np.arange(take.count) / head.info.fps
    return AnimationParameters(
        times, head.examples.take_codes(take), head.examples.take_head_pose(take)
    )


def _cut(made: AnimationParameters, take: ExampleTake) -> AnimationParameters:
    """As long as the take."""
    rows = np.minimum(np.arange(take.count), len(made.codes) - 1)
    return AnimationParameters(made.times[rows], made.codes[rows], made.head_pose[rows])


def _ways(head: Actor) -> dict[str, Play]:
    fps = head.info.fps
    others = _another_line(head)
    database = head.speaker.examples.database()

    def play(take: ExampleTake, method: str, style: StyleCurve) -> AnimationParameters:
        phones = take.phones
        return move(head, cues(phones), phones.words, method, fps, 0, Manner(style))

    def static(take: ExampleTake) -> AnimationParameters:
        times = np.arange(take.count) / fps
        codes = static_visemes(database, take.phones, times)
        return AnimationParameters(times, codes, np.zeros((take.count, 6), np.float32))

    return {
        "style": lambda take: play(take, "STYLE", StyleCurve(others[take.name])),
        "examples": lambda take: play(take, "EXAMPLES", StyleCurve(style_of(take))),
        "static_visemes": static,
        "no_style": lambda take: _without_style(head, take),
        "true": lambda take: captured(head, take),
    }


def _another_line(head: Actor) -> dict[str, str]:
    """Held-out take → a training take of the same kind and manner that says something else."""
    rng = np.random.default_rng(0)
    groups: dict[tuple[str, str], list[ExampleTake]] = {}
    for take in spoken_takes(head.examples):
        groups.setdefault((take.kind, take.style), []).append(take)
    chosen = {}
    for take in head.examples.takes:
        same = [t for t in groups.get((take.kind, take.style), ()) if t.text != take.text]
        if take.split == "held_out" and same:
            chosen[take.name] = same[rng.integers(len(same))].name
    return chosen


def _without_style(head: Actor, take: ExampleTake) -> AnimationParameters:
    """The core network alone, played without any style."""
    model = head.style
    times = np.arange(take.count) / head.info.fps
    labels = torch.from_numpy(frame_labels(take.phones, times).T[None].copy())
    with torch.inference_mode():
        raw = model.networks.core(labels, torch.zeros(1, model.networks.dims.style, take.count))
    motion = model.scale.motion(raw[0].T.numpy())
    made = AnimationParameters(times, motion[:, :-6], motion[:, -6:])
    return head.speaker.finish(made, cues(take.phones), Manner())


def _figures(scores: dict[str, Score], count: int) -> Iterator[Figure]:
    def of(name: str, values: Callable[[Score], Sequence[float]]) -> dict[str, float]:
        return {k: float(np.mean(values(s))) for k, s in scores.items() if k != name}

    style = scores["style"]
    errors = of("true", lambda s: s.errors)
    error = errors.pop("style")
    bars = {
        "examples": ERROR_OF_EXAMPLES,
        "static_visemes": ERROR_OF_STATIC,
        "no_style": ERROR_OF_NO_STYLE,
    }
    yield Figure(
        *(*CASE, "lip_vertex_error_mm", error, "mm"),
        bar=", ".join(f"<= {share:g} {name}" for name, share in bars.items()),
        holds=all(error <= share * errors[name] for name, share in bars.items()),
        baselines=errors,
        note=f"{count} sentences; per-frame maximum over the lips; style of another line",
    )
    shares = of("style", lambda s: s.closed)
    closure = float(np.mean(style.closed))
    yield Figure(
        *(*CASE, "closure_share", closure, "share"),
        bar=f">= {CLOSURE_BAR:g}",
        holds=closure >= CLOSURE_BAR,
        baselines=shares,
        note=f"{len(style.closed)} p b m",
    )
    for metric, unit, values in (
        ("opening_r", "r", lambda s: s.opening),
        ("upper_face_dynamics_mm", "mm", lambda s: s.dynamics),
        ("lip_jerk", "m/s3", lambda s: s.jerk),
    ):
        every = of("", values)
        yield Figure(*CASE, metric, every.pop("style"), unit, baselines=every)
    true = _spectrum(scores["true"])
    spectra = {k: float(np.abs(_spectrum(s) - true).mean()) for k, s in scores.items()}
    distance = spectra.pop("style")
    del spectra["static_visemes"]  # its head stands still
    yield Figure(*CASE, "head_pose_spectrum_db", distance, "dB", baselines=spectra)
    pauses = {k: float(np.mean(s.at_pauses)) for k, s in scores.items() if s.at_pauses}
    yield Figure(*CASE, "blinks_at_pauses", pauses.pop("style"), "share", baselines=pauses)
    for metric in ("blinks", "shifts"):
        rates = {k: 60 * getattr(s, metric) / s.seconds for k, s in scores.items()}
        own = rates.pop("style")
        yield Figure(
            *(*CASE, f"{metric}_per_minute", own, "1/min"),
            bar=f"within {RATE_BAR:.0%} of true",
            holds=abs(own - rates["true"]) <= RATE_BAR * rates["true"],
            baselines=rates,
        )


def _spectrum(score: Score) -> np.ndarray:
    """Mean power of the head's rotation over the sentences, in dB at frequencies up to 8 Hz."""
    powers = []
    for pose in score.poses:
        frequencies, power = welch(pose, 30.0, nperseg=min(64, len(pose)), nfft=64, axis=0)
        powers.append(power[(frequencies > 0) & (frequencies <= 8)])
    return 10 * np.log10(np.mean(powers, axis=0) + SEEN)


def _styles(head: Actor) -> Iterator[Figure]:
    """What style vectors know, and what a style does to the same text."""
    accuracy, count = _probe(head)
    yield Figure(
        *("speech_style", "style_vectors", "probe_accuracy", accuracy, "share"),
        bar=f">= {PROBE_BAR:g}",
        holds=accuracy >= PROBE_BAR,
        note=f"linear probe on {count} held-out lines, every manner counts alike",
    )
    closed, monotone = [], []
    lines = [t for t in head.examples.takes if t.split == "held_out" and t.kind == "generated"]
    lines = list({t.text: t for t in lines}.values())[:STYLED_LINES]
    manners = sorted({style_of(take) for take in spoken_takes(head.examples)})
    for take in lines:
        timed = cues(take.phones)

        def gap(style: StyleCurve, timed: list = timed) -> np.ndarray:
            made = move(head, timed, (), "STYLE", head.info.fps, 0, Manner(style))
            return head.lip_gaps(made.codes)

        for manner in manners:
            opening = gap(StyleCurve(manner))
            closed += closures(opening, np.arange(len(opening)) / head.info.fps, take.phones)
        if {"sad", "angry"} <= set(manners):
            mixed = [
                gap(StyleCurve("sad", "angry", np.zeros(1), np.array([mix]))).std() for mix in MIXES
            ]
            monotone.append(bool((np.diff(mixed) > 0).all()))
    yield Figure(
        *("speech_style", "style_vectors", "closure_share", float(np.mean(closed)), "share"),
        bar=f">= {CLOSURE_BAR:g}",
        holds=float(np.mean(closed)) >= CLOSURE_BAR,
        note=f"{len(lines)} texts in {', '.join(manners)}",
    )
    if monotone:
        share = float(np.mean(monotone))
        yield Figure(
            *("speech_style", "style_vectors", "monotone_share", share, "share"),
            bar=">= 0.95",
            holds=share >= 0.95,
            note="texts whose lips' range grows at every step from sad to angry",
        )


def _probe(head: Actor) -> tuple[float, int]:
    """Balanced accuracy of a linear classifier of manners, trained on training takes' vectors."""
    regions = dict(zip(REGION_NAMES, head.space.slices, strict=True))
    data = StyleData.build(head.examples, regions, lambda c: head.decode_points(c, np.arange(4)))
    space, networks = head.style.space, head.style.networks
    known = {take.name: style_of(take) for take in spoken_takes(head.examples)}
    vectors = np.stack([space.takes[name] for name in known])
    manners = np.array(list(known.values()))
    tests = np.stack([space.vectors(encode(networks, data, item)) for item in data.held_out])
    true = np.array([style_of(item.take) for item in data.held_out])
    names = np.unique(manners)
    weight = sum((manners == name) / (manners == name).sum() for name in names)
    design, judged = (np.column_stack([v, np.ones(len(v))]) for v in (vectors, tests))
    wanted = (manners[:, None] == names).astype(float)
    gram = design.T @ (weight[:, None] * design) + 1e-6 * np.eye(design.shape[1])
    found = names[(judged @ np.linalg.solve(gram, design.T @ (weight[:, None] * wanted))).argmax(1)]
    return float(np.mean([(found == true)[true == name].mean() for name in names])), len(tests)


def _costs(context: Context) -> Iterator[Figure]:
    head = context.head
    animate_text(head, "Ready.")
    start = time.perf_counter()
    result = animate_text(head, TEN_SECONDS, "STYLE")
    codes = (time.perf_counter() - start) * 10 / result.seconds
    line = in_blender(context, TEN_SECONDS, "STYLE")
    share = 10 / line["line_seconds"]
    yield Figure(
        *(*CASE, "seconds_per_10s", line["seconds"] * share, "s"),
        bar=f"<= {SECONDS_BAR:g}",
        holds=line["seconds"] * share <= SECONDS_BAR,
        baselines={"text_to_codes": codes},
        note=f"text to keys and voice in Blender, {line['line_seconds']:.1f} s, models loaded",
    )
    yield Figure(
        *(*CASE, "another_style_seconds_per_10s", line["again_seconds"] * share, "s"),
        bar=f"<= {AGAIN_BAR:g}",
        holds=line["again_seconds"] * share <= AGAIN_BAR,
        note="from a changed style to keys in Blender",
    )
    size = sum(value.nbytes for value in head.style.tensors().values()) / 1e6
    yield Figure(
        *("speech_style", "networks", "megabytes", size, "MB"),
        bar=f"<= {MEGABYTES_BAR:g}",
        holds=size <= MEGABYTES_BAR,
    )
