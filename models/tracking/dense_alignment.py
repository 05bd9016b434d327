"""Dense alignment: the textured model against the photos, by optical flow in every view.

The model is rendered from a reference texture over each photo; the flow from the rendering to the
photo tells where each visible surface point really is in that view. The reference never changes
from frame to frame, so nothing accumulates.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from ..cameras import Camera
from ..mesh import HeadMesh
from ..normals import vertex_normals
from ..render.drawables import Drawable
from ..render.raster import Rasteriser
from ..texture.flow import matched
from ..texture.photo import Photo
from .data_terms import PointObservation
from .linear_face import Samples

FLOW_NOISE = 0.25
"""Pixels by which flow errs on well textured skin."""
CORRELATED = 8.0
"""Neighbouring samples share one flow patch: so many count as one observation."""
EDGE = 4
"""Pixels along occluding edges where flow mixes two things."""
LEAST_FACING = 0.25
DETAIL = 6.0
"""Gradient, in grey levels a pixel, at which skin is well textured."""
FLAT_SHARE = 0.05
"""Least trust in textureless skin, which flow fills in from around."""
DIFFERENCE = 12.0
"""Grey levels of difference after alignment at which a sample counts half."""
SHADING = 8.0
"""Pixels over which light on skin changes."""
MARGIN, CROP_STEP = 20, 64
"""Pixels around the face that are looked at, and by which that part grows."""
TOLERANCE = 0.0015
"""Metres that a sample may lie behind the depth map."""


class DenseAligner:
    """Aligns one person's textured mesh with photos."""

    def __init__(
        self, rasteriser: Rasteriser, mesh: HeadMesh, shown: np.ndarray, samples: Samples
    ) -> None:
        """Prepare.

        Args:
            rasteriser: This process's.
            mesh: Topology and atlas.
            shown: (V,) bool, skin that is where the mesh says. Eyes, lashes, teeth and hair are
                not: there the photo is left as it is, for their parallax draws the skin along.
            samples: Points whose place is asked for.
        """
        self._rasteriser, self._mesh = rasteriser, mesh
        self._triangles, self._weights = samples.triangles, samples.weights
        self._shown = np.repeat(shown[:, None], 3, 1).astype(np.float32)
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def observations(
        self, vertices: np.ndarray, texture: np.ndarray, photos: Sequence[Photo]
    ) -> list[PointObservation]:
        """Where each view sees the samples.

        Args:
            vertices: (V, 3) world, where the model is.
            texture: (S, S, 3) uint8 reference.
            photos: The frame's views.
        """
        points = np.einsum("pk,pkc->pc", self._weights, vertices[self._triangles])
        normals = vertex_normals(vertices, self._mesh.faces)
        normals = np.einsum("pk,pkc->pc", self._weights, normals[self._triangles])
        skin = Drawable(
            "skin", vertices.astype(np.float32), self._mesh.faces, self._mesh.uvs, texture
        )
        return [self._observe(points, normals, skin, photo) for photo in photos]

    def _observe(
        self, points: np.ndarray, normals: np.ndarray, skin: Drawable, photo: Photo
    ) -> PointObservation:
        pixels, distance = photo.camera.project(points)
        part, corner = cropped(photo, pixels)
        camera = part.camera
        depth = self._rasteriser.depth([skin], camera)
        shown = self._rasteriser.render([self._mask(skin)], camera, samples=0)[..., :1] > 250
        drawn = self._rasteriser.render([skin], camera, samples=0)
        drawn, after = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in (drawn, part.picture))
        # Skin that turns or bends is lit otherwise than in the reference.
        lit = matched(drawn, after, shown[..., 0].astype(np.float32), SHADING)
        before = np.where(shown[..., 0], lit, after)
        flow = self._flow.calc(before, after, np.empty(0, np.float32))
        at = (pixels - corner - 0.5).astype(np.float32)
        moved = sampled(flow, at)
        weights = self._facing(points, normals, camera)
        weights *= sampled(depth, at, cv2.INTER_NEAREST) > distance - TOLERANCE
        weights *= sampled(inside(depth, shown[..., 0], camera), at) > 0.99
        weights *= sampled(_trust(before), at)
        if part.mask is not None:
            weights *= sampled(part.mask, at) > 254
        warped = sampled(after.astype(np.float32), at + moved)
        difference = warped - sampled(before.astype(np.float32), at)
        weights /= 1 + (difference / DIFFERENCE) ** 2
        return PointObservation(
            photo.camera, pixels + moved, weights / (CORRELATED * FLOW_NOISE**2)
        )

    def _mask(self, skin: Drawable) -> Drawable:
        """White where rendering and photo may be compared, else black."""
        return replace(skin, name="mask", texture=None, colours=self._shown)

    @staticmethod
    def _facing(points: np.ndarray, normals: np.ndarray, camera: Camera) -> np.ndarray:
        view = camera.position - points
        cosine = (normals * view).sum(1) / np.linalg.norm(view, axis=1)
        return np.clip((cosine - LEAST_FACING) / (1 - LEAST_FACING), 0, 1)


