"""A space of faces: principal components of random people made of MakeHuman's identity morphs."""

import re
from collections.abc import Iterator

import numpy as np

from .basemesh import data_directory, load_base_mesh, load_morph
from .shape import HeadShape, build_shape, mesh_vertices

FOLDERS = (
    *("head", "forehead", "cheek", "chin", "ears", "eyes", "mouth", "nose", "neck", "eyebrows"),
    "asym",
)
PEOPLES, SEXES, AGES = ("african", "asian", "caucasian"), ("female", "male"), ("young", "old")
BUILDS = ("min", "average", "max")
OPPOSITES = (
    *(("incr", "decr"), ("up", "down"), ("in", "out"), ("forward", "backward")),
    *(("convex", "concave"), ("uncompress", "compress")),
)
DETAIL = 0.25
"""Spread of the weights of single morphs."""
ONE_SIDED = 0.3
"""Share of that in which left and right differ."""
EYE_OPENING = 0.4
"""The base mesh's lids are half closed: how far people's eyes open beyond it (l-eye-height2)."""
SIZE = 0.04
"""Spread of the size of heads."""
PEOPLE = 1500
COMPONENTS = 100
FACE_WEIGHT = 3.0
"""How much more the front of the head counts in the components."""


def average_shape() -> HeadShape:
    """The middle of all people, whose topology, atlas and regions every tracked head has."""
    return build_shape(_identity(None))


def components(shape: HeadShape, front: np.ndarray, seed: int = 0) -> np.ndarray:
    """Principal components of people's neutral faces.

    Args:
        shape: The average.
        front: (V,) bool, vertices of the face.
        seed: Of the random people.

    Returns:
        (K, V, 3) metres: one standard deviation each, the largest first.
    """
    random, mean = np.random.default_rng(seed), shape.mesh.vertices.astype(np.float64)
    weights = np.where(front, FACE_WEIGHT, 1.0)[:, None]
    samples = np.stack(
        [aligned(person, mean, front) - mean for person in people(shape, PEOPLE, random)]
    )
    flat = (samples * weights).reshape(len(samples), -1)
    _, values, axes = np.linalg.svd(flat - flat.mean(0), full_matrices=False)
    axes = axes[:COMPONENTS] * values[:COMPONENTS, None] / np.sqrt(len(samples))
    return (axes.reshape(-1, *mean.shape) / weights).astype(np.float32)


def people(shape: HeadShape, count: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Neutral vertices (V, 3) of random people, metres."""
    base = load_base_mesh().vertices
    names = sorted({name for _ in range(20) for name in _identity(random)})
    morphs = {name: load_morph(name).astype(np.float32) for name in names}
    for _ in range(count):
        offsets = sum(w * morphs[name] for name, w in _identity(random).items() if name in morphs)
        yield mesh_vertices(shape, (base + offsets) * (1 + SIZE * random.standard_normal()))


def aligned(vertices: np.ndarray, target: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """`vertices` (V, 3) moved rigidly so that those `chosen` (V,) lie on `target` (Kabsch)."""
    here, there = vertices[chosen], target[chosen]
    left, _, right = np.linalg.svd((there - there.mean(0)).T @ (here - here.mean(0)))
    rotation = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
    return (vertices - here.mean(0)) @ rotation.T + there.mean(0)


def _identity(random: np.random.Generator | None) -> dict[str, float]:
    """Morph → weight of a random person; of the average person without chance."""
    identity = _macro(random)
    for side in ("l", "r"):
        identity[f"eyes/{side}-eye-height2-incr"] = EYE_OPENING
    if random is None:
        return identity
    for stem, (more, less) in _details().items():
        common = random.standard_normal()
        for side in ("l-", "r-") if stem.split("/")[1].startswith("l-") else ("",):
            own = random.standard_normal()
            value = DETAIL * (np.sqrt(1 - ONE_SIDED**2) * common + ONE_SIDED * own)
            up, down = (name.replace("/l-", f"/{side}") for name in (more, less))
            if value > 0 or less == more:
                identity[up] = identity.get(up, 0.0) + abs(value)
            else:
                identity[down] = identity.get(down, 0.0) - value
    return identity


def _macro(random: np.random.Generator | None) -> dict[str, float]:
    """Sex, age, people and build, mixed."""
    if random is None:
        people, sex, age = np.full(3, 1 / 3), 0.5, 0.3
        muscle = weight = np.array([0, 1, 0.0])
    else:
        people, sex, age = random.dirichlet([0.5] * 3), random.beta(0.4, 0.4), random.beta(0.7, 1.2)
        muscle, weight = (_build(random.normal(0, 0.5)) for _ in "mw")
    sexes, ages = (1 - sex, sex), (1 - age, age)
    identity = {}
    for s, of_sex in zip(SEXES, sexes, strict=True):
        for a, of_age in zip(AGES, ages, strict=True):
            for p, of_people in zip(PEOPLES, people, strict=True):
                identity[f"macrodetails/{p}-{s}-{a}"] = of_sex * of_age * of_people
            for m, of_muscle in zip(BUILDS, muscle, strict=True):
                for w, of_weight in zip(BUILDS, weight, strict=True):
                    share = of_sex * of_age * of_muscle * of_weight
                    identity[f"macrodetails/universal-{s}-{a}-{m}muscle-{w}weight"] = share
    return {name: float(value) for name, value in identity.items() if value > 1e-4}


def _build(value: float) -> np.ndarray:
    """Shares of min, average and max for a value −1…1."""
    value = float(np.clip(value, -1, 1))
    return np.array([max(-value, 0), 1 - abs(value), max(value, 0)])


def _details() -> dict[str, tuple[str, str]]:
    """Stem → the morph and its opposite (itself where it has none); left ones stand for both."""
    found = {}
    folder = data_directory() / "mpfb2/targets"
    names = [
        f"{f}/{path.name.split('.')[0]}" for f in FOLDERS for path in (folder / f).glob("*.t*")
    ]
    for name in sorted(names):
        if "/r-" in name or name.startswith("asym/asymm"):
            continue
        for more, less in OPPOSITES:
            if re.search(rf"-{less}$", name):
                break
            if re.search(rf"-{more}$", name):
                found[name.removesuffix(f"-{more}")] = (name, name.removesuffix(more) + less)
                break
        else:
            found[name] = (name, name)
    known = set(names)
    return {stem: pair for stem, pair in found.items() if set(pair) <= known}
