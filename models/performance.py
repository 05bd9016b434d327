"""A performance: the tracked result of takes, as a folder of geometry, phones and textures."""

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from .errors import CaptureError
from .files import map_rows, read_arrays, write_arrays, write_bytes, write_json, write_rows
from .mesh import HeadMesh
from .phones import Phones

SCHEMA = 2
"""1 had tracked vertices in the take's .npz."""
KINDS = ("motion", "spoken", "generated")
SPLITS = ("train", "held_out")
CODINGS = {
    "png": (),
    "jpg": (
        *(cv2.IMWRITE_JPEG_QUALITY, 93, cv2.IMWRITE_JPEG_OPTIMIZE, 1),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    ),
}
"""How textures may be written: without loss (800 kB at 1024²), or for transport (130 kB, 48.9 dB).

The same 100 kB hold 48.3 dB as JPEG with whole colour (4:4:4), 47.8 dB as WebP, whose colour is
halved, and 48.0 dB as AVIF, which takes a hundred times as long to write. JPEG's error is larger
than what a face model of twenty numbers leaves of a face: where there is room, keep PNG.
"""
SEEN_STEP = 17
BLOCK = 128
"""Frames whose vertices are held at a time: minutes of them do not fit into memory."""
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True)
class Take:
    """One continuous recording.

    Attributes:
        name: Letters, digits, `_` and `-`.
        kind: One of `KINDS`.
        split: One of `SPLITS`.
        fps: Frames a second.
        controls: (T, C) coefficients of the mesh's linear face model.
        head_pose: (T, 6) XYZ Euler radians, then metres.
        phones: What is said.
        style: Acting style, '' when there is none.
        text: What is said, as written.
        pictured: (n,) frames that have a texture, rising.
        tracked: (T, V, 3) head-local metres where the linear model is not exact, else None; as a
            performance has it, it stays on disk until asked for.
    """

    name: str
    kind: str
    split: str
    fps: float
    controls: np.ndarray
    head_pose: np.ndarray
    phones: Phones = field(default_factory=lambda: Phones.build([], [], []))
    style: str = ""
    text: str = ""
    pictured: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    tracked: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.controls)

    def check(self, mesh: HeadMesh) -> None:
        """Raise CaptureError unless the take is whole and fits the mesh."""
        frames, pictured = len(self), np.asarray(self.pictured)
        sized = self.tracked is None or self.tracked.shape == (frames, *mesh.vertices.shape)
        problems = {
            "has a name that is not made of letters, digits, _ and -": not SAFE_NAME.fullmatch(
                self.name
            ),
            f"must be one of {', '.join(KINDS)}, not {self.kind!r}": self.kind not in KINDS,
            f"must be split {' or '.join(SPLITS)}, not {self.split!r}": self.split not in SPLITS,
            "has no frames": frames == 0,
            "has an impossible frame rate": not 1 <= self.fps <= 1000,
            f"needs {len(mesh.control_names)} controls a frame, has shape {self.controls.shape}": (
                self.controls.shape != (frames, len(mesh.control_names))
            ),
            f"needs head_pose ({frames}, 6), has {self.head_pose.shape}": (
                self.head_pose.shape != (frames, 6)
            ),
            "has tracked vertices of another size than its frames and mesh": not sized,
            "holds numbers that are not finite": not all(
                np.isfinite(a).all()
                for a in (self.controls, self.head_pose, *_blocks(self.tracked))
            ),
            "names pictured frames that it does not have or out of order": len(pictured) > 0
            and (pictured[0] < 0 or pictured[-1] >= frames or (np.diff(pictured) <= 0).any()),
            "has phones that end before they start or overlap": (
                (self.phones.end < self.phones.start).any()
                or (self.phones.start[1:] < self.phones.end[:-1] - 1e-6).any()
            ),
        }
        for sentence, wrong in problems.items():
            if wrong:
                raise CaptureError(f"Take {self.name!r} {sentence}.")


