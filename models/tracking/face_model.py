"""The parametric head that every tracked person starts from.

Neutral = average + identity coefficients · components; a frame = neutral + unit weights · basis.
It is kept in one file (`data/README.md` tells what it is made of and how), so that tracking needs
no other package's assets.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..files import read_arrays, write_arrays
from ..mesh import REGION_NAMES, HeadMesh

PATH = Path(__file__).parent / "data" / "template.npz"


SIDES = ("upper", "lower")


@dataclass(frozen=True)
class LandmarkPoints:
    """Where a face landmarker's points lie on the template.

    Attributes:
        triangles: (P, 3) int32 template vertices.
        weights: (P, 3) their barycentric weights.
        slide: (6, P, 2) metres right and down in the picture, by `view_terms`.
        spread: (P,) metres by which a point scatters around that.
    """

    triangles: np.ndarray
    weights: np.ndarray
    slide: np.ndarray
    spread: np.ndarray

    def on(self, vertices: np.ndarray) -> np.ndarray:
        """The points (..., P, 3) on vertices (..., V, 3)."""
        return np.einsum("pk,...pkc->...pc", self.weights, vertices[..., self.triangles, :])


@dataclass(frozen=True)
class FaceModel:
    """The template and what is known of people in general.

    Attributes:
        mesh: Average neutral, topology, atlas, regions, face units.
        components: (K, V, 3) metres a standard deviation of identity.
        landmarks: The landmarker's points.
        rims: Of mouth and eyes: vertices of the upper and of the lower rim, right to left.
        face: (V,) bool, skin of the face: no ears, scalp, neck, nor what lies behind lips and lids.
    """

    mesh: HeadMesh
    components: np.ndarray
    landmarks: LandmarkPoints
    rims: dict[str, tuple[np.ndarray, np.ndarray]]
    face: np.ndarray

    def neutral(self, identity: np.ndarray) -> np.ndarray:
        """Neutral vertices (V, 3) of identity coefficients (K,)."""
        return self.mesh.vertices + np.tensordot(identity, self.components, 1)

    def save(self, path: Path = PATH) -> None:
        """Write to an .npz atomically."""
        packed, scale = _packed(self.components)
        write_arrays(
            path,
            components=packed,
            components_scale=scale,
            face=self.face,
            **{
                f"rims_{name}_{side}": chain
                for name, pair in self.rims.items()
                for side, chain in zip(SIDES, pair, strict=True)
            },
            **{f"landmarks_{name}": value for name, value in vars(self.landmarks).items()},
            **{f"mesh_{name}": value for name, value in self.mesh.arrays().items()},
        )

    @classmethod
    def load(cls, path: Path = PATH) -> "FaceModel":
        """Read what `save` wrote.

        Raises:
            CaptureError: The file does not fit together.
        """
        arrays = read_arrays(path)
        parts: dict[str, dict[str, np.ndarray]] = {"mesh": {}, "landmarks": {}}
        for key, value in arrays.items():
            kind, _, name = key.partition("_")
            if kind in parts:
                parts[kind][name] = value
        components = arrays["components"].astype(np.float32) * arrays["components_scale"]
        landmarks = LandmarkPoints(**parts["landmarks"])
        rims = {
            name: (arrays[f"rims_{name}_{SIDES[0]}"], arrays[f"rims_{name}_{SIDES[1]}"])
            for name in REGION_NAMES
            if name != "face"
        }
        mesh = HeadMesh.from_arrays(parts["mesh"])
        return cls(mesh, components, landmarks, rims, arrays["face"])


@functools.cache
def template() -> FaceModel:
    """The model that comes with the project."""
    return FaceModel.load()


def view_terms(direction: np.ndarray) -> np.ndarray:
    """Second-order terms (..., 6) of where a camera is, (..., 3) in the head's frame."""
    side = np.arctan2(direction[..., 0], -direction[..., 1])
    above = np.arcsin(np.clip(direction[..., 2], -1, 1))
    return np.stack([np.ones_like(side), side, above, side * side, side * above, above**2], -1)


def _packed(offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scale = np.abs(offsets).max((1, 2), keepdims=True) / 32767
    return np.round(offsets / scale).astype(np.int16), scale.astype(np.float32)
