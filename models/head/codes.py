"""Expression codes: the slider space they live in, and the examples stored as codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..mesh import REGION_NAMES
from ..phones import Phones

STEP = 1 / 64
"""Stored examples are rounded to this part of a standard deviation."""
POSE_STEP = 1e-5
"""Stored head poses are rounded to this many radians or metres."""


@dataclass(frozen=True)
class Slider:
    """One element of the expression code.

    Attributes:
        name: "Mouth: Open"; unique in the head.
        region: One of `REGION_NAMES`.
        low: 1st percentile of the capture.
        high: 99th percentile of the capture.
    """

    name: str
    region: str
    low: float
    high: float


@dataclass(frozen=True)
class CodeSpace:
    """How slider values and the regions' latent vectors turn into each other.

    A code (Z,) is the regions' slider values one after another: 0 is the rest pose, 1 one standard
    deviation of the capture, and inside a region axes come by how much they change the face.

    Attributes:
        axes: For each region (Z_r, Z_r): latent = origin + value @ axes.
        origins: For each region (Z_r,) the latent of the rest pose.
        mirror: (Z, Z): the code of the mirrored face is code @ mirror.
        centre: (Z,) mean of the capture.
        spread: For each region (Z_r, Z_r): (value − centre) @ spread has length 1 at the capture's
            edge.
    """

    axes: tuple[np.ndarray, ...]
    origins: tuple[np.ndarray, ...]
    mirror: np.ndarray
    centre: np.ndarray
    spread: tuple[np.ndarray, ...]

    @property
    def slices(self) -> tuple[slice, ...]:
        """Where each region's values are in a code."""
        ends = np.cumsum([len(origin) for origin in self.origins]).tolist()
        return tuple(
            slice(end - len(origin), end) for origin, end in zip(self.origins, ends, strict=True)
        )

    def latents(self, codes: np.ndarray) -> list[np.ndarray]:
        """Each region's latent vectors (n, Z_r) of codes (n, Z)."""
        parts = zip(self.slices, self.axes, self.origins, strict=True)
        return [codes[:, place] @ axes + origin for place, axes, origin in parts]

    def codes(self, latents: Sequence[np.ndarray]) -> np.ndarray:
        """Codes (n, Z) of each region's latent vectors (n, Z_r); reverses `latents`."""
        parts = zip(latents, self.axes, self.origins, strict=True)
        values = [(latent - origin) @ np.linalg.inv(axes) for latent, axes, origin in parts]
        return np.concatenate(values, 1).astype(np.float32)

    def distance(self, codes: np.ndarray) -> np.ndarray:
        """How far codes (..., Z) are out, (...,): up to 1 inside the capture; the worst region."""
        offsets = np.asarray(codes, np.float32) - self.centre
        parts = zip(self.slices, self.spread, strict=True)
        lengths = [np.linalg.norm(offsets[..., place] @ spread, axis=-1) for place, spread in parts]
        return np.max(lengths, axis=0)

    def tensors(self) -> dict[str, np.ndarray]:
        """For the head file; `from_tensors` reverses it."""
        named = {"codes.mirror": self.mirror, "codes.centre": self.centre}
        for place, region in enumerate(REGION_NAMES):
            for name in ("axes", "origins", "spread"):
                named[f"codes.{region}.{name}"] = getattr(self, name)[place]
        return {name: np.asarray(value, np.float32) for name, value in named.items()}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, np.ndarray], sizes: Sequence[int]) -> "CodeSpace":
        """Rebuild for regions with codes of these sizes.

        Raises:
            ValueError: A tensor is missing or has another shape.
        """
        total = sum(sizes)
        shapes = {"codes.mirror": (total, total), "codes.centre": (total,)}
        for region, size in zip(REGION_NAMES, sizes, strict=True):
            shapes |= {f"codes.{region}.{name}": (size, size) for name in ("axes", "spread")}
            shapes[f"codes.{region}.origins"] = (size,)
        wrong = [n for n, shape in shapes.items() if n not in tensors or tensors[n].shape != shape]
        if wrong:
            raise ValueError(f"{wrong[0]} is missing or has another size")

        def each(name: str) -> tuple[np.ndarray, ...]:
            return tuple(tensors[f"codes.{region}.{name}"] for region in REGION_NAMES)

        return cls(
            axes=each("axes"),
            origins=each("origins"),
            mirror=tensors["codes.mirror"],
            centre=tensors["codes.centre"],
            spread=each("spread"),
        )


