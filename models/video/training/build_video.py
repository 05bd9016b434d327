"""From a head and footage of its takes to its video network, with named residual axes."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from ...actor import Actor
from ...arkit.arkit_map import speaks_arkit, weights_of
from ...faces.finder import SCORE_INDEX
from ...head.inference import Head
from ...mesh import REGION_NAMES, HeadMesh
from ...progress import Progress, silent
from ...speech.finish import Finisher
from ...training.trainer import Curve, Trainer
from ..features import POSE_SIZE, Extractor, extractor_of, scores_in
from ..mouth_as_seen import fit_jaw, fit_opening, gap_and_drop
from ..video_model import VideoModel
from ..video_network import HOP, WINDOW, MotionNetwork, VideoDims, VideoNetworks
from .footage import read_footage, read_motion
from .video_data import OWN, Acted, VideoData
from .video_task import VideoConfig, VideoTask

LOOK_RADIANS = np.radians(30)
"""How far the eyes are turned when a look score is 1 (ARKit's convention)."""
_RIDGE = 1e-2
_SAMPLES = 48
"""Pieces of clips on which the residual's effect is measured."""


def make_video(
    actor: Actor,
    footage: Path,
    config: VideoConfig,
    checkpoints: Path | None = None,
    progress: Progress = silent,
    extractor: Extractor | None = None,
) -> tuple[VideoModel, Curve, VideoData]:
    """Train an actor's video network; the model, its losses' curve and what it was trained on.

    Args:
        actor: Whose takes.
        footage: Folder of clips that show them.
        config: How to train.
        checkpoints: Folder to save to and to continue from.
        progress: Told how far it is.
        extractor: Describes the frames; by default that which the footage was made for.

    Raises:
        CaptureError: The footage does not show this head's takes, or is damaged.
        CancelledError: From `progress`; the checkpoint stays.
    """
    extractor = extractor or extractor_of(next(read_footage(footage)).extractor)
    data = video_data(actor, footage, extractor)
    networks, curve = train_video(actor, data, config, checkpoints, progress)
    return video_model(actor, data, networks, extractor.name), curve, data


def video_data(actor: Actor, footage: Path, extractor: Extractor) -> VideoData:
    """Footage beside the head's takes; see `VideoData.build`, whose errors it has."""
    marks = actor.mesh.landmarks
    chosen = np.unique(np.concatenate([marks["lips"], marks["lids"], marks["upper_face"][::4]]))
    return VideoData.build(
        read_footage(footage),
        acted_takes(actor, footage),
        extractor,
        actor.space.mirror,
        lambda codes: actor.decode_points(codes, chosen),
    )


def acted_takes(actor: Actor, footage: Path) -> Acted:
    """The head's takes; and those that were acted for the footage only, played by ARKit's shapes.

    Raises:
        CaptureError: The footage's motion is damaged.
    """
    takes = actor.examples.takes
    codes = {take.name: actor.examples.take_codes(take) for take in takes}
    controls, names = read_motion(footage)
    if actor.arkit is not None and speaks_arkit(names):
        others = {name: values for name, values in controls.items() if name not in codes}
        codes |= {n: actor.arkit.codes(weights_of(values, names)) for n, values in others.items()}
    held_out = frozenset(take.name for take in takes if take.split == "held_out")
    return Acted(codes, held_out, actor.examples.fps)


def train_video(
    head: Head,
    data: VideoData,
    config: VideoConfig,
    checkpoints: Path | None = None,
    progress: Progress = silent,
    motion: Callable[[VideoDims, float], MotionNetwork] = MotionNetwork,
) -> tuple[VideoNetworks, Curve]:
    """Networks trained on clips of the head's takes, and the losses' curve.

    Args:
        head: Whose takes.
        data: The clips.
        config: How to train.
        checkpoints: Folder to save to and to continue from.
        progress: Told how far it is.
        motion: Makes the network from features to motion.
    """
    torch.manual_seed(config.seed)
    dims = VideoDims(features=data.train[0].features.shape[1], code=head.code_size)
    made = motion(dims, config.dropout)
    networks = VideoNetworks(dims, made)
    made.start_at(*_linear_start(data, config))
    task = VideoTask(networks, data, config)

    def report(step: int, fraction: float, losses: dict[str, float]) -> None:
        values = ", ".join(f"{name} {value:.3f}" for name, value in losses.items())
        progress(fraction, f"video: step {step}, {values}")

    trainer = Trainer(
        task,
        config.steps or _steps_of(data, config),
        config.minutes * 60 if config.minutes else None,
        checkpoints / "video.pt" if checkpoints else None,
        config.seed,
        reports=(report,),
    )
    trainer.run()
    task.learners[0].finish()
    return networks, trainer.curve


def _linear_start(data: VideoData, config: VideoConfig) -> tuple[torch.Tensor, torch.Tensor]:
    """The linear map (F, Z + 6) that noise on the features would make best, and its constant."""
    shown = np.concatenate([data.scale.shown(s.features) for s in data.train])
    motion = np.concatenate([data.scale.normal(s.motion - data.scale.held(s.features))
                             for s in data.train])  # fmt: skip
    middle, mean = shown.mean(0), motion.mean(0)
    weight = len(shown) * (config.noise**2 + config.offset**2)
    weights = ridge(shown - middle, motion - mean, weight)
    return torch.from_numpy(weights), torch.from_numpy(mean - middle @ weights)


def _steps_of(data: VideoData, config: VideoConfig) -> int:
    """Steps after which all footage was seen as often as it may be."""
    frames = sum(len(s.motion) for s in data.train)
    return max(1, round(config.passes * frames / (config.batch * config.frames)))


def video_model(head: Head, data: VideoData, networks: VideoNetworks, extractor: str) -> VideoModel:
    """What is trained, with everything else of the head that retargeting needs."""
    regions = head.regions
    motion = np.concatenate([s.motion for s in data.train])
    features = np.concatenate([s.features for s in data.train])
    codes = motion[:, :-6]
    eyes = np.concatenate([codes[:, regions[name]] for name in REGION_NAMES[1:3]], 1)
    gaze = gaze_of_scores(rested_scores(features))
    size = networks.dims.residual
    plain = VideoModel(
        networks,
        data.scale,
        extractor,
        ("",) * size,
        np.eye(size, dtype=np.float32),
        ridge(codes[:, regions["mouth"]], codes[:, regions["face"]], 1.0),
        ridge(data.scale.normal(motion), data.scale.shown(features), _RIDGE * len(motion)),
        ridge(eyes, gaze, _RIDGE * len(eyes)),
        ridge(gaze, eyes, 1e-4 * len(eyes)),
        Finisher.build(head.examples, regions, head.lip_gaps).habit,
        *_mouth(head, data),
    )
    axes, changes = residual_axes(plain, data)
    names, signs = name_axes(head, changes, data)
    values = {item: getattr(plain, item) for item in plain.__dataclass_fields__}
    return VideoModel(**values | {"names": names, "axes": axes * signs[:, None]})


def _mouth(head: Head, data: VideoData) -> tuple[np.ndarray, np.ndarray]:
    """`fit_opening` and `fit_jaw` of clips by the head's own person (of all, where it has none)."""
    clips = [s for s in data.train if s.person == OWN] or data.train
    gap, drop = gap_and_drop(head)(np.concatenate([s.motion[:, :-6] for s in clips])).T
    scores = np.concatenate([scores_in(s.features) for s in clips])
    jaw = fit_jaw(scores[:, SCORE_INDEX["jawOpen"]], drop)
    openings = [s.opening for s in clips if s.opening is not None]
    if not openings:
        return np.zeros(2, np.float32), jaw
    return fit_opening(np.concatenate(openings), gap), jaw


def gaze_of_scores(scores: np.ndarray) -> np.ndarray:
    """Gaze to the left and up (T, 2) in radians of expression scores (T, 51), both eyes' mean."""

    def score(name: str) -> np.ndarray:
        return scores[:, SCORE_INDEX[f"eyeLook{name}"]]

    left = 0.5 * (score("OutLeft") - score("InLeft") + score("InRight") - score("OutRight"))
    up = 0.5 * (score("UpLeft") + score("UpRight") - score("DownLeft") - score("DownRight"))
    return LOOK_RADIANS * np.stack([left, up], 1)


def rested_scores(features: np.ndarray) -> np.ndarray:
    """The scores less those at rest (T, 51) in features (T, F)."""
    end = features.shape[1] - POSE_SIZE - len(SCORE_INDEX)
    return features[:, end - len(SCORE_INDEX) : end]


def residual_axes(model: VideoModel, data: VideoData) -> tuple[np.ndarray, np.ndarray]:
    """Axes (R, R) that do not go together and change different things, the strongest first.

    Both the spread of the takes' residual vectors and their effect on the vertices become diagonal
    (a simultaneous diagonalisation).

    Returns:
        The axes; and how the mean motion changes with each of them at 1, (R, Z + 6).
    """
    vectors = np.concatenate([model.residual_of(s.motion)[WINDOW // 2 :: HOP] for s in data.train])
    spread = vectors.T @ vectors / len(vectors) + 1e-6 * np.eye(vectors.shape[1])
    values, turn = np.linalg.eigh(spread)
    root = turn * np.sqrt(values) @ turn.T
    pieces = _pieces(data)
    moved = np.stack([_effect(model, pieces, direction) for direction in root])
    points = np.einsum("rtz,zp->rtp", moved[..., :-6], data.points)
    strength = np.einsum("rtp,stp->rs", points, points) / points.shape[1]
    power, order = np.linalg.eigh(strength)
    order = order[:, np.argsort(power)[::-1]].T
    changes = np.einsum("kr,rtz->ktz", order, moved).mean(1)
    return (order @ root).astype(np.float32), changes


def _pieces(data: VideoData) -> list[np.ndarray]:
    """Normalised features of clips on which to try the residual."""
    step = max(1, len(data.train) // _SAMPLES)
    return [data.scale.shown(s.features)[: 3 * WINDOW] for s in data.train[::step]]


def _effect(model: VideoModel, pieces: list[np.ndarray], direction: np.ndarray) -> np.ndarray:
    """Change of the motion (T, Z + 6) by half a residual vector (R,) each way."""
    changes = []
    for shown in pieces:
        track = np.repeat(0.5 * direction[None].astype(np.float32), len(shown), 0)
        changes.append(model.normal_motion(shown, track) - model.normal_motion(shown, -track))
    return np.concatenate(changes) * model.scale.deviation


def name_axes(
    head: Head, changes: np.ndarray, data: VideoData
) -> tuple[tuple[str, ...], np.ndarray]:
    """What each axis does most, as its name, no name twice; signs (R,) so that + does it.

    Args:
        head: Whose axes.
        changes: (R, Z + 6) of the motion by each axis.
        data: Tells how much each thing varies.
    """
    sample = np.concatenate([s.motion for s in data.train])[:: max(1, len(data.train) // 4)]
    labels, usual = measures(head, sample)
    spread = np.maximum(usual.std(0), 1e-9)
    middle = sample.mean(0)
    effect = (measures(head, middle + changes)[1] - measures(head, middle[None])[1]) / spread
    names: list[str] = []
    signs = np.ones(len(changes), np.float32)
    for row, values in enumerate(effect):
        free = [i for i, label in enumerate(labels) if label not in names]
        best = max(free, key=lambda i: abs(values[i]))
        names.append(labels[best])
        signs[row] = np.sign(values[best]) or 1.0
    return tuple(names), signs


def measures(head: Head, motion: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Things that can be seen of motion (n, Z + 6): names (K,) and values (n, K)."""
    mesh: HeadMesh = head.mesh
    marks = mesh.landmarks
    chosen = np.unique(np.concatenate([np.ravel(value) for value in marks.values()]))
    points = head.decode_points(np.asarray(motion[:, :-6], np.float32), chosen)
    place = {name: np.searchsorted(chosen, np.ravel(value)) for name, value in marks.items()}

    def at(*names: str) -> np.ndarray:
        return np.mean([points[:, place[name]].mean(1) for name in names], axis=0)

    left, right = at("mouth_corner_left"), at("mouth_corner_right")
    upper, lower = at("inner_lip_upper"), at("inner_lip_lower")
    lids = [at(f"upper_lid_{s}") - at(f"lower_lid_{s}") for s in ("left", "right")]
    brows = [at(f"brow_{s}") for s in ("left", "right")]
    seen = {
        "Mouth Open": (upper - lower)[:, 2],
        "Corners Up": 0.5 * (left + right)[:, 2] - at("lips")[:, 2],
        "Mouth Wide": (left - right)[:, 0],
        "Lips Forward": -at("lips")[:, 1],
        "Mouth to the Left": at("lips")[:, 0],
        "Upper Lip Up": upper[:, 2],
        "Lower Lip Down": -lower[:, 2],
        "Chin Down": -at("chin")[:, 2],
        "Brows Up": 0.5 * (brows[0] + brows[1])[:, 2],
        "Left Brow Up": (brows[0] - brows[1])[:, 2],
        "Eyes Open": 0.5 * (lids[0] + lids[1])[:, 2],
        "Left Eye Open": (lids[0] - lids[1])[:, 2],
        "Head Down": motion[:, -6],
        "Head Tilt": motion[:, -5],
        "Head to the Left": motion[:, -4],
    }
    return list(seen), np.stack(list(seen.values()), 1)


def ridge(inputs: np.ndarray, outputs: np.ndarray, weight: float) -> np.ndarray:
    """Ridge regression (I, O) of outputs (n, O) on inputs (n, I), without a constant."""
    gram = inputs.T @ inputs + weight * np.eye(inputs.shape[1])
    return np.linalg.solve(gram, inputs.T @ outputs).astype(np.float32)
