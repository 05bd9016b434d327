"""The neural face model of one region: a variational auto-encoder that starts as its own PCA.

Texture and geometry go in, one code comes out, and back again. Encoder and decoder each are a fixed
linear path (the joint PCA of the region) plus a learnt residual whose last layer starts at zero, so
the untrained network *is* the PCA and whatever it learns is gain. Large-scale geometry stays in a
linear basis; the network sees and gives that basis' coefficients.

Source: Paier, Hilsmann, Eisert, Neural Face Models for Example-Based Visual Speech Synthesis, CVMP
2020 (texture encoder and decoder, geometry branch, bottleneck with μ and σ, texture discriminator);
Lombardi et al., Deep Appearance Models, 2018 (4×4 stride-2 convolutions, LeakyReLU 0.2, per-texel
bias).
"""

import itertools
from dataclasses import asdict, dataclass, fields

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.2  # LeakyReLU of Deep Appearance Models
TYPICAL = 0.125  # residuals of textures over their mean are about this large
START_LOG_SIGMA = -4.0  # latent noise at the start, in standard deviations of the PCA scores
CORRECTION = 0.2  # unit of what the encoder adds to the linear code
DETAIL = 0.05  # unit of what the decoder adds to the linear texture
NONLINEAR = 0.2  # unit of what the decoder adds to the linear geometry
BIASED_UP_TO = 128  # a bias per texel costs memory; beyond this side it is one per channel


@dataclass(frozen=True)
class RegionDims:
    """Sizes of a region's network.

    Attributes:
        code: Numbers in the code.
        geometry: Coefficients of the region's vertex basis.
        vertices: Vertices the region moves.
        resolution: Side of the decoded texture.
        encoder_resolution: Side of the texture that the convolutional encoder sees.
        hidden: Width of the fully connected layers.
        width: Most channels a convolution has.
        budget: Channels times side of a feature map, where that is less than `width` allows.
    """

    code: int
    geometry: int
    vertices: int
    resolution: int
    encoder_resolution: int
    hidden: int = 128
    width: int = 96
    budget: int = 4096

    def to_dict(self) -> dict[str, int]:
        """For head.json."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "RegionDims":
        """From head.json.

        Raises:
            ValueError: A size is missing, unknown or impossible.
        """
        names = [item.name for item in fields(cls)]
        if set(values) != set(names):
            raise ValueError(f"sizes must be {', '.join(names)}")
        dims = cls(**{name: int(values[name]) for name in names})
        wrong = [name for name, value in asdict(dims).items() if not 0 < value <= 65536]
        if wrong or dims.resolution > 4096 or dims.resolution % 2:
            raise ValueError(f"impossible size {', '.join(wrong) or dims.resolution}")
        return dims


def arranged(pictures: Tensor) -> Tensor:
    """(batch, R, R, C) → (batch, 4·C, R/2, R/2), channels last: four texels share a place.

    Networks work at half the resolution and draw four texels at once, which is the cheapest way to
    full resolution on a CPU. Unlike a pixel shuffle's, a row's texels lie side by side in memory.
    """
    batch, side, _, channels = pictures.shape
    half = side // 2
    blocks = pictures.reshape(batch, half, 2, half, 2, channels).permute(0, 1, 3, 2, 4, 5)
    return blocks.reshape(batch, half, half, 4 * channels).permute(0, 3, 1, 2)


def spread_out(blocks: Tensor) -> Tensor:
    """(batch, 4·C, R/2, R/2) as `arranged` makes it → (batch, R, R, C)."""
    batch, channels, half, _ = blocks.shape
    texels = blocks.permute(0, 2, 3, 1).reshape(batch, half, half, 2, 2, channels // 4)
    return texels.permute(0, 1, 3, 2, 4, 5).reshape(batch, 2 * half, 2 * half, channels // 4)


def feature_sides(side: int) -> list[int]:
    """Sides of the feature maps that end at `side`, each double the one before, none below 5."""
    sides = [side]
    while sides[0] % 2 == 0 and sides[0] > 8:
        sides.insert(0, sides[0] // 2)
    return sides


def channels_at(side: int, dims: RegionDims) -> int:
    """Fewer channels where maps are large, so that every stage costs about the same."""
    return max(16, min(dims.width, dims.budget // side // 8 * 8))


class TexelBias(nn.Module):
    """A learnt offset for each texel and channel: a texture's places are not alike."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.zeros(1, channels, side, side))

    def forward(self, features: Tensor) -> Tensor:
        """(batch, channels, side, side) → the same."""
        return features + self.offset


