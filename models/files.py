"""Files that are either whole or absent: written under a temporary name, then renamed."""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from .errors import NeuralFaceError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` when the block ends well.

    Raises:
        NeuralFaceError: The folder cannot be written or the disk is full.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise NeuralFaceError(f"Cannot write {path.name}: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON atomically."""
    write_bytes(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())


def write_arrays(path: Path, **arrays: np.ndarray) -> None:
    """Write a compressed .npz atomically (no object arrays: reading needs no pickle)."""
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez_compressed(stream, **arrays)


def read_arrays(path: Path, *names: str) -> dict[str, np.ndarray]:
    """Read arrays of an .npz (every one unless named) without ever unpickling."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in names or archive.files}


def write_rows(path: Path, shape: tuple[int, ...], blocks: Iterable[np.ndarray]) -> None:
    """Write a float32 .npy of `shape` atomically, from blocks of its rows, one in memory at a time.

    Raises:
        NeuralFaceError: The folder cannot be written or the disk is full.
        ValueError: The blocks are not `shape` together.
    """
    header = {"descr": "<f4", "fortran_order": False, "shape": tuple(shape)}
    with replacing(path) as temporary:
        with temporary.open("wb") as stream:
            np.lib.format.write_array_header_1_0(stream, header)
            rows = 0
            for block in blocks:
                stream.write(np.ascontiguousarray(block, "<f4").data)
                rows += len(block)
                if block.shape[1:] != tuple(shape[1:]):
                    raise ValueError(f"blocks of {block.shape[1:]} do not make {shape}")
        if rows != shape[0]:
            raise ValueError(f"{rows} rows do not make {shape}")


def map_rows(path: Path) -> np.memmap:
    """The array of an .npy, read from disk where it is used, never unpickled.

    Raises:
        OSError, ValueError: The file is missing, short or no .npy.
    """
    return np.lib.format.open_memmap(path, "r")
