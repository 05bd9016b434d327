"""Footage: a head's takes as a frontal camera sees them; what the video network is trained on."""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import CaptureError
from ...files import read_arrays, write_arrays, write_json
from ...performance import Take

ABOUT, MOTION = "footage.json", "motion.npz"


@dataclass(frozen=True)
class FootageClip:
    """One clip: frames `start`… of a take, acted by somebody, read by the face landmarker.

    Attributes:
        name: File name without suffix.
        take: Name of the take that is acted.
        person: Who acts it: "actor" is the head's own person.
        split: train or held_out.
        start: First frame of the take.
        head_pose: (T, 6) as it was acted, which may be more than in the take.
        points: (T, 478, 3) pixels; NaN where no face was found.
        scores: (T, 51).
        poses: (T, 4, 4).
        size: Width and height of the pictures in pixels.
        extractor: Name of the features that it was made for.
        descriptors: (T, D) where those need the pictures; NaN where no face was found.
    """

    name: str
    take: str
    person: str
    split: str
    start: int
    head_pose: np.ndarray
    points: np.ndarray
    scores: np.ndarray
    poses: np.ndarray
    size: tuple[int, int]
    extractor: str = "landmarks"
    descriptors: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.points)


def write_clip(folder: Path, clip: FootageClip) -> None:
    """Write a clip into a footage folder."""
    about = {name: getattr(clip, name) for name in ("take", "person", "split", "extractor")}
    described = {} if clip.descriptors is None else {"looks": clip.descriptors.astype(np.float16)}
    write_arrays(
        Path(folder) / f"{clip.name}.npz",
        head_pose=clip.head_pose.astype(np.float32),
        points=clip.points.astype(np.float32),
        scores=clip.scores.astype(np.float32),
        poses=clip.poses.astype(np.float32),
        start=np.array(clip.start),
        size=np.array(clip.size),
        **{key: np.array(value, np.str_) for key, value in about.items()},
        **described,
    )


def has_clip(folder: Path, name: str) -> bool:
    """Whether a clip is there already."""
    return (Path(folder) / f"{name}.npz").exists()


def read_footage(folder: Path) -> Iterator[FootageClip]:
    """Every clip of a footage folder, by name.

    Raises:
        CaptureError: The folder holds no footage, or a clip is damaged.
    """
    paths = sorted(set(Path(folder).glob("*.npz")) - {Path(folder) / MOTION})
    if not paths:
        raise CaptureError(f"{Path(folder).name} holds no footage.")
    for path in paths:
        try:
            arrays = read_arrays(path)
            clip = FootageClip(
                path.stem,
                str(arrays["take"]),
                str(arrays["person"]),
                str(arrays["split"]),
                int(arrays["start"]),
                arrays["head_pose"],
                arrays["points"],
                arrays["scores"],
                arrays["poses"],
                (int(arrays["size"][0]), int(arrays["size"][1])),
                str(arrays.get("extractor", "landmarks")),
                arrays.get("looks"),
            )
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise CaptureError(f"The clip {path.name} is damaged: {error}.") from error
        parts = [clip.head_pose, clip.points, clip.scores, clip.poses]
        parts += [] if clip.descriptors is None else [clip.descriptors]
        if len({len(part) for part in parts}) > 1:
            raise CaptureError(f"The clip {path.name} is damaged: its parts differ in length.")
        yield clip


def write_about(folder: Path, about: dict) -> None:
    """Say where the footage comes from."""
    write_json(Path(folder) / ABOUT, about)


def write_motion(folder: Path, takes: Sequence[Take], names: Sequence[str]) -> None:
    """Keep the controls (T, C) of every take, named by `names`, beside the clips."""
    write_arrays(
        Path(folder) / MOTION,
        names=np.array(names, np.str_),
        takes=np.array([take.name for take in takes], np.str_),
        counts=np.array([len(take) for take in takes]),
        controls=np.concatenate([take.controls for take in takes]).astype(np.float16),
    )


def read_motion(folder: Path) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Controls (T, C) of each take by name, and the controls' names; nothing where none are kept.

    Raises:
        CaptureError: The file is damaged.
    """
    path = Path(folder) / MOTION
    if not path.exists():
        return {}, ()
    try:
        arrays = read_arrays(path)
        parts = np.split(arrays["controls"], np.cumsum(arrays["counts"])[:-1])
        names = [str(name) for name in arrays["takes"]]
        controls = dict(zip(names, parts, strict=True))
        return controls, tuple(str(name) for name in arrays["names"])
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise CaptureError(f"{path.name} in {path.parent.name} is damaged: {error}.") from error
