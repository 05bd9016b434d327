"""The head's own atlas: one chart without overlaps, centred on the face, areas by importance."""

from collections import Counter, defaultdict
from collections.abc import Callable

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.sparse.linalg import splu

from .patches import Patch

ITERATIONS = 60
MARGIN = 0.012
THROAT_SQUEEZE = 0.6
"""How much less of the square's edge the throat gets than the nape (0: by length, < 1)."""


def boundary_loops(faces: np.ndarray) -> list[np.ndarray]:
    """Ordered vertex loops of the open edges of faces (F, 3 or 4)."""
    edges = np.stack([faces, np.roll(faces, -1, axis=1)], -1).reshape(-1, 2)
    counts = Counter(map(tuple, np.sort(edges, axis=1).tolist()))
    neighbours = defaultdict(list)
    for (a, b), count in counts.items():
        if count == 1:
            neighbours[a].append(b)
            neighbours[b].append(a)
    loops, seen = [], set()
    for start in neighbours:
        if start in seen:
            continue
        loop, current = [], start
        while current is not None:
            loop.append(current)
            seen.add(current)
            current = next((n for n in neighbours[current] if n not in seen), None)
        loops.append(np.array(loop))
    return loops


def embed(
    vertices: np.ndarray, faces: np.ndarray, patches: tuple[Patch, ...], neutral: np.ndarray
) -> np.ndarray:
    """UVs (V, 2) in 0…1 of a disc (V, 3), without flipped triangles.

    Mean-value weights (Floater 2003) with a convex boundary cannot flip; the weights are then
    rescaled towards the wanted area of each triangle, which keeps them positive.

    Args:
        vertices: (V, 3) an open-mouthed, wide-eyed pose, so that openings are open in place.
        faces: (F, 3).
        patches: Bridges of mouth and eyes, which get extra area.
        neutral: (V, 3) at rest.
    """
    boundary = _boundary_positions(vertices, faces)
    weights = _mean_value_weights(vertices, faces)
    wanted = _areas(vertices, faces) * _importance(neutral, faces, patches)
    wanted /= wanted.sum()
    uvs = _solve(weights, boundary, len(vertices))
    for _ in range(ITERATIONS):
        excess = _flat_areas(uvs, faces)
        excess = excess / excess.sum() / wanted
        shrink = np.clip(excess, 0.2, 5.0) ** 0.5
        weights = _rescale(weights, faces, shrink, len(vertices))
        uvs = _solve(weights, boundary, len(vertices))
    return np.stack([_warp(uvs[:, 0], _across), _warp(uvs[:, 1], _upwards)], axis=1)


