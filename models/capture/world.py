"""What the world of a calibration means: its unit, where the head is, which way is up.

The ruler is the face itself: the iris is 11.7 mm wide in nearly everybody (standard deviation
0.5 mm; Rüfer, Schröder and Erb, "White-to-white corneal diameter", Cornea 2005), the middles of the
pupils are 63 mm apart in the mean adult (3.7 mm; Dodgson, "Variation and extrema of human
interpupillary distance", 2004).
"""

from dataclasses import dataclass

import numpy as np

IRIS = 0.0117
PUPILS = 0.063
IRIS_SHARE = 2 / 3
"""Weight of the iris against the pupils."""
IRIS_ENDS = ((469, 471), (474, 476))
"""Landmarks left and right of each iris; lids hide top and bottom."""
PUPIL_MIDDLES = (468, 473)
TOP, CHIN, LEFT_SIDE, RIGHT_SIDE = 10, 152, 454, 234
UNITS = {1.0: "metres", 0.01: "centimetres", 0.001: "millimetres", 0.0254: "inches"}
NEAR_UNIT = 0.15
"""A calibration that is this near to a usual unit is in it."""
NEAR_UNIT_OF_COLMAP = 0.06
"""COLMAP's scale is arbitrary; only somebody's scaling brings it this near to a unit."""


@dataclass(frozen=True)
class World:
    """A calibration's world.

    Attributes:
        scale: Metres in one of its units.
        unit: Name of the unit, '' where it is none that people use.
        pupils: Distance between the pupils in metres, once scaled.
        centre: (3,) middle of the head, its units.
        up: (3,) unit vector, from the chin to the forehead.
        left: (3,) unit vector to the person's left, across `up`.
    """

    scale: float
    unit: str
    pupils: float
    centre: np.ndarray
    up: np.ndarray
    left: np.ndarray

    @property
    def upright(self) -> np.ndarray:
        """Rotation (3, 3) from the calibration's axes to Blender's: X left, −Y front, Z up."""
        return np.stack([self.left, np.cross(self.up, self.left), self.up])


def measure_world(points: np.ndarray, scale_is_arbitrary: bool = False) -> World | None:
    """Measure a calibration's world by the landmarks of a face.

    Args:
        points: (frames, 478, 3) triangulated, NaN where unseen.
        scale_is_arbitrary: Whether the calibration's program knows no unit (COLMAP).

    Returns:
        None where the irises were seen in no frame.
    """
    iris = _median(np.stack([_distances(points, *ends) for ends in IRIS_ENDS]))
    pupils = _median(_distances(points, *PUPIL_MIDDLES))
    if iris is None or pupils is None:
        return None
    ruler = np.exp(IRIS_SHARE * np.log(IRIS / iris) + (1 - IRIS_SHARE) * np.log(PUPILS / pupils))
    limit = NEAR_UNIT_OF_COLMAP if scale_is_arbitrary else NEAR_UNIT
    unit = min(UNITS, key=lambda metres: abs(np.log(ruler / metres)))
    is_unit = abs(np.log(ruler / unit)) < limit
    scale = unit if is_unit else float(ruler)
    up = _unit(np.nanmean(points[:, TOP] - points[:, CHIN], 0))
    left = np.nanmean(points[:, LEFT_SIDE] - points[:, RIGHT_SIDE], 0)
    return World(
        scale=scale,
        unit=UNITS[unit] if is_unit else "",
        pupils=pupils * scale,
        centre=np.nanmean(points[:, [LEFT_SIDE, RIGHT_SIDE]], (0, 1)),
        up=up,
        left=_unit(left - (left @ up) * up),
    )


def _distances(points: np.ndarray, a: int, b: int) -> np.ndarray:
    return np.linalg.norm(points[:, a] - points[:, b], axis=-1)


def _median(values: np.ndarray) -> float | None:
    """Of what is known, None where nothing is."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) and np.median(known) > 0 else None


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)
