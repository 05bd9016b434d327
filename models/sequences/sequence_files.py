"""A folder with a mesh sequence: geometry, textures, sound, transcript; one take or several."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ..errors import CaptureError
from ..files import read_arrays
from ..performance import SAFE_NAME
from ..scan.mesh_files import GEOMETRY, SourceMesh, read_mesh
from ..scan.texture_files import PICTURES

BAKED, ABOUT = "geometry.npz", "sequence.json"
SOUND, TRANSCRIPT = "audio.wav", "transcript.txt"
TEXTURE_FOLDERS = ("", "texture", "textures")
DEFAULT_FPS = 30.0


@dataclass(frozen=True)
class SequenceTake:
    """One take of a mesh sequence; geometry and textures stay on disk until asked for.

    Attributes:
        name: Letters, digits, `_` and `-`.
        folder: Where it is.
        fps: Frames a second.
        meshes: A file for each frame; none where `geometry.npz` holds all.
        textures: One file for all frames, or a file (or None) for each.
    """

    name: str
    folder: Path
    fps: float
    meshes: tuple[Path, ...]
    textures: tuple[Path | None, ...]

    def __len__(self) -> int:
        return len(self.meshes) or len(self._baked["positions"])

    @cached_property
    def topology(self) -> SourceMesh:
        """The first frame."""
        if self.meshes:
            return read_mesh(self.meshes[0])
        baked = self._baked
        names = ("triangles", "uvs", "uv_triangles")
        return SourceMesh(baked["positions"][0], *(baked[name] for name in names))

    @property
    def static(self) -> bool:
        """Whether all frames have one texture."""
        return len(self.textures) == 1

    def positions(self, frame: int) -> np.ndarray:
        """(N, 3) float32 as stored.

        Raises:
            CaptureError: The file is damaged or its topology is not the first frame's.
        """
        if not self.meshes:
            return self._baked["positions"][frame]
        mesh = read_mesh(self.meshes[frame]) if frame else self.topology
        if not mesh.same_topology(self.topology):
            first, path = self.topology, self.meshes[frame]
            raise CaptureError(
                f"{path.name} in {self.folder.name} has {len(mesh.positions)} vertices and "
                f"{len(mesh.triangles)} triangles in another arrangement than "
                f"{self.meshes[0].name} ({len(first.positions)} and {len(first.triangles)}): "
                "every frame of a sequence needs the same topology."
            )
        return mesh.positions

    def texture_path(self, frame: int) -> Path:
        """The texture of one of `pictured`.

        Raises:
            CaptureError: The frame has none.
        """
        path = self.textures[0 if self.static else frame]
        if path is None:
            raise CaptureError(f"Frame {frame} of {self.folder.name} has no texture.")
        return path

    @cached_property
    def pictured(self) -> np.ndarray:
        """(n,) frames with a texture."""
        if self.static:
            return np.arange(len(self))
        return np.flatnonzero([path is not None for path in self.textures])

    @property
    def sound(self) -> Path | None:
        """What was recorded with it."""
        path = self.folder / SOUND
        return path if path.is_file() else None

    @property
    def transcript(self) -> str:
        """What is said; '' when unknown."""
        path = self.folder / TRANSCRIPT
        return path.read_text("utf-8-sig", "replace").strip() if path.is_file() else ""

    @cached_property
    def _baked(self) -> dict[str, np.ndarray]:
        path = self.folder / BAKED
        try:
            arrays = read_arrays(path)
            positions, triangles = arrays["positions"], arrays["triangles"]
            whole = positions.ndim == 3 and len(positions) and positions.shape[2] == 3
            if not whole or not triangles.size or triangles.max() >= positions.shape[1]:
                raise ValueError("its arrays do not fit together")
        except (OSError, KeyError, ValueError, EOFError) as error:
            raise CaptureError(f"{path.name} in {self.folder.name} is damaged: {error}.") from error
        return arrays


def fingerprint(takes: Sequence[SequenceTake], *more: object) -> str:
    """Changes with any file of a sequence, and with whatever else matters."""
    paths = [path for take in takes for path in (*take.meshes, *take.textures) if path is not None]
    paths += [take.folder / BAKED for take in takes if not take.meshes]
    files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return hashlib.sha256(repr((files, more)).encode()).hexdigest()


def open_sequence(folder: Path, fps: float | None = None) -> list[SequenceTake]:
    """The takes of a sequence: the folder itself, or each folder in it that holds geometry.

    Args:
        folder: Holds .obj or .ply files (or `geometry.npz`), textures beside them or in a folder
            `textures`; optionally audio.wav, transcript.txt, sequence.json with "fps".
        fps: Frames a second; as sequence.json says, else 30, when None.

    Raises:
        CaptureError: There is no geometry, no texture, or the two do not fit together.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CaptureError(f"There is no folder {folder.name}.")
    if _has_geometry(folder):
        return [_take(folder, fps)]
    inside = [path for path in sorted(folder.iterdir()) if path.is_dir() and _has_geometry(path)]
    if not inside:
        raise CaptureError(
            f"{folder.name} holds no mesh sequence: neither {' nor '.join(GEOMETRY)} files, nor "
            "folders with such files."
        )
    return [_take(path, fps) for path in inside]


