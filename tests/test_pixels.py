"""Textures become Blender's pixels exactly."""

import numpy as np
import pytest

from models.pixels import PixelBuffer


def test_flips_scales_and_adds_alpha() -> None:
    texture = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    pixels = PixelBuffer(4, 6).fill(texture)
    assert pixels.shape == (4, 6, 4) and pixels.dtype == np.float32
    np.testing.assert_array_equal(pixels[::-1, :, :3], texture.astype(np.float32) / 255)
    assert (pixels[..., 3] == 1).all()


def test_memory_is_used_again_and_fits_one_size() -> None:
    buffer = PixelBuffer(8, 8)
    first = buffer.fill(np.full((8, 8, 3), 51, np.uint8))
    second = buffer.fill(np.full((8, 8, 3), 102, np.uint8))
    assert np.shares_memory(first, second)
    np.testing.assert_allclose(second[..., :3], 0.4)
    with pytest.raises(ValueError, match="was expected"):
        buffer.fill(np.zeros((4, 4, 3), np.uint8))
