"""What a video says about one face: all that solving it again needs, kept in the .blend."""

import io
import zipfile
from dataclasses import dataclass, fields

import numpy as np

from ..errors import VideoError

VERSION = 1
_HALF = ("looks", "scores")
_STORED = {"descriptors": "looks"}
"""Fields that the .npz knows by another name."""


@dataclass(frozen=True)
class Analysis:
    """One face over a clip, every frame known: gaps are filled and have no confidence.

    Attributes:
        extractor: Name of the feature extractor (`features.EXTRACTORS`) that made `descriptors`.
        times: (T,) float64 seconds from the video's start, increasing, not always evenly.
        descriptors: (T, D) float32, what the extractor says about each frame.
        scores: (T, 51) float32 expression scores, as `faces.SCORE_NAMES`.
        head_pose: (T, 6) float32 of the face before the camera: XYZ Euler radians, 0 when it faces
            the camera upright, then metres; Blender axes, as in `models.pose`.
        confidence: (T,) float32: 1 seen well, 0 filled in.
        shots: (T,) int32 number of the shot, one more after each cut.
        size: Width and height in pixels.
        warnings: What the user should know, one sentence each, with the seconds meant.
    """

    extractor: str
    times: np.ndarray
    descriptors: np.ndarray
    scores: np.ndarray
    head_pose: np.ndarray
    confidence: np.ndarray
    shots: np.ndarray
    size: tuple[int, int] = (0, 0)
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.times)

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return float(self.times[-1] - self.times[0]) if len(self) else 0.0

    def to_bytes(self) -> bytes:
        """A compressed .npz; features have 16 bits."""
        arrays = {
            _STORED.get(field.name, field.name): np.asarray(getattr(self, field.name))
            for field in fields(Analysis)
        } | {"version": np.array(VERSION), "warnings": np.array(self.warnings, np.str_)}
        for name in _HALF:
            arrays[name] = arrays[name].astype(np.float16)
        stream = io.BytesIO()
        np.savez_compressed(stream, **arrays)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Analysis":
        """Rebuild from `to_bytes`.

        Raises:
            VideoError: The data are damaged or of a newer version.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            if int(arrays.pop("version")) > VERSION:
                raise VideoError("The video's features were made by a newer version.")
            for name in _HALF:
                arrays[name] = arrays[name].astype(np.float32)
            arrays |= {field: arrays.pop(stored) for field, stored in _STORED.items()}
            analysis = cls(
                **arrays
                | {
                    "extractor": str(arrays["extractor"]),
                    "size": tuple(int(n) for n in arrays["size"]),
                    "warnings": tuple(str(text) for text in arrays["warnings"]),
                }
            )
        except (KeyError, ValueError, TypeError, EOFError, OSError, zipfile.BadZipFile) as error:
            raise VideoError(f"The video's features are damaged: {error}.") from error
        analysis.check()
        return analysis

    def check(self) -> None:
        """Raise VideoError unless all parts fit each other."""
        count = len(self.times)
        parts = (self.descriptors, self.scores, self.head_pose, self.confidence, self.shots)
        finite = all(np.isfinite(part).all() for part in (self.times, *parts))
        if not count or any(len(part) != count for part in parts) or not finite:
            raise VideoError("The video's features are damaged: their parts do not fit.")
        if (np.diff(self.times) <= 0).any():
            raise VideoError("The video's features are damaged: their times go back.")
