"""The speech networks of a head, ready for use: styles by name, and their place in a head file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from ..errors import TextError
from ..head.inference import Head
from ..head.part import HeadPart
from ..head.weights import packed_networks, unpacked_networks
from ..speech.examples import spoken_takes
from ..speech.manner import NEUTRAL, StyleCurve
from .style_network import StyleDims, StyleNetworks
from .style_scale import StyleScale

_SCALE = ("mean", "deviation", "follow", "lips")


@dataclass(frozen=True)
class StyleSpace:
    """What style vectors mean to a user.

    A style vector (A,) has its axes by how much they change the performance, each in standard
    deviations of the takes; zero is the average of the takes.

    Attributes:
        names: Of the axes: what + does.
        centre: (S,) the average take's encoder output.
        axes: (A, S), A at most S: encoder output = centre + vector @ axes.
        presets: Named style → (A,).
        takes: Name of a training take → (A,).
    """

    names: tuple[str, ...]
    centre: np.ndarray
    axes: np.ndarray
    presets: Mapping[str, np.ndarray]
    takes: Mapping[str, np.ndarray]

    def vector(self, name: str) -> np.ndarray:
        """(A,) of a named style or a take; '' is neutral, or the average where nothing is.

        Raises:
            TextError: There is neither.
        """
        if not name:
            return self.presets.get(NEUTRAL, np.zeros(len(self.names), np.float32))
        found = self.presets.get(name)
        found = self.takes.get(name) if found is None else found
        if found is None:
            raise TextError(
                f"There is no style or take {name!r}; styles: {', '.join(self.presets)}."
            )
        return found

    def track(self, curve: StyleCurve, times: np.ndarray) -> np.ndarray:
        """Style vectors (T, A) at `times` (T,).

        Raises:
            TextError: A name is unknown, or the offset has another size.
        """
        first = self.vector(curve.first)
        second = self.vector(curve.second) if curve.second else first
        mix = curve.mix_at(times)[:, None]
        offset = curve.offset_at(times)
        if offset.shape[1] not in (0, len(first)):
            raise TextError(f"A style's offset has {len(first)} numbers, not {offset.shape[1]}.")
        track = first * (1 - mix) + second * mix
        return track + offset if offset.shape[1] else track

    def encoded(self, vectors: np.ndarray) -> np.ndarray:
        """What the networks understand (..., S) of style vectors (..., A)."""
        return (vectors @ self.axes + self.centre).astype(np.float32)

    def vectors(self, encoded: np.ndarray) -> np.ndarray:
        """Style vectors (..., A) of encoder outputs (..., S); reverses `encoded`."""
        return ((encoded - self.centre) @ np.linalg.pinv(self.axes)).astype(np.float32)


@dataclass(frozen=True)
class StyleModel(HeadPart):
    """Networks, scale and styles of one head; always on the CPU, where short sequences are fastest.

    Attributes:
        networks: Trained, not changed any more.
        scale: How motion is normalised.
        space: What style vectors mean.
    """

    name = "style"
    misfit = "The head's speech networks do not fit"

    networks: StyleNetworks
    scale: StyleScale
    space: StyleSpace

    def tensors(self) -> dict[str, np.ndarray]:
        """Weights, scale, axes, and the vectors of named styles and takes."""
        packed = packed_networks(self.networks)
        packed |= {f"scale.{name}": getattr(self.scale, name) for name in _SCALE}
        packed |= {name: getattr(self.space, name) for name in ("centre", "axes")}
        for name in ("presets", "takes"):
            packed[name] = np.stack(list(getattr(self.space, name).values()))
        return packed

    def document(self) -> dict:
        """Sizes, and the names of axes and styles; takes are named by the head's examples."""
        return {
            "dims": self.networks.dims.to_dict(),
            "axes": list(self.space.names),
            "presets": list(self.space.presets),
        }

    @classmethod
    def built(cls, document: dict, tensors: Mapping[str, np.ndarray], head: Head) -> Self:
        """Reverse `tensors` and `document`; errors as of `HeadPart.built`."""
        dims = StyleDims.from_dict(document["dims"])
        takes = [take.name for take in spoken_takes(head.examples)]
        space = StyleSpace(
            tuple(str(name) for name in document["axes"]),
            tensors["centre"],
            tensors["axes"],
            _named([str(name) for name in document["presets"]], tensors["presets"]),
            _named(takes, tensors["takes"]),
        )
        networks = unpacked_networks(StyleNetworks, dims, tensors)
        model = cls(networks, StyleScale(*(tensors[f"scale.{name}"] for name in _SCALE)), space)
        _check(dims, model.scale, space, head.code_size)
        return model


def _named(names: Sequence[str], values: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(names, values, strict=True))


def _check(dims: StyleDims, scale: StyleScale, space: StyleSpace, code: int) -> None:
    """Raise ValueError unless all sizes fit."""
    size = (len(space.names),)
    fits = (
        dims.code == code
        and scale.mean.shape == scale.deviation.shape == (code + 6,)
        and scale.lips.shape[0] == code
        and 1 <= len(space.names) <= dims.style
        and space.centre.shape == (dims.style,)
        and space.axes.shape == (*size, dims.style)
        and all(value.shape == size for value in (*space.presets.values(), *space.takes.values()))
    )
    if not fits:
        raise ValueError("sizes differ from the head's")
