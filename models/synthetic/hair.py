"""Hair: a part bound to the head, with painted strands and light.

The hair is a short cut grown from the head's own scalp: an opaque inner shell and an outer one
whose picture leaves locks standing. Both fade out over the hairline.
"""

from dataclasses import dataclass

import numpy as np

from ..mesh import Part
from ..template.binding import bind_part
from .hairline import hairline_depth
from .lighting import highlight, shade, vertex_normals
from .skin import noise, skin_faces
from .synthetic_actor import SyntheticActor
from .texels import TexelMap

TILE = 768
"""Side of each shell's picture in texels."""
SHELLS = (0.72, 1.0)
TOP_LENGTH, SIDE_LENGTH = 0.013, 0.004
TAPER, FRINGE = 0.016, 0.006
"""Metres from the hairline to full length, and over which the hair fades in."""
POLE = np.array([0.0, 0.25, 0.97]) / np.hypot(0.25, 0.97)
WIDEST = np.radians(135)


@dataclass(frozen=True)
class _Scalp:
    """The skin that hair grows on.

    Attributes:
        points: (S, 3) metres, at rest.
        normals: (S, 3).
        faces: (F, 3).
        depth: (S,) metres inside the hairline.
    """

    points: np.ndarray
    normals: np.ndarray
    faces: np.ndarray
    depth: np.ndarray


def hair(actor: SyntheticActor) -> Part:
    """A short cut with strands that run away from the crown."""
    scalp = _scalp(actor)
    length = SIDE_LENGTH + (TOP_LENGTH - SIDE_LENGTH) * np.clip(scalp.normals[:, 2] * 1.2, 0, 1)
    length = length * np.clip(scalp.depth / TAPER, 0, 1) ** 0.7
    length *= 1 + 0.22 * noise(scalp.points, 0.011, 41)
    shells = [scalp.points + (length * share + 0.0008)[:, None] * scalp.normals for share in SHELLS]
    uvs = _polar(scalp.points)
    tone = np.array(actor.traits.hair, np.float32)
    images = [_shell_image(scalp, uvs, shell, level, tone) for level, shell in enumerate(shells)]
    count = len(scalp.points)
    tiles = [uvs * [0.5, 1.0] + [0.5 * level, 0.0] for level in range(2)]
    faces = np.concatenate([scalp.faces, scalp.faces + count])
    head = (actor.mesh.vertices, skin_faces(actor))
    return bind_part(
        "hair", np.concatenate(shells), faces, np.concatenate(tiles), np.hstack(images), head
    )


def _scalp(actor: SyntheticActor) -> _Scalp:
    """The scalp, each triangle split in four for a round outline."""
    mesh, faces = actor.mesh, skin_faces(actor)
    normals = vertex_normals(mesh.vertices, faces)
    depth = hairline_depth(mesh, mesh.vertices)
    faces = faces[(depth[faces] > -FRINGE).any(1) & (depth[faces] > -0.015).all(1)]
    used, flat = np.unique(faces, return_inverse=True)
    points, normals = mesh.vertices[used].astype(float), normals[used]
    faces = flat.reshape(-1, 3)
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    unique, number = np.unique(edges, axis=0, return_inverse=True)
    middle = len(points) + number.reshape(-1, 3)
    chord = points[unique[:, 1]] - points[unique[:, 0]]
    bend = normals[unique[:, 0]] - normals[unique[:, 1]]
    lift = (chord * bend).sum(1) / -8  # a cubic through both normals bulges this much
    between = normals[unique].mean(1)
    points = np.concatenate([points, points[unique].mean(1) + lift[:, None] * between])
    normals = np.concatenate([normals, between])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    a, b, c = faces.T
    ab, bc, ca = middle.T
    split = np.concatenate(
        [np.stack(t, -1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
    )
    return _Scalp(points, normals, split.astype(np.int32), hairline_depth(mesh, points))


def _polar(points: np.ndarray) -> np.ndarray:
    """UVs (n, 2) in 0…1: angles from the crown, seen from the middle of the skull."""
    centre = np.array([0.0, points[:, 1].mean(), points[:, 2].min() + 0.045])
    direction = points - centre
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    side = np.array([1.0, 0.0, 0.0])
    front = np.cross(POLE, side)
    angle = np.arccos(np.clip(direction @ POLE, -1, 1)) / WIDEST
    turn = np.arctan2(direction @ front, direction @ side)
    return 0.5 + 0.49 * angle[:, None] * np.stack([np.cos(turn), np.sin(turn)], -1)


def _shell_image(
    scalp: _Scalp, uvs: np.ndarray, shell: np.ndarray, level: int, tone: np.ndarray
) -> np.ndarray:
    """Picture (TILE, TILE, 4) uint8 of a shell with its light."""
    texels = TexelMap.build(uvs, scalp.faces, TILE)
    position = texels.gather(shell)
    normals = texels.gather(vertex_normals(shell, scalp.faces))
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    depth = texels.gather(scalp.depth[:, None])[:, 0]
    strands = _strands(position)
    ragged = depth + 0.0035 * strands + 0.0015 * noise(position, 0.0017, 42)
    alpha = np.clip(ragged / FRINGE, 0, 1)
    if level:
        alpha = np.clip((ragged - 0.5 * FRINGE) / FRINGE, 0, 1)
        alpha *= np.clip(0.75 + 1.5 * strands, 0, 1)
    openness = np.clip((0.42, 0.66)[level] + 0.22 * strands, 0.12, 1)
    colour = tone * shade(normals, openness) * (1.2 + 0.35 * strands[:, None])
    sheen = highlight(normals, 7.0) * np.clip(0.45 + 0.6 * strands, 0, 1)
    colour += (0.04, 0.10)[level] * sheen[:, None] * np.array([1.0, 0.86, 0.70])
    pixels = np.concatenate([np.clip(colour, 0, 1), alpha[:, None]], -1)
    return texels.image((pixels * 255 + 0.5).astype(np.uint8))


def _strands(position: np.ndarray) -> np.ndarray:
    """Locks and single hairs (n,), about -1…1, long away from the crown, fine across."""
    crown = position[np.argmax(position[:, 2] + 0.4 * position[:, 1])]
    relative = position - crown
    turn = np.arctan2(relative[:, 0], -relative[:, 1])
    turn = turn + 0.06 * noise(position, 0.012, 21) + 0.2 * noise(position, 0.04, 22)
    away = np.linalg.norm(relative, axis=1)
    total = np.zeros(len(turn))
    for across, along, share, seed in (
        *((34, 0.020, 0.40, 31), (90, 0.014, 0.50, 32)),
        *((210, 0.010, 0.50, 33), (420, 0.009, 0.40, 34)),
    ):
        table = np.random.default_rng(seed).normal(size=(across, 64)).astype(np.float32)
        total += share * _bilinear(table, (turn / (2 * np.pi) % 1) * across, away / along)
    return np.clip(total, -1.2, 1.2)


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