def cropped(photo: Photo, pixels: np.ndarray) -> tuple[Photo, np.ndarray]:
    """The part of a photo around pixels (P, 2), and its corner (2,).

    Sides are multiples of a step, so that few different sizes occur.
    """
    camera, size = photo.camera, np.array([photo.camera.width, photo.camera.height])
    low = np.clip(np.floor(pixels.min(0)) - MARGIN, 0, size - CROP_STEP).astype(int)
    side = np.ceil((pixels.max(0) + MARGIN - low) / CROP_STEP).astype(int) * CROP_STEP
    side = np.clip(side, CROP_STEP, size)
    low = np.minimum(low, size - side)
    intrinsics = camera.intrinsics.copy()
    intrinsics[:2, 2] -= low
    camera = replace(camera, intrinsics=intrinsics, width=int(side[0]), height=int(side[1]))
    part = (slice(low[1], low[1] + side[1]), slice(low[0], low[0] + side[0]))
    mask = None if photo.mask is None else np.ascontiguousarray(photo.mask[part])
    return Photo(camera, np.ascontiguousarray(photo.picture[part]), mask), low


def sampled(image: np.ndarray, at: np.ndarray, how: int = cv2.INTER_LINEAR) -> np.ndarray:
    """Values (P, …) of an image (H, W, …) at pixel middles `at` (P, 2) float32."""
    x, y = at[None, :, 0], at[None, :, 1]
    return cv2.remap(image, x, y, how, borderMode=cv2.BORDER_REPLICATE)[0]


def inside(depth: np.ndarray, shown: np.ndarray, camera: Camera) -> np.ndarray:
    """(H, W) float32, 1 where all around is one surface that is `shown` (H, W)."""
    cross = _disc(1)
    pixel = depth / camera.intrinsics[0, 0]
    step = (cv2.dilate(depth, cross) - cv2.erode(depth, cross)) / np.maximum(pixel, 1e-6)
    edge = cv2.dilate((step > 8).astype(np.uint8), _disc(EDGE))
    return 1.0 - np.maximum(edge, cv2.dilate((~shown).astype(np.uint8), _disc(1))).astype(
        np.float32
    )


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _trust(grey: np.ndarray) -> np.ndarray:
    """(H, W) float32 0…1: how much texture there is to hold on to."""
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    energy = cv2.GaussianBlur(across * across + down * down, (0, 0), 3)
    return FLAT_SHARE + (1 - FLAT_SHARE) * energy / (energy + DETAIL**2)


def surface_samples(mesh: HeadMesh, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangles (P, 3) all of whose vertices are `chosen` (V,), and weights of their middles."""
    triangles = mesh.faces[chosen[mesh.faces].all(1)]
    return triangles, np.full((len(triangles), 3), 1 / 3)
