"""From a performance to a head file's contents: train, then build code space and examples."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from ...arkit.arkit_map import fit_arkit, speaks_arkit
from ...device import choose_device
from ...mesh import REGION_NAMES
from ...performance import Performance, Take
from ...progress import Progress, partly, silent
from ...symmetry import mirror_of_controls
from ..codes import CodeSpace, ExampleSet, ExampleTake
from ..file import HeadFile
from ..inference import Head
from ..region_network import RegionNetwork
from ..weights import pack_network
from .control_map import ControlMap, fit_control_map
from .region_data import RegionData, TrainingData, load_training_data
from .region_task import CODE_SIZES, TrainingConfig
from .slider_names import name_sliders
from .slider_space import (
    RegionCodes,
    capture_spread,
    effect_of,
    encode_frames,
    mirror_matrix,
    white_axes,
)
from .train_regions import Training, Watch, train_regions, unwatched

MIRROR_SAMPLES = 3000
THUMBNAIL_SIDE = 256
PERCENTILES = (1, 99)


def build_head(
    performance: Performance,
    data: TrainingData,
    training: Training,
    progress: Progress = silent,
    figures: dict | None = None,
) -> HeadFile:
    """Code space, slider names and examples of trained networks: a head file's contents.

    Args:
        performance: What was trained on; all its takes become examples.
        data: Its pictured frames.
        training: `train_regions`' result.
        progress: Told how far it is.
        figures: Of the training, for head.json.
    """
    networks = training.networks
    codes = []
    for place, (network, region) in enumerate(zip(networks, data.regions, strict=True)):
        progress(0.5 * place / len(networks), f"encoding frames: {region.region.name}")
        codes.append(encode_frames(network, region, data.train))
    maps = [
        fit_control_map(
            data.controls[data.train],
            region_codes.latents[data.train],
            region_codes.geometry[data.train],
            region.geometry[data.train],
        )
        for region_codes, region in zip(codes, data.regions, strict=True)
    ]
    coder = MotionCoder(data, networks, maps)
    space, names = _code_space(data, codes, coder, performance)
    progress(0.6, "encoding motion")
    examples = _examples(performance, coder, space)
    captured = examples.codes if len(examples.codes) else space.codes([c.latents for c in codes])
    document = _document(performance, networks, names, captured)
    document["training"] = {"control_map_r2": held_out_fit(data, codes, maps), **(figures or {})}
    tensors = space.tensors()
    for name, network in zip(REGION_NAMES, networks, strict=True):
        tensors |= pack_network(name, network)
    head = HeadFile(
        document, tensors, data.mesh, data.base, examples.arrays(), _thumbnail(data.base)
    )
    rest = Head(head, "cpu").decode(np.zeros(len(names), np.float32)).texture
    head = dataclasses.replace(head, thumbnail=_thumbnail(rest))
    head = _with_arkit(head, examples, performance)
    progress(1.0, "head built")
    return head


def _with_arkit(head: HeadFile, examples: ExampleSet, performance: Performance) -> HeadFile:
    """The head with its map from and to ARKit's shapes, where the face model knows those."""
    controls = {take.name: take.controls for take in performance.takes}
    return with_arkit_of(head, examples, controls, performance.mesh.control_names)


def with_arkit_of(
    head: HeadFile, examples: ExampleSet, controls: Mapping[str, np.ndarray], names: Sequence[str]
) -> HeadFile:
    """The head with its map from and to ARKit's shapes; as it was where no take tells of them.

    Args:
        head: Contents of a head file.
        examples: Its takes.
        controls: Of each take by name, (T, C).
        names: Of the controls.
    """
    takes = [
        take
        for take in examples.takes
        if take.split == "train" and len(controls.get(take.name, ())) == take.count
    ]
    if not takes or not speaks_arkit(names):
        return head
    codes = np.concatenate([examples.take_codes(take) for take in takes])
    known = np.concatenate([controls[take.name] for take in takes])
    return fit_arkit(codes, known, names).stored(head)


