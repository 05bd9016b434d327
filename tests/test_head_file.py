"""The head file: round trip, and every kind of bad file refused with a sentence."""

import hashlib
import io
import json
import pickle
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.errors import HeadFileError, NeuralFaceError
from models.head import file as head_file
from models.head.file import read_head_file, write_head_file
from models.head.inference import Head


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _write(path: Path, members: dict[str, bytes], sealed: bool = True) -> Path:
    """Write members; `sealed`: with the right hashes, as one who knows the format would."""
    if sealed:
        document = json.loads(members["head.json"])
        document["members"] = {
            name: hashlib.sha256(data).hexdigest()
            for name, data in members.items()
            if name != "head.json"
        }
        members = members | {"head.json": json.dumps(document).encode()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.comment = hashlib.sha256(members["head.json"]).hexdigest().encode()
    return path


def _edited(members: dict[str, bytes], **values: object) -> dict[str, bytes]:
    document = json.loads(members["head.json"]) | values
    return members | {"head.json": json.dumps(document).encode()}


def _npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def test_round_trip(tiny_head: Path, tmp_path: Path) -> None:
    first = read_head_file(tiny_head)
    write_head_file(tmp_path / "again.nface", first)
    again = read_head_file(tmp_path / "again.nface")
    assert again.document == first.document and again.thumbnail == first.thumbnail
    assert set(again.tensors) == set(first.tensors)
    for name, value in first.tensors.items():
        assert np.array_equal(again.tensors[name], value), name
    for name, value in first.examples.items():
        assert np.array_equal(again.examples[name], value), name
    assert np.array_equal(again.base_texture, first.base_texture)
    assert np.array_equal(again.mesh.basis, first.mesh.basis)
    assert again.sha256 == first.sha256  # the same head is the same file


def test_writing_leaves_no_half_file(tiny_head: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(NeuralFaceError, match="Cannot write"):
        write_head_file(blocked / "x.nface", read_head_file(tiny_head))
    assert list(tmp_path.iterdir()) == [blocked]


@pytest.mark.parametrize("kept", [0, 3, 0.1, 0.5, 0.999])
def test_truncated(tiny_head: Path, tmp_path: Path, kept: float) -> None:
    data = tiny_head.read_bytes()
    path = tmp_path / "cut.nface"
    path.write_bytes(data[: int(kept if kept > 1 else kept * len(data))])
    with pytest.raises(HeadFileError, match=r"cut\.nface is"):
        read_head_file(path)


def test_any_changed_byte_is_noticed(tiny_head: Path, tmp_path: Path) -> None:
    data = bytearray(tiny_head.read_bytes())
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(data), 25).tolist():
        path = tmp_path / "changed.nface"
        changed = data.copy()
        changed[place] ^= 0x5A
        path.write_bytes(changed)
        try:
            same = read_head_file(path)
        except HeadFileError:
            continue
        assert same.sha256 != hashlib.sha256(data).hexdigest()  # only zip book-keeping changed
        assert same.document == read_head_file(tiny_head).document


def _swapped_weights(members: dict[str, bytes]) -> dict[str, bytes]:
    data = bytearray(members["weights.safetensors"])
    data[-1] ^= 1
    return members | {"weights.safetensors": bytes(data)}


TAMPERED: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "weights": (_swapped_weights, "altered or damaged: weights.safetensors"),
    "missing": (
        lambda m: {k: v for k, v in m.items() if k != "mesh.npz"},
        "lacks mesh.npz",
    ),
    "extra": (lambda m: m | {"../evil.py": b"x"}, "holds '../evil.py'"),
    "not json": (lambda m: m | {"head.json": b"{"}, "unreadable head.json"),
    "deep json": (lambda m: m | {"head.json": b"[" * 100_000}, "unreadable head.json"),
}


@pytest.mark.parametrize("kind", TAMPERED)
def test_tampered(tiny_head: Path, tmp_path: Path, kind: str) -> None:
    change, sentence = TAMPERED[kind]
    path = _write(tmp_path / "bad.nface", change(_members(tiny_head)), sealed=False)
    with pytest.raises(HeadFileError, match=sentence):
        read_head_file(path)


