"""A head's animation before a frontal camera, without Blender: for reading it again as a video."""

from collections.abc import Iterator

import numpy as np

from models.actor import Actor
from models.cameras import Camera, look_at
from models.parameters import AnimationParameters
from models.pose import to_world
from models.render.drawables import Drawable
from models.render.raster import shared_rasteriser
from models.texture.texturing import part_drawable, part_image

BACKGROUND = (0.40, 0.415, 0.44)
DISTANCE, SHARE = 1.1, 0.62
"""Metres from the face; share of the picture's height that the head fills."""


class RenderedHead:
    """Pictures of a head."""

    def __init__(self, head: Actor, side: int = 320) -> None:
        """Put the camera before the face; pictures are `side` pixels wide and high."""
        self._head, mesh = head, head.mesh
        self._parts = [(part, part_image(part)) for part in mesh.parts]
        low, high = mesh.vertices[:, 2].min(), mesh.vertices[:, 2].max()
        centre = np.array([0.0, mesh.pivot[1], 0.5 * (low + high)])
        focal = side * SHARE * DISTANCE / (high - low)
        position = centre - np.array([0.0, DISTANCE, 0.0])
        self.camera: Camera = look_at("front", position, centre, focal, (side, side))

    def picture(self, code: np.ndarray, head_pose: np.ndarray) -> np.ndarray:
        """(side, side, 3) uint8 RGB of a code (Z,) and a head pose (6,)."""
        decoded, mesh = self._head.decode(code), self._head.mesh
        texture = np.ascontiguousarray(decoded.texture)
        drawables = [
            Drawable("skin", decoded.vertices, mesh.faces, mesh.uvs, texture),
            *(part_drawable(part, decoded.vertices, image) for part, image in self._parts),
        ]
        placed = [
            Drawable(
                **vars(drawable) | {"vertices": to_world(drawable.vertices, head_pose, mesh.pivot)}
            )
            for drawable in drawables
        ]
        return shared_rasteriser().render(placed, self.camera, BACKGROUND)

    def render(self, parameters: AnimationParameters) -> Iterator[np.ndarray]:
        """A picture of each frame."""
        for code, pose in zip(parameters.codes, parameters.head_pose, strict=True):
            yield self.picture(code, pose)
