"""How well a head follows footage of takes that it was not trained on, beside a linear map."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...head.inference import Head
from ..mouth_as_seen import played
from ..video_model import VideoModel
from .build_video import rested_scores, ridge
from .video_data import OWN, Sequence, VideoData

Player = Callable[[Sequence], np.ndarray]
"""Motion (T, Z + 6) of a clip."""


@dataclass(frozen=True)
class Errors:
    """Means over frames.

    Attributes:
        lip_vertex_mm: Largest error of a lip vertex in each frame.
        upper_face_mm: Largest error of a vertex of lids, brows and forehead.
        code: Mean absolute error of the codes in their deviations.
        jerk: Mean third difference of the codes in their deviations a frame.
        rotation_deg: Mean error of the head's rotation angles.
    """

    lip_vertex_mm: float
    upper_face_mm: float
    code: float
    jerk: float
    rotation_deg: float


def errors(head: Head, data: VideoData, clips: list[Sequence], play: Player) -> Errors:
    """Errors of clips played by `play`."""
    marks = head.mesh.landmarks
    groups = (marks["lips"], np.unique(np.concatenate([marks["lids"], marks["upper_face"]])))
    deviation = data.scale.deviation
    rows: list[np.ndarray] = []
    for clip in clips:
        made = np.asarray(play(clip), np.float32)
        apart = (made - clip.motion) / deviation
        worst = [
            1e3 * np.linalg.norm(
                head.decode_points(made[:, :-6], group)
                - head.decode_points(clip.motion[:, :-6], group),
                axis=-1,
            ).max(1)
            for group in groups
        ]  # fmt: skip
        third = np.abs(np.diff(made[:, :-6] / deviation[:-6], 3, axis=0)).mean(1)
        turned = np.degrees(np.abs(made[:, -6:-3] - clip.motion[:, -6:-3])).mean(1)
        still = np.pad(third, (0, 3), mode="edge")
        rows.append(np.stack([*worst, np.abs(apart[:, :-6]).mean(1), still, turned], 1))
    return Errors(*np.concatenate(rows).mean(0).tolist())


def players(head: Head, model: VideoModel, data: VideoData) -> dict[str, Player]:
    """The network alone, the network with the residual of the truth, and the linear map."""
    weights = linear_map(data.train)
    size = len(model.names)
    return {
        "network": lambda s: followed(head, model, s, np.zeros((len(s.features), size))),
        "re-encoded": lambda s: followed(head, model, s, model.residual_of(s.motion)),
        "linear_map": lambda s: linear_motion(s, weights),
    }


def followed(head: Head, model: VideoModel, clip: Sequence, residual: np.ndarray) -> np.ndarray:
    """Motion (T, Z + 6) of a clip with residual vectors (T, R)."""
    return played(head, model, clip.features, residual, clip.opening, clip.confidence)


def video_figures(head: Head, model: VideoModel, data: VideoData) -> dict:
    """Lip vertex error of held-out clips by the head's own person and by others, for head.json."""
    figures = {}
    for who, own in (("same_actor", True), ("other_actor", False)):
        clips = [s for s in data.held_out if (s.person == OWN) == own]
        if clips:
            figures[who] = {
                name: round(errors(head, data, clips, play).lip_vertex_mm, 3)
                for name, play in players(head, model, data).items()
            }
    return figures


def linear_map(train: list[Sequence]) -> np.ndarray:
    """(52, Z + 6) ridge from expression scores and one to motion, frame by frame: a baseline."""
    inputs = np.concatenate([_scores(s) for s in train])
    return ridge(inputs, np.concatenate([s.motion for s in train]), 1e-3 * len(inputs))


def linear_motion(clip: Sequence, weights: np.ndarray) -> np.ndarray:
    """Motion (T, Z + 6) of a clip by `linear_map`."""
    return _scores(clip) @ weights


def _scores(clip: Sequence) -> np.ndarray:
    scores = rested_scores(clip.features)
    return np.concatenate([scores, np.ones((len(scores), 1), np.float32)], 1)