class TextureEncoder(nn.Module):
    """Convolutions from a texture's residual over the mean to a feature vector."""

    def __init__(self, dims: RegionDims) -> None:
        super().__init__()
        sides = feature_sides(dims.encoder_resolution)[::-1]
        widths = [3] + [min(16 * 2**i, 64) for i in range(len(sides) - 1)]
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(widths):
            layers += [nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(SLOPE)]
        flat = widths[-1] * sides[-1] ** 2
        self.side = dims.encoder_resolution
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(flat, dims.hidden))

    def forward(self, residual: Tensor) -> Tensor:
        """Arranged texture minus mean (batch, 12, R/2, R/2) → (batch, hidden)."""
        small = residual.unflatten(1, (4, 3)).mean(1)
        if small.shape[-1] != self.side:
            small = functional.interpolate(small, (self.side, self.side), mode="area")
        return functional.leaky_relu(self.layers(small / TYPICAL), SLOPE)


class TextureDecoder(nn.Module):
    """Convolutions from a code to what the linear path cannot draw.

    They stop at half the resolution, where the linear path's own picture joins them.
    """

    def __init__(self, dims: RegionDims) -> None:
        super().__init__()
        half = dims.resolution // 2
        sides = feature_sides(half)
        widths = [channels_at(side, dims) for side in sides]
        self.first = nn.Linear(dims.code, widths[0] * sides[0] ** 2)
        self.shape = (widths[0], sides[0], sides[0])
        layers: list[nn.Module] = []
        for side, before, after in zip(sides[1:], widths, widths[1:], strict=False):
            layers.append(nn.ConvTranspose2d(before, after, 4, 2, 1))
            if side <= BIASED_UP_TO:
                layers.append(TexelBias(after, side))
            layers.append(nn.LeakyReLU(SLOPE))
        self.layers = nn.Sequential(*layers)
        self.join = nn.Conv2d(widths[-1] + 12, widths[-1], 3, padding=1)
        self.last = nn.Conv2d(widths[-1], 12, 3, padding=1)
        nn.init.normal_(self.last.weight, std=1e-3)
        if self.last.bias is not None:
            nn.init.zeros_(self.last.bias)

    def forward(self, code: Tensor, picture: Tensor) -> Tensor:
        """Code (batch, Z), linear picture (batch, 12, R/2, R/2) → (batch, 12, R/2, R/2)."""
        kind = self.last.weight.dtype
        features = functional.leaky_relu(self.first(code.to(kind)), SLOPE).unflatten(1, self.shape)
        features = self.layers(features.contiguous(memory_format=torch.channels_last))
        joined = torch.cat([features, picture.to(features.dtype) / TYPICAL], 1)
        return self.last(functional.leaky_relu(self.join(joined), SLOPE))


