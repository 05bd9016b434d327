"""What the rasteriser draws and unwraps: textured drawables, surfaces and views."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..cameras import Camera


@dataclass(frozen=True)
class Drawable:
    """One textured triangle mesh to draw.

    Attributes:
        name: Says which buffers and which texture of the graphics driver are this drawable's.
        vertices: (V, 3) metres, world.
        faces: (F, 3) int32.
        uvs: (V, 2), v up.
        texture: (H, W, 3 or 4) uint8, row 0 on top; white when None.
        colours: (V, 3) 0…1 multiplied with the texture (occlusion), white when None.
        blended: Drawn after all opaque drawables, back to front, with the texture's alpha.
    """

    name: str
    vertices: np.ndarray
    faces: np.ndarray
    uvs: np.ndarray
    texture: np.ndarray | None = None
    colours: np.ndarray | None = None
    blended: bool = False


@dataclass(frozen=True)
class Surface:
    """A mesh to unwrap pictures onto.

    Attributes:
        vertices: (V, 3) metres, world.
        faces: (F, 3) int32.
        uvs: (V, 2), v up, no two triangles overlapping.
        normals: (V, 3) unit.
        focus: (V, 4) the direction a texel's surroundings want to be seen from, and how much (0…1).
    """

    vertices: np.ndarray
    faces: np.ndarray
    uvs: np.ndarray
    normals: np.ndarray
    focus: np.ndarray


@dataclass(frozen=True)
class View:
    """What unwrapping needs to know of one camera's picture.

    Attributes:
        camera: Without distortion.
        trust: (H, W) uint8: how far a pixel is to be trusted.
        depth: (H, W) float32 metres of the surface in that camera.
        shift: (H, W, 2) float32 pixels from where the surface is to where the picture shows it.
    """

    camera: Camera
    trust: np.ndarray
    depth: np.ndarray
    shift: np.ndarray | None = None


@dataclass(frozen=True)
class UnwrapSettings:
    """How pictures are weighted.

    Attributes:
        power: Exponent of how squarely and how largely a camera sees a texel.
        focus_power: Exponent of the cosine to the focus direction; high: the winner takes most.
        tolerance: Metres a texel may lie behind the depth map.
        slope_tolerance: Pixels of sideways error allowed on slanted surfaces.
        border: Pixels over which a picture fades out at its edge.
    """

    power: float = 8.0
    focus_power: float = 120.0
    tolerance: float = 0.0004
    slope_tolerance: float = 1.0
    border: float = 12.0


def drawing_order(drawables: Sequence[Drawable], camera: Camera) -> list[Drawable]:
    """Opaque drawables first, then blended ones from the farthest to the nearest."""
    blended = [drawable for drawable in drawables if drawable.blended]
    blended.sort(key=lambda drawable: -float(_depths(drawable, camera).mean()))
    return [drawable for drawable in drawables if not drawable.blended] + blended


def back_to_front(drawable: Drawable, camera: Camera) -> np.ndarray:
    """The drawable's faces, the farthest first."""
    return drawable.faces[np.argsort(-_depths(drawable, camera)[drawable.faces].sum(1))]


def _depths(drawable: Drawable, camera: Camera) -> np.ndarray:
    return drawable.vertices @ camera.world_to_camera[2, :3]
