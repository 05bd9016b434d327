"""Textures in a camera that was left out, beside those of the true geometry; how far they swim.

The geometry is the truth with errors as a tracker makes them.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.capture.extract import extract
from models.capture.folder import CaptureFolder
from models.capture.performance import Performance, Take
from models.errors import CaptureError
from models.files import read_arrays

from .figures import Context, Figure
from .texture_truth import ABOUT, held_out, swimming, with_errors, world

MILLIMETRES, DEGREES = 0.5, 0.2
"""Errors put on the true geometry."""
SWIMMING_MM = 0.4
FRAMES = 24
"""Frames compared, at most."""
BAR_DB, LOSS_DB, SWIMMING_BAR = 30.0, 2.0, 0.3


def run(context: Context) -> Iterator[Figure]:
    """Measure every capture `texture/CASE` (made by `synthesize`) in the cache folder."""
    captures = sorted(context.cache.glob("texture/*/truth/performance.json"))
    if not captures:
        raise CaptureError(
            "There is no capture to measure: `python -m models synthesize cache/texture/actor_a`."
        )
    for path in captures:
        yield from measure(path.parent.parent, path.parent.parent.name)


def measure(folder: Path, case: str, camera: str = "left_25") -> Iterator[Figure]:
    """Figures of one synthetic capture, without that camera."""
    truth = Performance.open(folder / "truth")
    takes = _some(truth)
    wrong = [with_errors(truth.mesh, take, MILLIMETRES, DEGREES, n) for n, take in enumerate(takes)]
    true = truth.mesh, {take.name: take for take in takes}
    results = [held_out(folder / "capture", truth.mesh, t, true, camera) for t in (wrong, takes)]
    tracked, best = results
    yield Figure(
        *("texture", case, "held_out_view_psnr_db", tracked.psnr_db, "dB"),
        bar=f">= {BAR_DB:g} and >= true_geometry - {LOSS_DB:g}",
        holds=tracked.psnr_db >= max(BAR_DB, best.psnr_db - LOSS_DB),
        baselines={"true_geometry": best.psnr_db},
        note=f"{camera} left out; vertices {MILLIMETRES} mm, pose {DEGREES}° wrong; without hair, "
        f"ears and neck; skin alone {tracked.skin_db:.1f} (true_geometry {best.skin_db:.1f}) dB",
    )
    yield _swimming(folder, truth, case)


def _swimming(folder: Path, truth: Performance, case: str) -> Figure:
    """One frame four times, its mesh wrong otherwise each time."""
    capture, take = CaptureFolder.open(folder / "capture"), _some(truth)[0]
    frame = int(take.pictured[0])
    reference = _reference(folder, truth)
    pictures = {
        n: (camera, capture.picture(camera, take.name, frame))
        for n, camera in enumerate(capture.cameras)
    }
    one = replace(take, pictured=np.array([frame]))
    wrong = [with_errors(truth.mesh, one, SWIMMING_MM, 0.0, 100 + n) for n in range(4)]
    vertices = [world(truth.mesh, each, frame) for each in wrong]
    aligned, plain = (
        swimming(truth.mesh, vertices, [pictures] * 4, basis) for basis in (reference, None)
    )
    return Figure(
        *("texture", case, "swimming_px", aligned, "px"),
        bar=f"<= {SWIMMING_BAR:g}",
        holds=aligned <= SWIMMING_BAR,
        baselines={"not_aligned": plain},
        note=f"skin at 1024², mesh {SWIMMING_MM} mm wrong, otherwise each time",
    )


def _reference(folder: Path, truth: Performance) -> np.ndarray:
    """The reference texture of the wrong geometry, with all cameras."""
    takes = [
        with_errors(truth.mesh, t, MILLIMETRES, DEGREES, n) for n, t in enumerate(_some(truth))
    ]
    output = folder / "bench_texture"
    extract(folder / "capture", truth.mesh, takes, output, ABOUT, processes=0)
    return read_arrays(max(output.glob("reference_1024_*.npz")))["texture"]


def _some(truth: Performance) -> list[Take]:
    """Takes with `FRAMES` pictured frames between them, at most."""
    left, takes = FRAMES, []
    for take in truth.takes:
        pictured = take.pictured[:left]
        if len(pictured):
            takes.append(replace(take, pictured=pictured))
            left -= len(pictured)
    return takes
