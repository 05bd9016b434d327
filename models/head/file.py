"""The head file `.nface`: one zip that holds an actor, read without ever running its contents.

Members: `head.json` (what it is, sizes, sliders, figures, SHA-256 of the other members),
`weights.safetensors`, `mesh.npz`, `base_texture.png`, `examples.npz`, `thumbnail.png`. The zip's
comment is the SHA-256 of `head.json`. Sizes are checked before anything is unpacked or allocated.
"""

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import cv2
import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from ..errors import CaptureError, HeadFileError
from ..files import write_bytes
from ..mesh import ATLAS_SIZE, REGION_NAMES, HeadMesh

SCHEMA = 1
MIB = 1 << 20
MOST_BYTES = {
    "head.json": 4 * MIB,
    "weights.safetensors": 256 * MIB,
    "mesh.npz": 64 * MIB,
    "base_texture.png": 16 * MIB,
    "examples.npz": 128 * MIB,
    "thumbnail.png": 4 * MIB,
}
"""Members and the most bytes each may have, unpacked."""
MOST_FILE_BYTES = 256 * MIB
MOST_RATIO = 100
"""How much a member may be compressed: texture and weights never reach this, zip bombs do."""
MIGRATIONS: dict[int, Callable[[dict], dict]] = {}
"""Schema → function that turns its head.json into that of the next schema."""
KEYS = ("name", "fps", "licence", "consent", "provenance", "credits", "regions", "sliders")


@dataclass(frozen=True)
class HeadFile:
    """The contents of a head file.

    Attributes:
        document: head.json.
        tensors: Weights by name, `REGION.parameter` and `codes.NAME`.
        mesh: The head's mesh.
        base_texture: (1024, 1024, 3) uint8.
        examples: Arrays of the example database.
        thumbnail: PNG bytes.
        sha256: Of the whole file, '' before it is written.
    """

    document: dict
    tensors: dict[str, np.ndarray]
    mesh: HeadMesh
    base_texture: np.ndarray
    examples: dict[str, np.ndarray]
    thumbnail: bytes
    sha256: str = ""


def write_head_file(path: Path, head: HeadFile) -> None:
    """Write `head` to `path`; the file is whole or absent.

    Raises:
        NeuralFaceError: The folder cannot be written.
    """
    members = {
        "weights.safetensors": safetensors.numpy.save(
            {name: np.ascontiguousarray(value) for name, value in head.tensors.items()}
        ),
        "mesh.npz": _npz_bytes(head.mesh.arrays()),
        "base_texture.png": _png_bytes(head.base_texture),
        "examples.npz": _npz_bytes(head.examples),
        "thumbnail.png": head.thumbnail,
    }
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    document = head.document | {"schema": SCHEMA, "members": hashes}
    _check_document(document, Path(path).name)
    text = json.dumps(document, indent=1, ensure_ascii=False).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in {"head.json": text, **members}.items():
            # a fixed date: the same head gives the same file
            archive.writestr(
                zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, archive.compression
            )
        archive.comment = hashlib.sha256(text).hexdigest().encode()
    write_bytes(Path(path), buffer.getvalue())


