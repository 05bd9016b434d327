"""Textures in a camera that was left out, beside those of the true geometry; how far they swim."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from models.capture.prepared import PREPARED, Preparation
from models.performance import Performance, Take
from models.pose import rotation_matrix
from models.texture.extract import extract

from .figures import Context, Figure
from .texture_truth import ABOUT, held_out, swimming
from .tracked import ACTORS, FRAMES, HELD_OUT, REST, Session
from .tracking import tracked

NEUTRAL = 0.06
"""Largest face unit of a neutral frame."""
COMPARED = 20
"""Frames compared, evenly over the session."""
BAR_DB, LOSS_DB, SWIMMING_BAR = 30.0, 2.0, 0.3


def run(context: Context) -> Iterator[Figure]:
    """Tracked mesh and extracted texture of both actors in the ninth camera."""
    for name in ACTORS:
        session = Session.of(context, name)
        performance = tracked(session.without((HELD_OUT,), "eight"), session.folder / "tracked")[0]
        yield _in_the_ninth_camera(session, performance)
        yield _swimming(session, performance)


def _in_the_ninth_camera(session: Session, performance: Performance) -> Figure:
    frames = np.unique(np.linspace(0, FRAMES - 1, COMPARED).round().astype(int))
    truth = Performance.open(session.folder / "truth")
    takes = [replace(take, pictured=frames) for take in truth.takes]
    true = truth.mesh, {take.name: take for take in takes}
    capture = session.folder / "capture"
    own = [replace(in_calibration(performance), pictured=frames)]
    found = held_out(capture, performance.mesh, own, true, HELD_OUT, processes=2)
    best = held_out(capture, truth.mesh, takes, true, HELD_OUT, processes=2)
    return Figure(
        *("texture", session.name, "held_out_view_psnr_db", found.psnr_db, "dB"),
        bar=f">= {BAR_DB:g} and >= true_geometry - {LOSS_DB:g}",
        holds=found.psnr_db >= max(BAR_DB, best.psnr_db - LOSS_DB),
        baselines={"true_geometry": best.psnr_db},
        note=f"{len(frames)} frames, {HELD_OUT} left out; without hair, ears and neck; skin alone "
        f"{found.skin_db:.1f} (true_geometry {best.skin_db:.1f}) dB, worst frame "
        f"{found.worst_db:.1f}",
    )


def _swimming(session: Session, performance: Performance) -> Figure:
    """Neutral frames, the head turned otherwise in each, which should all have the same texture."""
    truth = Performance.open(session.folder / "truth").takes[0]
    neutral = np.flatnonzero(np.abs(truth.controls).max(1) < NEUTRAL)
    still = neutral[np.diff(neutral, prepend=-2) > 1]
    others = np.linspace(REST, FRAMES - REST - 1, COMPARED).round().astype(int)
    frames = np.unique([*still, *others])
    takes = [replace(take, pictured=frames) for take in performance.takes]
    output = session.folder / "textured"
    Preparation.load(performance.folder / PREPARED).save(output / PREPARED)
    made = extract(session.folder / "eight", performance.mesh, takes, output, ABOUT)
    pixels = swimming(made, made.takes[0], still)
    true = Performance.open(session.folder / "truth")
    best = extract(
        session.folder / "eight", true.mesh, [replace(truth, pictured=frames)],
        session.folder / "textured_truth", ABOUT,
    )  # fmt: skip
    return Figure(
        *("texture", session.name, "swimming_px", pixels, "px"),
        bar=f"<= {SWIMMING_BAR:g}",
        holds=pixels <= SWIMMING_BAR,
        baselines={"true_geometry": swimming(best, best.takes[0], still)},
        note=f"skin at 1024², {len(still)} neutral frames, heads turned by "
        + ", ".join(f"{angle:.0f}" for angle in np.degrees(truth.head_pose[still, 2]))
        + "°",
    )


def in_calibration(performance: Performance) -> Take:
    """The tracked take where the calibration has it, not where it was prepared to be."""
    preparation = Preparation.load(performance.folder / PREPARED)
    take, pivot = performance.takes[0], performance.mesh.pivot
    turn = preparation.rotation.T @ rotation_matrix(take.head_pose[:, :3])
    angles = Rotation.from_matrix(turn).as_euler("xyz")
    shift = preparation.to_calibration(pivot + take.head_pose[:, 3:]) - pivot
    return replace(take, head_pose=np.c_[angles, shift].astype(np.float32))
