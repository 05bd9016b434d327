"""Subject-independent descriptions of a face in a picture. A further one is one class more here.

An extractor's `describe` describes one frame. What a person's resting face is like is taken off
afterwards, for all extractors alike (`features_of`).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from ..errors import VideoError
from ..faces.finder import SCORE_INDEX, SCORE_NAMES, Face
from ..faces.landmarks import INNER_LIPS, MIDDLE, PAIRS, PARTS, head_fixed
from ..pose import angles_of, mean_rotation, rotation_matrix
from .analysis import Analysis

QUIET = 0.25
"""Share of the frames, those in which a part of the face does least, that show it at rest."""
POSE_SIZE = 9
"""Numbers of `pose_features`."""
ACTIVITY = {
    "mouth": ("jaw", "mouth", "cheek", "nose"),
    "eyes": ("eye",),
    "brows": ("brow",),
}
"""Part of the face → first words of the scores that tell how much it does."""


class Extractor(Protocol):
    """Describes a face.

    Attributes:
        size: Numbers that describe one frame.
        needs_picture: Whether `describe` needs more than the landmarks, which all footage keeps.
        parts: (size,) which of `landmarks.PARTS` each number tells of, −1 for all.
        mirror: (size,) places and (size,) signs of a face seen in a mirror; None if unknown.
    """

    size: int
    needs_picture: bool
    parts: np.ndarray
    mirror: tuple[np.ndarray, np.ndarray] | None

    @property
    def name(self) -> str:
        """Key in `EXTRACTORS`, and after a "/" which weights, where users bring them."""
        ...

    def describe(self, picture: np.ndarray | None, face: Face) -> np.ndarray:
        """Description (size,) float32 of a face in a picture (H, W, 3) uint8 RGB."""
        ...

    def descriptors(self, seen: np.ndarray, /) -> np.ndarray:
        """(..., size) of landmarks (..., 478, 3), or of what it cuts out of the pictures."""
        ...

    def opening(self, descriptors: np.ndarray) -> np.ndarray | None:
        """(T,) of the inner lips over the outer-eye distance in `descriptors`; None if unknown."""
        ...


class LandmarkFeatures:
    """MediaPipe's landmarks around mouth, eyes and brows, fixed to the head."""

    name = "landmarks"
    needs_picture = False

    def __init__(self, _weights: Path | None = None, _which: str = "") -> None:
        left_right = {part: np.array(PAIRS[part]).reshape(-1, 2) for part in PARTS}
        chosen, parts, mates = [], [], []
        for number, part in enumerate(PARTS):
            start, pairs = len(chosen), left_right[part]
            chosen += [*pairs.T.ravel(), *MIDDLE[part]]
            count, middle = len(pairs), len(MIDDLE[part])
            mates += [start + count + np.arange(count), start + np.arange(count)]
            mates += [start + 2 * count + np.arange(middle)]
            parts += [number] * (2 * count + middle)
        self._chosen = np.array(chosen)
        self.size = 3 * len(chosen)
        self.parts = np.repeat(parts, 3)
        places = 3 * np.concatenate(mates)[:, None] + np.arange(3)
        signs = np.tile([-1.0, 1.0, 1.0], len(chosen)).astype(np.float32)
        self.mirror: tuple[np.ndarray, np.ndarray] | None = places.astype(int).ravel(), signs

    def describe(self, picture: np.ndarray | None, face: Face) -> np.ndarray:  # noqa: ARG002
        """(size,) coordinates over the outer-eye distance; the picture is not looked at."""
        return self.descriptors(face.points)

    def opening(self, descriptors: np.ndarray) -> np.ndarray:
        """(T,) distance of the inner lips over the outer-eye distance in descriptors (T, size)."""
        points = descriptors.reshape(*descriptors.shape[:-1], -1, 3)
        places = {landmark: place for place, landmark in enumerate(self._chosen.tolist())}
        apart = [points[..., places[a], :] - points[..., places[b], :] for a, b in INNER_LIPS]
        return np.mean(np.linalg.norm(apart, axis=-1), axis=0)

    def descriptors(self, points: np.ndarray) -> np.ndarray:
        """(..., size) of landmarks (..., 478, 3)."""
        fixed = head_fixed(points)[..., self._chosen, :]
        return fixed.reshape(*points.shape[:-2], self.size)


def _resnet50(weights: Path | None, which: str) -> Extractor:
    from .resnet import ResNet50

    return ResNet50(weights, which)


EXTRACTORS: dict[str, Callable[[Path | None, str], Extractor]] = {
    "landmarks": LandmarkFeatures,
    "resnet50": _resnet50,
}
"""Name → how to make it, given the user's weights and which they must be ('' for any)."""


