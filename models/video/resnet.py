"""ResNet-50 features with the weights that users have from DECA or EMOCA; none come with us.

K. He et al., "Deep residual learning for image recognition", 2016; the stride is in the 3 × 3
convolution, as in the published weights. Those networks were trained on faces cut out as
`face_crop` does, values 0…1, not normalised any further.
"""

import hashlib
import pickle
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from ..device import choose_device
from ..errors import VideoError
from ..faces.finder import Face

NAME = "resnet50"
FEATURES, SIDE = 2048, 224
STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""Channels, blocks and first stride."""
EXPANSION = 4
FACE_POINTS = (
    *(127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288),
    *(361, 323, 454, 356, 70, 63, 105, 66, 107, 336, 296, 334, 293, 300),
)
"""Landmarks on jaw line and brows: the box of the usual 68, without the forehead."""
MARGIN = 1.1 * 1.25
PREFERRED = ("E_expression", "E_flame")
"""Which of several encoders in a file is taken: the one that was taught expressions."""
_LAST = "layer4.2.conv3.weight"
_SETTINGS = ("omegaconf", "pytorch_lightning", "lightning", "typing", "pathlib", "collections")
"""Modules whose objects published checkpoints hold beside the weights."""


class BottleneckBlock(nn.Module):
    """Three convolutions around a shortcut."""

    def __init__(self, inputs: int, channels: int, stride: int) -> None:
        super().__init__()
        outputs = EXPANSION * channels
        self.conv1 = nn.Conv2d(inputs, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, I, H, W) to (B, 4 C, H / stride, W / stride)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = relu(self.bn1(self.conv1(x)))
        x = relu(self.bn2(self.conv2(x)))
        return relu(self.bn3(self.conv3(x)) + shortcut)


class Trunk(nn.Module):
    """ResNet-50 without its classifier; parts are named as in published weights."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        inputs = 64
        for number, (channels, count, stride) in enumerate(STAGES, 1):
            widths = [inputs] + (count - 1) * [EXPANSION * channels]
            blocks = [
                BottleneckBlock(w, channels, 1 if i else stride) for i, w in enumerate(widths)
            ]
            setattr(self, f"layer{number}", nn.Sequential(*blocks))
            inputs = EXPANSION * channels

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) to features (B, 2048)."""
        x = max_pool2d(relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for number in range(1, len(STAGES) + 1):
            x = getattr(self, f"layer{number}")(x)
        return x.mean((2, 3))


class ResNet50:
    """Features of the face's picture; an `Extractor`."""

    size = FEATURES
    needs_picture = True
    parts = np.full(FEATURES, -1)
    mirror: tuple[np.ndarray, np.ndarray] | None = None

    def __init__(
        self, weights: Path | None = None, which: str = "", device: str | None = None
    ) -> None:
        """Remember where the weights are; they are read when they are needed.

        Args:
            weights: As for `load_checkpoint`.
            which: What `fingerprint` must say of them; '' for any.
            device: As for `choose_device`.
        """
        self._weights, self._which, self._device = weights, which, choose_device(device)

    @property
    def name(self) -> str:
        """With the weights' fingerprint: features of other weights mean something else.

        Raises:
            VideoError: As `describe`, where it is not known yet.
        """
        return f"{NAME}/{self._which or fingerprint(self._trunk)}"

    @cached_property
    def _trunk(self) -> Trunk:
        if self._weights is None:
            raise VideoError(
                "ResNet-50 features need the weights of DECA (deca_model.tar) or EMOCA: say where "
                "the file is, as Expression Weights in the extension's preferences or --weights."
            )
        trunk = load_checkpoint(Path(self._weights))
        if self._which and fingerprint(trunk) != self._which:
            raise VideoError(
                f"{Path(self._weights).name} holds other weights than those that the head was "
                "trained with."
            )
        return trunk.to(self._device)

    def describe(self, picture: np.ndarray | None, face: Face) -> np.ndarray:
        """(2048,) float32 of the face in a picture (H, W, 3) uint8 RGB.

        Raises:
            VideoError: There are no weights, not ResNet-50's, or not the right ones.
        """
        if picture is None:
            raise ValueError("the features need the picture")
        return self.descriptors(face_crop(picture, face)[None])[0]

    def opening(self, descriptors: np.ndarray) -> None:  # noqa: ARG002
        """Nothing in them tells how far the lips are apart."""
        return

    @torch.inference_mode()
    def descriptors(self, crops: np.ndarray) -> np.ndarray:
        """(B, 2048) float32 of crops (B, 224, 224, 3) uint8 RGB, all at once."""
        values = torch.from_numpy(crops).to(self._device).permute(0, 3, 1, 2).float() / 255
        return self._trunk(values).cpu().numpy()


