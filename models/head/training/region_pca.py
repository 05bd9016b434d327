"""Joint texture and geometry PCA of a region: its network's start and its baseline."""

from dataclasses import dataclass

import numpy as np

from ...mesh import moved_vertices

CHUNK_BYTES = 1 << 28
STILL_TEXTURE, STILL_GEOMETRY = 0.5 / 255, 0.01
"""Root mean squares, of a texel and of all coefficients together in millimetres: what varies less
stands still, such as the one texture of an animated character."""
LEAST_COMPONENT = 1e-5
"""Components of less than this part of all variance hold rounding errors only."""


@dataclass(frozen=True)
class VertexBasis:
    """Linear basis of a region's vertices, orthonormal under the region's soft vertex mask.

    Attributes:
        index: (V,) vertices of the mesh that the region moves.
        mean: (V, 3) metres.
        basis: (K, V·3) offsets per millimetre.
        weight: (V·3,) the mask, once for each coordinate.
    """

    index: np.ndarray
    mean: np.ndarray
    basis: np.ndarray
    weight: np.ndarray

    def coefficients(self, vertices: np.ndarray) -> np.ndarray:
        """Coefficients (n, K) of whole-mesh vertices (n, V_mesh, 3)."""
        offsets = (vertices[:, self.index] - self.mean).reshape(len(vertices), -1)
        return (1e3 * (offsets * self.weight) @ self.basis.T).astype(np.float32)

    def vertices(self, coefficients: np.ndarray) -> np.ndarray:
        """Region's vertices (n, V, 3) in metres of coefficients (n, K)."""
        offsets = 1e-3 * coefficients @ self.basis
        return self.mean + offsets.reshape(len(coefficients), -1, 3)


def fit_vertex_basis(
    vertices: np.ndarray, mask: np.ndarray, most: int = 64, kept: float = 0.99999
) -> VertexBasis:
    """PCA of a region's vertices.

    Args:
        vertices: (n, V_mesh, 3) metres.
        mask: (V_mesh,) soft share of the region in each vertex.
        most: Most components.
        kept: Share of the variance at which to stop.
    """
    index = moved_vertices(mask)
    root = np.repeat(np.sqrt(mask[index]), 3)
    chosen = vertices[:, index].astype(np.float64)
    mean = chosen.mean(0)
    weighted = (chosen - mean).reshape(len(chosen), -1) * root * 1e3
    values, vectors = np.linalg.eigh(weighted @ weighted.T)
    values, vectors = np.maximum(values[::-1], 1e-9), vectors[:, ::-1]
    share = np.cumsum(values) / values.sum()
    count = min(most, len(values), int(np.searchsorted(share, kept)) + 1)
    directions = (vectors[:, :count] / np.sqrt(values[:count])).T @ weighted
    return VertexBasis(
        index=index,
        mean=mean.astype(np.float32),
        basis=(directions / root).astype(np.float32),
        weight=(root**2).astype(np.float32),
    )


@dataclass(frozen=True)
class JointPCA:
    """Texture and geometry in one code; both have the same total variance before the fit.

    Attributes:
        mean: (R, R, 3) texture, float32 0…1, of what was seen.
        basis: (Z, R, R, 3) texture per standard deviation of a score.
        weight: (R, R) how much each texel counts.
        texture_gain: (Z,) see `encode`.
        geometry_basis: (Z, K) coefficients per standard deviation of a score.
        geometry_gain: (Z, K) see `encode`.
    """

    mean: np.ndarray
    basis: np.ndarray
    weight: np.ndarray
    texture_gain: np.ndarray
    geometry_basis: np.ndarray
    geometry_gain: np.ndarray

    def encode(self, texture: np.ndarray, seen: np.ndarray, geometry: np.ndarray) -> np.ndarray:
        """Scores (n, Z) of textures (n, R, R, 3) and seen maps (n, R, R) uint8, (n, K)."""
        size = len(self.basis)
        residual = filled_residual(texture, seen, self.mean) * self.weight[..., None]
        linear = residual.reshape(len(residual), -1) @ self.basis.reshape(size, -1).T
        return linear * self.texture_gain + geometry @ self.geometry_gain.T

    def decode(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Textures (n, R, R, 3) float32 and coefficients (n, K) of scores (n, Z)."""
        flat = codes @ self.basis.reshape(len(self.basis), -1)
        texture = self.mean + flat.reshape(len(codes), *self.mean.shape)
        return texture, codes @ self.geometry_basis


def filled_residual(texture: np.ndarray, seen: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Texture uint8 minus mean (n, …, 3) float32, fading to zero where little was seen."""
    return (texture.astype(np.float32) / 255 - mean) * (seen.astype(np.float32) / 255)[..., None]


def seen_mean(texture: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Mean texture (R, R, 3) float32 over frames, weighted by how well texels were seen."""
    total = np.zeros(texture.shape[1:], np.float64)
    weight = np.full(seen.shape[1:], 1e-3, np.float64)
    for picture, mask in zip(texture, seen, strict=True):
        share = mask / 255.0 + 1e-6 / len(texture)
        total += picture * share[..., None]
        weight += share
    plain = texture[:: max(1, len(texture) // 50)].mean(0)
    return ((total + 1e-3 * plain) / weight[..., None] / 255).astype(np.float32)


def fit_joint_pca(
    texture: np.ndarray, seen: np.ndarray, owned: np.ndarray, geometry: np.ndarray, size: int
) -> JointPCA:
    """Principal components of frames, through the Gram matrix over frames.

    Args:
        texture: (n, R, R, 3) uint8.
        seen: (n, R, R) uint8.
        owned: (R, R) how much of each texel the region shows, 0…1.
        geometry: (n, K) vertex coefficients, millimetres, with zero mean.
        size: Components; fewer where there are fewer frames.
    """
    count, side = len(texture), texture.shape[1]
    mean = seen_mean(texture, seen)
    weight = (owned * (seen.mean(0) / 255)).astype(np.float32)
    rows = max(1, CHUNK_BYTES // (count * side * 12))
    chunks = [slice(start, start + rows) for start in range(0, side, rows)]
    gram = np.zeros((count, count))
    for chunk in chunks:
        part = filled_residual(texture[:, chunk], seen[:, chunk], mean[chunk])
        part = (part * np.sqrt(weight[chunk])[..., None]).reshape(count, -1)
        gram += part @ part.T
    scales = (
        max(np.trace(gram), 3 * count * float(weight.sum()) * STILL_TEXTURE**2),
        max(float((geometry**2).sum()), count * STILL_GEOMETRY**2),
    )
    values, vectors = np.linalg.eigh(gram / scales[0] + geometry @ geometry.T / scales[1])
    kept = np.maximum(values[::-1][:size], LEAST_COMPONENT)
    codes = (vectors[:, ::-1][:, :size] * np.sqrt(count)).astype(np.float32)
    basis = np.zeros((size, side, side, 3), np.float32)
    for chunk in chunks:
        part = filled_residual(texture[:, chunk], seen[:, chunk], mean[chunk])
        flat = codes.T @ part.reshape(count, -1) / count
        basis[:, chunk] = flat.reshape(size, *part.shape[1:])
    geometry_basis = (codes.T @ geometry / count).astype(np.float32)
    return JointPCA(
        mean=mean,
        basis=basis,
        weight=weight,
        texture_gain=(1 / kept / scales[0]).astype(np.float32) * count,
        geometry_basis=geometry_basis,
        geometry_gain=(geometry_basis * (count / kept / scales[1])[:, None]).astype(np.float32),
    )
