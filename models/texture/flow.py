"""Fine alignment: by how much a photo shows the skin beside where the tracked mesh has it.

The mesh, drawn with the reference texture, is compared with the photo by optical flow, so that
pores and lip edges come to lie at the same texels in every frame and camera although the mesh is
some tenths of a millimetre wrong.
"""

import cv2
import numpy as np

from ..cameras import Camera
from ..mesh import HeadMesh
from ..render.drawables import Drawable, View
from ..render.raster import Rasteriser
from .camera_labels import face_texels
from .view_texture import focus_shares

LARGEST = 0.002
"""Metres: what is farther off is not the same spot, and the mesh is never so wrong."""
REACH = 0.003
"""Metres (standard deviation) over which shifts are smoothed: the mesh is wrong smoothly."""
REGISTERING = 0.0015
"""The same for what is left over in a finished texture."""
SHADE = 0.01
"""Metres over which light and expression may change a picture's brightness."""
ROUNDS = 2
"""How often shifts that do not go with those around them are weighted down: a wrinkle that the
reference does not have is no shift."""
AGREEING = 0.25
"""Pixels by which shifts of the same place may differ."""
DIFFERENT = 4.0
"""Grey levels by which pictures of the same place may differ."""
SLACK = 0.003
"""Confidence that pulls shifts to zero where the picture has nothing to hold on to."""
STRUCTURE = 1e-5
"""Smaller eigenvalue of the structure tensor (grey 0…1) above which a place can be recognised."""
PADDING = 24
"""Pixels around the head that flow looks at."""


