"""From the linear face model's controls to codes, for the many frames that have no picture.

Kernel ridge regression whose metric is learnt (automatic relevance determination): a mouth must not
be judged by where the eyes look, and whether teeth show hangs on millimetres of jaw against lips.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

SHAPES = 10
"""Leading vertex coefficients of the region that help the controls."""
STEPS = 150
LEARNING_RATE = 0.08
START = (0.0, 0.0, -4.0)
"""Logarithms at the start: weight of the local kernel, of the linear one, ridge."""
LEAST_SPREAD = 1e-3
CHUNK = 4096
ROOT3 = 3**0.5


@dataclass(frozen=True)
class ControlMap:
    """Constant, linear and Matérn kernel with a relevance for each input, to a region's latents.

    What the map leaves open is then corrected towards the known geometry: a Kalman update with the
    map's own leave-one-out covariance as the prior.

    Attributes:
        support: (n, D) inputs of the training frames.
        dual: (n, Z) their weights.
        mean: (Z,) of the latents.
        local: (D,) relevance of each input to the Matérn kernel.
        linear: (D,) relevance of each input to the linear kernel.
        weights: Of the Matérn and the linear kernel.
        covariance: (Z, Z) of what the map leaves open.
        jacobian: (Z, K) millimetres of the vertex coefficients per latent.
        noise: (K, K) covariance of what the decoder leaves open of the coefficients.
    """

    support: np.ndarray
    dual: np.ndarray
    mean: np.ndarray
    local: np.ndarray
    linear: np.ndarray
    weights: tuple[float, float]
    covariance: np.ndarray
    jacobian: np.ndarray
    noise: np.ndarray

    def latents(self, controls: np.ndarray, geometry: np.ndarray) -> np.ndarray:
        """Latents (n, Z) of controls (n, C) and vertex coefficients (n, K)."""
        arrays = (self.support, self.local, self.linear, np.array(self.weights))
        support, local, linear, weights = (torch.from_numpy(array) for array in arrays)
        inputs = torch.from_numpy(_inputs(controls, geometry))
        parts = [_kernel(rows, support, local, linear, weights) for rows in inputs.split(CHUNK)]
        kernel = torch.cat(parts).numpy() if parts else np.zeros((0, len(support)))
        return (self.mean + kernel @ self.dual).astype(np.float32)

    def correction(self, geometry_error: np.ndarray) -> np.ndarray:
        """How to change latents (n, Z) whose decoded coefficients miss by (n, K) millimetres."""
        seen = self.covariance @ self.jacobian
        gain = np.linalg.solve(self.jacobian.T @ seen + self.noise, seen.T)
        return (geometry_error @ gain).astype(np.float32)


def fit_control_map(
    controls: np.ndarray, latents: np.ndarray, decoded: np.ndarray, geometry: np.ndarray
) -> ControlMap:
    """Fit to training frames; relevances, weights and ridge by their leave-one-out error.

    Args:
        controls: (n, C).
        latents: (n, Z) from the encoder.
        decoded: (n, K) vertex coefficients the latents decode to.
        geometry: (n, K) true ones.
    """
    inputs = torch.from_numpy(_inputs(controls, geometry))
    mean = latents.mean(0)
    centred = torch.from_numpy((latents - mean).astype(np.float64))
    start = -inputs.std(0).clamp_min(LEAST_SPREAD).log() - 0.5 * np.log(inputs.shape[1])
    local, linear = start.clone().requires_grad_(), start.clone().requires_grad_()
    scales = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([local, linear, scales], LEARNING_RATE)
    for _ in range(STEPS):
        error = (_left_out(inputs, centred, local, linear, scales)[1] ** 2).sum()
        optimiser.zero_grad()
        (error / (centred**2).sum().clamp_min(1e-12)).backward()
        optimiser.step()
    with torch.no_grad():
        dual, left_out = (t.numpy() for t in _left_out(inputs, centred, local, linear, scales))
        weights = tuple(scales.exp()[:2].tolist())
    offsets = decoded - decoded.mean(0)
    miss = decoded - geometry
    return ControlMap(
        support=inputs.numpy(),
        dual=dual,
        mean=mean,
        local=local.exp().detach().numpy(),
        linear=linear.exp().detach().numpy(),
        weights=weights,
        covariance=left_out.T @ left_out / len(left_out) + 1e-6 * np.eye(latents.shape[1]),
        jacobian=np.linalg.lstsq(centred.numpy(), offsets, rcond=None)[0],
        noise=miss.T @ miss / len(miss) + 1e-4 * np.eye(geometry.shape[1]),
    )


def _inputs(controls: np.ndarray, geometry: np.ndarray) -> np.ndarray:
    return np.concatenate([controls, geometry[:, :SHAPES]], 1).astype(np.float64)


def _left_out(
    inputs: Tensor, targets: Tensor, local: Tensor, linear: Tensor, scales: Tensor
) -> tuple[Tensor, Tensor]:
    """Dual weights (n, Z), and each frame's error (n, Z) when the others predict it."""
    *weights, ridge = scales.exp().unbind()
    kernel = _kernel(inputs, inputs, local.exp(), linear.exp(), weights)
    inverse = torch.linalg.inv(kernel + ridge * torch.eye(len(inputs), dtype=kernel.dtype))
    dual = inverse @ targets
    return dual, dual / inverse.diagonal()[:, None]


def _kernel(
    a: Tensor, b: Tensor, local: Tensor, linear: Tensor, weights: Sequence[Tensor] | Tensor
) -> Tensor:
    """(n, m) of inputs (n, D) and (m, D)."""
    near, far = a * local, b * local
    squares = (near**2).sum(1)[:, None] + (far**2).sum(1) - 2 * near @ far.T
    distance = ROOT3 * squares.clamp_min(1e-9).sqrt()
    matern = (1 + distance) * (-distance).exp()
    return 1 + weights[0] * matern + weights[1] * (a * linear) @ (b * linear).T
