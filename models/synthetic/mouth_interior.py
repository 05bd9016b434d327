"""Inside of the mouth: teeth, gums, tongue and walls, lit through the opening of the lips."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ..render.drawables import Drawable
from ..template.basemesh import BaseMesh, load_base_mesh
from ..template.controls import control_offsets
from .appearance import inner_mouth_quads
from .assets import FittedAsset, load_asset, load_image, rigid_motion
from .lighting import aperture_light, shade, vertex_normals
from .synthetic_actor import SyntheticActor

TEETH, TEETH_IMAGE = "meshes/teeth/teeth_base/teeth_base.mhclo", "teeth/teeth.png"
TONGUE, TONGUE_IMAGE = "meshes/tongue/tongue01/tongue01.mhclo", "teeth/tongue01_diffuse.png"
DEPTH_TINT = np.array([0.34, 0.17, 0.15])
"""Light that has bounced around inside: what the darkest corner still shows."""
WALL = np.array([0.50, 0.22, 0.20])
PLAIN_TONGUE, PHOTO_TONGUE = np.array([0.74, 0.40, 0.38]), np.array([0.95, 0.90, 0.90])
PLAIN_TEETH, PHOTO_TEETH = np.array([1.0, 0.97, 0.90]), np.full(3, 1.15)
BRIGHTNESS, FALLOFF = 1.75, np.array([0.60, 0.68, 0.69])
"""Gain and per-channel exponent of the share of the outside that a point sees."""
LIP_DEPTH = 0.002
"""Metres behind the front of the lips where everything is lit as if outside."""


class Mouth:
    """Everything behind the lips of one actor."""

    def __init__(self, actor: SyntheticActor, data: Path | None) -> None:
        """Load teeth and tongue from `data`; plain helper meshes when None."""
        self._actor = actor
        base = load_base_mesh()
        self._jaws = {jaw: base.group(f"helper-{jaw}-teeth") for jaw in ("upper", "lower")}
        self._wall_vertices, self._wall_faces = _compact(inner_mouth_quads(actor))
        if data is None:
            self._tongue = _helper(base, "helper-tongue")
            self._teeth = _helper(base, "helper-upper-teeth", "helper-lower-teeth")
            self._tongue_image = self._teeth_image = None
        else:
            self._tongue = load_asset(data / TONGUE, actor.base_vertices)
            self._teeth = load_asset(data / TEETH, actor.base_vertices)
            self._tongue_image = load_image(data / TONGUE_IMAGE)
            self._teeth_image = _natural_teeth(load_image(data / TEETH_IMAGE))
        self._teeth_rest = self._teeth.positions(actor.base_vertices)
        lower = np.isin(self._teeth.base, self._jaws["lower"])
        self._lower_share = (lower * self._teeth.weights).sum(1, keepdims=True)
        needed = [self._wall_vertices, self._tongue.base.ravel(), *self._jaws.values()]
        self._needed = np.unique(np.concatenate(needed))
        self._offsets = control_offsets()[:, self._needed]

    def base_pose(self, controls: np.ndarray) -> np.ndarray:
        """Base-mesh vertices (N, 3); only those of the mouth are moved by controls (C,)."""
        base = self._actor.base_vertices.copy()
        base[self._needed] += np.tensordot(controls.astype(np.float32), self._offsets, 1)
        return base

    def teeth(self, base: np.ndarray) -> np.ndarray:
        """Teeth and gums (P, 3): each jaw is rigid and moves with its helper."""
        points = np.zeros_like(self._teeth_rest)
        shares = {"upper": 1 - self._lower_share, "lower": self._lower_share}
        for jaw, helper in self._jaws.items():
            rotation, shift = rigid_motion(self._actor.base_vertices[helper], base[helper])
            points += shares[jaw] * (self._teeth_rest @ rotation.T + shift)
        return points

    def drawables(self, vertices: np.ndarray, controls: np.ndarray) -> list[Drawable]:
        """Layers for head vertices (V, 3), head at rest."""
        base = self.base_pose(controls)
        lips = self._actor.patches[0]
        rim = vertices[np.r_[lips.upper, lips.lower[1:-1][::-1]]]
        teeth = self.teeth(base)
        tongue = self._tongue.positions(base)
        walls = base[self._wall_vertices]
        plain = np.zeros((len(walls), 2), np.float32)
        return [
            _lit(Drawable("walls", walls, self._wall_faces, plain), WALL, rim),
            _lit(
                Drawable(
                    "tongue", tongue, self._tongue.faces, self._tongue.uvs, self._tongue_image
                ),
                PLAIN_TONGUE if self._tongue_image is None else PHOTO_TONGUE,
                rim,
            ),
            _lit(
                Drawable("teeth", teeth, self._teeth.faces, self._teeth.uvs, self._teeth_image),
                PLAIN_TEETH if self._teeth_image is None else PHOTO_TEETH,
                rim,
            ),
        ]


def _lit(drawable: Drawable, tone: np.ndarray, rim: np.ndarray) -> Drawable:
    """The drawable, coloured `tone` (3,), in the light that comes in through the opening `rim`."""
    seen = aperture_light(drawable.vertices, rim)
    outside = 1 - (drawable.vertices[:, 1] - rim[:, 1].min()) / LIP_DEPTH
    light = np.clip(np.maximum(seen * BRIGHTNESS, outside), 0, 1)[:, None] ** FALLOFF
    normals = vertex_normals(drawable.vertices, drawable.faces)
    facing = shade(normals, np.ones(len(normals))) * tone
    inside = tone * DEPTH_TINT * (0.45 + 0.55 * light)
    return replace(
        drawable,
        vertices=drawable.vertices.astype(np.float32),
        uvs=drawable.uvs.astype(np.float32),
        colours=np.clip(light * facing + (1 - light) * inside, 0, 1).astype(np.float32),
    )


def _natural_teeth(image: np.ndarray) -> np.ndarray:
    """The photo's grey teeth and crimson gums, turned ivory and pink."""
    colour = image[..., :3].astype(np.float32) / 255
    redness = np.clip((colour[..., :1] - colour[..., 1:2]) * 3.5, 0, 1)
    grey = colour.mean(-1, keepdims=True)
    ivory = np.clip(0.50 + 0.55 * grey, 0, 1) * np.array([0.985, 0.94, 0.865])
    pink = np.clip(0.30 + 0.9 * grey, 0, 1) * np.array([1.0, 0.60, 0.57])
    mixed = ivory * (1 - redness) + pink * redness
    alpha = np.full((*mixed.shape[:2], 1), 255, np.uint8)
    return np.concatenate([(np.clip(mixed, 0, 1) * 255).astype(np.uint8), alpha], -1)


def _compact(quads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    used, flat = np.unique(quads, return_inverse=True)
    flat = flat.reshape(quads.shape)
    return used, np.concatenate([flat[:, [0, 1, 2]], flat[:, [0, 2, 3]]]).astype(np.int32)


def _helper(base: BaseMesh, *groups: str) -> FittedAsset:
    """The base mesh's own helper geometry as an asset."""
    used, faces = _compact(base.faces[np.isin(base.groups, groups)])
    weights = np.zeros((len(used), 3))
    weights[:, 0] = 1
    zeros = np.zeros((len(used), 2))
    binding = np.repeat(used[:, None], 3, axis=1)
    return FittedAsset(faces, zeros, np.arange(len(used)), binding, weights, np.zeros_like(weights))
