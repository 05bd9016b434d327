"""The takes of a head as code sequences with phones: the dynamic viseme database."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import HeadFileError
from ..mesh import REGION_NAMES
from ..speech.phones import Phones

_PHONE_ARRAYS = ("label", "start", "end", "stress", "word")


@dataclass(frozen=True)
class ExampleSet:
    """Takes one after the other.

    Attributes:
        codes: (N, Z) float32, regions in the order mouth, left_eye, right_eye, face.
        head_pose: (N, 6) float32 radians and metres.
        lip_gap: (N,) float32 metres beyond rest (`HeadMesh.lip_gap` of the decoded vertices).
        offsets: (T + 1,) int64: take t is rows offsets[t] to offsets[t + 1].
        fps: Frames per second.
        region_sizes: (4,) code elements of each region.
        names: (T,) of the takes.
        styles: (T,) 'neutral', 'happy', …, '' for none.
        kinds: (T,) 'motion', 'spoken' or 'generated'.
        splits: (T,) 'train' or 'held_out'.
        phones: (T,) of each take, seconds from the take's first frame.
    """

    codes: np.ndarray
    head_pose: np.ndarray
    lip_gap: np.ndarray
    offsets: np.ndarray
    fps: float
    region_sizes: tuple[int, ...]
    names: tuple[str, ...]
    styles: tuple[str, ...]
    kinds: tuple[str, ...]
    splits: tuple[str, ...]
    phones: tuple[Phones, ...]

    def __post_init__(self) -> None:
        count, takes = len(self.codes), len(self.names)
        lengths = {len(self.styles), len(self.kinds), len(self.splits), len(self.phones)}
        fits = (
            self.codes.ndim == 2
            and self.head_pose.shape == (count, 6)
            and self.lip_gap.shape == (count,)
            and self.offsets.shape == (takes + 1,)
            and self.offsets[0] == 0
            and self.offsets[-1] == count
            and (np.diff(self.offsets) >= 0).all()
            and lengths == {takes}
            and len(self.region_sizes) == len(REGION_NAMES)
            and sum(self.region_sizes) == self.codes.shape[1]
            and self.fps > 0
        )
        if not fits:
            raise HeadFileError("The head's example takes do not fit together: sizes are wrong.")

    def __len__(self) -> int:
        return len(self.names)

    def rows(self, take: int) -> slice:
        """Rows of a take in `codes`."""
        return slice(int(self.offsets[take]), int(self.offsets[take + 1]))

    def region(self, name: str) -> slice:
        """Code elements of a region."""
        place = REGION_NAMES.index(name)
        start = sum(self.region_sizes[:place])
        return slice(start, start + self.region_sizes[place])

    def subset(self, takes: np.ndarray) -> "ExampleSet":
        """Only the given takes (indices), in that order."""
        rows = [np.arange(self.offsets[t], self.offsets[t + 1]) for t in takes]
        lengths = [len(item) for item in rows]
        chosen = np.concatenate([*rows, np.zeros(0, int)]).astype(int)
        return ExampleSet(
            self.codes[chosen],
            self.head_pose[chosen],
            self.lip_gap[chosen],
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            self.fps,
            self.region_sizes,
            *(
                tuple(values[t] for t in takes)
                for values in (self.names, self.styles, self.kinds, self.splits, self.phones)
            ),
        )

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Plain arrays for an .npz, codes as 16-bit floats; `from_arrays` reverses it."""
        arrays = {
            "codes": self.codes.astype(np.float16),
            "head_pose": self.head_pose.astype(np.float32),
            "lip_gap": self.lip_gap.astype(np.float32),
            "offsets": self.offsets.astype(np.int64),
            "fps": np.float64(self.fps),
            "region_sizes": np.array(self.region_sizes, np.int32),
            "phone_offsets": _offsets([len(item) for item in self.phones]),
            "word_offsets": _offsets([len(item.words) for item in self.phones]),
            "words": np.array([w for item in self.phones for w in item.words], np.str_),
        }
        for name in ("names", "styles", "kinds", "splits"):
            arrays[name] = np.array(getattr(self, name), np.str_)
        empty = Phones.build([], [], [])
        for name in _PHONE_ARRAYS:
            parts = [getattr(item, name) for item in (empty, *self.phones)]
            arrays[f"phone_{name}"] = np.concatenate(parts)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "ExampleSet":
        """Rebuild from `to_arrays`.

        Raises:
            HeadFileError: An array is missing or does not fit the others.
        """
        try:
            texts = {
                name: tuple(str(item) for item in arrays[name])
                for name in ("names", "styles", "kinds", "splits")
            }
            return cls(
                codes=arrays["codes"].astype(np.float32),
                head_pose=arrays["head_pose"].astype(np.float32),
                lip_gap=arrays["lip_gap"].astype(np.float32),
                offsets=arrays["offsets"].astype(np.int64),
                fps=float(arrays["fps"]),
                region_sizes=tuple(int(item) for item in arrays["region_sizes"]),
                phones=_phones(arrays),
                **texts,
            )
        except (KeyError, ValueError, TypeError, IndexError) as error:
            raise HeadFileError(f"The head's example takes are incomplete: {error}.") from error


def _offsets(lengths: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _phones(arrays: Mapping[str, np.ndarray]) -> tuple[Phones, ...]:
    words = [str(word) for word in arrays["words"]]
    bounds, word_bounds = arrays["phone_offsets"], arrays["word_offsets"]
    columns = [arrays[f"phone_{name}"] for name in _PHONE_ARRAYS]
    return tuple(
        Phones(
            *(c[bounds[t] : bounds[t + 1]] for c in columns),
            words[word_bounds[t] : word_bounds[t + 1]],
        )
        for t in range(len(bounds) - 1)
    )
