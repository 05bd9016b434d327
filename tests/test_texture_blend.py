"""Blending: exposures and holes leave no seam, detail is not doubled, agreement lessens noise."""

import cv2
import numpy as np
from capture_scenes import painted

from models.texture.blend import blend
from models.texture.view_texture import ViewTexture, mean_view

SIZE = 256


def view_texture_of(texture: np.ndarray, weight: np.ndarray) -> ViewTexture:
    seen = (weight > 0).astype(np.float32)
    return ViewTexture(
        (texture * seen[..., None]).astype(np.uint8), weight.astype(np.float32), seen
    )


def two_view_textures(gain: float) -> tuple[np.ndarray, dict[int, ViewTexture], np.ndarray]:
    """A texture, seen by a left and a right camera that overlap in the middle half; labels."""
    texture = 40 + 0.65 * cv2.GaussianBlur(painted(SIZE), (0, 0), 1.2).astype(np.float32)
    across = np.tile(np.linspace(0, 1, SIZE), (SIZE, 1))
    left = np.where(across < 0.75, np.clip((0.75 - across) / 0.5, 0.02, 1), 0)
    right = np.where(across > 0.25, np.clip((across - 0.25) / 0.5, 0.02, 1), 0)
    view_textures = {0: view_texture_of(texture, left), 3: view_texture_of(texture * gain, right)}
    labels = np.where(across < 0.5, 0, 3).astype(np.uint8)
    return texture / 255, view_textures, labels


def test_one_exposure_comes_back_as_it_was() -> None:
    texture, view_textures, labels = two_view_textures(1.0)
    joined = blend(view_textures, mean_view(list(view_textures.values())).colour, labels)
    assert np.abs(joined - texture).max() < 1.6 / 255


def test_different_exposures_leave_no_seam() -> None:
    texture, view_textures, labels = two_view_textures(1.15)
    joined = blend(view_textures, mean_view(list(view_textures.values())).colour, labels)
    gain = (joined / texture).mean((0, 2))
    hard = np.where(np.arange(SIZE) < SIZE // 2, 1.0, 1.15)
    assert np.abs(np.diff(hard)).max() > 0.14
    assert np.abs(np.diff(gain)).max() < 0.006
    np.testing.assert_allclose(gain[[5, -5]], (1.0, 1.15), atol=0.02)


def test_detail_is_not_doubled() -> None:
    texture, view_textures, labels = two_view_textures(1.0)
    beside = np.roll(view_textures[3].colour, 5, axis=1)  # the right camera has it five texels off
    view_textures[3] = ViewTexture(beside, view_textures[3].weight, view_textures[3].quality)
    ground = mean_view(list(view_textures.values())).colour
    joined = blend(view_textures, ground, labels)
    place = np.s_[:, SIZE // 2 - 40 : SIZE // 2 - 10]

    def contrast(image: np.ndarray) -> float:
        return float((image - cv2.GaussianBlur(image, (0, 0), 4))[place].std())

    assert contrast(ground) < 0.85 * contrast(texture)
    assert contrast(joined) > 0.97 * contrast(texture)


def test_a_hole_of_the_chosen_camera_shows_the_ground() -> None:
    texture, view_textures, labels = two_view_textures(1.0)
    weight = view_textures[0].weight.copy()
    weight[100:140, 20:60] = 0
    view_textures[0] = view_texture_of(texture * 255, weight)
    ground = texture.astype(np.float32)
    joined = blend(view_textures, ground, labels)
    assert np.abs(joined - texture).max() < 2 / 255


def test_cameras_that_agree_are_less_noisy_than_one() -> None:
    texture, view_textures, labels = two_view_textures(1.0)
    rng = np.random.default_rng(4)
    for number, each in view_textures.items():
        noisy = np.clip(each.colour + rng.normal(0, 1.5, each.colour.shape), 0, 255).astype(
            np.uint8
        )
        view_textures[number] = ViewTexture(
            noisy * (each.weight > 0)[..., None], each.weight, each.quality
        )
    joined = blend(view_textures, texture.astype(np.float32), labels)
    noise = ((joined - texture) * 255).std((0, 2))
    alone, both = noise[20:40].mean(), noise[SIZE // 2 - 10 : SIZE // 2 + 10].mean()
    assert alone > 1.3
    assert both < 0.8 * alone


def test_a_camera_that_shows_a_highlight_is_not_averaged_in() -> None:
    texture, view_textures, labels = two_view_textures(1.0)
    place = np.s_[100:130, SIZE // 2 - 30 : SIZE // 2 - 5]
    shining = view_textures[3].colour.copy()
    shining[place] = np.minimum(shining[place].astype(int) + 60, 255)
    view_textures[3] = ViewTexture(shining, view_textures[3].weight, view_textures[3].quality)
    joined = blend(view_textures, texture.astype(np.float32), labels)
    assert np.abs(joined - texture)[place].mean() < 2 / 255