def _warp(values: np.ndarray, density: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Move 0…1 monotonically so that places of high density get more room."""
    grid = np.linspace(0, 1, 1025)
    room = np.r_[0, np.cumsum(density((grid[1:] + grid[:-1]) / 2))]
    return np.interp(values, grid, room / room[-1])


def _across(u: np.ndarray) -> np.ndarray:
    """The square boundary widens the face; this narrows its middle again."""
    return 1 - 0.42 * np.exp(-(((u - 0.5) / 0.23) ** 4))


def _upwards(v: np.ndarray) -> np.ndarray:
    """The square boundary flattens the mouth; this gives it height."""
    return 1 + 0.8 * np.exp(-(((v - 0.225) / 0.1) ** 2))


def _boundary_positions(vertices: np.ndarray, faces: np.ndarray) -> dict[int, np.ndarray]:
    """The neck loop on the square's edge: throat along the bottom, nape around the other sides."""
    loop = max(boundary_loops(faces), key=len)
    points = vertices[loop]
    loop = np.roll(loop, -int(np.argmin(points[:, 1] + np.abs(points[:, 0]))))
    if vertices[loop[1], 0] < vertices[loop[-1], 0]:
        loop = np.r_[loop[:1], loop[1:][::-1]]
    ring = vertices[np.r_[loop, loop[:1]]]
    along = np.r_[0, np.cumsum(np.linalg.norm(np.diff(ring, axis=0), axis=1))]
    turn = 2 * np.pi * along[:-1] / along[-1]
    spread = turn - THROAT_SQUEEZE * np.sin(turn)
    return {int(v): _on_square(t) for v, t in zip(loop, spread, strict=True)}


def _on_square(turn: float) -> np.ndarray:
    """A point on a rounded, strictly convex square; turn 0 is the middle of the bottom."""
    direction = np.array([np.sin(turn), -np.cos(turn)])
    superellipse = (np.abs(direction) ** 5).sum() ** (-1 / 5)
    return 0.5 + (0.5 - MARGIN) * superellipse * direction


def _mean_value_weights(vertices: np.ndarray, faces: np.ndarray) -> csr_matrix:
    rows, columns, values = [], [], []
    for corner in range(3):
        i, j, k = (faces[:, (corner + step) % 3] for step in range(3))
        to_j, to_k = vertices[j] - vertices[i], vertices[k] - vertices[i]
        length_j, length_k = np.linalg.norm(to_j, axis=1), np.linalg.norm(to_k, axis=1)
        cosine = (to_j * to_k).sum(1) / np.maximum(length_j * length_k, 1e-15)
        tangent = np.tan(np.arccos(np.clip(cosine, -1, 1)) / 2)
        rows += [i, i]
        columns += [j, k]
        values += [tangent / np.maximum(length_j, 1e-9), tangent / np.maximum(length_k, 1e-9)]
    size = len(vertices)
    triplets = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return csr_matrix(triplets, shape=(size, size))


def _solve(weights: csr_matrix, boundary: dict[int, np.ndarray], size: int) -> np.ndarray:
    fixed = np.array(list(boundary))
    free = np.setdiff1d(np.arange(size), fixed)
    uvs = np.zeros((size, 2))
    uvs[fixed] = np.array(list(boundary.values()))
    rows = diags(1 / np.asarray(weights.sum(1)).ravel()) @ weights
    system = diags(np.ones(len(free))) - rows[free][:, free]
    uvs[free] = splu(system.tocsc()).solve(rows[free][:, fixed] @ uvs[fixed])
    return uvs


def _rescale(weights: csr_matrix, faces: np.ndarray, shrink: np.ndarray, size: int) -> csr_matrix:
    """Stiffen the edges of triangles that are too large, loosen those too small."""
    edges = np.concatenate([faces[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    values = np.tile(shrink, 3)
    ones = np.ones(len(values))
    total = coo_matrix((values, edges.T), shape=(size, size)).tocsr()
    count = coo_matrix((ones, edges.T), shape=(size, size)).tocsr()
    total, count = total + total.T, count + count.T
    count.data = 1 / count.data
    return weights.multiply(total.multiply(count)).tocsr()


def _areas(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2 + 1e-9


def _flat_areas(uvs: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (uvs[faces[:, k]] for k in range(3))
    first, second = b - a, c - a
    return np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / 2 + 1e-12


def _importance(neutral: np.ndarray, faces: np.ndarray, patches: tuple[Patch, ...]) -> np.ndarray:
    """Wanted texels per area (F,): most around mouth and eyes, least on the skull's back."""
    centres = neutral[faces].mean(1)
    mouth = neutral[patches[0].rim].mean(0)
    eyes = [neutral[patch.rim].mean(0) for patch in patches[1:]]
    nose = (mouth + sum(eyes) / 2) / 2

    def near(point: np.ndarray, reach: float) -> np.ndarray:
        return np.exp(-((np.linalg.norm(centres - point, axis=1) / reach) ** 2))

    front = near(nose, 0.1)
    local = 0.25 * near(mouth, 0.035) + sum(near(eye, 0.022) for eye in eyes)
    return 0.22 + front + local