def is_sequence(folder: Path) -> bool:
    """Whether a folder, or one in it, holds the meshes of several frames."""
    folders = (folder, *(path for path in Path(folder).iterdir() if path.is_dir()))
    return any(
        (path / BAKED).is_file() or sum(1 for _ in _files(path, GEOMETRY)) > 1 for path in folders
    )


def _has_geometry(folder: Path) -> bool:
    return (folder / BAKED).is_file() or any(_files(folder, GEOMETRY))


def _files(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    if folder.is_dir():
        for path in folder.iterdir():
            if path.suffix.lower() in suffixes and not path.name.startswith("."):
                yield path


def _take(folder: Path, fps: float | None) -> SequenceTake:
    baked = (folder / BAKED).is_file()
    meshes = () if baked else tuple(sorted(_files(folder, GEOMETRY), key=_natural))
    if len({path.suffix.lower() for path in meshes}) > 1:
        raise CaptureError(f"{folder.name} holds .obj and .ply files: keep one of the two.")
    fps = fps or _stated_fps(folder)
    if not 1 <= fps <= 1000:
        raise CaptureError(f"{folder.name} cannot have {fps:g} frames a second.")
    take = SequenceTake(_safe_name(folder.name), folder, fps, meshes, ())
    textures = next((t for n in TEXTURE_FOLDERS if (t := list(_files(folder / n, PICTURES)))), [])
    if not textures:
        raise CaptureError(
            f"{folder.name} holds no texture: put one picture for all frames, or one for each, "
            "beside the meshes."
        )
    textures = _matched(folder, sorted(textures, key=_natural), meshes, len(take))
    return SequenceTake(take.name, folder, fps, meshes, textures)


def _matched(
    folder: Path, textures: list[Path], meshes: tuple[Path, ...], count: int
) -> tuple[Path | None, ...]:
    """One texture for all; as many as frames, in their order; or by the number in their names."""
    if len(textures) in (1, count):
        return tuple(textures)
    numbers = [_number(path) for path in meshes] or list(range(count))
    by_number = {_number(path): path for path in textures}
    if None in by_number or len(by_number) < len(textures) or not set(by_number) <= set(numbers):
        raise CaptureError(
            f"{folder.name} holds {len(textures)} textures for {count} frames, and their numbers "
            "do not tell which belong together: give one for all, or one for each."
        )
    return tuple(by_number.get(number) for number in numbers)


def _stated_fps(folder: Path) -> float:
    path = folder / ABOUT
    if not path.is_file():
        return DEFAULT_FPS
    try:
        return float(json.loads(path.read_text())["fps"])
    except (ValueError, KeyError, TypeError) as error:
        raise CaptureError(f"{path.name} in {folder.name} tells no fps: {error!r}.") from error


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sorts frame_2 before frame_10."""
    pieces = re.findall(r"\d+|\D+", path.name)
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in pieces]


def _number(path: Path) -> int | None:
    numbers = re.findall(r"\d+", path.stem)
    return int(numbers[-1]) if numbers else None


def _safe_name(name: str) -> str:
    safe = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")[:100]
    return safe if SAFE_NAME.fullmatch(safe) else "take"