def test_head_json_is_sealed(tiny_head: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.nface"
    shutil.copy(tiny_head, path)
    with zipfile.ZipFile(tiny_head) as archive:
        comment = archive.comment
    _write(path, _edited(_members(tiny_head), licence="mine"), sealed=False)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = comment
    with pytest.raises(HeadFileError, match=r"altered or damaged: head\.json"):
        read_head_file(path)


SEALED: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "newer": (lambda m: _edited(m, schema=7), "schema 7, newer than the 1"),
    "older": (lambda m: _edited(m, schema=0), "schema 0, which cannot be read any more"),
    "no sliders": (lambda m: _edited(m, sliders=[]), "regions and sliders do not match"),
    "frame rate": (lambda m: _edited(m, fps=0), "impossible frame rate"),
    "pickled array": (
        lambda m: m | {"mesh.npz": _npz(vertices=np.array([{"a": 1}], dtype=object))},
        "holds objects",
    ),
    "not an array": (lambda m: m | {"examples.npz": b"junk"}, "damaged arrays"),
    "mesh parts": (lambda m: m | {"mesh.npz": _npz(a=np.zeros(3))}, "mesh is incomplete"),
    "weights header": (
        lambda m: m | {"weights.safetensors": struct.pack("<Q", 1 << 60) + b"{}"},
        "impossible header",
    ),
    "weights junk": (
        lambda m: m | {"weights.safetensors": struct.pack("<Q", 2) + b"{]"},
        "data that do not fit",
    ),
    "texture": (lambda m: m | {"base_texture.png": m["thumbnail.png"]}, "not a PNG of 1024"),
}


@pytest.mark.parametrize("kind", SEALED)
def test_valid_zip_with_bad_contents(tiny_head: Path, tmp_path: Path, kind: str) -> None:
    change, sentence = SEALED[kind]
    path = _write(tmp_path / "bad.nface", change(_members(tiny_head)))
    with pytest.raises(HeadFileError, match=sentence):
        read_head_file(path)


@pytest.mark.parametrize("change", ["resolution", "code", "hidden"])
def test_sizes_that_do_not_fit_are_refused(tiny_head: Path, tmp_path: Path, change: str) -> None:
    members = _members(tiny_head)
    document = json.loads(members["head.json"])
    document["regions"][0]["dims"][change] = {"resolution": 4096, "code": 8, "hidden": 60000}[
        change
    ]
    if change == "code":
        document["regions"][0]["dims"]["extra"] = 1
    path = _write(tmp_path / "bad.nface", _edited(members, regions=document["regions"]))
    with pytest.raises(HeadFileError, match=r"fit"):
        Head.open(path)


def test_array_that_promises_more_than_it_has(tiny_head: Path, tmp_path: Path) -> None:
    """A header of a terabyte must not be believed."""
    buffer = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (1 << 38,)}
    np.lib.format.write_array_header_1_0(buffer, header)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w") as archive:
        archive.writestr("codes.npy", buffer.getvalue())
    path = _write(tmp_path / "bad.nface", _members(tiny_head) | {"examples.npz": bomb.getvalue()})
    with pytest.raises(HeadFileError, match="cut off"):
        read_head_file(path)


def test_zip_bomb(tiny_head: Path, tmp_path: Path) -> None:
    bomb = _members(tiny_head) | {"weights.safetensors": bytes(200 << 20)}
    with pytest.raises(HeadFileError, match="more than 100 times its size"):
        read_head_file(_write(tmp_path / "bomb.nface", bomb))


def test_member_too_large(tiny_head: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(head_file.MOST_BYTES, "mesh.npz", 1000)
    with pytest.raises(HeadFileError, match=r"mesh\.npz would unpack to"):
        read_head_file(tiny_head)


def test_oversized_file(tmp_path: Path) -> None:
    path = tmp_path / "huge.nface"
    with path.open("wb") as stream:
        stream.truncate(3 << 30)  # a hole: takes no space
    with pytest.raises(HeadFileError, match="3072 MB; a head file has at most 256 MB"):
        read_head_file(path)


def test_pickle_renamed(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple:
            return (Path.touch, (tmp_path / "ran",))

    path = tmp_path / "evil.nface"
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(HeadFileError, match=r"evil\.nface is not a head file"):
        Head.open(path)
    assert not (tmp_path / "ran").exists()


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(HeadFileError, match=r"Cannot read the head file none\.nface: No such file"):
        Head.open(tmp_path / "none.nface")


def test_older_schema_is_migrated(
    tiny_head: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = _edited(_members(tiny_head), schema=0, name=None, actor="Old")
    path = _write(tmp_path / "old.nface", members)
    monkeypatch.setitem(head_file.MIGRATIONS, 0, lambda d: d | {"schema": 1, "name": d["actor"]})
    assert read_head_file(path).document["name"] == "Old"
