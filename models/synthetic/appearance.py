"""What the actor's skin looks like in a pose: the true atlas texture, and the light on the body.

Everything follows the geometry of the frame: creases from compression, flush and pallor from the
change of area, occlusion from rays, light and gloss from the normals. The albedo is baked once.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..mesh import ATLAS_SIZE
from ..nearest import tree_of
from ..template.basemesh import load_base_mesh
from .creases import CreaseField
from .hairline import hairline_depth
from .lighting import highlight, shade, vertex_normals
from .occlusion import SkyRays, neighbour_average
from .skin import bake_albedo, noise, skin_faces
from .synthetic_actor import SyntheticActor
from .texels import TexelMap

TORSO_DEPTH = 0.26
"""Metres of neck and chest shown below the chin."""
RAYS, REACH = 64, 0.06
FOLD_SHARE = 0.5
"""A fold keeps at least this share of the light that reaches it at rest: skin is translucent."""
FLUSH = np.array([0.02, -0.16, -0.15])
"""Relative colour change of skin compressed to half its area."""
GLOSS, LIP_GLOSS = 0.055, 0.20


@dataclass(frozen=True)
class SkinState:
    """The body's surface in one pose.

    Attributes:
        vertices: (B, 3) head vertices first, then the torso's.
        shade: (B, 3) display-space light.
        tint: (V, 3) factor of flush and pallor on the head.
        normals: (B, 3).
        occlusion: (B,) openness 0…1.
    """

    vertices: np.ndarray
    shade: np.ndarray
    tint: np.ndarray
    normals: np.ndarray
    occlusion: np.ndarray


class Appearance:
    """Lights and paints one actor."""

    def __init__(
        self,
        actor: SyntheticActor,
        data: Path | None = None,
        size: int = ATLAS_SIZE,
        rays: int = RAYS,
    ) -> None:
        """Bake what does not change.

        Args:
            actor: The actor.
            data: Folder of the performer's photo textures; procedural skin when None.
            size: Side of the atlas.
            rays: From each point, to see how open it is.
        """
        self.actor = actor
        self._count = len(actor.mesh.vertices)
        self.faces = skin_faces(actor)
        self.torso_base, self.torso_faces = torso(actor)
        self._surface = np.concatenate([self.faces, self.torso_faces])
        self._blockers = np.concatenate([actor.mesh.faces, self.torso_faces])
        self._average = neighbour_average(self._surface, self._count + len(self.torso_base))
        self._rays = SkyRays(rays, REACH)
        self._skin = np.unique(self.faces)
        self._edge = _distance_to(actor.mesh.vertices, self._torso_edge())
        self._rest_area = _vertex_areas(actor.mesh.vertices, self.faces)
        self._rest_occlusion = self._all_occlusion(actor.mesh.vertices)
        self.texels = TexelMap.build(actor.mesh.uvs, self.faces, size)
        positions = self.texels.gather(actor.mesh.vertices)
        rest_normals = vertex_normals(actor.mesh.vertices, self.faces)
        normals = self.texels.gather(rest_normals)
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
        self._creases = CreaseField(actor.mesh, self.faces, self.texels, normals)
        self.albedo = bake_albedo(actor, self.faces, self.texels, data)
        self._gloss, self._lip_gloss = self._gloss_maps(positions)
        self.albedo *= self._wet_edges(positions)

    def state(self, vertices: np.ndarray) -> SkinState:
        """Light on head vertices (V, 3), head at rest, and on the torso below."""
        body = self._body(vertices)
        normals = vertex_normals(body, self._surface)
        occlusion = self._rest_occlusion.copy()
        seen = self._occlusion(body, normals, self._skin)
        occlusion[self._skin] = np.maximum(seen, FOLD_SHARE * occlusion[self._skin])
        fade = np.clip(self._edge / 0.03, 0, 1)
        occlusion[: self._count] = (
            fade * occlusion[: self._count] + (1 - fade) * self._rest_occlusion[: self._count]
        )
        occlusion = self._average @ (self._average @ occlusion)
        return SkinState(body, shade(normals, occlusion), self._tint(vertices), normals, occlusion)

    def texture(self, state: SkinState) -> np.ndarray:
        """The atlas (size, size, 3) uint8; texels of the patches show the rim around them."""
        count = self._count
        normals = state.normals[:count]
        openness = state.occlusion[:count]
        fields = np.c_[
            state.shade[:count] * state.tint,
            highlight(normals, 14.0) * openness,
            highlight(normals, 60.0) * openness,
        ]
        fields = self.texels.gather(fields)
        relief = 1 + self._creases.shading(state.vertices[:count])
        colour = self.albedo * fields[:, :3]
        colour[:, 0] *= np.sqrt(relief)  # red light bleeds into a crease
        colour[:, 1:] *= relief[:, None]
        colour += (self._gloss * fields[:, 3] + self._lip_gloss * fields[:, 4])[:, None]
        return self.texels.image((np.clip(colour, 0, 1) * 255 + 0.5).astype(np.uint8))

    def _body(self, vertices: np.ndarray) -> np.ndarray:
        return np.concatenate([vertices, self.actor.base_vertices[self.torso_base]])

    def _occlusion(self, body: np.ndarray, normals: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        return self._rays.openness(body[chosen], normals[chosen], body, self._blockers)

    def _all_occlusion(self, vertices: np.ndarray) -> np.ndarray:
        body = self._body(vertices)
        normals = vertex_normals(body, self._surface)
        return self._occlusion(body, normals, np.arange(len(body)))

    def _tint(self, vertices: np.ndarray) -> np.ndarray:
        """Flush where skin is squeezed, pallor where it is stretched."""
        ratio = _vertex_areas(vertices, self.faces) / np.maximum(self._rest_area, 1e-12)
        squeeze = np.clip(1 - ratio, -0.3, 0.6) * (self._rest_area > 0)
        for _ in range(3):
            squeeze = (self._average[: self._count, : self._count] @ squeeze).astype(np.float32)
        squeeze = np.where(squeeze < 0, 0.45 * squeeze, squeeze)
        return (1 + np.tanh(1.6 * squeeze)[:, None] * FLUSH).astype(np.float32)

    def _torso_edge(self) -> np.ndarray:
        shared = np.unique(self.torso_faces)
        return self.actor.mesh.vertices[shared[shared < self._count]]

    def _gloss_maps(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Strength (n,) of the broad and of the lips' narrow highlight."""
        mouth = self.actor.patches[0]
        rim = self.actor.mesh.vertices[mouth.rim]
        lips = np.clip(1.4 - _distance_to(positions, rim) / 0.007, 0, 1)
        grain = 1 + 0.22 * noise(positions, 0.0008, 11) + 0.12 * noise(positions, 0.004, 12)
        nearby = np.clip(_distance_to(positions, self._torso_edge()) / 0.02, 0, 1)
        gloss = GLOSS * np.clip(grain, 0.2, 2) * (1 - 0.5 * lips) * nearby
        gloss *= np.clip(1 - hairline_depth(self.actor.mesh, positions) / 0.012, 0.1, 1)
        return gloss.astype(np.float32), (LIP_GLOSS * lips * np.clip(grain, 0.3, 2)).astype("f4")

    def _wet_edges(self, positions: np.ndarray) -> np.ndarray:
        """Darker, redder inner lips and the pink waterline of the lids, as factors (n, 3)."""
        factor = np.ones((len(positions), 3), np.float32)
        tones = ([0.62, 0.42, 0.42], [0.80, 0.62, 0.60], [0.80, 0.62, 0.60])
        reaches = (0.0022, 0.0011, 0.0011)
        for patch, reach, tone in zip(self.actor.patches, reaches, tones, strict=True):
            rim = self.actor.mesh.vertices[patch.rim]
            near = np.clip(1 - _distance_to(positions, rim) / reach, 0, 1)[:, None] ** 1.3
            factor *= 1 - near * (1 - np.array(tone, np.float32))
        return factor


