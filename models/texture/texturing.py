"""One frame's texture from its pictures: aligned to a reference, joined and completed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np

from ..cameras import Camera
from ..mesh import ATLAS_SIZE, HeadMesh, Part
from ..render.drawables import Drawable, View
from ..render.raster import Rasteriser
from .blend import blend, sureness
from .camera_labels import Labelling, face_texels
from .fill import complete
from .flow import TextureAligner, openings, texels_per_metre
from .outline import head_mask
from .photo import Photo
from .view_texture import (
    Unwrapped,
    ViewTexture,
    masked,
    mean_view,
    surface_of,
    unwrap_view,
    view_of,
)

Photos = Mapping[int, Photo]
"""A frame's, by the numbers of their cameras in the capture."""
COARSE = 2
"""Cameras are judged on pictures so many times smaller: only visibility is needed."""


class Texturer:
    """Makes textures of one head; what is the same in every frame is prepared once."""

    def __init__(
        self,
        rasteriser: Rasteriser,
        mesh: HeadMesh,
        size: int = ATLAS_SIZE,
        reference: np.ndarray | None = None,
    ) -> None:
        """Prepare.

        Args:
            rasteriser: This process's.
            mesh: Topology, atlas, landmarks and parts; hair and lashes hide the skin.
            size: Side of the textures in texels.
            reference: (S, S, 3) float32 0…1; pictures are taken where the mesh has them when None.
        """
        self._rasteriser, self._mesh, self._size = rasteriser, mesh, size
        self.pixel = 0.5 / texels_per_metre(mesh, size)
        """Metres on the face, half a texel: what pictures show more finely is lost."""
        self._images = [part_image(part) for part in mesh.parts]
        self._reference = reference
        self._aligner = None if reference is None else TextureAligner(mesh, reference)
        self._texels = face_texels(mesh, size)
        self._openings = openings(mesh, size)

    def view_textures(self, vertices: np.ndarray, photos: Photos) -> dict[int, ViewTexture]:
        """What each photo shows, on the atlas.

        Args:
            vertices: (V, 3) metres, world.
            photos: Of that frame.
        """
        surface, skin, occluders = self._drawables(vertices)
        found = {}
        for number, photo in photos.items():
            view = view_of(self._rasteriser, skin, occluders, photo.camera)
            view = masked(view, head_mask(photo, view.depth) if photo.mask is None else photo.mask)
            if self._aligner is not None:
                shift = self._aligner.shift(self._rasteriser, skin, view, photo.picture)
                view = replace(view, shift=shift)
            found[number] = unwrap_view(self._rasteriser, surface, view, photo.picture, self._size)
        return found

    def mean(self, vertices: np.ndarray, photos: Photos) -> Unwrapped:
        """The weighted mean of all photos; arguments as of `view_textures`."""
        return mean_view(list(self.view_textures(vertices, photos).values()))

    def texture(self, vertices: np.ndarray, photos: Photos, labels: np.ndarray) -> Unwrapped:
        """The finished texture.

        Args:
            vertices: (V, 3) metres, world.
            photos: Of that frame.
            labels: (F,) uint8, number of the camera that each triangle takes its detail from.
        """
        chosen = labels[np.maximum(self._texels, 0)]
        view_textures = self.view_textures(vertices, photos)
        alone = self._openings * sureness(view_textures, chosen)
        for number, each in view_textures.items():
            # of what lies behind an opening each camera shows another part: no mixing there
            view_textures[number] = replace(
                each, weight=each.weight * (1 - alone * (chosen != number))
            )
        mean = mean_view(list(view_textures.values()))
        ground = mean.colour
        if self._reference is not None:
            ground = complete(mean.colour, mean.seen, self._reference)
        colour = blend(view_textures, ground, chosen)
        if self._aligner is not None:
            colour = self._aligner.registered(colour, mean.seen)
        return Unwrapped(colour, mean.seen)

    def judge(
        self, labelling: Labelling, vertices: np.ndarray, cameras: Sequence[Camera | None]
    ) -> np.ndarray:
        """How well each camera sees each triangle (F, L), 0 for a camera that is None."""
        surface, skin, occluders = self._drawables(vertices)
        views = [self._coarse_view(skin, occluders, camera) for camera in cameras]
        return labelling.judge(self._rasteriser, surface, views)

    def _coarse_view(
        self, skin: Drawable, occluders: Sequence[Drawable], camera: Camera | None
    ) -> View | None:
        if camera is None:
            return None
        pinhole = replace(camera, distortion=(0.0,) * 4).no_finer(self.pixel, self._mesh.pivot)
        small = pinhole.resized(pinhole.width // COARSE, pinhole.height // COARSE)
        return view_of(self._rasteriser, skin, occluders, small)

    def _drawables(self, vertices: np.ndarray) -> tuple:
        skin = Drawable("skin", vertices, self._mesh.faces, self._mesh.uvs)
        pairs = zip(self._mesh.parts, self._images, strict=True)
        occluders = [part_drawable(part, vertices, image) for part, image in pairs]
        return surface_of(self._mesh, vertices), skin, occluders


def part_drawable(part: Part, vertices: np.ndarray, image: np.ndarray) -> Drawable:
    """A part of the head (hair, lashes) on head vertices (V, 3), with its decoded image."""
    positions = part.positions(vertices).astype(np.float32)
    return Drawable(part.name, positions, part.faces, part.uvs, image, blended=True)


def part_image(part: Part) -> np.ndarray:
    """A part's image (H, W, 4) uint8."""
    encoded = np.frombuffer(part.texture, np.uint8)
    return cv2.cvtColor(cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
