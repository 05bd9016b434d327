"""The video network of a head, ready for use, and its place in a head file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch

from ..head.inference import Head
from ..head.part import HeadPart
from ..head.weights import packed_networks, unpacked_networks
from .video_network import WINDOW, VideoDims, VideoNetworks, between
from .video_scale import VideoScale

KNOTS = 33
"""Of the curve `VideoModel.jaw`."""
_SCALE = ("mean", "deviation", "centre", "spread")
_SPACE = ("axes", "follow", "inverse", "gaze_of_eyes", "eyes_of_gaze", "habit", "opening", "jaw")


@dataclass(frozen=True)
class VideoModel(HeadPart):
    """Networks and what else of the head retargeting needs; always on the CPU.

    Attributes:
        networks: Trained, not changed any more.
        scale: How features and motion are normalised.
        extractor: Name of the feature extractor that it was trained on.
        names: Of the residual axes: what + does.
        axes: (R, R): encoder output = vector @ axes; axes come by how much they change.
        follow: (M, F): what mouth codes explain of the face's codes.
        inverse: (Z + 6, F) features that usually go with a motion, both normalised.
        gaze_of_eyes: (E, 2): codes of both eyes → gaze to the left and up from rest, radians.
        eyes_of_gaze: (2, E): the change of those codes that turns the gaze.
        habit: (M, M) covariance of the mouth's codes in the takes.
        opening: (2,) of `mouth.fit_opening`.
        jaw: (K, 2) of `mouth.fit_jaw`.
    """

    name = "video"
    misfit = "The head's video network does not fit"

    networks: VideoNetworks
    scale: VideoScale
    extractor: str
    names: tuple[str, ...]
    axes: np.ndarray
    follow: np.ndarray
    inverse: np.ndarray
    gaze_of_eyes: np.ndarray
    eyes_of_gaze: np.ndarray
    habit: np.ndarray
    opening: np.ndarray
    jaw: np.ndarray

    def motion(self, features: np.ndarray, residual: np.ndarray) -> np.ndarray:
        """Codes and head pose (T, Z + 6).

        Args:
            features: (T, F) as `features_of` makes them.
            residual: (T, R) residual vectors in the axes' deviations.
        """
        made = self.normal_motion(self.scale.shown(features), residual)
        return self.scale.motion(made) + self.scale.held(features)

    def normal_motion(self, shown: np.ndarray, residual: np.ndarray) -> np.ndarray:
        """Normalised motion (T, Z + 6), without what the features hold outright."""
        inputs = shown, np.asarray(residual @ self.axes, np.float32)
        with torch.inference_mode():
            features, residuals = (torch.from_numpy(v)[None] for v in inputs)
            return self.networks.motion(features, residuals)[0].numpy()

    def residual_of(self, motion: np.ndarray) -> np.ndarray:
        """How codes and head pose (T, Z + 6) were played: residual vectors (T, R)."""
        normal = self.scale.normal(motion)
        short = max(WINDOW - len(normal), 0)
        padded = np.pad(normal, ((0, short), (0, 0)), mode="edge")
        with torch.inference_mode():
            knots = self.networks.encoder.knots(torch.from_numpy(padded)[None])
            encoded = between(knots, len(normal))[0].numpy()
        return (encoded @ np.linalg.inv(self.axes)).astype(np.float32)

    def usual_features(self, motion: np.ndarray) -> np.ndarray:
        """Normalised features (T, F) that usually go with codes and head pose (T, Z + 6)."""
        return (self.scale.normal(motion) @ self.inverse).astype(np.float32)

    def tensors(self) -> dict[str, np.ndarray]:
        """Weights, scale, and what retargeting needs beside them."""
        packed = packed_networks(self.networks)
        packed |= {f"scale.{name}": getattr(self.scale, name) for name in _SCALE}
        return packed | {name: getattr(self, name) for name in _SPACE}

    def document(self) -> dict:
        """Sizes, feature extractor, names of the residual's axes."""
        return {
            "dims": self.networks.dims.to_dict(),
            "extractor": self.extractor,
            "axes": list(self.names),
        }

    @classmethod
    def built(cls, document: dict, tensors: Mapping[str, np.ndarray], head: Head) -> Self:
        """Reverse `tensors` and `document`; errors as of `HeadPart.built`."""
        dims = VideoDims.from_dict(document["dims"])
        model = cls(
            unpacked_networks(VideoNetworks, dims, tensors),
            VideoScale(*(tensors[f"scale.{name}"] for name in _SCALE)),
            str(document["extractor"]),
            tuple(str(name) for name in document["axes"]),
            *(tensors[name] for name in _SPACE),
        )
        _check(model, head.regions)
        return model


def _check(model: VideoModel, regions: Mapping[str, slice]) -> None:
    """Raise ValueError unless all sizes fit."""
    dims = model.networks.dims
    width = {name: place.stop - place.start for name, place in regions.items()}
    eyes = width["left_eye"] + width["right_eye"]
    wanted = {
        "axes": (dims.residual, dims.residual),
        "follow": (width["mouth"], width["face"]),
        "inverse": (dims.motion, dims.features),
        "gaze_of_eyes": (eyes, 2),
        "eyes_of_gaze": (2, eyes),
        "habit": (width["mouth"], width["mouth"]),
        "opening": (2,),
        "jaw": (KNOTS, 2),
    }
    fits = (
        dims.code == sum(width.values())
        and all(getattr(model, name).shape == shape for name, shape in wanted.items())
        and model.scale.centre.shape == model.scale.spread.shape == (dims.features,)
        and model.scale.mean.shape == model.scale.deviation.shape == (dims.motion,)
        and len(model.names) == dims.residual
    )
    if not fits:
        raise ValueError("sizes differ from the head's")