def torso(actor: SyntheticActor) -> tuple[np.ndarray, np.ndarray]:
    """Neck and chest below the head.

    Returns:
        Base-mesh vertices (E,) that the head lacks, and triangles (F, 3) over head vertices
        followed by those.
    """
    base = load_base_mesh()
    quads = base.faces[base.groups == "body"]
    chin = actor.mesh.vertices[actor.mesh.landmarks["chin"][0], 2]
    height = actor.base_vertices[quads][..., 2]
    shown = (height > chin - TORSO_DEPTH).all(1) & (height < chin).all(1)
    shown &= (np.abs(actor.base_vertices[quads][..., 0]) < 0.30).all(1)
    quads = quads[shown]
    head_of = np.full(len(actor.base_vertices), -1)
    known = np.flatnonzero(actor.base_index >= 0)
    head_of[actor.base_index[known]] = known
    inner = np.isin(quads, inner_mouth_quads(actor).ravel()).all(1)
    quads = quads[~_of_head(actor, quads) & ~inner]
    extra = np.unique(quads[head_of[quads] < 0])
    head_of[extra] = len(actor.mesh.vertices) + np.arange(len(extra))
    mapped = head_of[quads]
    return extra, np.concatenate([mapped[:, [0, 1, 2]], mapped[:, [0, 2, 3]]]).astype(np.int32)


def inner_mouth_quads(actor: SyntheticActor) -> np.ndarray:
    """Base-mesh quads (F, 4) of the walls behind the lips: in the head, off its skin."""
    base = load_base_mesh()
    quads = base.faces[base.groups == "body"]
    lips = actor.mesh.vertices[actor.mesh.landmarks["lips"]]
    centre = actor.base_vertices[quads].mean(1)
    low = np.array([-0.045, lips[:, 1].min() - 0.002, lips[:, 2].min() - 0.035])
    high = np.array([0.045, lips[:, 1].max() + 0.085, lips[:, 2].max() + 0.035])
    near = ((centre > low) & (centre < high)).all(1)
    return quads[near & ~_of_head(actor, quads)]


def _of_head(actor: SyntheticActor, quads: np.ndarray) -> np.ndarray:
    """Which base-mesh quads (F, 4) the head's skin is made of, (F,) bool."""
    own = {tuple(face) for face in np.sort(actor.base_index[skin_faces(actor)], axis=1).tolist()}
    return np.array([tuple(sorted(quad[:3].tolist())) in own for quad in quads])


def _vertex_areas(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return np.bincount(faces.ravel(), np.repeat(area, 3), len(vertices))


def _distance_to(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    return tree_of(others).query(points)[0].astype(np.float32)
