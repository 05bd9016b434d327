"""Tracking when the capture is not as it should be: how gracefully it degrades."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from models.files import write_json
from models.performance import Performance
from models.pose import to_world
from models.tracking.together import Motions, TemporalSmoother
from models.tracking.work import PASSES, TrackingJob, read_tracked
from tests.capture_scenes import write_scan

from .figures import Context, Figure
from .tracked import FRAMES, HELD_OUT, REST, Session
from .tracking import EVERY, errors_of, tracked

CASE = "actor_a"
CALIBRATION_PX = 0.5
COLOUR = 0.10
NOISE, JPEG = 5.0, 85
"""Grey levels of a sensor's noise, and the quality that pictures are stored in."""
MISSING = "right_58"
FEW = "front", "left_25", "right_25"
DROPPED = "left_25"
DROP_EVERY = 10
WORSE = 2.0
"""Times the error of the untroubled capture that still counts as graceful."""

Change = Callable[[np.ndarray], np.ndarray]
"""Of a picture (H, W, 3), 0…255."""


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
    yield _shiver(session)


def _shiver(session: Session) -> Figure:
    """How much a face at rest trembles in noisy pictures, as it was tracked and after that."""
    rest = np.arange(REST)
    capture = _spoiled(session, np.r_[rest, EVERY:FRAMES:EVERY], "noisy_rest", _noise)
    performance = tracked(capture, session.folder / "tracked_noisy_rest")[0]
    take, mesh, face = performance.takes[0], performance.mesh, session.truth.masks["face"]
    job = TrackingJob(capture, performance.folder / "tracking", PASSES[-1])
    raw = TemporalSmoother(mesh, (), job).smoothed(
        [read_tracked(job.frame(take.name, frame)) for frame in rest], rest
    )
    steady = Motions(take.controls[rest], take.head_pose[rest], take.tracked[rest])
    shivers = [
        np.linalg.norm(np.diff(to_world(m.local, m.pose, mesh.pivot)[:, face], 2, axis=0), axis=-1)
        for m in (steady, raw)
    ]
    steadied, tracked_alone = (float(1e3 * np.sqrt((s**2).mean())) for s in shivers)
    return Figure(
        *("tracking_trouble", "sensor_noise", "shiver_mm", steadied, "mm"),
        bar="<= 0.5 x frame_by_frame",
        holds=steadied <= 0.5 * tracked_alone,
        baselines={"frame_by_frame": tracked_alone},
        note=f"second differences of a face at rest, {NOISE:g} grey levels of noise, JPEG {JPEG}",
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

    def of_a_camera() -> Change:
        gains = 1 + COLOUR * random.uniform(-1, 1, 3)
        return lambda picture: 255 * ((picture / 255) ** 2.2 * gains).clip(0, 1) ** (1 / 2.2)

    _redrawn(folder, of_a_camera)


def _noise(folder: Path) -> None:
    """A sensor's noise, coarsened by JPEG."""
    random = np.random.default_rng(2)

    def noisy(picture: np.ndarray) -> np.ndarray:
        picture = (picture + random.normal(0, NOISE, picture.shape)).clip(0, 255).round()
        coded = cv2.imencode(".jpg", picture.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, JPEG])
        return cv2.imdecode(coded[1], cv2.IMREAD_COLOR)

    _redrawn(folder, lambda: noisy)


def _redrawn(folder: Path, change_of_a_camera: Callable[[], Change]) -> None:
    """Put changed pictures in place of links to the session's."""
    document = json.loads((folder / "takes.json").read_text())
    take, pictured = document["takes"][0]["name"], document["takes"][0]["pictured"]
    for link in sorted((folder / "images").iterdir()):
        change, source = change_of_a_camera(), link.resolve()
        if not link.is_symlink():
            continue
        link.unlink()
        link.mkdir()
        for frame in pictured:
            name = f"{take}_{frame:06d}.png"
            picture = change(cv2.imread(str(source / name)).astype(np.float32))
            cv2.imwrite(str(link / name), np.round(picture).astype(np.uint8))


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
    "sensor_noise": _noise,
}
