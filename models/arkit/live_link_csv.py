"""Live Link Face files (CSV): a face's shape weights and head angles, frame by frame."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import ArkitError
from ..files import write_bytes
from .arkit_take import ArkitTake
from .head_angles import eye_angles_of
from .shapes import EYE_ANGLES, HEAD_ANGLES, SHAPES, column_name

RATES = (60, 24, 25, 30, 48, 50, 100, 120, 240)
"""Frames a second that timecodes may count; the first is taken where nothing tells."""
DAY = 86400.0
LATEST_STEP_BACK = 0.5
"""Seconds: cameras swap frames, but a clock that goes back farther is of another recording."""
LATER_SHAPES = ("tongueOut",)
"""Shapes that older files do not have; taken as 0."""
TIMECODE = re.compile(r"(\d+):(\d+):(\d+)[:;.](\d+(?:\.\d+)?)")
DELIMITERS = ",;\t"
_SMALLEST = 1e-6


def read_csv(path: Path) -> ArkitTake:
    """Read a Live Link Face file, or another table with the same columns.

    Columns may come in any order and case, those of head and eyes may be missing. Times come from
    timecodes (hours:minutes:seconds:frames), or from a column `time` in seconds.

    Raises:
        ArkitError: The file cannot be read, is no such table, lacks a column or rows, or a cell is
            not a finite number; the message says where.
    """
    path = Path(path)
    header, rows = _table(path)
    places = _places(header, path.name)
    weights = _numbers(rows, places, [column_name(shape) for shape in SHAPES], path.name)
    angles = _numbers(rows, places, HEAD_ANGLES, path.name)
    times = _times(rows, places, path.name)
    latest = np.maximum.accumulate(times)
    back = np.flatnonzero(latest - times > LATEST_STEP_BACK)
    if len(back):
        raise ArkitError(f"{path.name}: row {rows[back[0]][0]}: the time goes back.")
    new = np.append(True, times[1:] > latest[:-1] + _SMALLEST)
    return ArkitTake(times[new] - times[0], weights[new], angles[new])


def write_csv(path: Path, take: ArkitTake) -> None:
    """Write a Live Link Face file, as the app does: timecodes count 60 frames a second.

    Raises:
        NeuralFaceError: The folder cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    shapes = [column_name(shape) for shape in SHAPES]
    numbers = np.concatenate([take.weights, take.head_angles, eye_angles_of(take.weights)], 1)
    writer.writerow(["Timecode", "BlendShapeCount", *shapes, *HEAD_ANGLES, *EYE_ANGLES])
    for moment, row in zip(take.times, numbers, strict=True):
        cells = [f"{value:.10f}" for value in row]
        writer.writerow([_timecode(float(moment)), numbers.shape[1], *cells])
    write_bytes(Path(path), text.getvalue().encode())


def _table(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and every row that holds something with its line number."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ArkitError(f"Cannot read {path.name}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise ArkitError(f"{path.name} is not a CSV file.") from error
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        lines = [(reader.line_num, cells) for cells in reader if any(c.strip() for c in cells)]
    except csv.Error as error:
        raise ArkitError(f"{path.name} is not a CSV file: {error}.") from error
    if not lines or len(lines[0][1]) < 2 or "\0" in text:
        raise ArkitError(f"{path.name} is not a CSV file.")
    (_, header), *rows = lines
    wrong = [(number, cells) for number, cells in rows if len(cells) != len(header)]
    if wrong:
        number, cells = wrong[0]
        raise ArkitError(
            f"{path.name}: row {number} has {len(cells)} cells, the header {len(header)}."
        )
    if not rows:
        raise ArkitError(f"{path.name} holds no frames.")
    return header, rows


def _places(header: Sequence[str], file_name: str) -> dict[str, int]:
    """Where each column is, by its name in lower case; all that must be there are."""
    places = {name.strip().lower(): place for place, name in enumerate(header)}
    shapes = [column_name(s) for s in SHAPES if s not in LATER_SHAPES]
    missing = [shape for shape in shapes if shape.lower() not in places]
    if len(missing) == len(shapes):
        raise ArkitError(f"{file_name} is not a Live Link Face recording: it names no face shape.")
    if missing:
        raise ArkitError(
            f"{file_name} is not a Live Link Face recording: it lacks {', '.join(missing[:3])}"
            f"{f' and {len(missing) - 3} more columns' if len(missing) > 3 else ''}."
        )
    if not {"timecode", "time"} & set(places):
        raise ArkitError(
            f"{file_name} is not a Live Link Face recording: it has neither Timecode nor time."
        )
    return places


def _numbers(
    rows: Sequence[tuple[int, list[str]]],
    places: dict[str, int],
    columns: Sequence[str],
    file_name: str,
) -> np.ndarray:
    """Cells (T, n) of named columns; those that the file does not have are 0."""
    values = np.zeros((len(rows), len(columns)))
    for place, column in enumerate(columns):
        if column.lower() in places:
            values[:, place] = _column(rows, places[column.lower()], column, file_name)
    return values


def _column(
    rows: Sequence[tuple[int, list[str]]], place: int, column: str, file_name: str
) -> np.ndarray:
    values = np.array([_number(cells[place]) for _, cells in rows])
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        number, cells = rows[wrong[0]]
        raise ArkitError(
            f"{file_name}: row {number}, column {column}: {cells[place].strip()!r} is not a number."
        )
    return values


def _number(cell: str) -> float:
    """A number with a decimal point or comma; NaN for anything else."""
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return np.nan


def _times(
    rows: Sequence[tuple[int, list[str]]], places: dict[str, int], file_name: str
) -> np.ndarray:
    """Seconds (T,) of the rows, over midnight where the clock does."""
    if "timecode" not in places:
        return _column(rows, places["time"], "time", file_name)
    cells = [(number, row[places["timecode"]].strip()) for number, row in rows]
    found = [TIMECODE.fullmatch(cell.replace(",", ".")) for _, cell in cells]
    if None in found:
        number, cell = cells[found.index(None)]
        raise ArkitError(
            f"{file_name}: row {number}, column Timecode: {cell!r} is not "
            "hours:minutes:seconds:frames."
        )
    parts = np.array([[float(part) for part in match.groups()] for match in found if match])
    seconds = parts[:, :3] @ (3600.0, 60.0, 1.0)
    seconds += DAY * np.cumsum(np.diff(seconds, prepend=seconds[0]) < -DAY / 2)
    return seconds + parts[:, 3] / _rate(seconds, parts[:, 3], file_name)


def _rate(seconds: np.ndarray, frames: np.ndarray, file_name: str) -> float:
    """Frames a second that timecodes count: those which make the steps between frames even."""
    rates = [rate for rate in RATES if rate > np.floor(frames.max())]
    if not rates:
        raise ArkitError(f"{file_name}: its timecodes count more than {max(RATES)} frames.")

    def unevenness(rate: int) -> float:
        steps = np.diff(seconds * rate + frames)
        return round(float(np.abs(steps - np.median(steps)).mean()), 6) if len(steps) else 0.0

    return min(rates, key=unevenness)


def _timecode(moment: float) -> str:
    """Hours:minutes:seconds:frames of a moment in seconds; frames have three decimals."""
    thousandths = round(moment * RATES[0] * 1000)
    seconds, rest = divmod(thousandths, RATES[0] * 1000)
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours % 24:02d}:{minutes:02d}:{seconds % 60:02d}:{rest / 1000:06.3f}"
