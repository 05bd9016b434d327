"""Performance folders: round trip, resumption, and a sentence for every kind of damage."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import CaptureError
from models.files import read_arrays, write_arrays
from models.mesh import REGION_NAMES, HeadMesh, Region
from models.performance import Performance, PerformanceWriter, Take, vertices_path, write_texture
from models.phones import Phones

ABOUT = {
    "name": "Test",
    "credits": ["somebody"],
    "licence": "CC0-1.0",
    "consent": "synthetic",
    "provenance": "made up",
}


def small_mesh() -> HeadMesh:
    rng = np.random.default_rng(0)
    vertices = rng.normal(size=(9, 3)).astype(np.float32)
    regions = tuple(Region(n, (0, 0, 8, 8), 8, np.full(9, 0.25, np.float32)) for n in REGION_NAMES)
    return HeadMesh(
        vertices=vertices,
        faces=np.array([[0, 1, 2], [3, 4, 5]], np.int32),
        uvs=rng.random((9, 2)).astype(np.float32),
        regions=regions,
        landmarks={"chin": np.array([4], np.int32)},
        pivot=np.zeros(3, np.float32),
        control_names=("jawOpen", "mouthClose"),
        basis=rng.normal(size=(2, 9, 3)).astype(np.float32),
    )


def a_take(name: str = "hello_01") -> Take:
    rng = np.random.default_rng(1)
    return Take(
        name=name,
        kind="generated",
        split="train",
        style="happy",
        text="Hello.",
        fps=30.0,
        controls=rng.random((12, 2)).astype(np.float32),
        head_pose=rng.normal(size=(12, 6)).astype(np.float32),
        phones=Phones.build(["HH", "AH", "sil"], [0, 0.1, 0.2], [0.1, 0.2, 0.4], words=["hello"]),
        pictured=np.array([2, 7]),
    )


def write(folder: Path, *takes: Take) -> Performance:
    writer = PerformanceWriter(folder, small_mesh(), 30.0, ABOUT)
    for take in takes:
        writer.add(take)
    return writer.finish()


def test_round_trip(tmp_path: Path) -> None:
    take, rng = a_take(), np.random.default_rng(2)
    tracked = rng.normal(size=(12, 9, 3)).astype(np.float32)
    performance = write(tmp_path, take, replace(a_take("free"), tracked=tracked))
    read = performance.take("hello_01")
    assert performance.about["licence"] == "CC0-1.0" and performance.fps == 30
    assert (read.kind, read.split, read.style, read.text) == (
        "generated",
        "train",
        "happy",
        "Hello.",
    )
    np.testing.assert_array_equal(read.controls, take.controls)
    np.testing.assert_array_equal(read.head_pose, take.head_pose)
    np.testing.assert_array_equal(read.pictured, [2, 7])
    assert list(read.phones.label) == ["HH", "AH", "sil"] and read.phones.words == ["hello"]
    expected = performance.mesh.vertices + np.einsum(
        "c,cvk->vk", take.controls[7], performance.mesh.basis
    )
    np.testing.assert_allclose(performance.vertices(read, [7])[0], expected, rtol=1e-5, atol=1e-6)
    free = performance.take("free")
    np.testing.assert_array_equal(performance.vertices(free, [3])[0], tracked[3])
    assert isinstance(free.tracked, np.memmap)


def test_tracked_vertices_are_checked_and_written_again(tmp_path: Path) -> None:
    tracked = np.random.default_rng(2).normal(size=(12, 9, 3)).astype(np.float32)
    take = replace(a_take("free"), tracked=tracked)
    again = write(tmp_path, take).take("free")
    path = vertices_path(tmp_path, "free")
    before = path.stat().st_ino
    np.testing.assert_array_equal(write(tmp_path, again).take("free").tracked, tracked)
    assert path.stat().st_ino == before  # what is there is not copied onto itself
    part = replace(again, controls=again.controls[:8], head_pose=again.head_pose[:8])
    part = replace(part, tracked=again.tracked[:8])
    np.testing.assert_array_equal(write(tmp_path, part).take("free").tracked, tracked[:8])
    with pytest.raises(CaptureError, match="not finite"):
        replace(take, tracked=np.where(tracked > 1, np.nan, tracked)).check(small_mesh())
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(CaptureError, match="free_vertices.npy is missing or damaged"):
        Performance.open(tmp_path)
    write(tmp_path, a_take("free"))
    assert not path.exists()


def test_the_first_schema_is_read(tmp_path: Path) -> None:
    tracked = np.random.default_rng(2).normal(size=(12, 9, 3)).astype(np.float32)
    write(tmp_path, replace(a_take("free"), tracked=tracked))
    vertices_path(tmp_path, "free").unlink()
    take = tmp_path / "takes" / "free.npz"
    write_arrays(take, **read_arrays(take), vertices=tracked)
    document = tmp_path / "performance.json"
    document.write_text(json.dumps(json.loads(document.read_text()) | {"schema": 1}))
    np.testing.assert_array_equal(Performance.open(tmp_path).take("free").tracked, tracked)


def test_texture_round_trip(tmp_path: Path) -> None:
    performance = write(tmp_path, a_take())
    rows, columns = np.mgrid[0:64, 0:64]
    colour = np.stack([rows * 4, columns * 4, np.full_like(rows, 200)], -1).astype(np.uint8)
    write_texture(tmp_path, "hello_01", 7, colour, (rows * 2).astype(np.uint8))
    read, seen = performance.texture(performance.take("hello_01"), 7)
    np.testing.assert_array_equal(read, colour)
    np.testing.assert_array_equal(seen, rows * 2)
    with pytest.raises(CaptureError, match="hello_01_000002.png is missing"):
        performance.texture(performance.take("hello_01"), 2)


def test_textures_may_be_jpeg(tmp_path: Path) -> None:
    performance = write(tmp_path, a_take())
    colour = np.full((64, 64, 3), (200, 120, 40), np.uint8)
    write_texture(tmp_path, "hello_01", 7, colour, np.full((64, 64), 255, np.uint8))
    path = tmp_path / "textures" / "hello_01_000007.png"
    cv2.imwrite(str(path.with_suffix(".jpg")), colour[..., ::-1])
    path.unlink()
    read, _ = performance.texture(performance.take("hello_01"), 7)
    assert np.abs(read.astype(int) - colour).mean() < 1.5


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "../escape"}, "name"),
        ({"kind": "dance"}, "must be one of motion, spoken, generated"),
        ({"split": "test"}, "split"),
        ({"controls": np.zeros((12, 3), np.float32)}, "needs 2 controls"),
        ({"controls": np.full((12, 2), np.nan, np.float32)}, "not finite"),
        ({"head_pose": np.zeros((11, 6), np.float32)}, "head_pose"),
        ({"pictured": np.array([7, 2])}, "out of order"),
        ({"pictured": np.array([12])}, "does not have"),
        ({"fps": 25.0}, "25 frames a second"),
        ({"phones": Phones.build(["AH", "AA"], [0, 0.1], [0.2, 0.3])}, "overlap"),
        ({"tracked": np.zeros((12, 8, 3), np.float32)}, "another size"),
    ],
)
def test_a_broken_take_is_refused(tmp_path: Path, change: dict, sentence: str) -> None:
    with pytest.raises(CaptureError, match=sentence):
        write(tmp_path, replace(a_take(), **change))


def test_two_takes_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="two takes"):
        write(tmp_path, a_take(), a_take())


def test_damage_is_named(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"no performance\.json"):
        Performance.open(tmp_path)
    write(tmp_path, a_take())
    path = tmp_path / "performance.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"schema": 99}))
    with pytest.raises(CaptureError, match="schema 99"):
        Performance.open(tmp_path)
    document["takes"][0]["name"] = "../../etc"
    path.write_text(json.dumps(document))
    with pytest.raises(CaptureError, match="unsafe name"):
        Performance.open(tmp_path)
    document["takes"][0]["name"] = "hello_01"
    path.write_text(json.dumps(document))
    take = tmp_path / "takes" / "hello_01.npz"
    take.write_bytes(take.read_bytes()[:200])
    with pytest.raises(CaptureError, match=r"hello_01\.npz is missing or damaged"):
        Performance.open(tmp_path)
