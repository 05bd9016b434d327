"""A capture made ready: in metres and Blender's axes, cameras of one colour, well aimed."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..cameras import Camera
from ..files import read_arrays, write_arrays
from .colour import ColourMatch
from .folder import CaptureFolder

PREPARED = "prepared.npz"
NOTICEABLE = 0.05
"""Difference in colour below which a camera is left as it is: estimates are no better."""
NOTABLE = 0.3
"""Pixels by which a camera looks elsewhere that are worth a sentence; a tenth is nothing."""


@dataclass(frozen=True)
class Preparation:
    """What has to be done to a capture before it is used.

    Attributes:
        scale: Metres in a unit of the calibration.
        rotation: (3, 3) from the calibration's axes to Blender's.
        shift: (3,) metres, after the rotation.
        gains: (C, 3) of the cameras' linear light, in the capture's order.
        offsets: (C, 3).
        turns: (C, 3) rotation vectors about the cameras' own axes: what tracking found their
            calibration to be off by.
    """

    scale: float
    rotation: np.ndarray
    shift: np.ndarray
    gains: np.ndarray
    offsets: np.ndarray
    turns: np.ndarray

    @classmethod
    def none(cls, cameras: int) -> "Preparation":
        """For a capture that needs none."""
        nothing = np.zeros((cameras, 3))
        return cls(1.0, np.eye(3), np.zeros(3), np.ones((cameras, 3)), nothing, nothing)

    @classmethod
    def load(cls, path: Path) -> "Preparation":
        """Read what `save` wrote."""
        arrays = read_arrays(path)
        arrays.setdefault("turns", np.zeros_like(arrays["gains"]))  # made before cameras were aimed
        return cls(float(arrays.pop("scale")), **arrays)

    def save(self, path: Path) -> None:
        """Write to an .npz atomically."""
        write_arrays(path, **{name: np.asarray(value) for name, value in vars(self).items()})

    def open(self, folder: Path) -> CaptureFolder:
        """The capture, ready.

        Raises:
            CaptureError: As `CaptureFolder.open`.
        """
        capture = CaptureFolder.open(folder)
        pairs = zip(capture.cameras, self.turns, strict=True)
        cameras = tuple(self._placed(camera).turned(turn) for camera, turn in pairs)
        colours = {
            camera.name: ColourMatch(gain, offset)
            for camera, gain, offset in zip(cameras, self.gains, self.offsets, strict=True)
            if max(np.abs(gain - 1).max(), np.abs(offset).max()) > NOTICEABLE
        }
        return replace(capture, cameras=cameras, colours=colours)

    def to_calibration(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 3) in metres and Blender's axes, where the calibration has them."""
        return ((points - self.shift) @ self.rotation) / self.scale

    def from_calibration(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 3) of the calibration in metres and Blender's axes."""
        return self.scale * points @ self.rotation.T + self.shift

    def _placed(self, camera: Camera) -> Camera:
        camera = camera.scaled(self.scale)
        back = np.eye(4)
        back[:3, :3] = self.rotation.T
        back[:3, 3] = -self.rotation.T @ self.shift
        return replace(camera, world_to_camera=camera.world_to_camera @ back)


def prepared(capture: Path, performance: Path) -> CaptureFolder:
    """The capture as the performance in folder `performance` was tracked in it.

    Raises:
        CaptureError: As `CaptureFolder.open`.
    """
    path = Path(performance) / PREPARED
    return Preparation.load(path).open(capture) if path.exists() else CaptureFolder.open(capture)


def misaimed(capture: Path, performance: Path) -> list[str]:
    """A sentence for each camera that tracking found to look elsewhere than it should.

    Raises:
        CaptureError: As `CaptureFolder.open`.
    """
    path, cameras = Path(performance) / PREPARED, CaptureFolder.open(capture).cameras
    turns = Preparation.load(path).turns if path.exists() else np.zeros((len(cameras), 3))
    beside = [
        (camera.name, float(np.linalg.norm(turn) * camera.intrinsics[0, 0]))
        for camera, turn in zip(cameras, turns, strict=True)
    ]
    return [
        f"{name} looks {pixels:.1f} pixels beside where its calibration says, which is corrected; "
        "a new calibration would be better."
        for name, pixels in beside
        if pixels > NOTABLE
    ]
