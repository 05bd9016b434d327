"""One frame of the synthetic actor as drawables for the rasteriser."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..mesh import ATLAS_SIZE
from ..pose import to_world
from ..render.drawables import Drawable
from ..texture.texturing import part_drawable, part_image
from .appearance import RAYS, Appearance, SkinState
from .assets import load_image
from .eyes import Eyes
from .hair import hair
from .lashes import lashes
from .mouth_interior import Mouth
from .skin import SKIN_TONE, base_uv_corners
from .synthetic_actor import SyntheticActor

BACKGROUND = (0.40, 0.415, 0.44)
NECK_FALLOFF = 0.08
"""Metres below the head's edge over which the neck stops following the head."""


@dataclass(frozen=True)
class SceneFrame:
    """One moment of the actor.

    Attributes:
        drawables: For the rasteriser, in the world.
        texture: The true atlas (S, S, 3) uint8 of the skin.
        vertices: (V, 3) head-local.
    """

    drawables: list[Drawable]
    texture: np.ndarray
    vertices: np.ndarray


class Scene:
    """The actor with everything that does not change from frame to frame prepared.

    Attributes:
        actor: The actor, dressed: its mesh has hair and lashes.
        mesh: That mesh.
        appearance: Paints the skin.
        skin_mask: (S, S) uint8, 255 where the atlas shows skin.
    """

    def __init__(
        self,
        actor: SyntheticActor,
        data: Path | None = None,
        size: int = ATLAS_SIZE,
        rays: int = RAYS,
    ) -> None:
        """Dress the actor.

        Args:
            actor: The actor; its mesh gets hair and lashes where `data` has them.
            data: Folder of the performer's CC0 assets; a plain procedural actor when None.
            size: Side of the true textures.
            rays: From each point of the skin, to see how much light it gets.
        """
        parts = (hair(actor), *((lashes(actor, data),) if data else ()))
        actor = replace(actor, mesh=replace(actor.mesh, parts=parts))
        self.actor, self.mesh = actor, actor.mesh
        self.appearance = Appearance(actor, data, size, rays)
        self._eyes, self._mouth = Eyes(actor, data), Mouth(actor, data)
        self._parts = [(part, part_image(part)) for part in parts]
        self._torso = _Torso(self.appearance, data)
        texels = self.appearance.texels
        mask = np.zeros(texels.size**2, np.uint8)
        mask[texels.texels] = 255
        self.skin_mask = mask.reshape(texels.size, texels.size)

    def frame(self, controls: np.ndarray, head_pose: np.ndarray) -> SceneFrame:
        """The actor with controls (C,) and head pose (6,)."""
        vertices = self.mesh.pose(controls)
        state = self.appearance.state(vertices)
        texture = self.appearance.texture(state)
        local = [
            Drawable("skin", vertices, self.appearance.faces, self.mesh.uvs, texture),
            *self._eyes.drawables(vertices, controls),
            *self._mouth.drawables(vertices, controls),
            *(part_drawable(part, vertices, image) for part, image in self._parts),
        ]
        drawables = [
            replace(
                drawable,
                vertices=to_world(drawable.vertices, head_pose, self.mesh.pivot).astype(np.float32),
            )
            for drawable in local
        ]
        drawables.append(self._torso.drawable(state, head_pose, self.mesh.pivot))
        return SceneFrame(drawables, texture, vertices)


class _Torso:
    """Neck and chest: the neck follows the head, the chest stays."""

    def __init__(self, appearance: Appearance, data: Path | None) -> None:
        actor, faces = appearance.actor, appearance.torso_faces
        self._image = load_image(data / appearance.actor.traits.skin) if data else None
        self._tone = 1.0 if data else SKIN_TONE
        index = np.concatenate([actor.base_index, appearance.torso_base])
        corners = base_uv_corners(index, faces).reshape(-1, 2)
        pairs = np.c_[faces.ravel(), np.round(corners * 1e6).astype(int)]
        _, first, flat = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
        self._source = faces.ravel()[first]
        self._uvs = corners[first].astype(np.float32)
        self._faces = flat.reshape(-1, 3).astype(np.int32)
        rest = np.concatenate([actor.mesh.vertices, actor.base_vertices[appearance.torso_base]])
        shared = np.unique(faces[faces < len(actor.mesh.vertices)])
        below = rest[shared, 2].min() - rest[:, 2]
        follow = np.clip(1 - below / NECK_FALLOFF, 0, 1)
        follow[: len(actor.mesh.vertices)] = 1.0
        self._follow = (follow * follow * (3 - 2 * follow))[self._source, None]

    def drawable(self, state: SkinState, head_pose: np.ndarray, pivot: np.ndarray) -> Drawable:
        """The torso under a head with this pose."""
        rest = state.vertices[self._source]
        moved = to_world(rest, head_pose, pivot)
        vertices = rest + self._follow * (moved - rest)
        colours = (state.shade[self._source] * self._tone).astype(np.float32)
        return Drawable(
            "torso", vertices.astype(np.float32), self._faces, self._uvs, self._image, colours
        )
