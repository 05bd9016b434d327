"""A face before a camera to a head, frame by frame, without looking ahead."""

from collections import deque
from pathlib import Path

import numpy as np

from ..faces.finder import Face, FaceFinder
from ..head.inference import Head
from ..pose import head_poses
from ..threads import one_thread
from .analysis import Analysis
from .features import extractor_of, features_of
from .mouth_as_seen import played
from .video_model import VideoModel

CONTEXT = 30
"""Frames that the network sees: the newest and those before it."""
MEMORY = 600
"""Frames among which the resting face is looked for."""
_SLOWLY = 10
"""One frame in so many is remembered for that."""


class LiveSolver:
    """Follows one face; a context manager."""

    def __init__(self, head: Head, model: VideoModel, weights: Path | None = None) -> None:
        """Get ready.

        Args:
            head: That is to follow the face.
            model: Its video network.
            weights: As for `features.extractor_of`.

        Raises:
            MissingDependencyError: mediapipe is missing.
        """
        self._head, self._model = head, model
        self._extractor = extractor_of(self._model.extractor, weights)
        self._finder = FaceFinder(most=1)
        self._recent: deque = deque(maxlen=CONTEXT)
        self._past: deque = deque(maxlen=MEMORY // _SLOWLY)
        self._count = 0
        self._last = np.zeros(self._model.networks.dims.motion, np.float32)

    def __enter__(self) -> "LiveSolver":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the landmarker back."""
        self._finder.__exit__()

    def step(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """Codes (Z,), head pose (6,) and confidence of a picture (H, W, 3) uint8 RGB.

        Without a face the head stays as it was, with confidence 0.
        """
        faces = self._finder.find(picture)
        if not faces:
            return self._last[:-6], self._last[-6:], 0.0
        self._last = self._solve(picture, faces[0])
        return self._last[:-6], self._last[-6:], 1.0

    @one_thread()
    def _solve(self, picture: np.ndarray, face: Face) -> np.ndarray:
        """Motion (Z + 6,)."""
        descriptor = self._extractor.describe(picture, face)
        frame = (descriptor, face.scores, head_poses(face.pose[None])[0])
        self._recent.append(frame)
        if self._count % _SLOWLY == 0:
            self._past.append(frame)
        self._count += 1
        frames = [*self._past, *self._recent]
        descriptors, scores, poses = (np.stack(part) for part in zip(*frames, strict=True))
        count = len(frames)
        analysis = Analysis(
            self._extractor.name,
            np.arange(count) / 30.0,
            descriptors,
            scores,
            poses,
            np.ones(count, np.float32),
            np.zeros(count, np.int32),
        )
        features = features_of(analysis, self._extractor.parts)[-len(self._recent) :]
        residual = np.zeros((len(features), len(self._model.names)), np.float32)
        opening = self._extractor.opening(descriptors[-len(features) :])
        confidence = np.ones(len(features), np.float32)
        return played(self._head, self._model, features, residual, opening, confidence)[-1]
