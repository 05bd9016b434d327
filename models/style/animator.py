"""Style-aware speech: phones and a style to animation parameters."""

import zlib
from collections.abc import Mapping

import numpy as np
import torch
from scipy.interpolate import PchipInterpolator
from torch import Tensor

from ..parameters import AnimationParameters, ease_at_ends
from ..phones import Phones
from ..progress import Progress, silent
from ..speech.manner import StyleCurve
from .frame_labels import FPS, frame_labels, padded_length
from .style_model import StyleModel
from .style_network import DOWN, conditions

CHUNK = 1800
"""Frames that the core network takes at a time."""
GLANCE = 0.07
"""Seconds in which the eyes leave rest and return to it."""
STYLE_JITTER = 0.12
"""How much another variation differs in style, in the style axes' deviations."""


class StyleAnimator:
    """A head's speech networks, ready to speak any line."""

    def __init__(self, model: StyleModel, regions: Mapping[str, slice]) -> None:
        """Prepare; `regions` say where each region's values are in a code."""
        self.model, self._regions = model, regions

    def animate(
        self,
        phones: Phones,
        fps: float = 30.0,
        seed: int = 0,
        style: StyleCurve | None = None,
        progress: Progress = silent,
    ) -> AnimationParameters:
        """Animation parameters of a line.

        Args:
            phones: The line, silences included.
            fps: Frames per second of the result.
            seed: The same seed gives the same performance; 0 is the plainest.
            style: Over the line; the average of the takes when None.
            progress: Told how far it is; may raise CancelledError.

        Raises:
            TextError: A style is unknown.
        """
        times = np.arange(padded_length(int(np.ceil(phones.seconds * FPS)) + 1)) / FPS
        space = self.model.space
        track = space.track(style, times) if style else np.zeros((len(times), len(space.names)))
        # The words count too: the same seed shall not let every line blink after the same time.
        rng = np.random.default_rng([seed, zlib.crc32(" ".join(phones.words).encode())])
        jitter = STYLE_JITTER * rng.standard_normal(track.shape[1]) * (seed != 0)
        encoded = space.encoded(track + jitter)
        labels = _row(frame_labels(phones, times))
        progress(0.1, "Mouth and face")
        motion = self._motion(labels, _row(encoded), rng, progress)
        out = np.arange(int(np.ceil(phones.seconds * fps)) + 1) / fps
        # Straight lines between 30 frames a second would show as corners at 60.
        motion = PchipInterpolator(times, motion, axis=0)(np.minimum(out, times[-1]))
        motion *= self._ease(phones, out)
        progress(1.0, "Spoken")
        return AnimationParameters(
            out, motion[:, :-6].astype(np.float32), motion[:, -6:].astype(np.float32)
        )

    def _ease(self, phones: Phones, times: np.ndarray) -> np.ndarray:
        """Share of the movement (T, Z + 6) at the line's ends; a blink there is kept whole."""
        ease = np.repeat(ease_at_ends(phones, times)[:, None], len(self.model.scale.mean), 1)
        for name in ("left_eye", "right_eye"):
            ease[:, self._regions[name]] = ease_at_ends(phones, times, GLANCE)[:, None]
        return ease

    def _motion(
        self, labels: Tensor, style: Tensor, rng: np.random.Generator, progress: Progress
    ) -> np.ndarray:
        """Codes and head pose (T, Z + 6) of labels (1, L, T) in a style (1, S, T)."""
        networks, scale, regions = self.model.networks, self.model.scale, self._regions
        with torch.inference_mode():
            raw = self.raw(labels, style)
            condition = conditions(labels)
            slow = torch.nn.functional.avg_pool1d(style, DOWN)
            progress(0.4, "Eyes and brows")
            eyes, latents = self._lively("eyes", condition, slow, rng)
            progress(0.7, "Head")
            condition = torch.cat([condition, latents], 1)
            head, _ = self._lively("head", condition, slow, rng)
        del networks
        normal = raw[0].T.numpy()
        normal[:, -6:] = head
        place = 0
        for name in ("left_eye", "right_eye"):
            size = regions[name].stop - regions[name].start
            normal[:, regions[name]] = eyes[:, place : place + size]
            place += size
        deviation = scale.deviation[:-6]
        mouth, face = regions["mouth"], regions["face"]
        followed = (normal[:, mouth] * deviation[mouth]) @ scale.follow / deviation[face]
        normal[:, face] = eyes[:, place:] + followed
        return scale.motion(normal)

    def raw(self, labels: Tensor, style: Tensor) -> Tensor:
        """The core network's normalised motion (1, Z + 6, T), in chunks that overlap by its reach.

        Every frame sees what it would see in one piece, so there is no seam.
        """
        core, frames = self.model.networks.core, labels.shape[2]
        if frames <= CHUNK:
            return core(labels, style)
        parts = []
        for start in range(0, frames, CHUNK):
            low, high = max(start - core.reach, 0), min(start + CHUNK + core.reach, frames)
            part = core(labels[..., low:high], style[..., low:high])
            parts.append(part[..., start - low : start - low + min(CHUNK, frames - start)])
        return torch.cat(parts, 2)

    def _lively(
        self, name: str, condition: Tensor, style: Tensor, rng: np.random.Generator
    ) -> tuple[np.ndarray, Tensor]:
        """Normalised signal (T, C) of a prior as it would go on here, and its latents (1, D, N)."""
        networks = self.model.networks
        prior, sampler = getattr(networks, name), getattr(networks, f"{name}_sampler")
        uniform = torch.from_numpy(rng.random((condition.shape[2], prior.latents)))
        latents = prior.value(sampler.sample(condition, style, uniform)).T[None].float()
        return prior.decode(latents, style)[0].T.numpy(), latents


def _row(values: np.ndarray) -> Tensor:
    """(T, C) as a batch of one (1, C, T)."""
    return torch.from_numpy(np.ascontiguousarray(values.T[None], np.float32))