def extractor_of(name: str, weights: Path | None = None) -> Extractor:
    """The extractor called `name`; weights are not read before a picture is looked at.

    Args:
        name: As `Extractor.name`.
        weights: File with the user's weights, for those that need one.

    Raises:
        VideoError: This version knows none of that name.
    """
    kind, _, which = name.partition("/")
    if kind not in EXTRACTORS:
        raise VideoError(f"There are no features {name!r}; known: {', '.join(EXTRACTORS)}.")
    return EXTRACTORS[kind](weights, which)


def features_of(analysis: Analysis, parts: np.ndarray) -> np.ndarray:
    """What the networks are shown, (T, D + 51 + 51 + 9): how the face differs from its rest.

    Descriptors and scores less those of the rest, the scores themselves, and the head's pose.

    Args:
        analysis: Of one face.
        parts: The extractor's.
    """
    score_parts = _score_parts()
    rest = resting(analysis.descriptors, parts, analysis)
    rest_scores = resting(analysis.scores, score_parts, analysis)
    return np.concatenate(
        [
            analysis.descriptors - rest,
            analysis.scores - rest_scores,
            analysis.scores,
            pose_features(analysis.head_pose),
        ],
        1,
    ).astype(np.float32)


def resting(values: np.ndarray, parts: np.ndarray, analysis: Analysis) -> np.ndarray:
    """(D,) of `values` (T, D) in the frames in which the part that each tells of does least."""
    rest = np.empty(values.shape[1], np.float32)
    seen = np.flatnonzero(analysis.confidence > 0.5)
    seen = seen if len(seen) else np.arange(len(values))
    for number in (-1, *range(len(PARTS))):
        own = parts == number
        if not own.any():
            continue
        activity = _activity(analysis.scores[seen], number)
        count = max(1, round(QUIET * len(seen)))
        quiet = seen[np.argsort(activity, kind="stable")[:count]]
        rest[own] = np.median(values[quiet][:, own], axis=0)
    return rest


def _activity(scores: np.ndarray, part: int) -> np.ndarray:
    """How much a part (−1: the whole face) does in frames with scores (T, 51), (T,)."""
    return scores[:, _score_parts() == part].sum(1) if part >= 0 else scores.sum(1)


def _score_parts() -> np.ndarray:
    """(51,) which of `PARTS` each score tells of."""
    return np.array(
        [
            next(i for i, part in enumerate(PARTS) if name.startswith(ACTIVITY[part]))
            for name in SCORE_NAMES
        ]
    )


def pose_features(head_pose: np.ndarray) -> np.ndarray:
    """(T, 9): rotation from the clip's mean and from the camera, radians; place, decimetres."""
    return np.concatenate(
        [
            relative_pose(head_pose)[:, :3],
            head_pose[:, :3],
            10 * (head_pose[:, 3:] - np.median(head_pose[:, 3:], axis=0)),
        ],
        1,
    )


def turned(features: np.ndarray) -> np.ndarray:
    """The rotation from the clip's mean (T, 3) that features (T, F) hold."""
    return features[..., -POSE_SIZE : 3 - POSE_SIZE]


def scores_in(features: np.ndarray) -> np.ndarray:
    """The scores themselves (T, 51) in features (T, F)."""
    end = features.shape[1] - POSE_SIZE
    return features[:, end - len(SCORE_INDEX) : end]


def relative_pose(head_pose: np.ndarray) -> np.ndarray:
    """Head pose (T, 6) from the clip's mean rotation and median place, in the mean head's axes."""
    turns = rotation_matrix(head_pose[:, :3])
    mean = mean_rotation(turns)
    moved = (head_pose[:, 3:] - np.median(head_pose[:, 3:], axis=0)) @ mean
    return np.concatenate([angles_of(mean.T @ turns), moved], 1).astype(np.float32)


def mirrored_features(features: np.ndarray, mirror: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Features (..., F) of the same clip seen in a mirror."""
    places, signs = mirror
    size = len(places)
    swap = score_mirror()
    pose = np.array([1, -1, -1, 1, -1, -1, -1, 1, 1], np.float32)
    descriptors, ends = features[..., :size], (size + len(swap), size + 2 * len(swap))
    parts = (descriptors[..., places] * signs, features[..., size : ends[0]][..., swap])
    return np.concatenate(
        [*parts, features[..., ends[0] : ends[1]][..., swap], features[..., ends[1] :] * pose], -1
    )


def score_mirror() -> np.ndarray:
    """(51,) place of each score's other side."""
    swapped = {"Left": "Right", "Right": "Left"}
    places = []
    for name in SCORE_NAMES:
        side = next((s for s in swapped if name.endswith(s)), "")
        places.append(SCORE_INDEX[name.removesuffix(side) + swapped.get(side, "")])
    return np.array(places)
