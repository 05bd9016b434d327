"""View textures: what one camera's picture says about the texture of a posed mesh, on its atlas."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..cameras import Camera
from ..mesh import ATLAS_SIZE, HeadMesh
from ..normals import vertex_normals
from ..render.drawables import Drawable, Surface, UnwrapSettings, View
from ..render.raster import Rasteriser

STEEPEST = 4.0
"""Depth steps beyond this slope between neighbouring pixels are edges of something in front."""
EDGE_TRUST = 0.02
"""Trust in such edges: skin is taken from another camera, but mouth and eyes, where other cameras
show other things, stay with the one in front."""
FRONT = np.array([0.0, -1.0, 0.0])
"""Where a head at rest looks."""
MASK_GROWTH = 1
"""Pixels by which hair, lashes and what is masked are widened, for the blur of lens and filter."""

OPENINGS = (
    ("inner_lip_upper", "inner_lip_lower", "mouth_corner_left", "mouth_corner_right"),
    ("upper_lid_left", "lower_lid_left"),
    ("upper_lid_right", "lower_lid_right"),
)
"""Landmarks along the rims of mouth and eyes."""
RIM = 0.012
"""Share of the atlas's side over which an opening fades out beyond its rim."""
THIN = 3.0
"""A pixel is lost to hair and lashes when they cover one part in so many of it."""


@dataclass(frozen=True)
class ViewTexture:
    """One camera's picture on the atlas.

    Attributes:
        colour: (S, S, 3) uint8 sRGB; black where the camera sees nothing.
        weight: (S, S) float32: how much it counts against other cameras; 0 where it sees nothing.
        quality: (S, S) float32: 1 where the view is good.
    """

    colour: np.ndarray
    weight: np.ndarray
    quality: np.ndarray


@dataclass(frozen=True)
class Unwrapped:
    """What one frame's pictures say about the texture.

    Attributes:
        colour: (S, S, 3) float32 sRGB 0…1; zero where no camera looked.
        seen: (S, S) float32: 1 where at least one camera had a good view, 0 where none.
    """

    colour: np.ndarray
    seen: np.ndarray


def surface_of(mesh: HeadMesh, vertices: np.ndarray) -> Surface:
    """The mesh in a pose, vertices (V, 3) in metres, world, ready to unwrap pictures onto."""
    normals = vertex_normals(vertices, mesh.faces)
    return Surface(vertices, mesh.faces, mesh.uvs, normals, focus(mesh, vertices))


def unwrap_view(
    rasteriser: Rasteriser,
    surface: Surface,
    view: View,
    picture: np.ndarray,
    size: int = ATLAS_SIZE,
    settings: UnwrapSettings | None = None,
) -> ViewTexture:
    """Unwrap one undistorted picture (H, W, 3) uint8 onto an atlas of `size` texels."""
    found = rasteriser.unwrap(surface, view, size, settings)
    column, row, weight, quality = cv2.split(found)
    colour = cv2.remap(picture, column, row, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT)
    return ViewTexture(colour, weight, quality)


def mean_view(view_textures: Sequence[ViewTexture]) -> Unwrapped:
    """The weighted mean of all view textures."""
    total = np.zeros((*view_textures[0].weight.shape, 3), np.float32)
    weight, quality = np.zeros(total.shape[:2], np.float32), np.zeros(total.shape[:2], np.float32)
    for each in view_textures:
        total += each.colour * each.weight[..., None]
        weight += each.weight
        quality += each.quality
    total /= 255 * np.where(weight > 0, weight, 1)[..., None]
    return Unwrapped(total, np.clip(quality, 0, 1))


def focus(mesh: HeadMesh, vertices: np.ndarray) -> np.ndarray:
    """From where each vertex wants to be seen (xyz), and how much (w): (V, 4) float32.

    Teeth, tongue and irises are not on the patches that carry them in the texture, so two cameras
    disagree about them. Mouth and eyes are therefore taken from the cameras in front of the head.

    Args:
        mesh: Its neutral looks to −Y.
        vertices: (V, 3) metres, world.
    """
    front = _rotation(mesh.vertices, vertices) @ FRONT
    share = focus_shares(mesh).max(0)
    return np.column_stack([np.tile(front, (len(vertices), 1)), share]).astype(np.float32)


def focus_shares(mesh: HeadMesh) -> np.ndarray:
    """How much each vertex lies in the mouth's and each eye's opening, (3, V) float32 0…1.

    An opening is what its rim surrounds in the atlas; a mesh that does not name a rim has none.
    """
    return np.stack([_inside(mesh, names) for names in OPENINGS]).astype(np.float32)


def _inside(mesh: HeadMesh, names: Sequence[str]) -> np.ndarray:
    if not all(name in mesh.landmarks for name in names):
        return np.zeros(len(mesh.vertices))
    rim = mesh.uvs[np.concatenate([mesh.landmarks[name] for name in names])].astype(np.float32)
    corners = cv2.convexHull(rim)[:, 0].astype(np.float64)
    along = np.roll(corners, -1, 0) - corners
    normals = np.stack([-along[:, 1], along[:, 0]], 1) / np.linalg.norm(along, axis=1)[:, None]
    normals *= np.sign(((corners.mean(0) - corners) * normals).sum(1, keepdims=True))
    within = ((mesh.uvs[:, None] - corners) * normals).sum(-1).min(1)  # below zero outside
    return np.clip(1 + within / RIM, 0, 1)


def _rotation(rest: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) that best takes `rest` to `moved` (Kabsch)."""
    left, _, right = np.linalg.svd((moved - moved.mean(0)).T @ (rest - rest.mean(0)))
    mirror = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return left @ mirror @ right


def view_of(
    rasteriser: Rasteriser, skin: Drawable, occluders: Sequence[Drawable], camera: Camera
) -> View:
    """What a camera without distortion sees of the skin.

    Args:
        rasteriser: This process's.
        skin: The head's mesh in its pose.
        occluders: Layers in front of the skin that are no part of the texture: hair, lashes.
        camera: A pinhole.
    """
    depth = rasteriser.depth([skin], camera)
    trust = _edge_trust(depth, camera)
    if occluders:
        cover = rasteriser.coverage([skin], occluders, camera)
        covered = cv2.convertScaleAbs(cv2.dilate(cover, _disc(MASK_GROWTH)), alpha=THIN)
        trust = np.minimum(trust, 255 - covered)
    return View(camera, trust, depth)


def masked(view: View, mask: np.ndarray) -> View:
    """The view, trusted only where a mask (H, W) uint8 is 255: there the picture shows the head."""
    trust = np.minimum(view.trust, cv2.erode(mask, _disc(MASK_GROWTH)))
    return replace(view, trust=trust)


def _edge_trust(depth: np.ndarray, camera: Camera) -> np.ndarray:
    """255 inside surfaces, little along the edges of what is in front: pixels mix two things."""
    disc = _disc(1)
    nearest, farthest = cv2.erode(depth, disc), cv2.dilate(depth, disc)
    step = (farthest - nearest) / (2 * nearest / camera.intrinsics[0, 0])
    trust = (np.clip(2 - step / STEEPEST, EDGE_TRUST, 1) * 255).astype(np.uint8)
    return cv2.blur(cv2.erode(trust, disc), (3, 3))


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
