"""Textures become Blender's pixels exactly."""

import numpy as np

from models.pixels import to_blender


def test_flips_scales_and_adds_alpha() -> None:
    texture = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    pixels = to_blender(texture)
    assert pixels.shape == (4, 6, 4) and pixels.dtype == np.float32
    np.testing.assert_array_equal(pixels[::-1, :, :3], texture.astype(np.float32) / 255)
    assert (pixels[..., 3] == 1).all()


def test_fills_what_it_is_given() -> None:
    texture = np.full((8, 8, 3), 51, np.uint8)
    out = np.zeros((8, 8, 4), np.float32)
    assert to_blender(texture, out) is out
    np.testing.assert_allclose(out[..., :3], 0.2)