def _document(
    performance: Performance, networks: list[RegionNetwork], names: list[str], captured: np.ndarray
) -> dict:
    """head.json but for the training's figures; sliders range as captured codes (n, Z) do."""
    sizes = zip(REGION_NAMES, networks, strict=True)
    regions = [name for name, network in sizes for _ in range(network.dims.code)]
    low, high = np.percentile(captured, PERCENTILES, axis=0)
    about = {"licence": "", "consent": "", "provenance": "", "credits": []}
    return {
        "schema": 1,
        "name": str(performance.about.get("name", "Head")),
        "fps": performance.fps,
        **{key: performance.about.get(key, default) for key, default in about.items()},
        "units": {"length": "metre", "time": "second", "texture": "sRGB", "axes": "Z up, face -Y"},
        "regions": [
            {"name": name, "dims": network.dims.to_dict()}
            for name, network in zip(REGION_NAMES, networks, strict=True)
        ],
        "sliders": [
            {"name": name, "region": region, "low": float(least), "high": float(most)}
            for name, region, least, most in zip(names, regions, low, high, strict=True)
        ],
    }


class MotionCoder:
    """Latent vectors of frames that have no picture, from controls and vertices."""

    def __init__(
        self, data: TrainingData, networks: list[RegionNetwork], maps: list[ControlMap]
    ) -> None:
        self._data, self._networks, self._maps = data, networks, maps

    def __call__(self, controls: np.ndarray, vertices: np.ndarray) -> list[np.ndarray]:
        """Each region's latents (n, Z_r) of controls (n, C) and vertices (n, V, 3)."""
        regions = zip(self._data.regions, self._networks, self._maps, strict=True)
        return [self._region(*parts, controls, vertices) for parts in regions]

    @staticmethod
    def _region(
        region: RegionData,
        network: RegionNetwork,
        mapping: ControlMap,
        controls: np.ndarray,
        vertices: np.ndarray,
    ) -> np.ndarray:
        geometry = region.basis.coefficients(vertices)
        latents = mapping.latents(controls, geometry)
        for _ in range(2):
            with torch.inference_mode():
                there = torch.from_numpy(latents).to(network.basis.device)
                decoded = network.decode_geometry(there).cpu().numpy()
            latents = latents + mapping.correction(geometry - decoded)
        return latents


def held_out_fit(
    data: TrainingData, codes: list[RegionCodes], maps: list[ControlMap]
) -> dict[str, float]:
    """R² of the map from controls to latents on held-out frames, by region (empty without any)."""
    fit = {}
    if data.train.all():
        return fit
    held_out = ~data.train
    for region, part, mapping in zip(data.regions, codes, maps, strict=True):
        true = part.latents[held_out]
        made = mapping.latents(data.controls[held_out], region.geometry[held_out])
        miss = ((made - true) ** 2).sum()
        spread = ((true - part.latents[data.train].mean(0)) ** 2).sum()
        fit[region.region.name] = round(float(1 - miss / max(spread, 1e-9)), 4)
    return fit


def _code_space(
    data: TrainingData, codes: list[RegionCodes], coder: MotionCoder, performance: Performance
) -> tuple[CodeSpace, list[str]]:
    """Axes by effect, turned the way their names say; mirror and capture limits."""
    train = data.train
    still = np.zeros((1, len(data.mesh.control_names)), np.float32)
    origins = [latents[0] for latents in coder(still, data.mesh.pose(still))]
    axes, names = [], []
    for region, origin, part in zip(data.regions, origins, codes, strict=True):
        own, own_names = _named_axes(data, region, part, origin)
        axes.append(own)
        names += own_names
    size = sum(len(origin) for origin in origins)
    space = CodeSpace(
        tuple(axes), tuple(origins), np.eye(size, dtype=np.float32), np.zeros(size, np.float32), ()
    )
    captured = space.codes([part.latents[train] for part in codes])
    sample = _control_sample(performance)
    turned = sample @ mirror_of_controls(data.mesh)
    pairs = [space.codes(coder(c, data.mesh.pose(c))) for c in (sample, turned)]
    spread = tuple(capture_spread(captured[:, place]) for place in space.slices)
    mirror = mirror_matrix(pairs[0], pairs[1], space.slices)
    return CodeSpace(space.axes, space.origins, mirror, captured.mean(0), spread), names


