"""Features of a face to a head's animation parameters: LSTM with a residual encoder.

After W. Paier et al., "Video-driven animation of neural head avatars" (VMV 2023).
"""

from dataclasses import asdict, dataclass, fields

import torch
from torch import Tensor, nn

from ..errors import HeadFileError

WINDOW = 16
"""Frames that a residual vector is encoded from."""
HOP = 8
"""Frames between residual vectors; in between they are interpolated."""
_LARGEST = 4096


@dataclass(frozen=True)
class VideoDims:
    """Sizes.

    Attributes:
        features: Numbers a frame that the network is shown.
        code: Z.
        residual: Numbers of a residual vector.
        width: Channels of the projected features.
        hidden: Channels of the LSTM, each way.
    """

    features: int
    code: int
    residual: int = 12
    width: int = 128
    hidden: int = 128

    @property
    def motion(self) -> int:
        """Codes and head pose."""
        return self.code + 6

    def to_dict(self) -> dict[str, int]:
        """For head.json."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "VideoDims":
        """Read from head.json.

        Raises:
            HeadFileError: A size is missing or absurd.
        """
        try:
            sizes = {item.name: int(values[item.name]) for item in fields(cls)}
        except (KeyError, TypeError, ValueError) as error:
            raise HeadFileError(f"The head's video network lacks a size: {error}.") from error
        if not all(0 < size <= _LARGEST for size in sizes.values()):
            raise HeadFileError("The head's video network has an impossible size.")
        return cls(**sizes)


class MotionNetwork(nn.Module):
    """Features and residual vectors of a sequence to its motion, looking both ways in time."""

    def __init__(self, dims: VideoDims, dropout: float = 0.0) -> None:
        super().__init__()
        self.enter = nn.Linear(dims.features, dims.width)
        self.residual = nn.Linear(dims.residual, dims.width, bias=False)
        self.direct = nn.Linear(dims.width, dims.motion)
        self.lstm = nn.LSTM(
            dims.width, dims.hidden, 2, batch_first=True, dropout=dropout, bidirectional=True
        )
        self.leave = nn.Linear(2 * dims.hidden, dims.motion)
        self.dropout = nn.Dropout(dropout)

    def forward(self, features: Tensor, residual: Tensor) -> Tensor:
        """Normalised motion (B, T, Z + 6) of features (B, T, F) and residuals (B, T, R)."""
        shown = self.enter(features) + self.residual(residual)
        context, _ = self.lstm(self.dropout(shown))
        return self.direct(shown) + self.leave(self.dropout(context))

    def start_at(self, weights: Tensor, constant: Tensor) -> None:
        """Become a linear map of the features; see `start_linear`."""
        start_linear(self.enter, self.direct, self.leave, weights, constant)


def start_linear(
    enter: nn.Linear, direct: nn.Linear, beside: nn.Linear, weights: Tensor, constant: Tensor
) -> None:
    """Make `direct(enter(x)) + beside(…)` a linear map, as nearly as its width allows.

    Args:
        enter: F to W.
        direct: W to M.
        beside: To M; what it makes of deeper layers is learnt from nothing.
        weights: (F, M) of the map.
        constant: (M,).
    """
    left, sizes, right = torch.linalg.svd(weights, full_matrices=False)
    rank = min(len(sizes), enter.out_features)
    root = sizes[:rank].sqrt()
    with torch.no_grad():
        enter.weight[:rank] = (left[:, :rank] * root).T
        enter.bias[:rank] = 0
        direct.weight.zero_()
        direct.weight[:, :rank] = right[:rank].T * root
        direct.bias.copy_(constant)
        beside.weight.zero_()
        beside.bias.zero_()


class ResidualEncoder(nn.Module):
    """1D CNN: one vector from a short window of true motion."""

    def __init__(self, dims: VideoDims, width: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(dims.motion, width, 5, stride=2, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(width, width, 5, stride=2, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(width, width, 5, stride=2, padding=2),
            nn.LeakyReLU(0.2),
        )
        self.leave = nn.Linear(2 * width, dims.residual)

    def forward(self, windows: Tensor) -> Tensor:
        """Residual vectors (n, R) of windows (n, `WINDOW`, Z + 6) of normalised motion."""
        seen = self.layers(windows.transpose(1, 2))
        return self.leave(torch.cat([seen.mean(2), seen.std(2, unbiased=False)], 1))

    def knots(self, motion: Tensor) -> Tensor:
        """Residual vectors (B, K, R) every `HOP` frames of motion (B, T, Z + 6), T ≥ `WINDOW`."""
        windows = motion.unfold(1, WINDOW, HOP).transpose(2, 3)
        return self(windows.flatten(0, 1)).unflatten(0, windows.shape[:2])


class VideoNetworks(nn.Module):
    """All networks of a head's video animation."""

    def __init__(self, dims: VideoDims, motion: nn.Module | None = None) -> None:
        super().__init__()
        self.dims = dims
        self.motion = motion or MotionNetwork(dims)
        self.encoder = ResidualEncoder(dims)


def between(knots: Tensor, frames: int) -> Tensor:
    """Residual vectors (B, `frames`, R) of knots (B, K, R) in the middles of their windows."""
    place = (torch.arange(frames) - (WINDOW - 1) / 2) / HOP
    place = place.clamp(0, knots.shape[1] - 1)
    low = place.floor().long().clamp(max=max(knots.shape[1] - 2, 0))
    share = (place - low)[None, :, None]
    high = (low + 1).clamp(max=knots.shape[1] - 1)
    return knots[:, low] * (1 - share) + knots[:, high] * share
