"""Textures from camera pictures: what each camera saw of a posed mesh, blended on its atlas."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..mesh import ATLAS_SIZE, HeadMesh
from ..normals import vertex_normals
from .cameras import Camera
from .layers import Layer, Surface, UnwrapSettings, View
from .raster import Rasteriser

STEEPEST = 4.0
"""Depth steps beyond this slope between neighbouring pixels are edges of something in front."""
EDGE_TRUST = 0.02
"""Trust in such edges: skin is taken from another camera, but mouth and eyes, where other cameras
show other things, stay with the one in front."""
FRONT = np.array([0.0, -1.0, 0.0])
"""Where a head at rest looks."""
MASK_GROWTH = 1
"""Pixels by which hair and lashes are widened, for the blur of lens and filter."""

THIN = 3.0
"""A pixel is lost to hair and lashes when they cover one part in so many of it."""


@dataclass(frozen=True)
class Unwrapped:
    """What one frame's pictures say about the texture.

    Attributes:
        colour: (S, S, 3) float32 sRGB 0…1; zero where no camera looked.
        seen: (S, S) float32: 1 where at least one camera had a good look, 0 where none.
    """

    colour: np.ndarray
    seen: np.ndarray


def unwrap(
    rasteriser: Rasteriser,
    mesh: HeadMesh,
    vertices: np.ndarray,
    pictures: Sequence[tuple[Camera, np.ndarray]],
    occluders: Sequence[Layer] = (),
    size: int = ATLAS_SIZE,
    settings: UnwrapSettings | None = None,
) -> Unwrapped:
    """Blend one frame's pictures onto the atlas.

    Args:
        rasteriser: This process's.
        mesh: Topology, atlas and regions.
        vertices: (V, 3) metres, world, of that frame.
        pictures: Each camera with its picture (H, W, 3) uint8.
        occluders: Layers in front of the skin that are no part of the texture: hair, lashes.
        size: Side of the atlas in texels.
        settings: How views are weighted.
    """
    normals = vertex_normals(vertices, mesh.faces)
    surface = Surface(vertices, mesh.faces, mesh.uvs, normals, focus(mesh, vertices))
    skin = Layer("skin", vertices, mesh.faces, mesh.uvs)
    views = [_view(rasteriser, skin, occluders, *pair) for pair in pictures]
    sums, quality = rasteriser.unwrap(surface, views, size, settings)
    weight = sums[..., 3:]
    colour = np.divide(sums[..., :3], weight, out=np.zeros_like(sums[..., :3]), where=weight > 0)
    return Unwrapped(colour, np.clip(quality, 0, 1))


def focus(mesh: HeadMesh, vertices: np.ndarray) -> np.ndarray:
    """From where each vertex wants to be seen (xyz), and how much (w): (V, 4) float32.

    Teeth, tongue and irises are not on the patches that carry them in the texture, so two cameras
    disagree about them. Mouth and eyes are therefore taken from the cameras in front of the head.

    Args:
        mesh: Its neutral looks to −Y.
        vertices: (V, 3) metres, world.
    """
    masks = [region.vertex_mask for region in mesh.regions if region.name != "face"]
    share = np.clip(4 * np.max(masks, axis=0) - 3, 0, 1)
    front = _rotation(mesh.vertices, vertices) @ FRONT
    return np.column_stack([np.tile(front, (len(vertices), 1)), share]).astype(np.float32)


def _rotation(rest: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) that best takes `rest` to `moved` (Kabsch)."""
    left, _, right = np.linalg.svd((moved - moved.mean(0)).T @ (rest - rest.mean(0)))
    mirror = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return left @ mirror @ right


def _view(
    rasteriser: Rasteriser,
    skin: Layer,
    occluders: Sequence[Layer],
    camera: Camera,
    picture: np.ndarray,
) -> View:
    camera, picture = camera.undistorted(picture)
    depth = rasteriser.depth([skin], camera)
    trust = _edge_trust(depth, camera)
    if occluders:
        cover = rasteriser.coverage([skin], occluders, camera)
        covered = cv2.convertScaleAbs(cv2.dilate(cover, _disc(MASK_GROWTH)), alpha=THIN)
        trust = np.minimum(trust, 255 - covered)
    return View(camera, np.dstack([picture, trust]), depth)


def _edge_trust(depth: np.ndarray, camera: Camera) -> np.ndarray:
    """255 inside surfaces, little along the edges of what is in front: pixels mix two things."""
    disc = _disc(1)
    nearest, farthest = cv2.erode(depth, disc), cv2.dilate(depth, disc)
    step = (farthest - nearest) / (2 * nearest / camera.intrinsics[0, 0])
    trust = (np.clip(2 - step / STEEPEST, EDGE_TRUST, 1) * 255).astype(np.uint8)
    return cv2.blur(cv2.erode(trust, disc), (3, 3))


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