def _named_axes(
    data: TrainingData, region: RegionData, part: RegionCodes, origin: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """A region's slider axes (Z, Z), those that change the face most first, and their names."""
    train = data.train
    axes = white_axes(part.latents[train])
    values = (part.latents[train] - origin) @ np.linalg.inv(axes)
    geometry = effect_of(values, part.geometry[train])
    moved = np.zeros((len(axes), *data.mesh.vertices.shape), np.float32)
    moved[:, region.basis.index] = (1e-3 * geometry @ region.basis.basis).reshape(len(axes), -1, 3)
    named = name_sliders(region.region.name, data.mesh, values, data.controls[train], moved)
    effect = np.linalg.norm(effect_of(values @ named.turn, part.effect[train]), axis=1)
    order = np.argsort(-effect)
    turned = (named.turn.T @ axes)[order]
    names = named.names if named.numbered else [named.names[place] for place in order]
    return turned.astype(np.float32), names


def _control_sample(performance: Performance) -> np.ndarray:
    controls = np.concatenate([take.controls for take in performance.takes])
    step = max(1, len(controls) // MIRROR_SAMPLES)
    return controls[::step].astype(np.float32)


def _examples(performance: Performance, coder: MotionCoder, space: CodeSpace) -> ExampleSet:
    codes, poses, takes, start = [], [], [], 0
    for take in performance.takes:
        codes.append(_take_codes(performance, take, coder, space))
        poses.append(take.head_pose)
        about = (take.name, take.kind, take.split, take.style, take.text)
        takes.append(ExampleTake(*about, start, len(take), take.phones))
        start += len(take)
    return ExampleSet(
        np.concatenate(codes),
        np.concatenate(poses).astype(np.float32),
        performance.fps,
        tuple(takes),
    )


def _take_codes(
    performance: Performance, take: Take, coder: MotionCoder, space: CodeSpace
) -> np.ndarray:
    pieces = []
    for start in range(0, len(take), 1000):  # vertices of a long take would fill the memory
        frames = np.arange(start, min(start + 1000, len(take)))
        vertices = performance.vertices(take, frames)
        pieces.append(space.codes(coder(take.controls[frames], vertices)))
    return np.concatenate(pieces)


def _thumbnail(texture: np.ndarray) -> bytes:
    side = (THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    small = cv2.resize(texture, side, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".png", cv2.cvtColor(small, cv2.COLOR_RGB2BGR))[1].tobytes()


def trained_head(
    performance: Performance,
    data: TrainingData,
    config: TrainingConfig,
    device: str | None = None,
    checkpoints: Path | None = None,
    progress: Progress = silent,
    code_sizes: dict[str, int] = CODE_SIZES,
    watch: Watch = unwatched,
) -> tuple[HeadFile, Training]:
    """Train on a performance's pictured frames and build; see `train_regions`."""
    training = train_regions(
        data, config, device, checkpoints, partly(progress, 0.0, 0.95), code_sizes, watch
    )
    figures = {
        "config": config.to_dict(),
        "minutes": round(training.seconds / 60, 1),
        "steps": training.steps,
        "frames": int(data.train.sum()),
        "device": choose_device(device),
    }
    return build_head(performance, data, training, partly(progress, 0.95, 1.0), figures), training


def make_head(
    performance: Performance,
    config: TrainingConfig,
    device: str | None = None,
    checkpoints: Path | None = None,
    progress: Progress = silent,
    code_sizes: dict[str, int] = CODE_SIZES,
) -> tuple[HeadFile, TrainingData, Training]:
    """All of it: read, train, build."""
    data = load_training_data(performance, progress)
    file, training = trained_head(
        performance, data, config, device, checkpoints, progress, code_sizes
    )
    return file, data, training
