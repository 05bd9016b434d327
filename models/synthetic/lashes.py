"""Lashes: a part bound to the rims of the lids, so that they follow a blink."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ..mesh import Part
from ..nearest import tree_of
from ..template.binding import bind_part
from .assets import load_asset, load_image
from .skin import skin_faces
from .synthetic_actor import SyntheticActor

ASSET = "eyelashes02"
CORE = 0.75
"""Cover of a strand below which nothing is drawn: viewports that know no half transparency draw
soft edges solid, and lashes became brushes."""
STRENGTH = 0.5


def lashes(actor: SyntheticActor, data: Path) -> Part:
    """Lashes bound to the lids, upper to upper and lower to lower."""
    asset = load_asset(data / f"meshes/eyelashes/{ASSET}/{ASSET}.mhclo", actor.base_vertices)
    points = asset.positions(actor.base_vertices)
    image = load_image(data / f"hair_textures/{ASSET}.png")
    image[..., :3] = (0.2 * image[..., :3] + 0.4 * 255 * np.array(actor.traits.hair)).astype(
        np.uint8
    )
    core = np.clip((image[..., 3] / 255 - CORE) / (1 - CORE), 0, 1)
    image[..., 3] = np.rint(255 * STRENGTH * core)
    vertices, faces = actor.mesh.vertices, skin_faces(actor)
    whole = bind_part("lashes", points, asset.faces, asset.uvs, image, (vertices, faces))
    triangles, weights, offsets = whole.triangles, whole.weights, whole.offsets
    chains = [chain for patch in actor.patches[1:] for chain in (patch.upper, patch.lower)]
    islands = asset.islands()
    for island in np.unique(islands):
        own = np.flatnonzero(islands == island)
        reach = [tree_of(vertices[chain]).query(points[own])[0].min() for chain in chains]
        near = faces[np.isin(faces, chains[int(np.argmin(reach))][1:-1]).any(1)]
        part = bind_part("", points[own], faces[:0], asset.uvs[own], image, (vertices, near))
        triangles[own], weights[own], offsets[own] = part.triangles, part.weights, part.offsets
    return replace(whole, triangles=triangles, weights=weights, offsets=offsets)