@dataclass(frozen=True)
class Performance:
    """A performance folder, read; textures stay on disk until asked for.

    Attributes:
        folder: Where it is.
        mesh: The head's mesh.
        fps: Frames a second of all takes.
        takes: In the order of `performance.json`.
        about: name, credits, licence, consent, provenance.
    """

    folder: Path
    mesh: HeadMesh
    fps: float
    takes: list[Take]
    about: dict

    @classmethod
    def open(cls, folder: Path) -> "Performance":
        """Read everything but the textures.

        Raises:
            CaptureError: Something is missing, of a newer schema, or does not fit.
        """
        folder = Path(folder)
        document = _read_document(folder)
        mesh = HeadMesh.load(_existing(folder / "template.npz"))
        try:
            fps = float(document["fps"])
            takes = [_read_take(folder, entry, fps, mesh) for entry in document["takes"]]
        except (KeyError, TypeError, ValueError) as error:
            raise CaptureError(f"The performance {folder.name} is damaged: {error!r}.") from error
        about = {key: value for key, value in document.items() if key not in ("schema", "takes")}
        return cls(folder, mesh, fps, takes, about)

    def take(self, name: str) -> Take:
        """The take called `name`."""
        found = next((take for take in self.takes if take.name == name), None)
        if found is None:
            raise CaptureError(f"The performance {self.folder.name} has no take {name!r}.")
        return found

    def vertices(self, take: Take, frames: np.ndarray | slice | None = None) -> np.ndarray:
        """Head-local vertices (n, V, 3) of the chosen frames (all when None), metres."""
        return take_vertices(self.mesh, take, slice(None) if frames is None else frames)

    def texture(self, take: Take, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """Texture (H, W, 3) and how well each texel was seen (H, W), both uint8.

        Raises:
            CaptureError: The frame has no texture or its files are damaged.
        """
        colour_path, seen_path = texture_paths(self.folder, take.name, frame)
        colour = cv2.imread(str(colour_path), cv2.IMREAD_COLOR)
        seen = cv2.imread(str(seen_path), cv2.IMREAD_GRAYSCALE)
        if colour is None or seen is None or colour.shape[:2] != seen.shape:
            raise CaptureError(f"The texture {colour_path.name} is missing or damaged.")
        return cv2.cvtColor(colour, cv2.COLOR_BGR2RGB), seen


def take_vertices(mesh: HeadMesh, take: Take, frames: np.ndarray | slice) -> np.ndarray:
    """Head-local vertices (n, V, 3) of the chosen frames, metres."""
    if take.tracked is None:
        return mesh.pose(take.controls[frames])
    return np.array(take.tracked[frames])


def _blocks(tracked: np.ndarray | None) -> Iterator[np.ndarray]:
    if tracked is None:
        return
    for start in range(0, len(tracked), BLOCK):
        yield tracked[start : start + BLOCK]


def vertices_path(folder: Path, take: str) -> Path:
    """Where a take's tracked vertices are."""
    return Path(folder) / "takes" / f"{take}_vertices.npy"


class PerformanceWriter:
    """Writes a performance folder; what is there already is kept, so that a stop costs little."""

    def __init__(self, folder: Path, mesh: HeadMesh, fps: float, about: Mapping) -> None:
        """Start or continue `folder`.

        Args:
            folder: Made when absent.
            mesh: The head's mesh.
            fps: Frames a second of all takes.
            about: name, credits (list), licence, consent, provenance.
        """
        self.folder, self.mesh, self.fps, self.about = Path(folder), mesh, fps, dict(about)
        self._entries: dict[str, dict] = {}
        mesh.check()
        mesh.save(self.folder / "template.npz")

    def add(self, take: Take) -> None:
        """Write a take's numbers (its textures are written apart).

        Raises:
            CaptureError: The take is not whole, has another frame rate, or is there twice.
        """
        take.check(self.mesh)
        if take.name in self._entries:
            raise CaptureError(f"The performance has two takes called {take.name!r}.")
        if abs(take.fps - self.fps) > 1e-6:
            raise CaptureError(
                f"Take {take.name!r} has {take.fps:g} frames a second, "
                f"the performance {self.fps:g}."
            )
        arrays = {"controls": take.controls, "head_pose": take.head_pose.astype(np.float32)}
        write_arrays(
            self.folder / "takes" / f"{take.name}.npz", **arrays, **take.phones.to_arrays()
        )
        self._write_tracked(vertices_path(self.folder, take.name), take.tracked)
        entry = {key: getattr(take, key) for key in ("name", "kind", "split", "style", "text")}
        pictured = [int(frame) for frame in take.pictured]
        self._entries[take.name] = entry | {"frames": len(take), "pictured": pictured}

    def _write_tracked(self, path: Path, tracked: np.ndarray | None) -> None:
        if tracked is None:
            path.unlink(missing_ok=True)
            return
        there = isinstance(tracked, np.memmap) and Path(tracked.filename or "") == path.resolve()
        if not (there and len(tracked) == len(map_rows(path))):
            write_rows(path, tracked.shape, _blocks(tracked))

    def finish(self) -> Performance:
        """Write `performance.json`, which makes the folder a performance, and open it."""
        document = {"schema": SCHEMA, **self.about, "fps": self.fps}
        document["takes"] = list(self._entries.values())
        write_json(self.folder / "performance.json", document)
        return Performance.open(self.folder)


def texture_paths(folder: Path, take: str, frame: int) -> tuple[Path, Path]:
    """Where a frame's texture and its seen map are."""
    name = f"{take}_{frame:06d}"
    textures = Path(folder) / "textures"
    return picture_file(textures, name), textures / f"{name}_seen.png"


def picture_file(folder: Path, name: str) -> Path:
    """A picture that may be there as .png or as .jpg; the .png where there is none."""
    lossy = folder / f"{name}.jpg"
    return lossy if lossy.exists() else folder / f"{name}.png"


def write_texture(
    folder: Path,
    take: str,
    frame: int,
    colour: np.ndarray,
    seen: np.ndarray,
    coding: str = "png",
) -> None:
    """Write a frame's texture (H, W, 3) and seen map (H, W), uint8; the texture comes last.

    So a frame whose texture is there is finished. For transport the seen map keeps sixteen steps.

    Raises:
        CaptureError: There is no such coding.
    """
    if coding not in CODINGS:
        raise CaptureError(f"Textures are coded as {' or '.join(CODINGS)}, not {coding!r}.")
    colour_path, seen_path = texture_paths(folder, take, frame)
    if coding != "png":
        seen = (np.round(seen / SEEN_STEP) * SEEN_STEP).astype(np.uint8)
    write_bytes(seen_path, cv2.imencode(".png", seen)[1].tobytes())
    picture = cv2.cvtColor(colour, cv2.COLOR_RGB2BGR)
    encoded = cv2.imencode(f".{coding}", picture, CODINGS[coding])[1]
    write_bytes(colour_path.with_suffix(f".{coding}"), encoded.tobytes())


def write_labels(folder: Path, take: str, frame: int, labels: np.ndarray) -> None:
    """Write the number of the camera (F,) uint8 that each triangle takes its detail from."""
    write_bytes(_labels_path(folder, take, frame), cv2.imencode(".png", labels[None])[1].tobytes())


def read_labels(folder: Path, take: str, frame: int) -> np.ndarray | None:
    """What `write_labels` wrote, None where there is nothing to read."""
    image = cv2.imread(str(_labels_path(folder, take, frame)), cv2.IMREAD_GRAYSCALE)
    return None if image is None else image[0]


def _labels_path(folder: Path, take: str, frame: int) -> Path:
    return Path(folder) / "textures" / f"{take}_{frame:06d}_cameras.png"


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise CaptureError(f"The performance {path.parent.name} has no {path.name}.")
    return path


def _read_document(folder: Path) -> dict:
    path = _existing(folder / "performance.json")
    try:
        document = json.loads(path.read_text())
        schema = document["schema"]
    except (ValueError, KeyError, TypeError) as error:
        raise CaptureError(f"{path.name} in {folder.name} cannot be read: {error}.") from error
    if schema not in range(1, SCHEMA + 1):
        raise CaptureError(
            f"The performance {folder.name} has schema {schema}; this version reads 1 to {SCHEMA}."
        )
    return document


def _read_take(folder: Path, entry: dict, fps: float, mesh: HeadMesh) -> Take:
    name = str(entry["name"])
    if not SAFE_NAME.fullmatch(name):
        raise CaptureError(f"The performance {folder.name} has a take with the unsafe name {name}.")
    path = folder / "takes" / f"{name}.npz"
    try:
        arrays = read_arrays(path)
        path = vertices_path(folder, name)
        tracked = map_rows(path) if path.exists() else arrays.get("vertices")
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise CaptureError(f"The take {path.name} is missing or damaged: {error}.") from error
    take = Take(
        **{key: str(entry[key]) for key in ("name", "kind", "split", "style", "text")},
        fps=fps,
        controls=arrays["controls"].astype(np.float32),
        head_pose=arrays["head_pose"].astype(np.float32),
        phones=Phones.from_arrays(arrays),
        pictured=np.array(entry["pictured"], np.int64),
        tracked=tracked,
    )
    take.check(mesh)
    return take
