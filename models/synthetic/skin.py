"""The actor's skin at rest, per texel: photo or procedural colour, pores, stubble, scalp, brows."""

import functools
import itertools
from pathlib import Path

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from ..nearest import tree_of
from ..template.basemesh import load_base_mesh
from ..template.binding import nearest_points
from .assets import FittedAsset, load_asset, load_image
from .hairline import hairline_depth
from .synthetic_actor import SyntheticActor
from .texels import TexelMap, covered_texels

SKIN_TONE = np.array([0.83, 0.66, 0.55], np.float32)
LIP_TONE = np.array([0.74, 0.47, 0.43], np.float32)
BROW_STRENGTH = 0.92


def skin_faces(actor: SyntheticActor) -> np.ndarray:
    """Triangles (F, 3) of the head without the patches."""
    faces = actor.mesh.faces
    return faces[[key in _body_quads() for key in _keys(actor.base_index[faces])]]


def _keys(triangles: np.ndarray) -> list[tuple[int, ...]]:
    return [tuple(row) for row in np.sort(triangles, axis=1).tolist()]


@functools.cache
def _body_quads() -> dict[tuple[int, ...], int]:
    """Quad of the base mesh's body that three of its vertices (sorted) belong to."""
    base = load_base_mesh()
    quads = {}
    for quad in np.flatnonzero(base.groups == "body"):
        for triangle in itertools.combinations(sorted(base.faces[quad].tolist()), 3):
            quads[triangle] = int(quad)
    return quads


def bake_albedo(
    actor: SyntheticActor, faces: np.ndarray, texels: TexelMap, data: Path | None
) -> np.ndarray:
    """Colour (n, 3) float32 0…1 of every skin texel without light.

    Args:
        actor: The actor.
        faces: `skin_faces`.
        texels: Map of those faces.
        data: Folder of the performer's photo textures; procedural when None.
    """
    positions = texels.gather(actor.mesh.vertices)
    if data is None:
        albedo = _procedural(actor, positions)
    else:
        albedo = _photo(actor, faces, texels, load_image(data / actor.traits.skin))
    albedo *= pores(positions)[:, None]
    albedo = _stubble(actor, positions, albedo)
    depth = hairline_depth(actor.mesh, positions)
    ragged = depth + 0.0025 * noise(positions, 0.0035, 5) + 0.0015 * noise(positions, 0.0009, 6)
    share = np.clip(ragged / 0.009, 0, 1)[:, None] * 0.9
    albedo = albedo * (1 - share) + np.array(actor.traits.hair, np.float32) * share
    if data is not None:
        _paint_brows(actor, faces, texels, data, albedo)
    return np.clip(albedo, 0.02, 1).astype(np.float32)