def read_head_file(path: Path) -> HeadFile:
    """Read and check a head file.

    Raises:
        HeadFileError: It is missing, damaged, altered, too large, unsafe or of a newer schema.
    """
    path = Path(path)
    data = _file_bytes(path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_members(archive, path.name)
            members = {name: archive.read(name) for name in MOST_BYTES}
            comment = archive.comment
    except (
        zipfile.BadZipFile,
        EOFError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as e:
        raise HeadFileError(f"{path.name} is damaged or incomplete ({e}); get it again.") from e
    except Exception as error:  # zlib.error has no public base
        if type(error).__name__ != "error":
            raise
        raise HeadFileError(f"{path.name} is damaged ({error}); get it again.") from error
    document = _document(members, comment, path.name)
    try:
        return HeadFile(
            document=document,
            tensors=_tensors(members["weights.safetensors"]),
            mesh=HeadMesh.from_arrays(_arrays(members["mesh.npz"])),
            base_texture=_texture(members["base_texture.png"]),
            examples=_arrays(members["examples.npz"]),
            thumbnail=members["thumbnail.png"],
            sha256=hashlib.sha256(data).hexdigest(),
        )
    except (ValueError, KeyError, EOFError, CaptureError, SafetensorError) as error:
        raise HeadFileError(f"{path.name} holds data that do not fit: {error}") from error
    except zipfile.BadZipFile as error:
        raise HeadFileError(f"{path.name} holds damaged arrays: {error}.") from error


def _file_bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_FILE_BYTES:
            raise HeadFileError(
                f"{path.name} has {size / MIB:.0f} MB; a head file has at most "
                f"{MOST_FILE_BYTES // MIB} MB."
            )
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise HeadFileError(f"Cannot read the head file {path.name}: {reason}.") from error
    if not data.startswith(b"PK\x03\x04"):
        raise HeadFileError(f"{path.name} is not a head file.")
    return data


def _check_members(archive: zipfile.ZipFile, file_name: str) -> None:
    """Refuse unknown, doubled, missing, encrypted or exploding members before reading any."""
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if sorted(names) != sorted(MOST_BYTES):
        missing, extra = sorted(set(MOST_BYTES) - set(names)), sorted(set(names) - set(MOST_BYTES))
        wrong = f"lacks {', '.join(missing)}" if missing else f"holds {', '.join(extra[:3])!r}"
        wrong = wrong if missing or extra else "holds a member twice"
        raise HeadFileError(f"{file_name} is not a valid head file: it {wrong}.")
    for info in infos:
        if info.file_size > MOST_BYTES[info.filename]:
            raise HeadFileError(
                f"{file_name} is unsafe: {info.filename} would unpack to "
                f"{info.file_size / MIB:.0f} MB."
            )
        if info.file_size > MIB and info.file_size > MOST_RATIO * max(info.compress_size, 1):
            raise HeadFileError(
                f"{file_name} is unsafe: {info.filename} unpacks to more than "
                f"{MOST_RATIO} times its size."
            )


def _document(members: Mapping[str, bytes], comment: bytes, file_name: str) -> dict:
    """head.json, checked against the zip's comment, migrated, and the members against it."""
    text = members["head.json"]
    try:
        document = json.loads(text)
        schema = int(document["schema"])
        hashes = dict(document["members"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise HeadFileError(f"{file_name} has an unreadable head.json: {error}.") from error
    if schema > SCHEMA:
        raise HeadFileError(
            f"{file_name} is of schema {schema}, newer than the {SCHEMA} that this version reads; "
            "update the extension."
        )
    if hashlib.sha256(text).hexdigest().encode() != comment:
        raise HeadFileError(f"{file_name} was altered or damaged: head.json has changed.")
    for name, data in members.items():
        if name != "head.json" and hashlib.sha256(data).hexdigest() != hashes.get(name):
            raise HeadFileError(f"{file_name} was altered or damaged: {name} has changed.")
    while schema < SCHEMA:
        if schema not in MIGRATIONS:
            raise HeadFileError(
                f"{file_name} is of schema {schema}, which cannot be read any more."
            )
        document, schema = MIGRATIONS[schema](document), schema + 1
    _check_document(document, file_name)
    return document


def _check_document(document: dict, file_name: str) -> None:
    missing = [key for key in KEYS if key not in document]
    if missing:
        raise HeadFileError(f"{file_name} lacks {', '.join(missing)} in its head.json.")
    try:
        names = tuple(str(region["name"]) for region in document["regions"])
        sizes = {str(region["name"]): int(region["dims"]["code"]) for region in document["regions"]}
        counts: dict[str, int] = dict.fromkeys(REGION_NAMES, 0)
        for slider in document["sliders"]:
            counts[str(slider["region"])] += 1
            sound = str(slider["name"]) and float(slider["low"]) <= float(slider["high"])
            if not sound:
                raise ValueError(f"slider {slider['name']!r} has no range")
        if names != REGION_NAMES or counts != sizes:
            raise ValueError("regions and sliders do not match")
        if not 1 <= float(document["fps"]) <= 1000:
            raise ValueError("impossible frame rate")
    except (KeyError, TypeError, ValueError) as error:
        raise HeadFileError(f"{file_name} has a wrong head.json: {error}.") from error


def _npz_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def _png_bytes(texture: np.ndarray) -> bytes:
    return cv2.imencode(".png", cv2.cvtColor(texture, cv2.COLOR_RGB2BGR))[1].tobytes()


def _arrays(data: bytes) -> dict[str, np.ndarray]:
    """Arrays of an .npz whose headers promise no more bytes than its members have."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(info.file_size for info in archive.infolist()) > MOST_BYTES["examples.npz"]:
            raise ValueError("arrays unpack to too many bytes")
        for info in archive.infolist():
            with archive.open(info) as stream:
                _check_array_header(stream, info)
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _check_array_header(stream: IO[bytes], info: zipfile.ZipInfo) -> None:
    version = np.lib.format.read_magic(stream)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in read:
        raise ValueError(f"array {info.filename} has an unknown format")
    shape, _, kind = read[version](stream)
    if kind.hasobject:
        raise ValueError(f"array {info.filename} holds objects")
    if int(np.prod(shape, dtype=object)) * kind.itemsize > info.file_size:
        raise ValueError(f"array {info.filename} is cut off")


def _tensors(data: bytes) -> dict[str, np.ndarray]:
    """Tensors of a safetensors member; its header is checked by the library and here."""
    if len(data) < 8 or struct.unpack("<Q", data[:8])[0] > min(MIB, len(data) - 8):
        raise ValueError("the weights have an impossible header")
    tensors = safetensors.numpy.load(data)
    for name, value in tensors.items():
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise ValueError(f"the weights {name} are not finite")
    return tensors


def _texture(data: bytes) -> np.ndarray:
    """The base texture; a picture of another size is refused before it is unpacked."""
    size = struct.unpack(">II", data[16:24]) if data[:8] == b"\x89PNG\r\n\x1a\n" else None
    if size != (ATLAS_SIZE, ATLAS_SIZE):
        raise ValueError(f"the base texture is not a PNG of {ATLAS_SIZE} x {ATLAS_SIZE}")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError("the base texture is damaged")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
