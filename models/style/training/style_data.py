"""A head's spoken takes as sequences to learn from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...errors import CaptureError
from ...head.codes import ExampleSet, ExampleTake
from ...speech.database import sample_rows, speaks
from ..frame_labels import FPS, frame_labels, padded_length
from ..style_scale import StyleScale

LEAST_TAKES = 4
"""Fewer spoken takes teach nothing."""
_LIP_SAMPLES = 4000
_RIDGE = 1e-3
_JITTER_SECONDS = 0.12

Points = Callable[[np.ndarray], np.ndarray]
"""Codes (n, Z) → positions (n, P, 3) of the lips' vertices, metres."""


@dataclass(frozen=True)
class TakeSequence:
    """One take at `FPS`.

    Attributes:
        take: Where it comes from.
        labels: (T, L) of what is said.
        motion: (T, Z + 6) codes and head pose, not normalised.
    """

    take: ExampleTake
    labels: np.ndarray
    motion: np.ndarray


@dataclass(frozen=True)
class StyleData:
    """What is trained on.

    Attributes:
        train: Sequences of training takes.
        held_out: Sequences of the others.
        scale: Of the training takes.
        regions: Where each region's values are in a code.
    """

    train: list[TakeSequence]
    held_out: list[TakeSequence]
    scale: StyleScale
    regions: Mapping[str, slice]

    @classmethod
    def build(
        cls, examples: ExampleSet, regions: Mapping[str, slice], lip_points: Points
    ) -> "StyleData":
        """Collect the spoken takes of a head.

        Raises:
            CaptureError: There are too few.
        """
        sequences = [_sequence(examples, take) for take in examples.takes if speaks(take)]
        train = [item for item in sequences if item.take.split != "held_out"]
        if len(train) < LEAST_TAKES:
            raise CaptureError(
                f"Learning to speak with style needs at least {LEAST_TAKES} spoken takes with "
                f"phones; there are {len(train)}."
            )
        motion = np.concatenate([item.motion for item in train])
        deviation = np.maximum(motion.std(0), 1e-3 * np.maximum(motion.std(0).max(), 1e-6))
        codes = motion[:, :-6]
        mouth, face = codes[:, regions["mouth"]], codes[:, regions["face"]]
        scale = StyleScale(
            motion.mean(0).astype(np.float32),
            deviation.astype(np.float32),
            _fit(mouth, face, 1.0),
            _lips(codes, lip_points),
        )
        held_out = [item for item in sequences if item.take.split == "held_out"]
        return cls(train, held_out, scale, regions)

    def eyes(self, motion: np.ndarray) -> np.ndarray:
        """The eyes' signal (T, E) of motion (T, Z + 6)."""
        return eye_signal(motion, self.regions, self.scale.follow)


def eye_signal(motion: np.ndarray, regions: Mapping[str, slice], follow: np.ndarray) -> np.ndarray:
    """Both eyes' codes and what the mouth does not explain of the face's, (T, E)."""
    eyes = [motion[:, regions[name]] for name in ("left_eye", "right_eye")]
    face = motion[:, regions["face"]] - motion[:, regions["mouth"]] @ follow
    return np.concatenate([*eyes, face], 1)


def _sequence(examples: ExampleSet, take: ExampleTake) -> TakeSequence:
    count = max(int((take.count - 1) / examples.fps * FPS) + 1, 2)
    times = np.arange(count) / FPS
    whole = np.concatenate([examples.take_codes(take), examples.take_head_pose(take)], 1)
    motion = sample_rows(whole, np.minimum(times * examples.fps, take.count - 1))
    return TakeSequence(take, frame_labels(take.phones, times), motion.astype(np.float32))


def jittered(item: TakeSequence, deviation: float, generator: torch.Generator) -> TakeSequence:
    """The take with its phone times moved a little, smoothly, by `deviation` seconds."""
    times = np.arange(len(item.motion)) / FPS
    knots = np.arange(0, times[-1] + 2 * _JITTER_SECONDS, _JITTER_SECONDS)
    moves = deviation * torch.randn(len(knots), generator=generator).numpy()
    labels = frame_labels(item.take.phones, times + np.interp(times, knots, moves))
    return TakeSequence(item.take, labels, item.motion)


def _fit(inputs: np.ndarray, outputs: np.ndarray, ridge: float) -> np.ndarray:
    gram = inputs.T @ inputs + ridge * np.eye(inputs.shape[1])
    return np.linalg.solve(gram, inputs.T @ outputs).astype(np.float32)


def _lips(codes: np.ndarray, lip_points: Points) -> np.ndarray:
    """Linear map (Z, 3 P) of codes to the lips' vertices in millimetres."""
    chosen = codes[:: max(1, len(codes) // _LIP_SAMPLES)]
    points = 1e3 * lip_points(chosen).reshape(len(chosen), -1)
    centred = chosen - chosen.mean(0)
    return _fit(centred, points - points.mean(0), _RIDGE * len(chosen))


@dataclass(frozen=True)
class StyleBatch:
    """Sequences side by side, silence after the shorter ones.

    Attributes:
        labels: (B, L, T).
        motion: (B, Z + 6, T) normalised; zero after a sequence's end.
        mask: (B, 1, T) 1 inside a sequence.
    """

    labels: Tensor
    motion: Tensor
    mask: Tensor


def batch_of(sequences: Sequence[TakeSequence], scale: StyleScale) -> StyleBatch:
    """Sequences as tensors of equal length, a whole number of the priors' latents."""
    length = padded_length(max(len(item.motion) for item in sequences))
    quiet = sequences[0].labels[:1] * 0
    quiet[:, 0] = 1
    labels = np.repeat(np.repeat(quiet[None], length, 1), len(sequences), 0)
    motion = np.zeros((len(sequences), length, sequences[0].motion.shape[1]), np.float32)
    mask = np.zeros((len(sequences), length, 1), np.float32)
    for row, item in enumerate(sequences):
        count = len(item.motion)
        labels[row, :count], mask[row, :count] = item.labels, 1
        labels[row, count:] = item.labels[-1]
        motion[row, :count] = scale.normal(item.motion)
    return StyleBatch(
        *(torch.from_numpy(v).transpose(1, 2).contiguous() for v in (labels, motion, mask))
    )
