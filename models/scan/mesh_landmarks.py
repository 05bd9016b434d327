"""Where the face landmarker's points lie on a mesh: pictures of it, looked at, cast back."""

from dataclasses import dataclass

import numpy as np

from ..cameras import Camera, look_at
from ..faces.finder import POINTS, Face, FaceFinder
from ..faces.landmarks import RIGID
from ..pose import nearest_rotation
from ..render.drawables import Drawable
from ..render.raster import BACKGROUND_DEPTH, shared_rasteriser

EYE_DISTANCE = 0.088
"""Between the outer corners of the eyes, metres: the unit of `landmarks.RIGID`."""
CONTOUR = (127, 356, 234, 454, 93, 323, 54, 284, 10)
"""Points of `RIGID` on the face's outline, which slide over the skin as the view turns."""
YAWS = (0.0, 20.0, -20.0)
"""Degrees from which a face is looked at."""
SIDE = 512
"""Of the pictures."""
BACKGROUND = (0.45, 0.45, 0.45)
_UPPER_LIP = ((191, 80, 81, 82, 13, 312, 311, 310, 415), (185, 40, 39, 37, 0, 267, 269, 270, 409))
_LOWER_LIP = ((95, 88, 178, 87, 14, 317, 402, 318, 324), (146, 91, 181, 84, 17, 314, 405, 321, 375))
_UPPER_LIDS = (
    (*(246, 161, 160, 159, 158, 157, 173), *(398, 384, 385, 386, 387, 388, 466)),
    (*(247, 30, 29, 27, 28, 56, 190), *(414, 286, 258, 257, 259, 260, 467)),
)
_LOWER_LIDS = (
    (*(7, 163, 144, 145, 153, 154, 155), *(382, 381, 380, 374, 373, 390, 249)),
    (*(25, 110, 24, 23, 22, 26, 112), *(341, 256, 252, 253, 254, 339, 255)),
)
RIMS = np.concatenate([_UPPER_LIP, _LOWER_LIP, _UPPER_LIDS, _LOWER_LIDS], 1)
"""(2, n): landmarks on the rims of lips and lids, and those next to them on the skin."""
INTO_SKIN = 0.15
"""How far towards the skin rims are looked for: a ray beside a rim would hit teeth or an eye."""
_FIRM = [(row[0], row[1:]) for row in RIGID if row[0] not in CONTOUR]
FIRM = np.array([index for index, _ in _FIRM])
"""Landmarks whose place on a rigid head is known."""
SHAPE = EYE_DISTANCE * np.array([place for _, place in _FIRM])
"""(n, 3) those places in metres: X to the person's left, Y into the picture, Z up."""


