"""A head opened from its file: decoding, encoding, mirroring, sliders, seam, examples."""

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import CODE_SIZES, CONTROLS, FPS, tiny_mesh, tiny_texture

from models.head.codes import ExampleSet
from models.head.inference import Head
from models.head.training.held_out_figures import seam
from models.head.training.slider_names import name_sliders
from models.head.training.slider_space import effect_of, mirror_matrix, white_axes

SIZE = sum(CODE_SIZES.values())


@pytest.fixture(scope="module")
def tiny_head_object(tiny_head: Path) -> Head:
    """The shared tiny head, opened."""
    torch.set_num_threads(1)
    return Head.open(tiny_head, "cpu")


def _controls(**values: float) -> np.ndarray:
    controls = np.zeros(len(CONTROLS), np.float32)
    for name, value in values.items():
        controls[CONTROLS.index(name)] = value
    return controls


def test_zero_is_the_rest_pose(tiny_head_object: Head) -> None:
    rest = tiny_head_object.decode(np.zeros(SIZE, np.float32))
    assert rest.texture.shape == (1024, 1024, 3) and rest.texture.dtype == np.uint8
    assert rest.vertices.dtype == np.float32
    assert np.abs(rest.vertices - tiny_head_object.mesh.vertices).mean() < 2e-4
    true = tiny_texture(_controls(), 1024).astype(float)
    assert np.abs(rest.texture - true).mean() < 6


def test_codes_decode_to_the_takes_vertices(tiny_head_object: Head) -> None:
    """Codes of frames without pictures come from controls; their vertices must be the take's."""
    from tiny import tiny_takes

    head, mesh = tiny_head_object, tiny_mesh()
    for take, example in zip(tiny_takes(6), head.examples.takes, strict=True):
        assert take.name == example.name and len(take) == example.count
        made = head.decode_vertices(head.examples.take_codes(example))
        error = np.linalg.norm(made - mesh.pose(take.controls), axis=-1).mean()
        assert error < 6e-4, take.name


def test_encode_reverses_decode(tiny_head_object: Head) -> None:
    controls = _controls(jawOpen=0.6, mouthSmileLeft=0.4)
    vertices, texture = tiny_mesh().pose(controls), tiny_texture(controls, 1024)
    decoded = tiny_head_object.decode(tiny_head_object.encode(vertices, texture))
    assert np.linalg.norm(decoded.vertices - vertices, axis=1).mean() < 6e-4
    still = np.abs(tiny_texture(_controls(), 1024).astype(float) - texture)[640:896, 384:640]
    error = np.abs(decoded.texture.astype(float) - texture)[640:896, 384:640]
    assert error.mean() < 0.7 * still.mean()


def test_decode_vertices_agrees_with_decode(tiny_head_object: Head) -> None:
    codes = tiny_head_object.examples.codes[5:8]
    many = tiny_head_object.decode_vertices(codes)
    one = np.stack([tiny_head_object.decode(code).vertices for code in codes])
    assert np.allclose(many, one, atol=1e-6)


def test_wrong_codes_are_refused(tiny_head_object: Head) -> None:
    with pytest.raises(ValueError, match=f"{SIZE} finite numbers"):
        tiny_head_object.decode(np.zeros(SIZE + 1))
    with pytest.raises(ValueError, match="finite"):
        tiny_head_object.decode(np.full(SIZE, np.nan))


def test_mirror(tiny_head_object: Head) -> None:
    head = tiny_head_object
    codes = head.examples.codes[::7]
    assert np.allclose(head.mirrored(head.mirrored(codes)), codes, atol=1e-4)
    smile = head.mesh.landmarks["mouth_corner_left"], head.mesh.landmarks["mouth_corner_right"]
    rest = head.decode_vertices(np.zeros((1, SIZE)))[0]
    lift = [
        head.decode_vertices(c)[:, s, 2].mean(1) - rest[s, 2]
        for c in (codes, head.mirrored(codes))
        for s in smile
    ]
    assert np.corrcoef(lift[0], lift[3])[0, 1] > 0.9
    assert np.corrcoef(lift[1], lift[2])[0, 1] > 0.9


def test_sliders(tiny_head_object: Head) -> None:
    sliders = tiny_head_object.sliders
    assert len({slider.name for slider in sliders}) == SIZE
    assert [s.region for s in sliders] == [r for r, n in CODE_SIZES.items() for _ in range(n)]
    assert all(slider.low < slider.high for slider in sliders)
    place = next(i for i, s in enumerate(sliders) if s.name == "Mouth: Open")
    code = np.zeros((2, SIZE), np.float32)
    code[1, place] = 1.5
    gap = tiny_head_object.mesh.lip_gap(tiny_head_object.decode_vertices(code))
    assert gap[1] > gap[0] + 0.001


def test_axes_are_white() -> None:
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(500, 3)) * (1, 5, 2) @ rng.normal(size=(3, 3))
    axes = white_axes(latents)
    values = latents @ np.linalg.inv(axes)
    assert np.allclose(np.cov(values.T, bias=True), np.eye(3), atol=0.01)
    made = values @ rng.normal(size=(3, 40))
    again = (values - values.mean(0)) @ effect_of(values, made)
    assert np.allclose(again, made - made.mean(0), atol=1e-5)