def fingerprint(trunk: Trunk) -> str:
    """Twelve letters that tell weights from others."""
    digest = hashlib.sha256()
    for name in ("conv1.weight", _LAST, "layer4.2.bn3.weight"):
        digest.update(trunk.state_dict()[name].cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def face_crop(picture: np.ndarray, face: Face) -> np.ndarray:
    """The square around a face as DECA cuts it out, (224, 224, 3) uint8; black outside."""
    points = face.points[list(FACE_POINTS), :2]
    low, high = points.min(0), points.max(0)
    side = max(1, int(MARGIN * (high - low).mean()))
    scale = (SIDE - 1) / side
    shift = -scale * (0.5 * (low + high) - 0.5 * side)
    warp = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    return cv2.warpAffine(picture, warp, (SIDE, SIDE), flags=cv2.INTER_LINEAR)


def load_checkpoint(path: Path) -> Trunk:
    """The trunk with the weights in a file of DECA, EMOCA, or of a plain ResNet-50.

    Nothing in the file is run: only tensors and plain values are taken.

    Raises:
        VideoError: No such file, not a checkpoint, or without a ResNet-50.
    """
    path = Path(path)
    tensors = dict(_tensors(_read(path)))
    prefix = _encoder(tensors, path.name)
    with torch.device("meta"):
        trunk = Trunk()
    wanted = trunk.state_dict()
    weights = {}
    for name, like in wanted.items():
        if name.endswith("num_batches_tracked"):
            weights[name] = torch.zeros((), dtype=torch.long)
            continue
        found = tensors.get(prefix + name)
        if found is None:
            raise VideoError(f"{path.name} is no ResNet-50: it lacks {prefix}{name}.")
        if found.shape != like.shape:
            raise VideoError(
                f"{path.name} is no ResNet-50: {prefix}{name} is {tuple(found.shape)}, "
                f"not {tuple(like.shape)}."
            )
        weights[name] = found.float()
    if not all(torch.isfinite(weight).all() for weight in weights.values()):
        raise VideoError(f"{path.name} is damaged: some weights are not numbers.")
    trunk.load_state_dict(weights, assign=True)
    return trunk.eval().requires_grad_(False)


class _Setting(dict):
    """Stands for an object of a package that is not needed; does nothing."""

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__()


def _read(path: Path) -> object:
    if not path.is_file():
        raise VideoError(f"There is no file {path.name}.")
    try:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception:  # older files have no list to look through; damaged ones are refused below
        names = []
    settings: list = [(_Setting, name) for name in names if name.split(".")[0] in _SETTINGS]
    try:
        with torch.serialization.safe_globals(settings):
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        refused = "Unsupported" in str(error) or "GLOBAL" in str(error)
        reason = "it would run code" if refused else "it is not a checkpoint"
        raise VideoError(f"{path.name} cannot be read safely: {reason}.") from error
    except Exception as error:  # what is no pickle fails in any way while it is taken for one
        raise VideoError(f"{path.name} is not a checkpoint that can be read.") from error


def _tensors(value: object, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor in nested dictionaries, by its path."""
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _tensors(part, f"{name}.{key}" if name else str(key))


def _encoder(tensors: Mapping[str, Tensor], file: str) -> str:
    """What stands before the names of the encoder that is wanted."""
    found = [name.removesuffix(_LAST) for name in tensors if name.endswith(_LAST)]
    if not found:
        raise VideoError(f"{file} holds no ResNet-50.")
    ranks = [
        next((i for i, part in enumerate(PREFERRED) if part in name), len(PREFERRED))
        for name in found
    ]
    return found[int(np.argmin(ranks))]