class TextureAligner:
    """Compares photos with the model drawn from one reference."""

    def __init__(self, mesh: HeadMesh, reference: np.ndarray) -> None:
        """Prepare the picture to draw.

        Args:
            mesh: Topology and atlas; mouth and eyes, which look otherwise every time, are left out.
            reference: (S, S, 3) float32 0…1.
        """
        self._grey, steady = _grey(reference), 1 - openings(mesh, len(reference))
        self._steady = (steady * 255 + 0.5).astype(np.uint8)
        self._texture = np.dstack([self._grey, self._steady, np.full_like(self._grey, 255)])
        self._density = texels_per_metre(mesh, len(reference))
        self._flow = calculator()

    def shift(
        self, rasteriser: Rasteriser, skin: Drawable, view: View, photo: np.ndarray
    ) -> np.ndarray:
        """Pixels (H, W, 2) float32 from where the mesh has the skin to where the photo shows it.

        Args:
            rasteriser: This process's.
            skin: The mesh in its pose.
            view: Camera, trust and depth of the photo.
            photo: (H, W, 3) uint8, undistorted.
        """
        drawn = Drawable("reference", skin.vertices, skin.faces, skin.uvs, self._texture)
        picture = rasteriser.render([drawn], view.camera, samples=0)
        result = np.zeros((*photo.shape[:2], 2), np.float32)
        box = _box(picture[..., 2])
        if box is None:
            return result
        grey, steady, there = cv2.split(np.ascontiguousarray(picture[box]))
        real = cv2.cvtColor(np.ascontiguousarray(photo[box]), cv2.COLOR_RGB2GRAY)
        trust = np.minimum(np.minimum(view.trust[box], steady), there)
        scale = pixels_per_metre(view.camera, view.depth[box], there)
        result[box] = measured(self._flow, grey, real, trust, scale)
        return result

    def registered(self, colour: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """A finished texture with its details where the reference has them.

        What each photo's shift leaves over, tenths of a pixel, would make skin shiver whenever
        another camera sees it best.

        Args:
            colour: (S, S, 3) float32 0…1.
            seen: (S, S) float32, 0 where nothing was.
        """
        trust = np.where(seen > 0, self._steady, 0)
        grey = _grey(colour)
        shift = measured(self._flow, self._grey, grey, trust, self._density, REGISTERING)
        rows, columns = np.mgrid[0 : len(colour), 0 : len(colour)].astype(np.float32)
        at = columns + shift[..., 0], rows + shift[..., 1]
        moved = cv2.remap(colour, *at, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return moved.clip(0, 1)  # cubic curves overshoot


def _grey(texture: np.ndarray) -> np.ndarray:
    """(S, S) uint8 of a texture (S, S, 3) float32 0…1."""
    grey = cv2.cvtColor(np.clip(texture, 0, 1).astype(np.float32), cv2.COLOR_RGB2GRAY)
    return (grey * 255 + 0.5).astype(np.uint8)


def texels_per_metre(mesh: HeadMesh, size: int) -> float:
    """How large the face is drawn on an atlas of `size` texels."""
    faces = mesh.faces
    first, second = (mesh.vertices[faces[:, k]] - mesh.vertices[faces[:, 0]] for k in (1, 2))
    skin = np.linalg.norm(np.cross(first, second), axis=1)
    first, second = (mesh.uvs[faces[:, k]] - mesh.uvs[faces[:, 0]] for k in (1, 2))
    drawn = np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    return float(size * np.sqrt(np.median(drawn / np.maximum(skin, 1e-12))))


def calculator() -> cv2.DISOpticalFlow:
    """DIS optical flow of whole pixels: half the error of the preset's, of every second pixel."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flow.setFinestScale(0)
    return flow


def measured(
    flow: cv2.DISOpticalFlow,
    drawn: np.ndarray,
    real: np.ndarray,
    trust: np.ndarray,
    scale: float,
    reach: float = REACH,
) -> np.ndarray:
    """Smooth, bounded flow (h, w, 2) from a drawn picture to a real one, both (h, w) uint8.

    Args:
        flow: DIS optical flow (Kroeger et al., ECCV 2016).
        drawn: The model's picture; anything where `trust` is zero.
        real: The photo's.
        trust: (h, w) uint8.
        scale: Pixels per metre at the head.
        reach: Metres over which shifts are smoothed.
    """
    sure = trust.astype(np.float32) / 255
    like = np.where(trust > 0, matched(drawn, real, sure, SHADE * scale), real)
    found = flow.calc(like, real, np.empty(0, np.float32))
    sure *= _recognisable(like) * _improves(like, real, found)
    sure *= np.linalg.norm(found, axis=-1) <= LARGEST * scale
    size, half = sure.shape[::-1], [(side + 1) // 2 for side in sure.shape[::-1]]
    found, sure = (cv2.resize(a, half, interpolation=cv2.INTER_AREA) for a in (found, sure))
    smooth = _smooth(found, sure, reach * scale / 2)
    for _ in range(ROUNDS):
        apart = np.linalg.norm(found - smooth, axis=-1) / AGREEING
        smooth = _smooth(found, sure / (1 + apart * apart), reach * scale / 2)
    return cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR)


def _smooth(found: np.ndarray, sure: np.ndarray, reach: float) -> np.ndarray:
    total = cv2.GaussianBlur(found * sure[..., None], (0, 0), reach)
    return total / (cv2.GaussianBlur(sure, (0, 0), reach) + SLACK)[..., None]


def pixels_per_metre(camera: Camera, depth: np.ndarray, there: np.ndarray) -> float:
    """How large the head, where `there` (h, w) is not zero in `depth` (h, w), is in a picture."""
    return float(camera.intrinsics[0, 0] / np.median(depth[there > 0]))


def matched(drawn: np.ndarray, real: np.ndarray, sure: np.ndarray, reach: float) -> np.ndarray:
    """The drawn picture with the real one's shading: light and expression change it."""
    weight = cv2.GaussianBlur(sure, (0, 0), reach) + 1e-3
    means = [cv2.GaussianBlur(p * sure, (0, 0), reach) / weight for p in (drawn, real)]
    gain = (means[1] + 8) / (means[0] + 8)
    return np.clip(drawn * np.clip(gain, 0.5, 2) + 0.5, 0, 255).astype(np.uint8)


def _recognisable(picture: np.ndarray) -> np.ndarray:
    values = cv2.cornerMinEigenVal(cv2.GaussianBlur(picture, (0, 0), 1), 7)
    return values / (values + STRUCTURE)


def _improves(like: np.ndarray, real: np.ndarray, found: np.ndarray) -> np.ndarray:
    """0 where the pictures agree worse after the shift, else up to 1 the better they agree."""
    rows, columns = np.mgrid[0 : real.shape[0], 0 : real.shape[1]].astype(np.float32)
    moved = cv2.remap(real, columns + found[..., 0], rows + found[..., 1], cv2.INTER_LINEAR)
    before, after = (
        cv2.GaussianBlur(cv2.absdiff(like, other), (0, 0), 2).astype(np.float32)
        for other in (real, moved)
    )
    return (after <= before) / (1 + (after / DIFFERENT) ** 2)


def _box(there: np.ndarray) -> tuple[slice, slice] | None:
    rows, columns = np.flatnonzero(there.any(1)), np.flatnonzero(there.any(0))
    if not len(rows):
        return None
    high, wide = (slice(max(int(i[0]) - PADDING, 0), int(i[-1]) + PADDING) for i in (rows, columns))
    return high, wide


def openings(mesh: HeadMesh, size: int) -> np.ndarray:
    """How much each texel (size, size) lies in mouth or eyes, 0…1."""
    texels, share = face_texels(mesh, size), focus_shares(mesh).max(0)[mesh.faces].max(1)
    return np.where(texels >= 0, share[np.maximum(texels, 0)], 0).astype(np.float32)
