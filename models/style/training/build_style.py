"""From a head's spoken takes to its speech networks: train, then give style its axes and names."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import scipy.linalg
import torch

from ...head.codes import Slider
from ...head.inference import Head
from ...mesh import REGION_NAMES
from ...progress import Progress, silent
from ...speech.examples import style_of
from ...training.trainer import Curve, Trainer
from ..style_model import StyleModel, StyleSpace
from ..style_network import StyleDims, StyleNetworks
from .style_data import StyleData, TakeSequence, batch_of
from .style_task import CoreTask, PriorTask, SamplerTask, StyleConfig

STAGES = {"core": CoreTask, "priors": PriorTask, "samplers": SamplerTask}
MOVEMENTS = {
    "Articulation": ("mouth",),
    "Eye Movement": ("left_eye", "right_eye"),
    "Face Movement": ("face",),
}
"""Name → regions of whose codes the spread in a take is measured."""
POSES = ("Head Down-Up", "Head Tilt", "Head Turn")
_RIDGE = 1e-2
LEAST_CHANGE = 0.05
"""Deviations of its measure that an axis moves beyond what the axes before it do."""


def make_style(
    head: Head,
    config: StyleConfig,
    checkpoints: Path | None = None,
    progress: Progress = silent,
) -> tuple[StyleModel, dict[str, Curve]]:
    """Train the speech networks of a head from its own takes; the model and the losses' curves.

    Args:
        head: Opened head with spoken takes.
        config: How to train.
        checkpoints: Folder to save to and to continue from.
        progress: Told how far it is.

    Raises:
        CaptureError: The head has too few spoken takes.
        CancelledError: From `progress`; checkpoints stay.
    """
    regions = head.regions
    lips = np.asarray(head.mesh.landmarks["lips"])
    data = StyleData.build(head.examples, regions, lambda codes: head.decode_points(codes, lips))
    eyes = sum(regions[name].stop - regions[name].start for name in REGION_NAMES[1:])
    torch.manual_seed(config.seed)
    networks = StyleNetworks(StyleDims(code=head.code_size, eyes=eyes), config.dropout)
    curves = {}
    for stage, share in zip(STAGES, config.shares, strict=True):
        done = sum(config.shares[: list(STAGES).index(stage)])
        curves[stage] = _train(stage, share, done, networks, data, config, checkpoints, progress)
    return StyleModel(networks, data.scale, style_space(networks, data, head.sliders)), curves


def _train(
    stage: str,
    share: float,
    done: float,
    networks: StyleNetworks,
    data: StyleData,
    config: StyleConfig,
    checkpoints: Path | None,
    progress: Progress,
) -> Curve:
    task = STAGES[stage](networks, data, config)
    trainer = Trainer(
        task,
        max(1, round(config.steps * share)) if config.steps else None,
        config.minutes * 60 * share if config.minutes else None,
        checkpoints / f"speech_{stage}.pt" if checkpoints else None,
        config.seed,
        reports=(_reporter(stage, share, done, progress),),
    )
    trainer.run()
    task.learners[0].finish()
    return trainer.curve


def _reporter(
    stage: str, share: float, done: float, progress: Progress
) -> Callable[[int, float, dict[str, float]], None]:
    def report(step: int, fraction: float, losses: dict[str, float]) -> None:
        values = ", ".join(f"{name} {value:.3f}" for name, value in losses.items())
        progress(done + share * fraction, f"speech, {stage}: step {step}, {values}")

    return report


def style_space(networks: StyleNetworks, data: StyleData, sliders: Sequence[Slider]) -> StyleSpace:
    """Axes that each change one thing that can be seen, and the styles and takes as vectors."""
    encoded = np.stack([encode(networks, data, item) for item in data.train])
    weights = _weights(data.train)
    names, values = measures(data, sliders)
    chosen, axes, centre = named_axes(encoded, values, weights)
    space = StyleSpace(tuple(names[i] for i in chosen), centre, axes, {}, {})
    vectors = space.vectors(encoded)
    takes = {item.take.name: v for item, v in zip(data.train, vectors, strict=True)}
    return StyleSpace(space.names, centre, axes, _presets(data.train, vectors), takes)


def encode(networks: StyleNetworks, data: StyleData, item: TakeSequence) -> np.ndarray:
    """Encoder output (S,) of a whole sequence."""
    batch = batch_of([item], data.scale)
    with torch.inference_mode():
        return networks.encoder(batch.motion, batch.mask)[0][0].numpy()


def _weights(train: Sequence[TakeSequence]) -> np.ndarray:
    """(n,) so that every kind of take counts alike; they sum to one."""
    kinds = [item.take.kind for item in train]
    weights = np.array([1 / kinds.count(kind) for kind in kinds])
    return weights / weights.sum()


def measures(data: StyleData, sliders: Sequence[Slider]) -> tuple[list[str], np.ndarray]:
    """What can be seen of a manner in each take: names (K,) and values (n, K).

    The mean of each named slider (left, right and neighbouring regions together), the spread of
    each region's movement, and how the head is held and moved.
    """
    groups: dict[str, list[int]] = {}
    for place, slider in enumerate(sliders):
        label = slider.name.partition(": ")[2] or slider.name
        groups.setdefault(label.removesuffix(" L").removesuffix(" R"), []).append(place)
    rows = []
    for item in data.train:
        normal = data.scale.normal(item.motion)
        mean, spread = normal.mean(0), normal.std(0)
        row = [mean[places].mean() for places in groups.values()]
        for regions in MOVEMENTS.values():
            row.append(np.mean([spread[data.regions[name]].mean() for name in regions]))
        rows.append([*row, spread[-6:-3].mean(), *mean[-6:-3]])
    return [*groups, *MOVEMENTS, "Head Movement", *POSES], np.array(rows)


def named_axes(
    encoded: np.ndarray, values: np.ndarray, weights: np.ndarray
) -> tuple[list[int], np.ndarray, np.ndarray]:
    """Axes of a style space that each change one measure and leave the other chosen ones.

    Measures are chosen by pivoting: the one that the encoder's output explains best, then the one
    that is best explained beside those chosen, and so on.

    Args:
        encoded: (n, S) encoder outputs of takes.
        values: (n, K) measures of them.
        weights: (n,) that sum to one.

    Returns:
        Places (A,) of the measures chosen, at most S: few takes differ in few ways; axes (A, S);
        centre (S,) of the encoder's outputs.
    """
    centre, middle = weights @ encoded, weights @ values
    deviation = np.sqrt(weights @ (values - middle) ** 2)
    shown = (values - middle) / np.maximum(deviation, 1e-6)
    offset = encoded - centre
    gram = offset.T @ (weights[:, None] * offset)
    gram[np.diag_indices_from(gram)] += _RIDGE * np.trace(gram) / len(gram) + 1e-9
    slopes = np.linalg.solve(gram, offset.T @ (weights[:, None] * shown))
    explained = np.linalg.cholesky(gram).T @ slopes
    factors = scipy.linalg.qr(explained, mode="economic", pivoting=True)
    _, triangle, order = cast(tuple[np.ndarray, np.ndarray, np.ndarray], factors)
    count = max(1, int((np.abs(np.diag(triangle)) > LEAST_CHANGE).sum()))
    chosen = order[:count].tolist()
    # vectors = offsets @ slopes are the explained measures themselves, one for each axis
    spread = np.linalg.norm(explained[:, chosen], axis=0)
    axes = np.linalg.pinv(slopes[:, chosen] / np.maximum(spread, 1e-6))
    return chosen, axes.astype(np.float32), centre.astype(np.float32)


def _presets(train: Sequence[TakeSequence], vectors: np.ndarray) -> dict[str, np.ndarray]:
    """The mean vector of each acting style; where it has takes of several kinds, also of each."""
    groups: dict[str, list[int]] = {}
    for place, item in enumerate(train):
        groups.setdefault(style_of(item.take), []).append(place)
    presets = {}
    for style, places in sorted(groups.items()):
        kinds = sorted({train[place].take.kind for place in places})
        parts = {
            kind: vectors[[p for p in places if train[p].take.kind == kind]].mean(0)
            for kind in kinds
        }
        presets[style] = np.mean(list(parts.values()), axis=0)
        if len(kinds) > 1:
            presets |= {f"{style} ({kind})": value for kind, value in parts.items()}
    return presets