def base_uv_corners(base_index: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Base-mesh UVs (F, 3, 2) of the corners of triangles (F, 3).

    Args:
        base_index: (V,) base vertex of each vertex.
        faces: (F, 3) triangles inside quads of the base mesh's body.
    """
    base = load_base_mesh()
    triangles = base_index[faces]
    quads = [_body_quads()[key] for key in _keys(triangles)]
    hits = base.faces[quads][:, None, :] == triangles[..., None]
    corner_uvs = base.face_uvs[quads][np.arange(len(faces))[:, None], hits.argmax(-1)]
    return base.uvs[corner_uvs]


def _photo(
    actor: SyntheticActor, faces: np.ndarray, texels: TexelMap, image: np.ndarray
) -> np.ndarray:
    corners = base_uv_corners(actor.base_index, faces)[texels.faces]
    uv = np.einsum("nk,nkc->nc", texels.weights, corners).astype(np.float32)
    height, width = image.shape[:2]
    columns, rows = uv[:, 0] * width - 0.5, (1 - uv[:, 1]) * height - 0.5
    padding = -len(uv) % 1024
    x, y = (np.pad(axis, (0, padding)).reshape(-1, 1024) for axis in (columns, rows))
    sampled = cv2.remap(image[..., :3], x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return sampled.reshape(-1, 3)[: len(uv)].astype(np.float32) / 255


def _procedural(actor: SyntheticActor, positions: np.ndarray) -> np.ndarray:
    mesh = actor.mesh
    lips = mesh.vertices[mesh.landmarks["lips"]]
    rim = mesh.vertices[actor.patches[0].rim]
    distance = tree_of(rim).query(positions)[0]
    vermilion = np.clip(1.5 - distance / max(0.006, 0.25 * np.ptp(lips[:, 2])), 0, 1)[:, None]
    mottled = 1 + 0.02 * noise(positions, 0.012, 1)[:, None] * np.array([0.5, 1, 1])
    return (SKIN_TONE * (1 - vermilion) + LIP_TONE * vermilion) * mottled.astype(np.float32)


def noise(positions: np.ndarray, grain: float, seed: int) -> np.ndarray:
    """Smooth random values (n,) of unit variance that vary over `grain` metres in space."""
    volume = np.random.default_rng(seed).normal(size=(48, 48, 48)).astype(np.float32)
    volume = gaussian_filter(volume, 0.8, mode="wrap")
    return map_coordinates(volume / volume.std(), (positions / grain).T, order=1, mode="grid-wrap")


def pores(positions: np.ndarray) -> np.ndarray:
    """Factor (n,) near one: small dark pits and the fine unevenness of skin."""
    pits = np.clip(noise(positions, 0.00042, 2) - 1.0, 0, 2)
    return (
        1 + 0.008 * noise(positions, 0.0011, 3) + 0.007 * noise(positions, 0.0045, 4) - 0.03 * pits
    )


def _stubble(actor: SyntheticActor, positions: np.ndarray, albedo: np.ndarray) -> np.ndarray:
    """A shaven beard: a faint cool shadow and dots on upper lip, jaw and chin."""
    mesh = actor.mesh
    rim = mesh.vertices[actor.patches[0].rim]
    nose, chin = (mesh.vertices[mesh.landmarks[name]][0] for name in ("nose_tip", "chin"))
    top = nose[2] - 0.008 - 0.30 * np.clip(np.abs(positions[:, 0]) - 0.018, 0, 0.02)
    top += np.clip(np.abs(positions[:, 0]) - 0.042, 0, None) * 1.2
    below_top = np.clip((top - positions[:, 2]) / 0.010, 0, 1)
    above_neck = np.clip((positions[:, 2] - (chin[2] - 0.030)) / 0.018, 0, 1)
    front = np.clip((-0.035 - positions[:, 1]) / 0.02, 0, 1)
    off_lips = np.clip((tree_of(rim).query(positions)[0] - 0.0085) / 0.004, 0, 1)
    mask = below_top * above_neck * front * off_lips
    shadow = (actor.traits.stubble * mask) * (
        0.07 + 0.012 * noise(positions, 0.006, 8) + 0.020 * noise(positions, 0.0008, 7)
    )
    return albedo * (1 - shadow[:, None] * np.array([1.0, 0.9, 0.75], np.float32))


def _paint_brows(
    actor: SyntheticActor, faces: np.ndarray, texels: TexelMap, data: Path, albedo: np.ndarray
) -> None:
    """Print the brow asset's cards onto the skin, in place."""
    brows, tone = actor.traits.brows, np.array(actor.traits.hair, np.float32)
    asset = load_asset(data / f"meshes/eyebrows/{brows}/{brows}.mhclo", actor.base_vertices)
    image = load_image(data / f"hair_textures/{brows}.png").astype(np.float32) / 255
    size = texels.size
    layer = np.zeros((size * size, 4), np.float32)
    uvs = _project(actor, faces, asset)
    points = np.c_[uvs[:, 0] * size - 0.5, (1 - uvs[:, 1]) * size - 0.5]
    for triangle in asset.faces:
        inside, weights = covered_texels(points[triangle], size)
        uv = (weights @ asset.uvs[triangle]).astype(np.float32)
        columns, rows = uv[:, 0] * image.shape[1] - 0.5, (1 - uv[:, 1]) * image.shape[0] - 0.5
        if len(inside):
            layer[inside] = cv2.remap(image, columns, rows, cv2.INTER_LINEAR).reshape(-1, 4)
    hair = layer[texels.texels]
    alpha = hair[:, 3:] * BROW_STRENGTH
    albedo[:] = albedo * (1 - alpha) + (0.35 * hair[:, :3] + 0.85 * tone) * alpha


def _project(actor: SyntheticActor, faces: np.ndarray, asset: FittedAsset) -> np.ndarray:
    """Atlas UVs (P, 2) of the nearest skin points."""
    triangles, weights = nearest_points(
        actor.mesh.vertices, faces, asset.positions(actor.base_vertices)
    )
    return np.einsum("pk,pkc->pc", weights, actor.mesh.uvs[triangles])
