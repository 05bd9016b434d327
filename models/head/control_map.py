"""From the linear face model's controls to codes, for the many frames that have no picture."""

from dataclasses import dataclass

import numpy as np

RIDGES = (1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3)
REACHES = (1.0, 2.0, 4.0)
STEPS = 3
CHUNK = 4096


@dataclass(frozen=True)
class ControlMap:
    """Kernel ridge regression (linear plus Gaussian kernel) from controls to a region's latents.

    What the map leaves open is then corrected towards the known geometry: a Kalman update with the
    map's own leave-one-out covariance as the prior.

    Attributes:
        support: (n, C) controls of the training frames.
        dual: (n, Z) their weights.
        mean: (Z,) of the latents.
        reach: Of the Gaussian, in control units.
        covariance: (Z, Z) of what the map leaves open.
        jacobian: (Z, K) millimetres of the vertex coefficients per latent.
        noise: (K, K) covariance of what the decoder leaves open of the coefficients.
    """

    support: np.ndarray
    dual: np.ndarray
    mean: np.ndarray
    reach: float
    covariance: np.ndarray
    jacobian: np.ndarray
    noise: np.ndarray

    def latents(self, controls: np.ndarray) -> np.ndarray:
        """Latents (n, Z) of controls (n, C)."""
        parts = [
            _kernel(controls[start : start + CHUNK], self.support, self.reach) @ self.dual
            for start in range(0, len(controls), CHUNK)
        ]
        return (self.mean + np.concatenate(parts)).astype(np.float32)

    def correction(self, geometry_error: np.ndarray) -> np.ndarray:
        """How to change latents (n, Z) whose decoded coefficients miss by (n, K) millimetres."""
        seen = self.covariance @ self.jacobian
        gain = np.linalg.solve(self.jacobian.T @ seen + self.noise, seen.T)
        return (geometry_error @ gain).astype(np.float32)


def fit_control_map(
    controls: np.ndarray, latents: np.ndarray, decoded: np.ndarray, geometry: np.ndarray
) -> ControlMap:
    """Fit to training frames; reach and ridge by leave-one-out error.

    Args:
        controls: (n, C).
        latents: (n, Z) from the encoder.
        decoded: (n, K) vertex coefficients the latents decode to.
        geometry: (n, K) true ones.
    """
    mean = latents.mean(0)
    centred = (latents - mean).astype(np.float64)
    spread = np.sqrt(_distances(controls, controls).mean())
    best = None
    for reach in (factor * max(spread, 1e-6) for factor in REACHES):
        values, vectors = np.linalg.eigh(_kernel(controls, controls, reach))
        for ridge in RIDGES:
            inverse = (vectors / (np.maximum(values, 0) + ridge)) @ vectors.T
            dual = inverse @ centred
            left_out = dual / np.diag(inverse)[:, None]
            error = float((left_out**2).sum())
            if best is None or error < best[0]:
                best = error, reach, dual, left_out
    _, reach, dual, left_out = best
    offsets = decoded - decoded.mean(0)
    jacobian = np.linalg.lstsq(centred, offsets, rcond=None)[0]
    miss = decoded - geometry
    noise = miss.T @ miss / len(miss) + 1e-4 * np.eye(geometry.shape[1])
    covariance = left_out.T @ left_out / len(left_out) + 1e-6 * np.eye(latents.shape[1])
    return ControlMap(controls, dual, mean, reach, covariance, jacobian, noise)


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a.astype(np.float64) @ b.T
    return np.maximum(squares, 0)


def _kernel(a: np.ndarray, b: np.ndarray, reach: float) -> np.ndarray:
    linear = a.astype(np.float64) @ b.T
    return 1 + linear + np.exp(-_distances(a, b) / (2 * reach**2))
