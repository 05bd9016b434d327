"""Tracking when the capture is not as it should be: how gracefully it degrades."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from models.capture.performance import Performance
from models.files import write_json
from tests.capture_scenes import write_scan

from .figures import Context, Figure
from .tracked import FRAMES, HELD_OUT, Session
from .tracking import EVERY, errors_of, tracked

CASE = "actor_a"
CALIBRATION_PX = 0.5
COLOUR = 0.10
MISSING = "right_58"
FEW = "front", "left_25", "right_25"
DROPPED = "left_25"
DROP_EVERY = 10
WORSE = 2.0
"""Times the error of the untroubled capture that still counts as graceful."""


def run(context: Context) -> Iterator[Figure]:
    """Track a tenth of the frames under each trouble, and under all at once."""
    session, frames = Session.of(context, CASE), np.arange(0, FRAMES, EVERY)
    untroubled = session.without((HELD_OUT,), "eight"), session.folder / "tracked"
    plain = errors_of(session.truth, tracked(*untroubled)[0], frames)
    for name, spoil in TROUBLES.items():
        capture = _spoiled(session, frames, name, spoil)
        found = errors_of(
            session.truth, tracked(capture, session.folder / f"tracked_{name}")[0], frames
        )
        for metric, value, other in (
            ("vertex_mm", found.face, plain.face),
            ("vertex_95_mm", found.face_95, plain.face_95),
            ("lips_mm", found.lips, plain.lips),
            ("worst_frame_mm", found.worst, plain.worst),
            ("rotation_deg", found.rotation, plain.rotation),
        ):
            yield Figure(
                *("tracking_trouble", name, metric, value, "°" if "deg" in metric else "mm"),
                bar=f"<= {WORSE:g} x untroubled" if metric == "vertex_mm" else "",
                holds=value <= WORSE * other if metric == "vertex_mm" else None,
                baselines={"untroubled": other},
                note=f"{CASE}, every {EVERY}th frame",
            )


def _spoiled(session: Session, frames: np.ndarray, name: str, spoil: Callable) -> Path:
    """A capture with pictures of its own, so that they may be changed."""
    hidden = {HELD_OUT}
    if name in ("camera_missing", "everything"):
        hidden.add(MISSING)
    if name.startswith("three_cameras"):
        hidden = session.cameras - set(FEW)
    target = session.without(tuple(hidden), name)
    document = json.loads((target / "takes.json").read_text())
    document["takes"][0]["pictured"] = [int(frame) for frame in frames]
    write_json(target / "takes.json", document)
    spoil(target)
    return target


def _calibration(folder: Path) -> None:
    """Turn and shift cameras so that landmarks miss by half a pixel."""
    path, random = folder / "transforms.json", np.random.default_rng(0)
    document = json.loads(path.read_text())
    for entry in document["frames"]:
        radians = CALIBRATION_PX / entry["fl_x"]
        turn = cv2.Rodrigues(random.normal(0, radians, 3))[0]
        matrix = np.array(entry["transform_matrix"])
        matrix[:3, :3] = turn @ matrix[:3, :3]
        entry["transform_matrix"] = matrix.tolist()
    write_json(path, document)


def _colours(folder: Path) -> None:
    """Each camera's channels brighter or darker by ten per cent."""
    random = np.random.default_rng(1)
    document = json.loads((folder / "takes.json").read_text())
    take, pictured = document["takes"][0]["name"], document["takes"][0]["pictured"]
    for link in sorted((folder / "images").iterdir()):
        gains, source = 1 + COLOUR * random.uniform(-1, 1, 3), link.resolve()
        if not link.is_symlink():
            continue
        link.unlink()
        link.mkdir()
        for frame in pictured:
            name = f"{take}_{frame:06d}.png"
            picture = cv2.imread(str(source / name)).astype(np.float32) / 255
            changed = np.clip(picture**2.2 * gains, 0, 1) ** (1 / 2.2)
            cv2.imwrite(str(link / name), np.round(255 * changed).astype(np.uint8))


def _drop(folder: Path) -> None:
    """One camera without every tenth picture."""
    link = folder / "images" / DROPPED
    source = link.resolve()
    if link.is_symlink():
        link.unlink()
        link.mkdir()
        for path in source.iterdir():
            (link / path.name).symlink_to(path)
    document = json.loads((folder / "takes.json").read_text())
    take = document["takes"][0]
    for frame in take["pictured"][::DROP_EVERY]:
        (link / f"{take['name']}_{frame:06d}.png").unlink(missing_ok=True)


def _scan(folder: Path) -> None:
    """A scan of the true face at rest, a twentieth of a millimetre rough."""
    mesh = Performance.open(folder.parent / "truth").mesh
    write_scan(folder / "neutral.obj", mesh.vertices.astype(np.float64), mesh.faces)


def _everything(folder: Path) -> None:
    for spoil in (_calibration, _colours, _drop):
        spoil(folder)


TROUBLES = {
    "calibration_noise": _calibration,
    "colour_difference": _colours,
    "camera_missing": lambda folder: None,
    "three_cameras": lambda folder: None,
    "three_cameras_and_scan": _scan,
    "frames_dropped": _drop,
    "everything": _everything,
}
