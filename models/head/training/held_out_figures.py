"""Figures of a head on held-out frames, beside PCA of the same size and the static texture."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
import torch

from ...errors import CaptureError
from ..inference import Head
from ..region_network import RegionNetwork
from .region_data import RegionData, TrainingData
from .region_pca import JointPCA, fit_joint_pca

DETAIL_SIGMA = 2.0
"""Detail is what a Gaussian of this many texels takes away."""
METHODS = ("model", "pca", "static_texture")


@dataclass(frozen=True)
class Frames:
    """Some frames of a region as a method sees or makes them.

    Attributes:
        texture: (n, R, R, 3) float32 0…1.
        vertices: (n, V, 3) metres, of the region.
    """

    texture: np.ndarray
    vertices: np.ndarray


@dataclass
class Score:
    """Errors summed over frames; texels count by how well they were seen and who shows them."""

    squares: float = 0.0
    texels: float = 0.0
    distance: float = 0.0
    share: float = 0.0
    energies: np.ndarray = field(default_factory=lambda: np.zeros(2))

    def add(self, made: Frames, true: Frames, weight: np.ndarray, mask: np.ndarray) -> None:
        """Count frames; weight (n, R, R), vertex mask (V,)."""
        shown = made.texture.clip(0, 1)
        self.squares += float((((shown - true.texture) ** 2).mean(-1) * weight).sum())
        self.texels += float(weight.sum())
        distance = np.linalg.norm(made.vertices - true.vertices, axis=-1)
        self.distance += float((distance * mask).sum())
        self.share += float(mask.sum()) * len(distance)
        for place, pictures in enumerate((shown, true.texture)):
            for picture, share in zip(pictures, weight, strict=True):
                detail = picture - cv2.GaussianBlur(picture, (0, 0), DETAIL_SIGMA)
                self.energies[place] += float(((detail**2).mean(-1) * share).sum())

    def figures(self) -> dict[str, float]:
        """psnr_db over all texels, mean vertex_mm, detail_ratio (energy made / energy true)."""
        return {
            "psnr_db": round(-10 * float(np.log10(self.squares / self.texels)), 3),
            "vertex_mm": round(1e3 * self.distance / self.share, 4),
            "detail_ratio": round(float(self.energies[0] / self.energies[1]), 4),
        }


def region_baseline(region: RegionData, train: np.ndarray, size: int) -> JointPCA:
    """PCA at the region's full resolution with as many coefficients as the model's code."""
    arrays = (region.texture[train], region.seen[train], region.owned, region.geometry[train])
    return fit_joint_pca(*arrays, size)


def reconstruct(
    network: RegionNetwork, pca: JointPCA, region: RegionData, frames: np.ndarray
) -> dict[str, Frames]:
    """What each of `METHODS` makes of some frames of a region, encoded and decoded."""
    texture, seen, geometry = (a[frames] for a in (region.texture, region.seen, region.geometry))
    device = network.basis.device
    with torch.inference_mode():
        pictures = (torch.from_numpy(a).to(device) for a in (texture, seen))
        latent = network.encode(network.residual(*pictures), torch.from_numpy(geometry).to(device))[
            0
        ]
        decoded = network.decode_texture(latent).cpu().numpy()
        vertices = network.vertices(network.decode_geometry(latent)).cpu().numpy()
    pca_texture, pca_geometry = pca.decode(pca.encode(texture, seen, geometry))
    still = np.broadcast_to(pca.mean, decoded.shape)
    mean = np.broadcast_to(region.basis.mean, vertices.shape)
    return {
        "model": Frames(decoded, vertices),
        "pca": Frames(pca_texture, region.basis.vertices(pca_geometry)),
        "static_texture": Frames(still, mean),
    }


def _batches(frames: np.ndarray, size: int = 8) -> Iterator[np.ndarray]:
    for start in range(0, len(frames), size):
        yield frames[start : start + size]


def evaluate(
    head: Head, data: TrainingData, baselines: dict[str, JointPCA] | None = None
) -> dict[str, dict[str, dict[str, float]]]:
    """Reconstruction of held-out pictured frames.

    Args:
        head: What to judge, as read from its file.
        data: Of the performance it was trained on.
        baselines: `region_baseline` of each region, made when None.

    Returns:
        {region: {method: {"psnr_db", "vertex_mm", "detail_ratio"}}}; methods are `METHODS`.

    Raises:
        CaptureError: The performance has no held-out frames with pictures.
    """
    figures = {}
    for network, region in zip(head.networks, data.regions, strict=True):
        name = region.region.name
        pca = (baselines or {}).get(name)
        pca = pca or region_baseline(region, data.train, network.dims.code)
        figures[name] = evaluate_region(network, region, data, pca)
    return figures


def evaluate_region(
    network: RegionNetwork, region: RegionData, data: TrainingData, pca: JointPCA
) -> dict[str, dict[str, float]]:
    """One region's part of `evaluate`: {method: figures}.

    Raises:
        CaptureError: The performance has no held-out frames with pictures.
    """
    frames = np.flatnonzero(~data.train)
    if not len(frames):
        raise CaptureError("The performance has no pictured frames in held-out takes.")
    scores = {method: Score() for method in METHODS}
    index = region.basis.index
    mask = region.region.vertex_mask[index]
    for part in _batches(frames):
        texture = region.texture[part].astype(np.float32) / 255
        true = Frames(texture, data.vertices[part][:, index])
        weight = region.seen[part].astype(np.float32) / 255 * region.owned
        for method, made in reconstruct(network, pca, region, part).items():
            scores[method].add(made, true, weight, mask)
    return {method: score.figures() for method, score in scores.items()}


def seam(head: Head, codes: np.ndarray) -> float:
    """How steep the step is that blending the local textures adds, in grey levels per texel.

    Blending gives face + w · (local − face); what would be seen as a seam is the gradient that the
    window w alone brings in: |∇w| · |local − face|, averaged over colours. This is its 99th
    percentile over the windows' soft borders and the codes (n, Z).
    """
    found = []
    face = head.mesh.region("face")
    for code in codes:
        layers = head.decode_regions(code)
        side = face.crop[3], face.crop[2]
        under = cv2.resize(layers["face"], side, interpolation=cv2.INTER_LINEAR)
        for region in head.mesh.regions:
            if region.name == "face":
                continue
            window = region.window()
            slope = np.hypot(*np.gradient(window))
            row, column, rows, columns = region.crop
            local = cv2.resize(layers[region.name], (columns, rows))
            difference = local - under[row : row + rows, column : column + columns]
            smooth = cv2.GaussianBlur(difference, (0, 0), DETAIL_SIGMA)
            border = (window > 0.02) & (window < 0.98)
            found.append((np.abs(smooth).mean(-1) * slope)[border])
    return 255 * float(np.percentile(np.concatenate(found), 99))
