"""A head's map of ARKit's shapes, with maps written by hand."""

import numpy as np

from models.arkit.arkit_map import ArkitMap, weights_of
from models.arkit.kernel_map import KernelMap
from models.arkit.shapes import SHAPE_INDEX, SHAPES

KNOWN = ("jawOpen", "mouthFunnel")


def _linear(matrix: np.ndarray) -> KernelMap:
    """Only a linear map (D, E)."""
    size, outputs = matrix.shape
    linear = np.concatenate([matrix, np.zeros((1, outputs))])
    return KernelMap(np.ones(size), np.empty((0, size)), np.empty((0, outputs)), linear)


FORWARD = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]])
MAP = ArkitMap(KNOWN, _linear(FORWARD), _linear(2.0 * np.eye(3)[:, :2]))


def test_weights_become_codes_by_their_names_and_no_further_than_1() -> None:
    weights = np.zeros((3, len(SHAPES)))
    weights[0, SHAPE_INDEX["jawOpen"]] = 0.5
    weights[1, SHAPE_INDEX["mouthFunnel"]] = 3.0
    weights[2, SHAPE_INDEX["tongueOut"]] = 1.0
    np.testing.assert_allclose(MAP.codes(weights), [[0.5, 0, 1.0], [0, 1, 0], [0, 0, 0]])


def test_codes_become_weights_between_0_and_1() -> None:
    found = MAP.weights(np.array([[0.25, 0.1, 9.0], [2.0, -1.0, 0.0]]))
    places = [SHAPE_INDEX[name] for name in KNOWN]
    np.testing.assert_allclose(found[:, places], [[0.5, 0.2], [1.0, 0.0]], atol=1e-6)
    assert not np.delete(found, places, 1).any()


def test_a_kernel_adds_its_weights_at_its_supports_and_nothing_far_away() -> None:
    support, dual = np.array([[0.0, 0.0], [50.0, 0.0]]), np.array([[1.0], [-2.0]])
    made = KernelMap(np.ones(2), support, dual, np.zeros((3, 1)))
    at = made(np.array([[0.0, 0.0], [50.0, 0.0], [0.0, 1.0], [0.0, 50.0]]))[:, 0]
    root3 = 3**0.5
    np.testing.assert_allclose(at, [1, -2, (1 + root3) * np.exp(-root3), 0], atol=1e-6)


def test_controls_are_taken_by_name() -> None:
    weights = weights_of(np.array([[0.1, 0.2, 0.3]]), ("mine", "mouthFunnel", "jawOpen"))
    assert weights[0, SHAPE_INDEX["jawOpen"]] == np.float32(0.3)
    assert weights.sum() == np.float32(0.5)
