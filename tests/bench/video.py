"""Video-driven animation: held-out takes acted by the actor and by another person."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from models.actor import Actor
from models.errors import CaptureError
from models.video.features import LandmarkFeatures
from models.video.training.build_video import train_video, video_data, video_model
from models.video.training.video_data import OWN, VideoData
from models.video.training.video_evaluation import (
    Errors,
    Player,
    errors,
    followed,
    linear_map,
    linear_motion,
    players,
)
from models.video.training.video_task import VideoConfig
from models.video.video_model import VideoModel
from models.video.video_network import MotionNetwork, VideoDims, start_linear

from .figures import Context, Figure

STEPS = 600
"""Of every network that is trained here to be compared with the others."""
LINEAR_BAR, OTHER_BAR, RESIDUAL_BAR = 0.80, 1.5, 0.85
EQUAL = 1.02
"""Errors within this ratio count as equal."""
BENCH = "video"
CASES = ("same_actor", "other_actor")


class PerFrame(nn.Module):
    """Features of one frame to its motion, without context: what the LSTM is compared with."""

    def __init__(self, dims: VideoDims, dropout: float) -> None:
        super().__init__()
        width = 2 * dims.hidden
        self.enter = nn.Linear(dims.features, dims.width)
        self.layers = nn.Sequential(
            nn.Linear(dims.width, width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(width, dims.motion),
        )
        self.direct = nn.Linear(dims.width, dims.motion)

    def forward(self, features: Tensor, residual: Tensor) -> Tensor:
        """As `MotionNetwork`; the residual is not looked at."""
        shown = self.enter(features) + 0 * residual.sum()
        return self.direct(shown) + self.layers(shown)

    def start_at(self, weights: Tensor, constant: Tensor) -> None:
        """As `MotionNetwork`."""
        start_linear(self.enter, self.direct, self.layers[-1], weights, constant)


def run(context: Context) -> Iterator[Figure]:
    """Errors on held-out footage, beside a linear map and networks trained in this run.

    Raises:
        CaptureError: There is no footage at `cache/footage`.
        HeadFileError: The head has no video network.
    """
    head, footage = context.head, context.cache / "footage"
    if not footage.is_dir():
        raise CaptureError("no footage in cache/footage: python -m models footage makes it")
    model, data = head.video_network(), video_data(head, footage, LandmarkFeatures())
    clips = {
        "same_actor": [s for s in data.held_out if s.person == OWN],
        "other_actor": [s for s in data.held_out if s.person != OWN],
    }
    ways = players(head, model, data) | trained_here(head, data, context.cache / "bench_video")
    measured = {
        case: {name: errors(head, data, own, play) for name, play in ways.items()}
        for case, own in clips.items()
        if own
    }
    yield from _against_baselines(measured)
    if "other_actor" in measured:
        yield _other(measured)
    yield from _residual(measured["same_actor"])


def trained_here(head: Actor, data: VideoData, cache: Path) -> dict[str, Player]:
    """Networks trained equally long: without context, without and with the residual encoder."""
    plain = VideoConfig(minutes=None, steps=STEPS, residual=False)
    configs = {
        "per_frame": plain,
        "lstm": plain,
        "lstm_residual": dataclasses.replace(plain, residual=True),
    }
    found = {}
    for name, config in configs.items():
        kind = PerFrame if name == "per_frame" else MotionNetwork
        networks, _ = train_video(head, data, config, cache / name, motion=kind)
        model = video_model(head, data, networks, LandmarkFeatures.name)
        found[name] = _without_residual(head, model)
        if name == "lstm_residual":
            found["lstm_residual_told"] = _told(head, model)
    own = [s for s in data.train if s.person == OWN]
    weights = linear_map(own)
    found["linear_map_own"] = lambda s: linear_motion(s, weights)
    return found


def _without_residual(head: Actor, model: VideoModel) -> Player:
    size = len(model.names)
    return lambda s: followed(head, model, s, np.zeros((len(s.features), size)))


def _told(head: Actor, model: VideoModel) -> Player:
    return lambda s: followed(head, model, s, model.residual_of(s.motion))


def _against_baselines(measured: dict[str, dict[str, Errors]]) -> Iterator[Figure]:
    units = {"lip_vertex_mm": "mm", "upper_face_mm": "mm", "rotation_deg": "°"}
    for case, ways in measured.items():
        for metric in ("lip_vertex_mm", "upper_face_mm", "code", "jerk", "rotation_deg"):
            name = {"lip_vertex_mm": "lip_vertex_error_mm"}.get(metric, metric)
            value = getattr(ways["network"], metric)
            others = {way: getattr(e, metric) for way, e in ways.items() if way != "network"}
            best = min(ways[way].lip_vertex_mm for way in ("linear_map", "linear_map_own"))
            judged = metric == "lip_vertex_mm"
            yield Figure(
                BENCH, case, name, value, units.get(metric, ""),
                f"<= {LINEAR_BAR:g} × linear map" if judged else "",
                value <= LINEAR_BAR * best if judged else None,
                others,
                "per_frame, lstm, lstm_residual: trained here, "
                f"{STEPS} steps each; linear_map: ridge from 51 scores; re-encoded: told the true"
                " residual" if judged else "",
            )  # fmt: skip


def _other(measured: dict[str, dict[str, Errors]]) -> Figure:
    same, other = (measured[case]["network"].lip_vertex_mm for case in CASES)
    return Figure(
        BENCH, "other_actor", "error_ratio", other / same, "", f"<= {OTHER_BAR:g}",
        other <= OTHER_BAR * same, {"same_actor": same, "other_actor": other},
        "the other person's face is in no training clip",
    )  # fmt: skip


def _residual(ways: dict[str, Errors]) -> Iterator[Figure]:
    with_it, without = ways["lstm_residual"], ways["lstm"]
    better = with_it.lip_vertex_mm < without.lip_vertex_mm
    calmer = with_it.lip_vertex_mm <= EQUAL * without.lip_vertex_mm and with_it.jerk < without.jerk
    yield Figure(
        BENCH, "residual_in_training", "lip_vertex_error_mm", with_it.lip_vertex_mm, "mm",
        "less error, or equal error and less jerk", better or calmer,
        {"lstm": without.lip_vertex_mm, "jerk": with_it.jerk, "lstm_jerk": without.jerk},
        f"{STEPS} steps each, the same data and seed",
    )  # fmt: skip
    told, alone = ways["re-encoded"], ways["network"]
    ratios = {
        name: getattr(told, name) / getattr(alone, name)
        for name in ("lip_vertex_mm", "upper_face_mm", "code")
    }
    worst = max(ratios["lip_vertex_mm"], ratios["upper_face_mm"])
    yield Figure(
        BENCH, "residual_of_the_truth", "vertex_error_ratio", worst, "", f"<= {RESIDUAL_BAR:g}",
        worst <= RESIDUAL_BAR, ratios, "the larger of the lips' and the upper face's ratio",
    )  # fmt: skip
