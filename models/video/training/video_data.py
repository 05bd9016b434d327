"""Footage beside the takes it shows: sequences to learn from."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ...errors import CaptureError
from ...pose import head_poses
from ..analysis import Analysis
from ..features import POSE_SIZE, Extractor, features_of, mirrored_features, relative_pose
from ..video_scale import VideoScale
from .footage import FootageClip

LEAST_FRAMES = 32
"""Shorter clips hold no window of the residual encoder."""
LEAST_SEEN = 0.6
"""Clips in which the face is found in fewer of the frames teach nothing."""
_POSE_MIRROR = np.array([1, -1, -1, -1, 1, 1], np.float32)
UNSHOWN = [0, 1, 2, 4]
"""Pose features that the network is not shown: how the head turns from its mean, which it need not
find, and the roll, which landmarks fixed to the head do not feel. People turn further than that."""
_FLOOR = 0.05
"""Least deviation of a feature, as a share of the median one."""


@dataclass(frozen=True)
class Acted:
    """Takes that clips may show.

    Attributes:
        codes: (T, Z) of each take by name, as the head plays it.
        held_out: Names of those that nothing is learnt from.
        fps: Frames a second.
    """

    codes: Mapping[str, np.ndarray]
    held_out: frozenset[str]
    fps: float


@dataclass(frozen=True)
class Sequence:
    """One clip.

    Attributes:
        name: Of the clip.
        take: Of the take.
        person: Who acts.
        features: (T, F).
        motion: (T, Z + 6) codes, and head pose from the clip's mean.
        opening: (T,) of the lips as seen, None where nothing tells.
        confidence: (T,) how well the face was seen.
    """

    name: str
    take: str
    person: str
    features: np.ndarray
    motion: np.ndarray
    opening: np.ndarray | None
    confidence: np.ndarray


@dataclass(frozen=True)
class VideoData:
    """What is trained on.

    Attributes:
        train: Clips of training takes; where the extractor knows a mirror, each also mirrored.
        held_out: Clips of the others.
        scale: Of the training clips.
        points: (Z, 3 P): how vertices that matter move with the codes, millimetres.
    """

    train: list[Sequence]
    held_out: list[Sequence]
    scale: VideoScale
    points: np.ndarray

    @classmethod
    def build(
        cls,
        clips: Iterable[FootageClip],
        acted: Acted,
        extractor: Extractor,
        mirror: np.ndarray,
        points: Callable[[np.ndarray], np.ndarray],
    ) -> "VideoData":
        """Put clips beside their takes.

        Args:
            clips: Footage.
            acted: Takes of the head.
            extractor: Describes the frames.
            mirror: (Z, Z) the head's mirror of codes.
            points: Codes (n, Z) → positions (n, P, 3) of vertices that matter, metres.

        Raises:
            CaptureError: No clip shows a training take of this head.
        """
        sequences = [s for clip in clips if (s := sequence_of(clip, acted, extractor))]
        train = [s for s in sequences if s.take not in acted.held_out]
        held_out = [s for s in sequences if s.take in acted.held_out]
        if not train:
            raise CaptureError("The footage shows no take of this head long enough to learn from.")
        if extractor.mirror is not None:
            train += [_mirrored(s, extractor.mirror, mirror) for s in train]
        return cls(train, held_out, _scale(train), _points(train, points))


def sequence_of(clip: FootageClip, acted: Acted, extractor: Extractor) -> Sequence | None:
    """A clip beside its take; None where it is too short, too badly seen, or of another head."""
    found = np.isfinite(clip.points[:, 0, 0])
    if clip.take not in acted.codes or found.sum() < max(LEAST_FRAMES, LEAST_SEEN * len(clip)):
        return None
    codes = acted.codes[clip.take][clip.start : clip.start + len(clip)]
    if len(codes) != len(clip):
        return None
    analysis = analysis_of(clip, extractor, acted.fps)
    motion = np.concatenate([codes, relative_pose(clip.head_pose)], 1)
    features = features_of(analysis, extractor.parts)
    return Sequence(
        clip.name,
        clip.take,
        clip.person,
        features,
        motion.astype(np.float32),
        extractor.opening(analysis.descriptors),
        analysis.confidence,
    )


def analysis_of(clip: FootageClip, extractor: Extractor, fps: float) -> Analysis:
    """A clip as if a video had been analysed; frames without a face are filled linearly.

    Raises:
        CaptureError: The extractor needs pictures, and the clip was made for another.
    """
    found = np.isfinite(clip.points[:, 0, 0])
    descriptors = np.full((len(clip), extractor.size), np.nan, np.float32)
    descriptors[found] = _descriptors(clip, extractor)[found]
    pose = np.full((len(clip), 6), np.nan, np.float32)
    pose[found] = head_poses(clip.poses[found])
    descriptors, scores, pose = (
        filled(values, found) for values in (descriptors, clip.scores, pose)
    )
    return Analysis(
        extractor.name,
        np.arange(len(clip)) / fps,
        descriptors,
        scores,
        pose,
        found.astype(np.float32),
        np.zeros(len(clip), np.int32),
        clip.size,
    )


def _descriptors(clip: FootageClip, extractor: Extractor) -> np.ndarray:
    if not extractor.needs_picture:
        return extractor.descriptors(np.nan_to_num(clip.points))
    if clip.descriptors is None or clip.extractor != extractor.name:
        raise CaptureError(
            f"The clip {clip.name} was made for other features ({clip.extractor}) than "
            f"{extractor.name}; make it again."
        )
    return clip.descriptors


def filled(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Values (T, D) with the rows that are not `known` (T,) interpolated."""
    if known.all():
        return values
    place, rows = np.arange(len(values)), np.flatnonzero(known)
    return np.stack([np.interp(place, rows, column[rows]) for column in values.T], 1).astype("f4")