class Bottleneck(nn.Module):
    """Joins texture, geometry and the linear code into μ and log σ."""

    def __init__(self, dims: RegionDims) -> None:
        super().__init__()
        self.geometry = nn.Linear(dims.geometry, dims.hidden)
        self.join = nn.Linear(2 * dims.hidden + dims.code, dims.hidden)
        self.mu = nn.Linear(dims.hidden, dims.code)
        self.log_sigma = nn.Linear(dims.hidden, dims.code)
        for layer in (self.mu, self.log_sigma):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.init.constant_(self.log_sigma.bias, START_LOG_SIGMA)

    def forward(self, texture: Tensor, geometry: Tensor, linear: Tensor) -> tuple[Tensor, Tensor]:
        """Features (batch, hidden), coefficients (batch, K), PCA code (batch, Z) → μ, log σ."""
        joined = torch.cat(
            [texture, functional.leaky_relu(self.geometry(geometry), SLOPE), linear], 1
        )
        hidden = functional.leaky_relu(self.join(joined), SLOPE)
        return linear + CORRECTION * self.mu(hidden), self.log_sigma(hidden).clamp(-6, 1)


class GeometryDecoder(nn.Module):
    """From a code to what the linear path misses of the vertex coefficients."""

    def __init__(self, dims: RegionDims) -> None:
        super().__init__()
        self.hidden = nn.Linear(dims.code, dims.hidden)
        self.last = nn.Linear(dims.hidden, dims.geometry)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, code: Tensor) -> Tensor:
        """(batch, Z) → (batch, K)."""
        return self.last(functional.leaky_relu(self.hidden(code), SLOPE))


