"""Between ARKit's shape weights and a head's expression codes, and its place in a head file."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from ..errors import ArkitError
from ..head.part import HeadPart
from .kernel_map import KernelMap, fit_kernel_map
from .shapes import SHAPES

if TYPE_CHECKING:
    from ..head.inference import Head

MAPS = ("forward", "backward")
LEAST_SHAPES = 20
"""A face model that has fewer of ARKit's shapes does not speak its language."""
SHAPE_SPREAD = 0.15
"""A difference in a weight that shows."""
LEAST_SPREAD = 0.05
REST_SHARE = 0.02
"""Frames of the resting face that are added, so that no weights are no expression."""
_FIELDS = tuple(field.name for field in dataclasses.fields(KernelMap))


@dataclass(frozen=True)
class ArkitMap(HeadPart):
    """What a head does for each shape; eye angles say the same as the look shapes and are not used.

    Attributes:
        shapes: Those that the head has learnt, of `shapes.SHAPES`.
        forward: Their weights to codes.
        backward: Codes to their weights.
    """

    name = "arkit"
    misfit = "The head's map of face shapes does not fit"

    shapes: tuple[str, ...]
    forward: KernelMap
    backward: KernelMap

    def codes(self, weights: np.ndarray) -> np.ndarray:
        """Expression codes (T, Z) float32 of weights (T, 52), limited to 0…1."""
        return self.forward(np.clip(weights, 0, 1)[:, _places(self.shapes)])

    def weights(self, codes: np.ndarray) -> np.ndarray:
        """Weights (T, 52) float32 0…1 of codes (T, Z); shapes that were not learnt stay 0."""
        weights = np.zeros((len(codes), len(SHAPES)), np.float32)
        weights[:, _places(self.shapes)] = np.clip(self.backward(codes), 0, 1)
        return weights

    def tensors(self) -> dict[str, np.ndarray]:
        """Both maps."""
        return {
            f"{name}.{part}": getattr(getattr(self, name), part)
            for name in MAPS
            for part in _FIELDS
        }

    def document(self) -> dict:
        """Names of the shapes."""
        return {"shapes": list(self.shapes)}

    @classmethod
    def built(cls, document: dict, tensors: Mapping[str, np.ndarray], head: "Head") -> Self:
        """Reverse `tensors` and `document`; errors as of `HeadPart.built`."""
        shapes = tuple(str(name) for name in document["shapes"])
        if len(set(shapes)) != len(shapes) or not set(shapes) <= set(SHAPES):
            raise ValueError("it names other shapes than ARKit's")
        forward, backward = (
            KernelMap(*(tensors[f"{name}.{part}"] for part in _FIELDS)) for name in MAPS
        )
        forward.check(len(shapes), head.code_size)
        backward.check(head.code_size, len(shapes))
        return cls(shapes, forward, backward)


def speaks_arkit(names: Sequence[str]) -> bool:
    """Whether controls of these names hold enough of ARKit's shapes for `fit_arkit`."""
    return len(set(names) & set(SHAPES)) >= LEAST_SHAPES


def weights_of(controls: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Weights (T, 52) of controls (T, C) called `names`: 0 where ARKit's shape is none of them."""
    weights = np.zeros((len(controls), len(SHAPES)), np.float32)
    for place, shape in enumerate(SHAPES):
        if shape in names:
            weights[:, place] = controls[:, list(names).index(shape)]
    return weights


def fit_arkit(
    codes: np.ndarray, controls: np.ndarray, names: Sequence[str], seed: int = 0
) -> ArkitMap:
    """Learn the map from frames of training takes.

    Args:
        codes: (N, Z) expression codes.
        controls: (N, C) of the same frames.
        names: Of the controls; those that ARKit does not know are left out.
        seed: The same seed gives the same map.

    Raises:
        ArkitError: There are no frames, sizes differ, or too few controls are ARKit's shapes.
    """
    codes, controls = np.asarray(codes, np.float64), np.asarray(controls, np.float64)
    if not len(codes) or controls.shape != (len(codes), len(names)):
        raise ArkitError(
            f"{len(codes)} codes and {controls.shape} controls of {len(names)} names do not fit."
        )
    if not speaks_arkit(names):
        raise ArkitError(f"The face model has fewer than {LEAST_SHAPES} of ARKit's shapes.")
    shapes = tuple(shape for shape in SHAPES if shape in names)
    rest = int(np.ceil(REST_SHARE * len(codes)))
    weights = _with_rest(weights_of(controls, names)[:, _places(shapes)], rest)
    codes = _with_rest(codes, rest)
    rng = np.random.default_rng(seed)
    spread = np.full(len(shapes), SHAPE_SPREAD)
    return ArkitMap(
        shapes,
        fit_kernel_map(weights, codes, spread, rng),
        fit_kernel_map(codes, weights, codes.std(0) + LEAST_SPREAD, rng),
    )


def _with_rest(values: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate([np.zeros((count, values.shape[1])), values])


def _places(shapes: Sequence[str]) -> list[int]:
    return [SHAPES.index(shape) for shape in shapes]
