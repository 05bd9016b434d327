"""Turns trained latent vectors into expression codes an animator can use, after training."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from ..region_network import RegionNetwork
from .region_data import RegionData

BATCH = 16
EFFECT_SIDE = 48
EDGE = 0.99


@dataclass(frozen=True)
class RegionCodes:
    """A region's latent vectors of all pictured frames and what they decode to.

    Attributes:
        latents: (n, Z) means of the encoder.
        geometry: (n, K) decoded vertex coefficients, millimetres.
        effect: (n, D) decoded texture (small) and geometry, each of total variance one.
    """

    latents: np.ndarray
    geometry: np.ndarray
    effect: np.ndarray


def encode_frames(network: RegionNetwork, data: RegionData, train: np.ndarray) -> RegionCodes:
    """Encode and decode all pictured frames of a region."""
    device = network.basis.device
    latents, geometry, textures = [], [], []
    weight = cv2.resize(data.owned, (EFFECT_SIDE, EFFECT_SIDE), interpolation=cv2.INTER_AREA)
    with torch.inference_mode():
        for start in range(0, len(data.texture), BATCH):
            part = slice(start, start + BATCH)
            pictures = (torch.from_numpy(a[part]).to(device) for a in (data.texture, data.seen))
            coefficients = torch.from_numpy(data.geometry[part]).to(device)
            latent = network.encode(network.residual(*pictures), coefficients)[0]
            texture = network.decode_texture(latent).permute(0, 3, 1, 2)
            small = torch.nn.functional.interpolate(texture, weight.shape, mode="area")
            textures.append((small.cpu().numpy() * weight).reshape(len(latent), -1))
            geometry.append(network.decode_geometry(latent).cpu().numpy())
            latents.append(latent.cpu().numpy())
    parts = [np.concatenate(textures), np.concatenate(geometry)]
    scales = [np.sqrt(max(part[train].var(0).sum(), 1e-12)) for part in parts]
    effect = np.concatenate([a / scale for a, scale in zip(parts, scales, strict=True)], 1)
    return RegionCodes(np.concatenate(latents), parts[1], effect)


def white_axes(latents: np.ndarray) -> np.ndarray:
    """Axes (Z, Z) along which latents (n, Z) are uncorrelated, one standard deviation each."""
    centred = latents - latents.mean(0)
    covariance = centred.T @ centred / len(centred)
    covariance += 1e-6 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values)).T


def effect_of(codes: np.ndarray, effect: np.ndarray) -> np.ndarray:
    """(Z, D) what one unit of each element of codes (n, Z) adds to what they decode to (n, D)."""
    return np.linalg.lstsq(codes - codes.mean(0), effect - effect.mean(0), rcond=None)[0]


def capture_spread(codes: np.ndarray) -> np.ndarray:
    """(Z, Z) that gives (codes − mean) a length of 1 at the capture's edge, for codes (n, Z)."""
    centred = codes - codes.mean(0)
    covariance = np.cov(centred.T) + 1e-3 * np.eye(codes.shape[1])
    whiten = np.linalg.cholesky(np.linalg.inv(covariance))
    edge = np.quantile(np.linalg.norm(centred @ whiten, axis=1), EDGE)
    return (whiten / max(edge, 1e-6)).astype(np.float32)


def mirror_matrix(codes: np.ndarray, mirrored: np.ndarray, slices: tuple[slice, ...]) -> np.ndarray:
    """The linear map (Z, Z) from codes to mirrored codes; twice it is exactly the identity.

    Mouth and face mirror onto themselves, the eyes onto each other. Poses and mirrored poses
    together are a set that mirroring maps onto itself; whitened by that set's covariance the map is
    orthogonal and symmetric, and the polar factor of the cross-covariance is the best such map.

    Args:
        codes: (n, Z) of poses.
        mirrored: (n, Z) of the same poses mirrored.
        slices: Each region's place in a code: mouth, left eye, right eye, face.
    """
    matrix = np.zeros((codes.shape[1], codes.shape[1]))
    mouth, left, right, face = slices
    for group in ([mouth], [left, right], [face]):
        places = np.concatenate([np.arange(s.start, s.stop) for s in group])
        here, there = codes[:, places], mirrored[:, places]
        matrix[np.ix_(places, places)] = _involution(here, there)
    return matrix.astype(np.float32)


def _involution(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    both = np.concatenate([here, there]).astype(np.float64)
    moment = both.T @ both / len(both)
    moment += 1e-4 * np.trace(moment) / len(moment) * np.eye(len(moment))
    values, vectors = np.linalg.eigh(moment)
    root = (vectors * np.sqrt(values)) @ vectors.T
    whiten = np.linalg.inv(root)
    cross = whiten @ (here.T @ there + there.T @ here) @ whiten
    values, vectors = np.linalg.eigh((cross + cross.T) / 2)
    return whiten @ ((vectors * np.where(values < 0, -1.0, 1.0)) @ vectors.T) @ root
