"""Networks as tensors of a head file: linear bases in 8 bits, everything else in 16 or 32."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from ..errors import HeadFileError
from .region_network import RegionDims, RegionNetwork, channels_last, has_bfloat16

Network = TypeVar("Network", bound=nn.Module)
_NETWORKS = "networks."

EXACT = (
    *("vertex_mean", "vertex_basis", "geometry_unit", "geometry_basis"),
    *("texture_gain", "geometry_gain", "vertex_weight"),
)
"""Buffers kept in 32 bits: they are small, and millimetres hang on them."""


def pack_network(name: str, network: RegionNetwork) -> dict[str, np.ndarray]:
    """Tensors `NAME.parameter` of a region's network, ready to be written."""
    packed = {}
    for key, value in network.state_dict().items():
        array = value.detach().float().cpu().numpy()
        if key == "basis":
            rows = array.reshape(len(array), network.dims.resolution // 2, -1)
            scale = np.maximum(np.abs(rows).max(2), 1e-12) / 127  # quiet rows need finer steps
            packed[f"{name}.basis"] = np.rint(rows / scale[..., None]).astype(np.int8)
            packed[f"{name}.basis_scale"] = scale.astype(np.float32)
        else:
            packed[f"{name}.{key}"] = array if key in EXACT else array.astype(np.float16)
    return packed


def unpack_network(
    name: str, dims: RegionDims, tensors: dict[str, np.ndarray], device: str
) -> RegionNetwork:
    """Rebuild a region's network on a device, ready for inference.

    Raises:
        HeadFileError: Tensors are missing or of another shape than `dims` say.
    """
    prefix = f"{name}."
    own = {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}
    try:
        rows = own["basis"].astype(np.float32) * own.pop("basis_scale")[..., None]
        own["basis"] = rows.reshape(len(rows), -1)
        state = {key: torch.from_numpy(np.asarray(v, np.float32)) for key, v in own.items()}
        with torch.device("meta"):  # nothing is allocated before the shapes are known to fit
            network = RegionNetwork(dims)
        expected = {key: tuple(value.shape) for key, value in network.state_dict().items()}
        found = {key: tuple(value.shape) for key, value in state.items()}
        if expected != found:
            wrong = next(key for key in expected | found if expected.get(key) != found.get(key))
            raise ValueError(f"{prefix}{wrong} is {found.get(wrong)}, not {expected.get(wrong)}")
        network.load_state_dict(state, assign=True)
    except (KeyError, ValueError, RuntimeError) as error:
        raise HeadFileError(f"The head's weights do not fit its description: {error}.") from error
    network = channels_last(network.to(device))
    if has_bfloat16(network.basis.device):  # halves the time; what it rounds is a small correction
        network.texture_decoder.bfloat16()
    return network.eval().requires_grad_(False)


def packed_networks(networks: nn.Module) -> dict[str, np.ndarray]:
    """Weights in 16 bits, as tensors of a part; `unpacked_networks` reverses it."""
    return {
        f"{_NETWORKS}{name}": value.detach().cpu().numpy().astype(np.float16)
        for name, value in networks.state_dict().items()
    }


def unpacked_networks(
    kind: type[Network], dims: object, tensors: Mapping[str, np.ndarray]
) -> Network:
    """Networks of class `kind` and sizes `dims`, not trained any more, on the CPU.

    Raises:
        RuntimeError: Weights are missing or have other shapes.
    """
    state = {
        name.removeprefix(_NETWORKS): torch.from_numpy(np.asarray(value, np.float32))
        for name, value in tensors.items()
        if name.startswith(_NETWORKS)
    }
    with torch.device("meta"):  # nothing is allocated before the shapes are known to fit
        networks = kind(dims)
    networks.load_state_dict(state, assign=True)
    return networks.eval().requires_grad_(False)