class RegionNetwork(nn.Module):
    """Encoder and decoder of a region; the buffers are its joint PCA and vertex basis.

    Textures are sRGB 0…1 and, but for `decode_texture`, as `arranged` has them; geometry
    coefficients are millimetres along orthonormal directions.
    """

    mean: Tensor
    basis: Tensor
    weight: Tensor
    texture_gain: Tensor
    geometry_gain: Tensor
    geometry_basis: Tensor
    geometry_unit: Tensor
    vertex_mean: Tensor
    vertex_basis: Tensor
    vertex_weight: Tensor

    def __init__(self, dims: RegionDims) -> None:
        super().__init__()
        self.dims = dims
        self.mixed = False  # convolutions in bfloat16
        code, texels = dims.code, dims.resolution**2
        self.texture_encoder = TextureEncoder(dims)
        self.texture_decoder = TextureDecoder(dims)
        self.bottleneck = Bottleneck(dims)
        self.geometry_decoder = GeometryDecoder(dims)
        buffers = {
            "mean": (3 * texels,),
            "basis": (code, 3 * texels),
            "weight": (texels,),
            "texture_gain": (code,),
            "geometry_gain": (code, dims.geometry),
            "geometry_basis": (code, dims.geometry),
            "geometry_unit": (1,),
            "vertex_mean": (dims.vertices, 3),
            "vertex_basis": (dims.geometry, dims.vertices * 3),
            "vertex_weight": (dims.vertices * 3,),
        }
        for name, shape in buffers.items():
            self.register_buffer(name, torch.zeros(shape))

    def _picture(self, flat: Tensor) -> Tensor:
        """(batch, 3·R·R) → (batch, 12, R/2, R/2), channels last."""
        half = self.dims.resolution // 2
        return flat.view(-1, half, half, 12).permute(0, 3, 1, 2)

    @property
    def mean_picture(self) -> Tensor:
        """The mean texture (1, 12, R/2, R/2)."""
        return self._picture(self.mean)

    def residual(self, texture: Tensor, seen: Tensor) -> Tensor:
        """Bytes: texture (batch, R, R, 3), seen (batch, R, R) → (batch, 12, R/2, R/2)."""
        share = arranged(seen[..., None]).float().div(255).repeat_interleave(3, 1)
        return (arranged(texture).float().div(255) - self.mean_picture) * share

    def coefficients(self, vertices: Tensor) -> Tensor:
        """Region's vertices (batch, V, 3) in metres → coefficients (batch, K) in millimetres."""
        offsets = (vertices - self.vertex_mean).flatten(1)
        return 1e3 * (offsets * self.vertex_weight) @ self.vertex_basis.T

    def linear_code(self, residual: Tensor, geometry: Tensor) -> Tensor:
        """PCA code (batch, Z) of a residual (batch, 12, R/2, R/2) and coefficients (batch, K)."""
        texels = residual.permute(0, 2, 3, 1).reshape(len(residual), -1, 3)
        texture = (texels * self.weight[:, None]).flatten(1) @ self.basis.T
        return texture * self.texture_gain + geometry @ self.geometry_gain.T

    def encode(
        self, residual: Tensor, geometry: Tensor, linear: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Code distribution of a frame.

        Args:
            residual: (batch, 12, R/2, R/2) texture minus mean, zero where nothing was seen.
            geometry: (batch, K) coefficients.
            linear: (batch, Z) `linear_code`, where it is known already.

        Returns:
            μ and log σ, (batch, Z) each.
        """
        if linear is None:
            linear = self.linear_code(residual, geometry)
        with torch.autocast(residual.device.type, torch.bfloat16, enabled=self.mixed):
            features = self.texture_encoder(residual)
        return self.bottleneck(features.float(), geometry / self.geometry_unit, linear)

    def decode_residual(self, code: Tensor) -> Tensor:
        """Code (batch, Z) → texture minus mean (batch, 12, R/2, R/2)."""
        picture = self._picture(code @ self.basis)
        with torch.autocast(code.device.type, torch.bfloat16, enabled=self.mixed):
            detail = self.texture_decoder(code, picture)
        return picture + DETAIL * detail

    def decode_texture(self, code: Tensor) -> Tensor:
        """Code (batch, Z) → texture (batch, R, R, 3), not clamped."""
        return spread_out(self.mean_picture + self.decode_residual(code))

    def decode_bytes(self, code: Tensor) -> Tensor:
        """Code (1, Z) → texture (R, R, 3) uint8."""
        texture = self.decode_residual(code).add_(self.mean_picture)
        levels = texture.mul_(255).round_().clamp_(0, 255).to(torch.uint8)
        return spread_out(levels)[0]

    def decode_geometry(self, code: Tensor) -> Tensor:
        """Code (batch, Z) → coefficients (batch, K)."""
        nonlinear = self.geometry_decoder(code) * (NONLINEAR * self.geometry_unit)
        return code @ self.geometry_basis + nonlinear

    def vertices(self, geometry: Tensor) -> Tensor:
        """Coefficients (batch, K) in millimetres → region's vertices (batch, V, 3) in metres."""
        offsets = geometry @ self.vertex_basis
        return self.vertex_mean + 1e-3 * offsets.view(-1, self.dims.vertices, 3)

    def some_vertices(self, geometry: Tensor, rows: Tensor) -> Tensor:
        """Like `vertices`, only `rows` (n,) of the region's vertices: (batch, n, 3) in metres."""
        basis = self.vertex_basis.view(len(self.vertex_basis), -1, 3)[:, rows]
        return self.vertex_mean[rows] + 1e-3 * torch.einsum("bk,knc->bnc", geometry, basis)


class Discriminator(nn.Module):
    """PatchGAN: says for each patch of a texture crop whether it is real or decoded.

    Spectral norms keep it from seeing what is much smaller than 1, so it is given residuals in
    units of what decoders get wrong.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        norm = nn.utils.parametrizations.spectral_norm
        layers: list[nn.Module] = []
        for before, after in ((3, width), (width, 2 * width), (2 * width, 4 * width)):
            layers += [norm(nn.Conv2d(before, after, 4, 2, 1)), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, norm(nn.Conv2d(4 * width, 1, 3, padding=1)))

    def forward(self, residual: Tensor) -> Tensor:
        """(batch, 3, side, side) residuals, about ±4 → logits (batch, 1, side / 8, side / 8)."""
        return self.layers(residual)


def channels_last(network: RegionNetwork) -> RegionNetwork:
    """The network, its weights in memory as its convolutions are fastest."""
    # torch documents the argument, its overloads leave it out
    return network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def has_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 convolutions are fast here."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
