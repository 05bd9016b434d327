"""The region network: equals its PCA at the start, and learns from there."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import CODE_SIZES, tiny_performance

from models.errors import CaptureError
from models.head.region_network import START_LOG_SIGMA
from models.head.training import region_data
from models.head.training.region_data import TrainingData, load_training_data
from models.head.training.region_pca import fit_joint_pca, fit_vertex_basis
from models.head.training.region_task import RegionTask, TrainingConfig, start_network


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> TrainingData:
    torch.set_num_threads(1)
    return load_training_data(tiny_performance(tmp_path_factory.mktemp("tiny")))


def test_long_captures_are_learnt_from_evenly_chosen_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: TrainingData
) -> None:
    monkeypatch.setattr(region_data, "MOST_FRAMES", 20)
    few = load_training_data(tiny_performance(tmp_path))
    assert len(few.frames) == 20 == len(few.train) == len(few.region("face").texture)
    names, some = ([(take.name, frame) for take, frame in d.frames] for d in (data, few))
    places = np.array([names.index(name) for name in some])
    assert places[0] == 0 and places[-1] == len(names) - 1 and len(names) > 40
    assert np.ptp(np.diff(places)) <= 1 and few.train.any() and not few.train.all()
    chosen = data.region("mouth").texture[places]
    np.testing.assert_array_equal(few.region("mouth").texture, chosen)


def test_vertex_basis_is_exact_for_linear_faces(data: TrainingData) -> None:
    region = data.region("mouth")
    basis = fit_vertex_basis(data.vertices, region.region.vertex_mask, kept=1 - 1e-9)
    again = basis.vertices(basis.coefficients(data.vertices))
    # where the region has most of the say; elsewhere others do
    core = region.region.vertex_mask[basis.index] > 0.3
    assert np.abs(again - data.vertices[:, basis.index])[:, core].max() < 2e-5


def test_joint_pca_reconstructs_its_own_frames(data: TrainingData) -> None:
    """With nearly as many components as frames nothing is lost."""
    region, some = data.region("mouth"), slice(0, 12)
    args = region.texture[some], region.seen[some]
    geometry = region.geometry[some] - region.geometry[some].mean(0)
    pca = fit_joint_pca(*args, region.owned, geometry, 11)
    texture, again = pca.decode(pca.encode(*args, geometry))
    core = region.owned > 0.5
    assert np.abs(texture - region.texture[some] / 255.0)[:, core].max() < 0.02
    assert np.abs(again - geometry).max() < 0.05


@pytest.mark.parametrize("name", ["mouth", "left_eye"])
def test_untrained_network_is_the_pca(data: TrainingData, name: str) -> None:
    region = data.region(name)
    network = start_network(region, data.train, TrainingConfig(), CODE_SIZES[name])
    arrays = region.texture[data.train], region.seen[data.train]
    pca = fit_joint_pca(*arrays, region.owned, region.geometry[data.train], CODE_SIZES[name])
    held = ~data.train
    codes = pca.encode(region.texture[held], region.seen[held], region.geometry[held])
    texture, geometry = pca.decode(codes)
    with torch.inference_mode():
        pictures = (torch.from_numpy(a[held]) for a in (region.texture, region.seen))
        residual = network.residual(*pictures)
        mu, _ = network.encode(residual, torch.from_numpy(region.geometry[held]))
        decoded = network.decode_texture(mu).numpy()
        coefficients = network.decode_geometry(mu).numpy()
    assert np.allclose(mu.numpy(), codes, atol=2e-3)
    assert np.abs(decoded - texture).max() < 5e-3
    assert np.allclose(coefficients, geometry, atol=1e-3)


def test_training_beats_the_pca_on_its_frames(data: TrainingData) -> None:
    """Overfits a few frames: texture error far below the PCA's it started from."""
    region = data.region("mouth")
    few = np.zeros(len(data.train), bool)
    few[np.flatnonzero(data.train)[:12]] = True
    config = TrainingConfig(gan=False, batch=12, kl_weight=1e-6, mixed=False)
    network = start_network(region, few, config, 2)
    task = RegionTask(network, region, few, config)
    generator = torch.Generator().manual_seed(0)
    first = [task.step(generator, 0.1)["texture"] for _ in range(3)]
    last = [task.step(generator, 0.1 + step / 400)["texture"] for step in range(150)][-5:]
    assert np.mean(first) < 2
    assert np.mean(last) < 0.35


def test_too_few_frames_are_named(data: TrainingData) -> None:
    few = np.zeros(len(data.train), bool)
    few[:5] = True
    with pytest.raises(CaptureError, match="more than 26 pictured training frames, there are 5"):
        start_network(data.region("mouth"), few, TrainingConfig(), 24)


def test_all_losses_count_by_their_weights(data: TrainingData) -> None:
    region = data.region("mouth")
    config = TrainingConfig(
        batch=2,
        geometry_weight=1.9,
        detail_weights=(5.0, 0.0, 0.0, 0.0),
        kl_weight=0.3,
        gan_weight=0.7,
        gan_start=0,
        mixed=False,
    )
    task = RegionTask(start_network(region, data.train, config, 4), region, data.train, config)
    totals: list[float] = []
    task.learners[0].descend = lambda loss, fraction: totals.append(float(loss.detach()))
    found = task.step(torch.Generator().manual_seed(0), 0.5)
    weights = {"texture": 1.0, "geometry": 1.9, "kl": 0.3, "detail": 5.0, "gan": 0.7}
    assert totals == [pytest.approx(sum(w * found[name] for name, w in weights.items()))]
    assert found["detail"] > 0.001
    sigma = np.exp(START_LOG_SIGMA)  # of an untrained network
    least = 4 * 0.5 * (sigma**2 - 1 - 2 * START_LOG_SIGMA)
    assert least <= found["kl"] < 1.5 * least


def test_discriminator_learns_beside_the_decoder(data: TrainingData) -> None:
    region = data.region("mouth")
    config = TrainingConfig(gan_start=0, batch=2, mixed=False)
    task = RegionTask(start_network(region, data.train, config, 4), region, data.train, config)
    before = [p.clone() for p in task.critic.parameters()]
    losses = task.step(torch.Generator().manual_seed(0), 0.5)
    assert {"texture", "geometry", "detail", "kl", "gan", "critic"} == set(losses)
    assert any(not torch.equal(a, b) for a, b in zip(before, task.critic.parameters(), strict=True))