def _mirrored(
    sequence: Sequence, mirror: tuple[np.ndarray, np.ndarray], codes: np.ndarray
) -> Sequence:
    motion = np.concatenate(
        [sequence.motion[:, :-6] @ codes, sequence.motion[:, -6:] * _POSE_MIRROR], 1
    )
    return replace(
        sequence,
        name=f"{sequence.name} mirrored",
        features=mirrored_features(sequence.features, mirror),
        motion=motion.astype(np.float32),
    )


def _scale(train: list[Sequence]) -> VideoScale:
    features = np.concatenate([s.features for s in train])
    motion = np.concatenate([s.motion for s in train])
    spread, deviation = features.std(0), motion.std(0)
    spread[-POSE_SIZE:][UNSHOWN] = 1e6
    return VideoScale(
        mean=motion.mean(0).astype(np.float32),
        deviation=np.maximum(deviation, 1e-3 * deviation.max()).astype(np.float32),
        centre=features.mean(0).astype(np.float32),
        spread=np.maximum(spread, _FLOOR * np.median(spread)).astype(np.float32),
    )


def _points(train: list[Sequence], points: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Linear map (Z, 3 P) of codes to vertices in millimetres."""
    codes = np.concatenate([s.motion[:, :-6] for s in train])
    codes = codes[:: max(1, len(codes) // 4000)]
    moved = 1e3 * points(codes).reshape(len(codes), -1)
    centred = codes - codes.mean(0)
    gram = centred.T @ centred + 1e-3 * len(codes) * np.eye(codes.shape[1])
    return np.linalg.solve(gram, centred.T @ (moved - moved.mean(0))).astype(np.float32)


@dataclass(frozen=True)
class VideoBatch:
    """Pieces of clips.

    Attributes:
        features: (B, T, F) normalised.
        motion: (B, T, Z + 6) normalised.
        turned: (B, T, Z + 6) normalised, what of the motion the features hold outright.
        mask: (B, T, 1) 1 inside a clip.
    """

    features: Tensor
    motion: Tensor
    turned: Tensor
    mask: Tensor


class ClipBatchSampler:
    """Draws pieces of clips: a share by the head's own person, the rest by others, all alike."""

    def __init__(
        self, train: list[Sequence], scale: VideoScale, batch: int, frames: int, own_share: float
    ) -> None:
        self._clips = [
            tuple(
                torch.from_numpy(part)
                for part in (
                    scale.shown(s.features),
                    scale.normal(s.motion),
                    scale.held(s.features) / scale.deviation,
                )
            )
            for s in train
        ]
        self._batch, self._frames = batch, frames
        own = torch.tensor([s.person == OWN for s in train])
        lengths = torch.tensor([float(len(s.motion)) for s in train])
        share = own_share if own.any() and not own.all() else float(own.any())
        weights = torch.where(
            own,
            share * lengths / (lengths * own).sum().clamp_min(1),
            (1 - share) * lengths / (lengths * ~own).sum().clamp_min(1),
        )
        self._weights = weights

    def __call__(self, generator: torch.Generator) -> VideoBatch:
        """A batch."""
        rows = torch.multinomial(self._weights, self._batch, True, generator=generator)
        parts = [torch.zeros(self._batch, self._frames, part.shape[1]) for part in self._clips[0]]
        mask = torch.zeros(self._batch, self._frames, 1)
        for place, row in enumerate(rows.tolist()):
            clip = self._clips[row]
            spare = max(len(clip[0]) - self._frames, 0)
            start = int(torch.randint(spare + 1, (1,), generator=generator))
            count = min(len(clip[0]), self._frames)
            for part, values in zip(parts, clip, strict=True):
                part[place, :count] = values[start : start + count]
                part[place, count:] = values[-1]
            mask[place, :count] = 1
        return VideoBatch(*parts, mask=mask)


OWN = "actor"
"""The person of a footage clip who is the head's own."""
