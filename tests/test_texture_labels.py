"""Cameras chosen per triangle: low energy, few seams, stable over time, missing cameras."""

import itertools

import numpy as np
from capture_scenes import bumpy_head, painted, ring_of_cameras

from models.render.raster import shared_rasteriser
from models.texture.camera_labels import BLIND, Labelling, energy, face_texels, solve
from models.texture.texturing import Texturer


def strip(length: int) -> tuple[np.ndarray, np.ndarray]:
    """A row of triangles, each with the one before on side 0 and the one after on side 1."""
    neighbours = np.full((length, 3), -1)
    neighbours[1:, 0], neighbours[:-1, 1] = np.arange(length - 1), np.arange(1, length)
    return neighbours, np.tile([1, 0, 0], (length, 1))


def judged(shift: float = 0.0) -> tuple[Labelling, np.ndarray]:
    mesh, cameras = bumpy_head(), ring_of_cameras(192)
    labelling = Labelling(mesh, painted(256).astype(np.float32) / 255)
    turned = mesh.vertices + np.float32([shift, 0, 0])
    texturer = Texturer(shared_rasteriser(), mesh, 256)
    return labelling, texturer.judge(labelling, turned, cameras)


def test_the_best_of_all_labellings_is_found() -> None:
    rng = np.random.default_rng(1)
    neighbours, mirror = strip(8)
    for _ in range(10):
        cost = rng.random((8, 3)).astype(np.float32)
        seams = np.where(neighbours >= 0, 0.35, 0).astype(np.float32)
        found = energy(solve(cost, neighbours, mirror, seams), cost, neighbours, seams)
        everything = itertools.product(range(3), repeat=8)
        best = min(energy(np.array(labels), cost, neighbours, seams) for labels in everything)
        np.testing.assert_allclose(found, best, rtol=1e-5)


def test_few_seams_and_no_blind_camera() -> None:
    labelling, goodness = judged()
    labels = labelling.choose(goodness)
    greedy = goodness.argmax(1)
    seams = [
        ((labelling.neighbours >= 0) & (chosen[labelling.neighbours] != chosen[:, None])).sum()
        for chosen in (labels, greedy)
    ]
    assert seams[0] < 0.7 * seams[1]
    seen = goodness.max(1) > 0
    chosen = goodness[np.arange(len(labels)), labels]
    assert (chosen[seen] > 0).mean() > 0.99
    assert chosen[seen].mean() > 0.8 * goodness.max(1)[seen].mean()


def test_left_and_right_are_taken_from_their_own_side() -> None:
    labelling, goodness = judged()
    labels, texels = labelling.choose(goodness), face_texels(bumpy_head(), 256)
    assert labels[texels[128, 128]] == 0
    assert (labels[texels[128, 200]], labels[texels[128, 70]]) == (1, 2)
    assert labels[texels[128, 225]] == 4


def test_seams_stay_while_the_head_moves() -> None:
    labelling, goodness = judged()
    first = labelling.choose(goodness)
    rng = np.random.default_rng(0)
    kept, anew = first, first
    changed = [0, 0]
    for _ in range(5):
        noisy = goodness * rng.normal(1, 0.06, goodness.shape).astype(np.float32)
        for number, before in enumerate((kept, None)):
            labels = labelling.choose(noisy, before)
            changed[number] += int((labels != (kept, anew)[number]).sum())
            kept, anew = (labels, anew) if number == 0 else (kept, labels)
    assert changed[0] < 0.15 * changed[1]


def test_a_missing_camera_is_not_chosen() -> None:
    mesh, cameras = bumpy_head(), ring_of_cameras(192)
    labelling = Labelling(mesh, painted(256).astype(np.float32) / 255)
    texturer = Texturer(shared_rasteriser(), mesh, 256)
    before = labelling.choose(texturer.judge(labelling, mesh.vertices, cameras))
    goodness = texturer.judge(labelling, mesh.vertices, [None, *cameras[1:]])
    after = labelling.choose(goodness, before)
    others = goodness.max(1) > 0
    assert (before[others] == 0).mean() > 0.1
    assert (after[others] == 0).mean() < 0.01
    assert BLIND > 1
