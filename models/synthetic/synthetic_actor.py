"""Synthetic actors: a head of the template's and what it looks like."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from ..mesh import HeadMesh
from ..template.shape import HeadShape, build_shape
from .traits import BUNDLED_TRAITS, Traits

IDENTITY = {
    "macrodetails/caucasian-male-young": 1.0,
    "macrodetails/universal-male-young-averagemuscle-averageweight": 1.0,
    "eyes/l-eye-height2-incr": 0.8,
    "eyes/r-eye-height2-incr": 0.8,
    "mouth/mouth-lowerlip-volume-incr": 0.4,
    "mouth/mouth-upperlip-volume-incr": 0.4,
}
"""The bundled actor: morph → weight."""


@dataclass(frozen=True)
class SyntheticActor(HeadShape):
    """A synthetic actor.

    Attributes:
        look: Skin, brows, colours.
    """

    traits: Traits = BUNDLED_TRAITS


@functools.cache
def bundled_actor() -> SyntheticActor:
    """The actor of the bundled head."""
    return build_actor(IDENTITY)


def build_template() -> HeadMesh:
    """The bundled actor's head mesh."""
    return bundled_actor().mesh


def build_actor(identity: Mapping[str, float], traits: Traits = BUNDLED_TRAITS) -> SyntheticActor:
    """Build an actor from identity morphs (name → weight)."""
    return SyntheticActor(**vars(build_shape(identity)), traits=traits)
