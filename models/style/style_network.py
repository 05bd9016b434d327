"""The networks: core animation network, style encoder, motion priors and their samplers.

After W. Paier et al., "Neural style-aware animation": a convolutional core network turns labels
into animation parameters, conditioned on a style vector that an encoder takes from a captured
sequence; two priors, sequence auto-encoders, turn the raw signal of eyes and of head pose into a
realistic one.

The priors quantise their latents (finite scalar quantisation, F. Mentzer et al. 2023), so that a
small autoregressive sampler can tell how a captured talker would go on blinking, looking and
nodding under this speech, in this style, where the core network alone only knows the average.
"""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .frame_labels import LABELS, RHYTHM

EYE_LATENTS = 8
HEAD_LATENTS = 6
LEVELS = 7
"""Of each of a prior's quantised latents."""
DOWN = 4
"""Frames of one latent of a prior."""


@dataclass(frozen=True)
class StyleDims:
    """Sizes of the networks.

    Attributes:
        code: Z, elements of the expression code.
        eyes: Elements of the eyes' signal: both eyes' codes and what the mouth does not explain of
            the face's.
        style: S, elements of a style vector.
        width: Channels of the core network.
        labels: Numbers for each frame.
    """

    code: int
    eyes: int
    style: int = 8
    width: int = 128
    labels: int = LABELS

    def to_dict(self) -> dict[str, int]:
        """For head.json."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "StyleDims":
        """Rebuild; ValueError or TypeError for impossible sizes."""
        dims = cls(**{key: int(value) for key, value in values.items()})
        if not all(0 < value <= 4096 for value in asdict(dims).values()) or dims.labels != LABELS:
            raise ValueError(f"the speech networks have impossible sizes: {dims}")
        return dims


class _ChannelNorm(nn.Module):
    """Layer normalisation over the channels of (B, C, T): frames stay independent."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.transpose(1, 2)).transpose(1, 2)


class _Block(nn.Module):
    """Residual convolution whose channels are scaled and shifted by the style (FiLM)."""

    def __init__(self, width: int, kernel: int, dilation: int, style: int, dropout: float) -> None:
        super().__init__()
        self.norm = _ChannelNorm(width)
        self.film = nn.Conv1d(style, 2 * width, 1)
        self.mix = nn.Conv1d(
            width, width, kernel, padding=dilation * (kernel // 2), dilation=dilation
        )
        self.out = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)
        for values in self.film.parameters():
            nn.init.zeros_(values)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        gain, shift = self.film(style).chunk(2, 1)
        y = self.norm(x) * (1 + gain) + shift
        return x + self.out(self.dropout(functional.gelu(self.mix(y))))


