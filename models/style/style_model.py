"""The speech networks of a head, ready for use: styles by name, and their place in a head file."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..errors import HeadFileError, TextError
from ..head.codes import ExampleSet
from ..head.file import HeadFile
from ..speech.examples import spoken_takes
from ..speech.manner import NEUTRAL, StyleCurve
from .style_network import StyleDims, StyleNetworks
from .style_scale import StyleScale

PREFIX = "style."
"""Of the tensors' names in a head file."""
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
class StyleModel:
    """Networks, scale and styles of one head; always on the CPU, where short sequences are fastest.

    Attributes:
        networks: Trained, not changed any more.
        scale: How motion is normalised.
        space: What style vectors mean.
    """

    networks: StyleNetworks
    scale: StyleScale
    space: StyleSpace

    def tensors(self) -> dict[str, np.ndarray]:
        """For the head file; `read` reverses it. Weights have 16 bits."""
        packed = {
            f"{PREFIX}networks.{name}": value.detach().cpu().numpy().astype(np.float16)
            for name, value in self.networks.state_dict().items()
        }
        packed |= {f"{PREFIX}scale.{name}": getattr(self.scale, name) for name in _SCALE}
        packed |= {f"{PREFIX}{name}": getattr(self.space, name) for name in ("centre", "axes")}
        for name in ("presets", "takes"):
            packed[f"{PREFIX}{name}"] = np.stack(list(getattr(self.space, name).values()))
        return {
            name: value if value.dtype == np.float16 else np.asarray(value, np.float32)
            for name, value in packed.items()
        }

    def document(self) -> dict:
        """For head.json."""
        return {
            "dims": self.networks.dims.to_dict(),
            "axes": list(self.space.names),
            "presets": list(self.space.presets),
        }

    def stored(self, file: HeadFile) -> HeadFile:
        """The head file with these speech networks in place of any it had."""
        tensors = {k: v for k, v in file.tensors.items() if not k.startswith(PREFIX)}
        document = file.document | {"style": self.document()}
        return dataclasses.replace(file, document=document, tensors=tensors | self.tensors())

    @classmethod
    def read(cls, file: HeadFile, examples: ExampleSet) -> "StyleModel | None":
        """Rebuild from a head file's contents; None where it has no speech networks.

        Raises:
            HeadFileError: They do not fit each other.
        """
        document = file.document.get("style")
        if document is None:
            return None
        own = {k.removeprefix(PREFIX): v for k, v in file.tensors.items() if k.startswith(PREFIX)}
        try:
            dims = StyleDims.from_dict(document["dims"])
            networks = _networks(dims, own)
            scale = StyleScale(*(own[f"scale.{name}"] for name in _SCALE))
            takes = [take.name for take in spoken_takes(examples)]
            space = StyleSpace(
                tuple(str(name) for name in document["axes"]),
                own["centre"],
                own["axes"],
                _named([str(name) for name in document["presets"]], own["presets"]),
                _named(takes, own["takes"]),
            )
            _check(dims, scale, space, examples.codes.shape[1])
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise HeadFileError(f"The head's speech networks do not fit: {error}.") from error
        return cls(networks, scale, space)


def _networks(dims: StyleDims, own: Mapping[str, np.ndarray]) -> StyleNetworks:
    prefix = "networks."
    state = {
        name.removeprefix(prefix): torch.from_numpy(np.asarray(value, np.float32))
        for name, value in own.items()
        if name.startswith(prefix)
    }
    with torch.device("meta"):  # nothing is allocated before the shapes are known to fit
        networks = StyleNetworks(dims)
    networks.load_state_dict(state, assign=True)
    return networks.eval().requires_grad_(False)


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