def test_sliders_that_do_most_come_first(tiny_head_object: Head) -> None:
    space, origin = tiny_head_object.space, np.zeros(SIZE, np.float32)
    for place in space.slices:
        steps = np.repeat(origin[None], place.stop - place.start, 0)
        steps[:, place] = np.eye(place.stop - place.start)
        moved = tiny_head_object.decode_vertices(steps) - tiny_head_object.decode_vertices([origin])
        size = np.linalg.norm(moved, axis=(1, 2))
        half = len(size) // 2
        assert size[:half].mean() > size[half:].mean()


def test_mirror_matrix_finds_a_known_exchange() -> None:
    rng = np.random.default_rng(1)
    codes = rng.normal(size=(400, 8))
    mirrored = codes[:, [0, 1, 4, 5, 2, 3, 6, 7]] * (1, -1, 1, 1, 1, 1, -1, 1)
    slices = tuple(slice(i, i + 2) for i in (0, 2, 4, 6))
    matrix = mirror_matrix(codes, mirrored, slices)
    assert np.allclose(codes @ matrix, mirrored, atol=0.02)
    assert np.allclose(matrix @ matrix, np.eye(8), atol=1e-5)


def _mixed_sliders(shapes: tuple[str, ...]) -> tuple[np.ndarray, ...]:
    """Codes, controls and movement of sliders that each do a bit of all shapes."""
    rng = np.random.default_rng(0)
    controls = rng.normal(size=(400, len(CONTROLS))).astype(np.float32)
    places = [CONTROLS.index(name) for name in shapes]
    mixed = -np.linalg.qr(rng.normal(size=(len(shapes), len(shapes))))[0]
    moved = np.einsum("zs,svk->zvk", mixed.T, tiny_mesh().basis[places])
    return controls[:, places] @ mixed, controls, moved


def test_sliders_are_turned_to_known_shapes_and_named_after_them() -> None:
    shapes = ("jawOpen", "mouthPucker", "mouthSmileLeft", "mouthSmileRight")
    codes, controls, moved = _mixed_sliders(shapes)
    named = name_sliders("mouth", tiny_mesh(), codes, controls, moved)
    names = {"Mouth: Open", "Mouth: Pucker", "Mouth: Corner Up L", "Mouth: Corner Up R"}
    assert set(named.names) == names
    assert np.allclose(named.turn.T @ named.turn, np.eye(4), atol=1e-6)
    turned = codes @ named.turn
    known = ("Open", "Pucker", "Corner Up L", "Corner Up R")
    for shape, name in zip(shapes, known, strict=True):
        slider = turned[:, named.names.index(f"Mouth: {name}")]
        assert np.corrcoef(slider, controls[:, CONTROLS.index(shape)])[0, 1] > 0.98


def test_one_side_is_not_named_without_the_other() -> None:
    codes, controls, moved = _mixed_sliders(("jawOpen", "mouthSmileLeft"))
    named = name_sliders("mouth", tiny_mesh(), codes, controls, moved)
    assert "Mouth: Open" in named.names
    assert not any(name.endswith((" L", " R")) for name in named.names)


def test_capture_distance(tiny_head_object: Head) -> None:
    inside = tiny_head_object.examples.codes[0]
    assert tiny_head_object.capture_distance(inside) < 1.5
    assert tiny_head_object.capture_distance(inside + 30) > 3


def test_no_visible_seam(tiny_head_object: Head) -> None:
    """What blending adds stays below one grey level a texel, which the eye cannot see."""
    assert seam(tiny_head_object, tiny_head_object.examples.codes[::50]) < 1.0


def test_examples_round_trip(tiny_head_object: Head) -> None:
    examples = tiny_head_object.examples
    again = ExampleSet.from_arrays(examples.arrays())
    assert np.allclose(again.codes, examples.codes, atol=1 / 128 + 1e-6)
    assert np.allclose(again.head_pose, examples.head_pose, atol=1e-5)
    assert examples.fps == FPS
    for one, other in zip(examples.takes, again.takes, strict=True):
        assert (one.name, one.split, one.style, one.text) == (
            *(other.name, other.split, other.style, other.text),
        )
        assert one.phones.label.tolist() == other.phones.label.tolist()
        assert np.allclose(one.phones.end, other.phones.end)


def test_device_falls_back_honestly(
    tiny_head: object, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert Head.open(tiny_head, "cuda").device == "cpu"
    assert "CPU instead of cuda" in caplog.text


def test_head_decodes_the_same_from_many_threads(tiny_head_object: Head) -> None:
    head = tiny_head_object
    codes = head.examples.codes[::40][:4]
    expected = [head.decode(code) for code in codes]
    wrong: list[int] = []

    def work(place: int) -> None:
        for _ in range(3):
            made = head.decode(codes[place])
            same = np.array_equal(made.texture, expected[place].texture)
            if not same or not np.array_equal(made.vertices, expected[place].vertices):
                wrong.append(place)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(codes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