@dataclass(frozen=True)
class ExampleTake:
    """A take in the example database: frames `start` to `start + count` of it.

    Attributes:
        name: The take's name.
        kind: motion, spoken or generated.
        split: train or held_out.
        style: Acting style, '' when there is none.
        text: What is said.
        start: First frame in the database.
        count: Frames.
        phones: Times from the take's start.
    """

    name: str
    kind: str
    split: str
    style: str
    text: str
    start: int
    count: int
    phones: Phones


@dataclass(frozen=True)
class ExampleSet:
    """The captured takes as codes: the database of dynamic visemes.

    Attributes:
        codes: (N, Z) float32, all takes one after another.
        head_pose: (N, 6) float32 XYZ Euler radians, then metres.
        fps: Frames a second.
        takes: Where each take is.
    """

    codes: np.ndarray
    head_pose: np.ndarray
    fps: float
    takes: tuple[ExampleTake, ...] = field(default=())

    def take_codes(self, take: ExampleTake) -> np.ndarray:
        """(count, Z) of one of `takes`."""
        return self.codes[take.start : take.start + take.count]

    def take_head_pose(self, take: ExampleTake) -> np.ndarray:
        """(count, 6) of one of `takes`."""
        return self.head_pose[take.start : take.start + take.count]

    def arrays(self) -> dict[str, np.ndarray]:
        """For examples.npz: differences in time of rounded values, which compress well."""
        arrays = {
            "codes": _differences(self.codes, STEP, np.int16),
            "head_pose": _differences(self.head_pose, POSE_STEP, np.int32),
            "fps": np.array(self.fps),
            "count": np.array([take.count for take in self.takes], np.int32),
        }
        for name in ("name", "kind", "split", "style", "text"):
            arrays[name] = np.array([getattr(take, name) for take in self.takes], np.str_)
        phones = [take.phones.to_arrays() for take in self.takes]
        for name in phones[0] if phones else ():
            arrays[f"all/{name}"] = np.concatenate([item[name] for item in phones])
            arrays[f"lengths/{name}"] = np.array([len(item[name]) for item in phones], np.int32)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "ExampleSet":
        """Rebuild from `arrays`.

        Raises:
            KeyError, ValueError: Arrays are missing or do not fit each other.
        """
        codes = _sums(arrays["codes"], STEP)
        head_pose = _sums(arrays["head_pose"], POSE_STEP)
        counts = arrays["count"]
        starts = np.cumsum(counts) - counts
        if counts.sum() != len(codes) or head_pose.shape != (len(codes), 6):
            raise ValueError("the examples' takes and codes differ in length")
        phones = _split_phones(arrays, len(counts))
        names = ("name", "kind", "split", "style", "text")
        takes = [
            ExampleTake(
                **{n: str(arrays[n][i]) for n in names},
                start=int(starts[i]),
                count=int(counts[i]),
                phones=item,
            )
            for i, item in enumerate(phones)
        ]
        return cls(codes, head_pose, float(arrays["fps"]), tuple(takes))


def _differences(values: np.ndarray, step: float, kind: type) -> np.ndarray:
    limit = np.iinfo(kind).max // 2
    rounded = np.rint(values / step).clip(-limit, limit).astype(kind)
    return np.diff(rounded, axis=0, prepend=np.zeros_like(rounded[:1])).T.copy()


def _sums(differences: np.ndarray, step: float) -> np.ndarray:
    return (np.cumsum(differences.T, axis=0, dtype=np.int64) * step).astype(np.float32)


def _split_phones(arrays: Mapping[str, np.ndarray], count: int) -> list[Phones]:
    if not count:
        return []
    names = [key.removeprefix("all/") for key in arrays if key.startswith("all/")]
    pieces = {
        name: np.split(arrays[f"all/{name}"], np.cumsum(arrays[f"lengths/{name}"])[:-1])
        for name in names
    }
    return [Phones.from_arrays({name: pieces[name][i] for name in names}) for i in range(count)]
