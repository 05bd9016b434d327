"""Hair and lashes: parts bound to the head, with painted strands and light."""

from pathlib import Path

import cv2
import numpy as np
from scipy.spatial import cKDTree

from ..mesh import Part
from .assets import FittedAsset, load_asset, load_image
from .atlas import boundary_loops
from .binding import bind_part
from .lighting import highlight, shade, vertex_normals
from .skin import HAIR_TONE, noise, skin_faces
from .template import Actor
from .texels import TexelMap

STYLE = "short03"
LASHES = "eyelashes02"
LASH_STRENGTH = 0.85
SIZE = 1024
FRINGE = 0.011
"""Metres over which the rim of the hair dissolves into strands."""


def actor_parts(actor: Actor, data: Path) -> tuple[Part, ...]:
    """Hair and lashes of the bundled actor."""
    return (hair(actor, data), lashes(actor, data))


def hair(actor: Actor, data: Path) -> Part:
    """Short hair, its picture painted with strands that run away from the crown."""
    asset = load_asset(data / f"meshes/hair/{STYLE}/{STYLE}.mhclo", actor.base_vertices)
    points = asset.positions(actor.base_vertices)
    image = _hair_image(asset, points)
    head = (actor.mesh.vertices, _scalp_faces(actor, points))
    return bind_part("hair", points, asset.faces, asset.uvs, image, head)


def _scalp_faces(actor: Actor, points: np.ndarray) -> np.ndarray:
    """Skin triangles near the hair."""
    faces = skin_faces(actor)
    return faces[cKDTree(points).query(actor.mesh.vertices[faces].mean(1))[0] < 0.04]


def _hair_image(asset: FittedAsset, points: np.ndarray) -> np.ndarray:
    """Picture (1024, 1024, 4) uint8 of the hair with its light."""
    texels = TexelMap.build(np.clip(asset.uvs, 0, 1), asset.faces, SIZE)
    position = texels.gather(points)
    normals = _seamless_normals(asset, points)
    normals = texels.gather(normals)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    crown = points[np.argmax(points[:, 2] + 0.35 * points[:, 1])]
    relative = position - crown
    turn = np.arctan2(relative[:, 0], -relative[:, 1])
    away = np.linalg.norm(relative, axis=1)
    wave = turn + 0.10 * noise(position, 0.02, 21) + 0.25 * noise(position, 0.05, 22)
    strands = _strands(wave, away)
    rim = points[np.concatenate(boundary_loops(_welded(asset)))]
    depth = cKDTree(rim).query(position)[0] / FRINGE
    alpha = np.clip((depth + 0.55 * strands - 0.45) * 2.4, 0, 1)
    openness = np.clip(0.62 + 0.16 * strands + 0.10 * noise(position, 0.012, 23), 0.15, 1)
    sheen = highlight(normals, 9.0) * np.clip(0.5 + 0.5 * strands, 0, 1)
    light = shade(normals, openness)
    colour = HAIR_TONE * light * (1.25 + 0.42 * strands[:, None])
    colour += sheen[:, None] * np.array([0.115, 0.098, 0.08])
    pixels = np.concatenate([np.clip(colour, 0, 1), alpha[:, None]], -1)
    return texels.image((pixels * 255 + 0.5).astype(np.uint8))


def _strands(turn: np.ndarray, away: np.ndarray) -> np.ndarray:
    """Locks and single hairs, about -1…1, long along `away`, fine across `turn`."""
    total = np.zeros(len(turn))
    for across, along, share, seed in (
        (26, 0.045, 0.55, 31),
        (85, 0.03, 0.5, 32),
        (230, 0.02, 0.45, 33),
    ):
        table = np.random.default_rng(seed).normal(size=(across, 64)).astype(np.float32)
        columns = (turn / (2 * np.pi) % 1) * across
        rows = away / along
        total += share * _bilinear(table, columns, rows)
    return np.clip(total / 1.1, -1.2, 1.2)


def _bilinear(table: np.ndarray, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Read a table (across, along) that repeats in both directions."""
    across, along = table.shape
    c, r = np.floor(columns).astype(int), np.floor(rows).astype(int)
    fc, fr = columns - c, rows - r
    fc, fr = fc * fc * (3 - 2 * fc), fr * fr * (3 - 2 * fr)
    corners = [table[(c + i) % across, (r + j) % along] for i in (0, 1) for j in (0, 1)]
    first = corners[0] * (1 - fr) + corners[1] * fr
    second = corners[2] * (1 - fr) + corners[3] * fr
    return first * (1 - fc) + second * fc


def _welded(asset: FittedAsset) -> np.ndarray:
    """Triangles with one representative vertex per source vertex: UV seams are no edges."""
    representative = np.zeros(asset.source.max() + 1, np.int64)
    representative[asset.source] = np.arange(len(asset.source))
    return representative[asset.source][asset.faces]


def _seamless_normals(asset: FittedAsset, points: np.ndarray) -> np.ndarray:
    welded = _welded(asset)
    representative = np.zeros(asset.source.max() + 1, np.int64)
    representative[asset.source] = np.arange(len(asset.source))
    return vertex_normals(points, welded)[representative[asset.source]]


def lashes(actor: Actor, data: Path) -> Part:
    """Lashes bound to the lids' rims, upper to upper and lower to lower."""
    asset = load_asset(data / f"meshes/eyelashes/{LASHES}/{LASHES}.mhclo", actor.base_vertices)
    points = asset.positions(actor.base_vertices)
    image = load_image(data / f"hair_textures/{LASHES}.png")
    image[..., :3] = (0.25 * image[..., :3] + 0.5 * 255 * HAIR_TONE).astype(np.uint8)
    image[..., 3] = (image[..., 3] * LASH_STRENGTH).astype(np.uint8)
    vertices, faces = actor.mesh.vertices, skin_faces(actor)
    chains = [chain for patch in actor.patches[1:] for chain in (patch.upper, patch.lower)]
    islands = asset.islands()
    parts = [None] * len(points)
    bound = {}
    for island in np.unique(islands):
        members = np.flatnonzero(islands == island)
        reach = [cKDTree(vertices[chain]).query(points[members])[0].mean() for chain in chains]
        chain = chains[int(np.argmin(reach))]
        near = faces[np.isin(faces, chain[1:-1]).any(1)]
        bound[island] = bind_part(
            "", points[members], faces[:0], asset.uvs[members], image, (vertices, near)
        )
        for row, member in enumerate(members):
            parts[member] = (island, row)
    arrays = {
        field: np.stack([getattr(bound[island], field)[row] for island, row in parts])
        for field in ("triangles", "weights", "offsets")
    }
    encoded = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGBA2BGRA))[1].tobytes()
    return Part("lashes", asset.faces, asset.uvs.astype(np.float32), encoded, **arrays)
