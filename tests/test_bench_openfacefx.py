"""How the peer's curves are read, where it is installed."""

from types import SimpleNamespace

import numpy as np
import pytest
from bench.lip_opening import Truth
from bench.openfacefx_curves import arkit_weights, peers, viseme_names, viseme_weights

from models.phones import Phones

pytest.importorskip("openfacefx")
TIMES = np.arange(50) / 25


def _phones() -> Phones:
    return Phones.build(
        ["sil", "B", "AA", "B", "IY", "sil"],
        [0.0, 0.4, 0.5, 0.9, 1.0, 1.3],
        [0.4, 0.5, 0.9, 1.0, 1.3, 2.0],
    )


def test_visemes_share_the_mouth() -> None:
    weights = viseme_weights(_phones(), TIMES)
    assert weights.shape == (50, len(viseme_names()))
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-3)
    assert viseme_names()[int(weights[17].argmax())] == "aa"


def test_arkit_shapes_stay_in_their_range() -> None:
    weights = arkit_weights(_phones(), TIMES)
    assert weights.min() >= 0
    assert weights.max() <= 1
    assert weights.any()


def test_every_output_is_read_and_closes_on_b() -> None:
    phones = _phones()
    opening = 0.02 + 0.2 * viseme_weights(phones, TIMES)[:, viseme_names().index("aa")]
    truth = Truth(opening, 25.0, np.ones(50, bool), phones)
    item = SimpleNamespace(phones=phones, truth=truth, sentence=SimpleNamespace(times=TIMES))
    found = {peer.name: peer for peer in peers([item], 0.0)}
    assert len(found) == 4
    np.testing.assert_allclose(found["visemes"].opening(phones, TIMES), opening, atol=1e-3)
    assert found["visemes"].lips(phones, TIMES)[11] == 0.0  # 0.44 s, inside the first b