@dataclass(frozen=True)
class Similarity:
    """scale · rotation · point + offset.

    Attributes:
        scale: Metres in one unit.
        rotation: (3, 3).
        offset: (3,) metres.
    """

    scale: float
    rotation: np.ndarray
    offset: np.ndarray

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Points (..., 3) moved."""
        return points @ (self.scale * self.rotation.T) + self.offset

    def then(self, other: "Similarity") -> "Similarity":
        """This one, and the other one after it."""
        turned = other.rotation @ self.rotation
        return Similarity(other.scale * self.scale, turned, other(self.offset))


def fit_similarity(points: np.ndarray, wanted: np.ndarray) -> tuple[Similarity, float]:
    """The similarity from points (n, 3) to wanted ones (Umeyama 1991), and its RMS residual."""
    here, there = points.mean(0), wanted.mean(0)
    rotation = nearest_rotation((wanted - there).T @ (points - here))
    turned = (points - here) @ rotation.T
    scale = float(((wanted - there) * turned).sum() / max((turned**2).sum(), 1e-18))
    found = Similarity(scale, rotation, there - scale * rotation @ here)
    return found, float(np.sqrt(((found(points) - wanted) ** 2).sum(1).mean()))


@dataclass(frozen=True)
class Skin:
    """What is looked at: a textured mesh in metres, its face to −Y.

    Attributes:
        vertices: (V, 3).
        faces: (F, 3).
        uvs: (V, 2).
        texture: (H, W, 3) uint8.
    """

    vertices: np.ndarray
    faces: np.ndarray
    uvs: np.ndarray
    texture: np.ndarray

    @property
    def drawable(self) -> Drawable:
        """For the rasteriser."""
        return Drawable(
            "adopted", self.vertices.astype(np.float32), self.faces, self.uvs, self.texture
        )


def seen_by(skin: Skin, camera: Camera, finder: FaceFinder) -> tuple[Face, np.ndarray] | None:
    """The largest face in a camera's picture, and its landmarks on the mesh (478, 3).

    NaN where there is no mesh behind a landmark; None where there is no face.
    """
    rasteriser = shared_rasteriser()
    faces = finder.find(rasteriser.render([skin.drawable], camera, BACKGROUND))
    if not faces:
        return None
    face = max(faces, key=lambda face: np.prod(face.box[2:] - face.box[:2]))
    pixels = face.points[:, :2].copy()
    pixels[RIMS[0]] += INTO_SKIN * (pixels[RIMS[1]] - pixels[RIMS[0]])
    return face, cast(pixels, rasteriser.depth([skin.drawable], camera), camera)


def cast(pixels: np.ndarray, depth: np.ndarray, camera: Camera) -> np.ndarray:
    """Points in the world (n, 3) of pixels (n, 2), NaN outside the surface.

    Args:
        pixels: Continuous, as `Camera.project` gives them.
        depth: (H, W) of the surface, metres.
        camera: Without distortion.
    """
    column, row = np.floor(pixels).astype(int).T
    inside = (row >= 0) & (row < depth.shape[0]) & (column >= 0) & (column < depth.shape[1])
    far = np.full(len(pixels), BACKGROUND_DEPTH)
    far[inside] = depth[row[inside], column[inside]]
    rays = np.c_[pixels, np.ones(len(pixels))] @ np.linalg.inv(camera.intrinsics).T
    rotation, translation = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
    points = (rays * far[:, None] - translation) @ rotation
    points[far > 0.5 * BACKGROUND_DEPTH] = np.nan
    return points


def face_camera(yaw: float = 0.0, side: int = SIDE) -> Camera:
    """Looks at a face whose eyes are at the origin, from `yaw` degrees to its left."""
    angle = np.radians(yaw)
    target = np.array([0.0, 0.0, -0.35 * EYE_DISTANCE])
    away = np.array([np.sin(angle), -np.cos(angle), 0.0])
    return look_at("face", target + 0.9 * away, target, 0.9 * side / 0.30, (side, side))


def visible(skin: Skin, tolerance: float = 0.001) -> np.ndarray:
    """Whether the camera in front sees each vertex (V,), hidden by at most `tolerance` metres."""
    camera = face_camera()
    depth = shared_rasteriser().depth([skin.drawable], camera)
    pixels, own = camera.project(skin.vertices)
    column, row = np.floor(np.nan_to_num(pixels)).astype(int).T
    inside = (row >= 0) & (row < depth.shape[0]) & (column >= 0) & (column < depth.shape[1])
    seen = np.zeros(len(own), bool)
    seen[inside] = own[inside] < depth[row[inside], column[inside]] + tolerance
    return seen & (own > 0)


def landmarks_of(skin: Skin, finder: FaceFinder) -> np.ndarray | None:
    """Landmarks on a mesh before `face_camera` (478, 3) as most views have them.

    Each is cast from the front and from both sides; of the views that see it, the median counts.
    None where there is no face from the front.
    """
    views = [seen_by(skin, face_camera(yaw), finder) for yaw in YAWS]
    if views[0] is None:
        return None
    return merged(np.stack([view[1] for view in views if view is not None]))


def merged(views: np.ndarray, apart: float = 0.015) -> np.ndarray:
    """Landmarks (478, 3) of views (n, 478, 3), NaN where unseen: medians, outliers left out.

    A view whose ray misses an edge hits what lies behind it: points further than `apart` metres
    from the first view's, where that has one, do not count.
    """
    first = views[0]
    away = np.linalg.norm(views - first, axis=-1)
    views = np.where((away > apart)[..., None], np.nan, views)
    points = np.full((POINTS, 3), np.nan)
    known = np.isfinite(views).all(-1).any(0)
    points[known] = np.nanmedian(views[:, known], axis=0)
    return points
