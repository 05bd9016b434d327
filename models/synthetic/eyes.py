"""Eyeballs: spheres that turn with the gaze, shadowed by the lids, with a catch-light."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..nearest import tree_of
from ..render.drawables import Drawable
from ..template.controls import CONTROL_INDEX
from .assets import load_image
from .lighting import HALF, shade
from .synthetic_actor import SyntheticActor
from .traits import Traits

PHOTO = "eyes/grey_eye.png"
PHOTO_CENTRE, PHOTO_IRIS, PHOTO_BALL = (0.2935, 0.7005), 0.1145, 0.27
"""Where the photo shows an eye: column and row of its middle, radii, shares of the side."""
IRIS_RADIUS = 0.0057
LOOK_OUT, LOOK_IN, LOOK_UP, LOOK_DOWN = 30.0, 30.0, 25.0, 30.0
"""Degrees the eyeball turns when a look control is 1."""
REACH = np.radians(78)
"""The sphere is drawn this far from the optical axis."""
RINGS, SECTORS = 44, 64
TEXTURE = 512
CORNEA_HALF = HALF * [0.6, 1.0, 0.45]
"""The cornea bulges, so its highlight sits nearer to the axis than that of a sphere."""
UPPER_SHADOW, LOWER_SHADOW = 0.0034, 0.0014
SCLERA = np.array([1.0, 0.97, 0.945])


def gaze_angles(controls: np.ndarray) -> np.ndarray:
    """Yaw (to the actor's left) and pitch (up) of left and right eye, (2, 2) degrees."""

    def value(name: str) -> float:
        return float(controls[CONTROL_INDEX[name]])

    angles = []
    for side, outward in (("Left", 1.0), ("Right", -1.0)):
        turn = LOOK_OUT * value(f"eyeLookOut{side}") - LOOK_IN * value(f"eyeLookIn{side}")
        lift = LOOK_UP * value(f"eyeLookUp{side}") - LOOK_DOWN * value(f"eyeLookDown{side}")
        angles.append([outward * turn, lift])
    return np.array(angles)


def gaze_rotation(yaw: float, pitch: float) -> np.ndarray:
    """Rotation (3, 3) that turns -Y towards the actor's left by `yaw` and up by `pitch` degrees."""
    a, b = np.radians([yaw, pitch])
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    lift = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    return turn @ lift


@dataclass(frozen=True)
class _Cap:
    """Part of a unit sphere around -Y."""

    points: np.ndarray
    faces: np.ndarray
    uvs: np.ndarray


def spherical_cap(reach: float, rings: int, sectors: int) -> _Cap:
    """A cap of `reach` radians around -Y; UVs are polar, the axis in the middle."""
    angle = np.linspace(0, reach, rings + 1)[1:, None]
    turn = np.arange(sectors)[None] * 2 * np.pi / sectors
    ring = np.stack(
        np.broadcast_arrays(
            np.sin(angle) * np.cos(turn), -np.cos(angle), np.sin(angle) * np.sin(turn)
        ),
        -1,
    )
    points = np.concatenate([[[0.0, -1.0, 0.0]], ring.reshape(-1, 3)])
    flat = np.stack(
        np.broadcast_arrays(angle / reach * np.cos(turn), angle / reach * np.sin(turn)), -1
    )
    uvs = 0.5 + 0.495 * np.concatenate([[[0.0, 0.0]], flat.reshape(-1, 2)])
    grid = 1 + np.arange(rings * sectors).reshape(rings, sectors)
    following = np.roll(grid, -1, axis=1)
    fan = np.stack([np.zeros(sectors, int), grid[0], following[0]], -1)
    a, b, c, d = grid[:-1], grid[1:], following[1:], following[:-1]
    bands = np.stack([a, b, c, a, c, d], -1).reshape(-1, 3)
    return _Cap(points, np.concatenate([fan, bands]).astype(np.int32), uvs.astype(np.float32))


class Eyes:
    """Both eyeballs of an actor."""

    def __init__(self, actor: SyntheticActor, data: Path | None) -> None:
        """Make the eye texture from the photo in `data`, or a painted one when None."""
        self._actor = actor
        self._cap = spherical_cap(REACH, RINGS, SECTORS)
        self._spark = spherical_cap(0.14, 6, 24)
        self._spark_image = _spark_image()
        self._image = eye_image(actor.eye_radius, actor.traits, data)

    def drawables(self, vertices: np.ndarray, controls: np.ndarray) -> list[Drawable]:
        """Eyeballs and catch-lights for head vertices (V, 3), head at rest."""
        drawables = []
        for number, patch in enumerate(self._actor.patches[1:]):
            centre = self._actor.eye_centres[number]
            rotation = gaze_rotation(*gaze_angles(controls)[number])
            normals = self._cap.points @ rotation.T
            points = centre + self._actor.eye_radius * normals
            upper, lower = (_dense(vertices[chain]) for chain in (patch.upper, patch.lower))
            drawables.append(
                Drawable(
                    patch.name,
                    points.astype(np.float32),
                    self._cap.faces,
                    self._cap.uvs,
                    self._image,
                    _lid_shadow(points, normals, upper, lower),
                )
            )
            spark = self._spark.points @ _towards(CORNEA_HALF).T
            drawables.append(
                Drawable(
                    f"{patch.name}_spark",
                    (centre + 1.004 * self._actor.eye_radius * spark).astype(np.float32),
                    self._spark.faces,
                    self._spark.uvs,
                    self._spark_image,
                    blended=True,
                )
            )
        return drawables


def _lid_shadow(
    points: np.ndarray, normals: np.ndarray, upper: np.ndarray, lower: np.ndarray
) -> np.ndarray:
    """Light (n, 3) on the eyeball: soft shadow of the upper lid, pink moisture at the lower."""
    above = tree_of(upper).query(points)[0]
    below = tree_of(lower).query(points)[0]
    light = shade(normals, np.full(len(points), 0.92))
    shadow = 1 - 0.62 * np.exp(-above / UPPER_SHADOW) - 0.30 * np.exp(-below / LOWER_SHADOW)
    corner = np.exp(-(above + below) / 0.0030)[:, None]
    pink = 1 - corner * np.array([0.15, 0.50, 0.45])
    moist = 1 - np.exp(-np.minimum(above, below) / 0.0006)[:, None] * np.array([0.1, 0.45, 0.42])
    return (light * np.clip(shadow, 0.12, 1)[:, None] * pink * moist).astype(np.float32)


def _dense(chain: np.ndarray) -> np.ndarray:
    steps = np.linspace(0, len(chain) - 1, 4 * len(chain))
    return np.stack([np.interp(steps, np.arange(len(chain)), axis) for axis in chain.T], -1)


def _towards(direction: np.ndarray) -> np.ndarray:
    """Rotation that carries -Y to `direction`."""
    direction = direction / np.linalg.norm(direction)
    yaw = np.degrees(np.arctan2(direction[0], -direction[1]))
    return gaze_rotation(yaw, np.degrees(np.arcsin(direction[2])))


def eye_image(radius: float, traits: Traits, data: Path | None) -> np.ndarray:
    """Polar picture (512, 512, 4) uint8 of the eyeball, the optical axis in the middle."""
    axis = (np.arange(TEXTURE) + 0.5) / TEXTURE * 2 - 1
    x, y = np.meshgrid(axis / 0.99, axis / 0.99)
    angle = np.hypot(x, y) * REACH
    iris = angle / (IRIS_RADIUS / radius)
    turn = np.arctan2(y, x)
    grey = _photo_grey(iris, angle, turn, data) if data else _painted_grey(iris, turn)
    inner = np.clip(1.35 - 1.3 * iris, 0, 1)[..., None]
    tint = (np.array(traits.iris_inner) * inner + np.array(traits.iris_outer) * (1 - inner)) * 1.45
    inside = np.clip((1.02 - iris) / 0.09, 0, 1)[..., None]
    limbus = 1 - 0.55 * np.exp(-(((iris - 1.0) / 0.11) ** 2))[..., None]
    pupil = np.clip((iris - 0.34) / 0.06, 0.0, 1)[..., None]
    pupil = 0.03 + 0.97 * pupil
    stroma = np.clip(1.25 * (grey.mean(-1, keepdims=True) - 0.5) + 0.62, 0.05, 1) * tint * pupil
    sclera = grey * SCLERA * (1 - 0.14 * np.clip(angle - 0.5, 0, 1)[..., None] * [0.4, 1, 1])
    colour = np.clip((stroma * inside + sclera * (1 - inside)) * limbus, 0, 1)
    opaque = np.ones((TEXTURE, TEXTURE, 1))
    return (np.concatenate([colour, opaque], -1) * 255 + 0.5).astype(np.uint8)


def _photo_grey(iris: np.ndarray, angle: np.ndarray, turn: np.ndarray, data: Path) -> np.ndarray:
    """The photo, its iris evened to a mean of one half, resampled to the polar picture."""
    photo = load_image(data / PHOTO)[..., :3].astype(np.float32) / 255
    side = photo.shape[0]
    outside = (angle - angle[iris <= 1].max()) / (REACH - angle[iris <= 1].max())
    radius = np.where(
        iris <= 1,
        iris * PHOTO_IRIS,
        PHOTO_IRIS + np.clip(outside, 0, 1) * (PHOTO_BALL - PHOTO_IRIS),
    )
    columns = (PHOTO_CENTRE[0] + radius * np.cos(turn)) * side
    rows = (PHOTO_CENTRE[1] + radius * np.sin(turn)) * side
    sampled = cv2.remap(photo, columns.astype("f4"), rows.astype("f4"), cv2.INTER_CUBIC)
    ring = (iris > 0.4) & (iris < 0.9)
    sampled[iris <= 1] += 0.5 - sampled[ring].mean()
    return np.clip(sampled, 0, 1)


def _painted_grey(iris: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Radial fibres and a plain white, for want of a photo."""
    fibres = sum(
        np.cos(count * turn + phase + 0.6 * np.sin(3 * iris)) / rank
        for rank, (count, phase) in enumerate([(37, 0.3), (61, 1.1), (89, 2.0)], start=1)
    )
    grey = np.where(iris <= 1, 0.5 + 0.13 * fibres, 0.83)
    return np.repeat(np.clip(grey, 0, 1)[..., None], 3, axis=-1)


def _spark_image(size: int = 64) -> np.ndarray:
    """A soft round light, white with alpha."""
    axis = (np.arange(size) + 0.5) / size * 2 - 1
    radius = np.hypot(*np.meshgrid(axis, axis))
    alpha = 0.9 * np.clip((0.62 - radius) / 0.22, 0, 1) + 0.18 * np.clip(1 - radius, 0, 1) ** 2
    image = np.full((size, size, 4), 255, np.uint8)
    image[..., 3] = (255 * np.clip(alpha, 0, 1)).astype(np.uint8)
    return image