class CoreNetwork(nn.Module):
    """Labels and style of each frame to animation parameters, in deviations of the capture."""

    DILATIONS = (1, 2, 4, 8, 4, 2, 1)
    KERNEL = 5

    def __init__(self, dims: StyleDims, dropout: float) -> None:
        super().__init__()
        self.inlet = nn.Conv1d(dims.labels, dims.width, 1)
        self.blocks = nn.ModuleList(
            _Block(dims.width, self.KERNEL, dilation, dims.style, dropout)
            for dilation in self.DILATIONS
        )
        self.outlet = nn.Sequential(
            _ChannelNorm(dims.width), nn.GELU(), nn.Conv1d(dims.width, dims.code + 6, 1)
        )

    @property
    def reach(self) -> int:
        """Frames on each side that an output depends on."""
        return sum(self.DILATIONS) * (self.KERNEL // 2)

    def forward(self, labels: Tensor, style: Tensor) -> Tensor:
        """(B, Z + 6, T) of labels (B, L, T) and style (B, S, T)."""
        x = self.inlet(labels)
        for block in self.blocks:
            x = block(x, style)
        return self.outlet(x)


class StyleEncoder(nn.Module):
    """A sequence of animation parameters to the manner it was played in, whatever is said."""

    WIDTH = 96
    STRIDES = (2, 2, 1)

    def __init__(self, dims: StyleDims) -> None:
        super().__init__()
        channels = 2 * (dims.code + 6)
        self.layers = nn.ModuleList(
            nn.Conv1d(channels if i == 0 else self.WIDTH, self.WIDTH, 5, stride, padding=2)
            for i, stride in enumerate(self.STRIDES)
        )
        self.dropout = nn.Dropout(0.1)
        self.outlet = nn.Linear(2 * self.WIDTH, 2 * dims.style)

    def forward(self, motion: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance (B, S) of the style of motion (B, Z + 6, T), mask (B, 1, T)."""
        change = functional.pad(motion[..., 1:] - motion[..., :-1], (1, 0))
        x = torch.cat([motion, 4 * change], 1) * mask
        for layer, stride in zip(self.layers, self.STRIDES, strict=True):
            x = functional.gelu(layer(x))
            mask = mask[..., ::stride]
            x = self.dropout(x) * mask
        count = mask.sum(2).clamp_min(1)
        mean = x.sum(2) / count
        spread = (((x - mean[..., None]) * mask) ** 2).sum(2) / count
        mean, log_variance = self.outlet(torch.cat([mean, (spread + 1e-4).sqrt()], 1)).chunk(2, 1)
        return mean, log_variance.clamp(-8, 2)


class MotionPrior(nn.Module):
    """Sequence auto-encoder of one signal, with quantised latents, one for `DOWN` frames."""

    def __init__(self, channels: int, latents: int, levels: int, style: int, width: int) -> None:
        super().__init__()
        self.latents, self.levels = latents, levels
        self.encoder = nn.Sequential(
            nn.Conv1d(channels, width, 5, padding=2),
            nn.GELU(),
            nn.Conv1d(width, width, 4, 2, padding=1),
            nn.GELU(),
            nn.Conv1d(width, width, 4, 2, padding=1),
            nn.GELU(),
            nn.Conv1d(width, width, 3, padding=1),
            nn.GELU(),
            nn.Conv1d(width, latents, 1),
        )
        self.inlet = nn.Conv1d(latents, width, 3, padding=1)
        self.film = nn.Conv1d(style, 2 * width, 1)
        self.decoder = nn.Sequential(
            nn.GELU(),
            nn.ConvTranspose1d(width, width, 4, 2, padding=1),
            nn.GELU(),
            nn.ConvTranspose1d(width, width, 4, 2, padding=1),
            nn.GELU(),
            nn.Conv1d(width, width, 5, padding=2),
            nn.GELU(),
            nn.Conv1d(width, channels, 5, padding=2),
        )

    def encode(self, signal: Tensor) -> Tensor:
        """Quantised latents (B, D, T / DOWN), −1…1 in even steps, of a signal (B, C, T)."""
        half = (self.levels - 1) / 2
        bounded = torch.tanh(self.encoder(signal)) * half
        offset = 0.0 if self.levels % 2 else 0.5
        rounded = torch.round(bounded - offset) + offset
        rounded = rounded.clamp(-half, half)
        return (bounded + (rounded - bounded).detach()) / half

    def decode(self, latents: Tensor, style: Tensor) -> Tensor:
        """Signal (B, C, T) of latents (B, D, T / DOWN) in a style (B, S, T / DOWN)."""
        gain, shift = self.film(style).chunk(2, 1)
        return self.decoder(self.inlet(latents) * (1 + gain) + shift)

    def index(self, latents: Tensor) -> Tensor:
        """Number of each latent's level, 0…levels − 1."""
        half = (self.levels - 1) / 2
        return torch.round(latents * half + half).long()

    def value(self, index: Tensor) -> Tensor:
        """Latents of level numbers; reverses `index`."""
        half = (self.levels - 1) / 2
        return (index - half) / half


class Sampler(nn.Module):
    """How the next latent follows from those before it, from speech and style.

    It sees a short past only (`MEMORY` latents): two runs with the same random numbers under
    slightly different styles then soon agree again, so moving a style slider does not throw a
    line's blinks and glances about.
    """

    MEMORY = 16
    WIDTH = 96
    NARROW = 24
    DROPOUT = 0.3

    def __init__(self, latents: int, levels: int, condition: int, style: int) -> None:
        super().__init__()
        self.latents, self.levels = latents, levels
        self.speech = nn.Sequential(
            nn.Conv1d(condition + style, self.WIDTH, 7, padding=3),
            nn.GELU(),
            nn.Dropout(self.DROPOUT),
            nn.Conv1d(self.WIDTH, self.WIDTH, 1),
        )
        self.past = nn.Linear(self.MEMORY * (latents + 1), self.WIDTH)
        self.body = nn.Sequential(
            nn.GELU(), nn.Dropout(self.DROPOUT), nn.Linear(self.WIDTH, self.WIDTH), nn.GELU()
        )
        # The latents of one moment are drawn one after the other, each knowing those before it.
        self.known = nn.Linear(latents, latents * self.NARROW, bias=False)
        self.hidden = nn.Linear(self.WIDTH, latents * self.NARROW)
        self.heads = nn.Parameter(0.05 * torch.randn(latents, self.NARROW, levels))

    def _known(self) -> Tensor:
        """(D · NARROW, D) weights of the latents of one moment, only of those drawn before."""
        order = torch.arange(self.latents)
        earlier = (order[None] < order[:, None]).to(self.known.weight)
        return self.known.weight * earlier.repeat_interleave(self.NARROW, 0)

    def window(self, latents: Tensor) -> Tensor:
        """The past of each moment (B, N, MEMORY · (D + 1)) of latents (B, D, N)."""
        present = torch.ones_like(latents[:, :1])
        past = functional.pad(torch.cat([latents, present], 1), (self.MEMORY, 0))[..., :-1]
        return past.unfold(2, self.MEMORY, 1).permute(0, 2, 3, 1).flatten(2)

    def logits(self, speech: Tensor, window: Tensor, now: Tensor) -> Tensor:
        """(…, D, levels) of speech features (…, W), past (…, MEMORY · (D + 1)), latents (…, D)."""
        hidden = self.hidden(self.body(speech + self.past(window)))
        known = functional.linear(now, self._known())
        mixed = functional.gelu(hidden + known).unflatten(-1, (self.latents, self.NARROW))
        return torch.einsum("...dk,dkl->...dl", mixed, self.heads)

    def features(self, condition: Tensor, style: Tensor) -> Tensor:
        """What the speech tells (B, N, W): of condition (B, K, N) and style (B, S, N)."""
        return self.speech(torch.cat([condition, style], 1)).transpose(1, 2)

    def forward(self, latents: Tensor, condition: Tensor, style: Tensor) -> Tensor:
        """Logits (B, N, D, levels) of each latent given those before it."""
        speech = self.features(condition, style)
        return self.logits(speech, self.window(latents), latents.transpose(1, 2))

    @torch.inference_mode()
    def sample(self, condition: Tensor, style: Tensor, uniform: Tensor) -> Tensor:
        """Level numbers (N, D) for one line: condition (1, K, N), style (1, S, N), uniform (N, D).

        Levels are drawn by inverting the cumulative distribution at `uniform`: the same numbers and
        a similar style give a similar line.
        """
        speech = self.features(condition, style)[0]
        half = (self.levels - 1) / 2
        window = torch.zeros(self.MEMORY, self.latents + 1)
        chosen = torch.zeros(len(speech), self.latents, dtype=torch.long)
        known = self._known().unflatten(0, (self.latents, self.NARROW))
        for moment in range(len(speech)):
            hidden = self.hidden(self.body(speech[moment] + self.past(window.flatten())))
            hidden = hidden.unflatten(0, (self.latents, self.NARROW))
            now = torch.zeros(self.latents)
            for place in range(self.latents):
                logits = functional.gelu(hidden[place] + known[place] @ now) @ self.heads[place]
                total = torch.softmax(logits, 0).cumsum(0)
                level = int((total < uniform[moment, place] * total[-1]).sum())
                level = min(level, self.levels - 1)
                chosen[moment, place] = level
                now[place] = (level - half) / half
            window = torch.cat([window[1:], torch.cat([now, torch.ones(1)])[None]])
        return chosen


class StyleNetworks(nn.Module):
    """All networks of a head's speech, and how its motion is normalised."""

    def __init__(self, dims: StyleDims, dropout: float = 0.0) -> None:
        super().__init__()
        self.dims = dims
        self.core = CoreNetwork(dims, dropout)
        self.encoder = StyleEncoder(dims)
        self.eyes = MotionPrior(dims.eyes, EYE_LATENTS, LEVELS, dims.style, 96)
        self.head = MotionPrior(6, HEAD_LATENTS, LEVELS, dims.style, 64)
        self.eyes_sampler = Sampler(EYE_LATENTS, LEVELS, len(RHYTHM), dims.style)
        self.head_sampler = Sampler(HEAD_LATENTS, LEVELS, len(RHYTHM) + EYE_LATENTS, dims.style)


def conditions(labels: Tensor) -> Tensor:
    """What the samplers know of speech (B, R, T / DOWN): its rhythm.

    Were they told what is said, they would learn the takes by heart, and a new text would find them
    worse than chance.
    """
    return functional.avg_pool1d(labels[:, RHYTHM], DOWN)
