"""The stages that turn a capture, or a mesh sequence, into a performance and footage."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from ..capture.folder import CaptureFolder
from ..capture.prepared import misaimed, prepared
from ..errors import CaptureError, VideoError
from ..files import write_bytes, write_json
from ..performance import Performance, Take
from ..progress import Progress, partly
from .overlay import write_overlay
from .splits import Piece, cut_footage, pieces_of, write_pieces
from .spoken_takes import spoken_takes
from .workspace import Outcome

SHEET_FRAMES, SHEET_SIDE = 12, 256
PIECES = "pieces.json"
_MOST_SAID = 3


def check_capture(capture: Path, progress: Progress) -> Outcome:
    """Look at a capture before hours are spent on it."""
    from ..capture.check import check

    report = check(capture, progress)
    errors, warnings = (
        [entry.sentence() for entry in report.of_level(level)] for level in ("error", "warning")
    )
    rest = len(errors) - _MOST_SAID
    said = " ".join(errors[:_MOST_SAID]) + (f" And {rest} more." if rest > 0 else "")
    return Outcome(findings={"errors": errors, "warnings": warnings}, error=said)


def track_capture(
    capture: Path, output: Path, about: Mapping, processes: int, progress: Progress
) -> Outcome:
    """Track all takes; the performance has no textures yet."""
    from ..tracking.track import track

    performance = track(capture, output, dict(about), processes, progress)
    figures = {"frames": sum(len(take) for take in performance.takes)}
    return Outcome(figures, findings={"notes": misaimed(capture, output)})


def draw_overlay(capture: Path, performance: Path, path: Path, progress: Progress) -> Outcome:
    """Draw the tracked mesh over the footage."""
    write_overlay(prepared(capture, performance), Performance.open(performance), path, progress)
    return Outcome(pictures={"Overlay": str(path)})


def extract_textures(
    capture: Path,
    folder: Path,
    sheet: Path,
    about: Mapping,
    size: int,
    processes: int,
    progress: Progress,
) -> Outcome:
    """Give the tracked frames their textures, and draw some of them on one sheet."""
    from ..texture.extract import extract

    tracked = Performance.open(folder)
    made = extract(
        capture,
        tracked.mesh,
        tracked.takes,
        folder,
        about,
        size=size,
        processes=processes,
        progress=partly(progress, 0.0, 0.98),
    )
    frames = [(take, int(frame)) for take in made.takes for frame in take.pictured]
    if not frames:
        return Outcome(error="No frame of the capture could be given a texture.")
    step = -(-len(frames) // SHEET_FRAMES)
    write_texture_sheet(sheet, [made.texture(take, frame)[0] for take, frame in frames[::step]])
    return Outcome({"textures": len(frames)}, {"Textures": str(sheet)})


def write_texture_sheet(path: Path, textures: list[np.ndarray]) -> None:
    """Draw atlas textures (H, W, 3) uint8 in rows of four."""
    side = (SHEET_SIDE, SHEET_SIDE)
    tiles = [cv2.resize(texture, side, interpolation=cv2.INTER_AREA) for texture in textures]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % 4)
    rows = [np.concatenate(tiles[start : start + 4], 1) for start in range(0, len(tiles), 4)]
    sheet = cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR)
    write_bytes(path, cv2.imencode(".png", sheet)[1].tobytes())


def prepare_takes(capture: Path, performance: Path, output: Path, progress: Progress) -> Outcome:
    """Find out what is said, cut long takes, hold some out; leaves a performance of its own."""
    source = Performance.open(performance)
    takes, notes = spoken_takes(
        CaptureFolder.open(capture), source.takes, output / "phones", partly(progress, 0.0, 0.9)
    )
    return Outcome(_in_pieces(source, takes, output), findings={"notes": notes})


def check_sequence(source: Path, _progress: Progress) -> Outcome:
    """Look at a mesh sequence before it is taken over."""
    from ..sequences.sequence_files import open_sequence

    takes = open_sequence(source)
    frames = sum(len(take) for take in takes)
    return Outcome(findings={"notes": [f"{len(takes)} takes of tracked meshes, {frames} frames."]})


def convert_sequence(
    source: Path, output: Path, about: Mapping, size: int, progress: Progress
) -> Outcome:
    """Take over a mesh sequence as a performance."""
    from ..sequences.import_sequence import ImportSettings, import_sequence

    performance = import_sequence(source, output, dict(about), ImportSettings(size=size), progress)
    return Outcome({"frames": sum(len(take) for take in performance.takes)})


def split_takes(performance: Path, output: Path, _progress: Progress) -> Outcome:
    """Cut long takes of a performance and hold some out; leaves a performance of its own."""
    source = Performance.open(performance)
    return Outcome(_in_pieces(source, source.takes, output))


def _in_pieces(source: Performance, takes: Sequence[Take], output: Path) -> dict[str, int]:
    pieces = pieces_of(takes)
    write_json(output / PIECES, [asdict(piece) for piece in pieces])
    made = write_pieces(source, takes, pieces, output)
    spoken = sum(take.kind == "spoken" for take in made.takes)
    held_out = sum(take.split == "held_out" for take in made.takes)
    return {"takes": len(made.takes), "spoken_takes": spoken, "held_out_takes": held_out}


def read_pieces(output: Path) -> list[Piece]:
    """The pieces that `prepare_takes` made."""
    return [Piece(**entry) for entry in json.loads((output / PIECES).read_text(encoding="utf-8"))]


def make_footage(
    capture: Path, performance: Path, takes: Path, output: Path, progress: Progress
) -> Outcome:
    """Read the capture's own pictures as footage; a capture that gives none is no error.

    Args:
        capture: Capture folder.
        performance: Tracked from it.
        takes: What `prepare_takes` left.
        output: Folder; the footage's clips are in it, those of uncut takes in `whole`.
        progress: Told how far it is.
    """
    from .captured_footage import footage_of_capture

    whole = output / "whole"
    output.mkdir(parents=True, exist_ok=True)
    try:
        footage_of_capture(capture, Performance.open(performance), whole, progress)
        return Outcome({"clips": cut_footage(whole, read_pieces(takes), output)})
    except (CaptureError, VideoError) as error:
        note = f"The capture gave no footage to learn from: {error}"
        return Outcome(note=note, findings={"notes": [note]})
