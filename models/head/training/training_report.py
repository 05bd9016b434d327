"""The training report: one picture with curves, figures and held-out frames."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from ...files import write_bytes
from ...training.trainer import Curve
from ..inference import Head
from .held_out_figures import METHODS, reconstruct
from .region_data import TrainingData
from .region_pca import JointPCA

WIDTH = 1320
TILE = 132
FRAMES = 4
MARGIN = 16
INK = (40, 40, 40)
COLOURS = ((180, 90, 30), (60, 150, 60), (40, 60, 200), (150, 60, 150), (60, 160, 190))

Figures = dict[str, dict[str, dict[str, float]]]


def write_report(
    path: Path,
    head: Head,
    data: TrainingData,
    baselines: dict[str, JointPCA],
    figures: Figures,
    curves: dict[str, Curve],
) -> None:
    """Draw the report as a PNG.

    Args:
        path: Where.
        head: The trained head.
        data: What it was trained on.
        baselines: PCA of each region.
        figures: `evaluate`'s result.
        curves: Losses of each region.
    """
    rows = [_title(f"{head.info.name}: training report"), _table(figures), _curves(curves)]
    rows.append(_title("held-out frames: truth | decoded | PCA | differences of both x 4"))
    rows += _contact_sheet(head, data, baselines)
    sheet = np.concatenate([_fitted(row) for row in rows])
    write_bytes(Path(path), cv2.imencode(".png", sheet)[1].tobytes())


def _fitted(picture: np.ndarray) -> np.ndarray:
    canvas = np.full((picture.shape[0] + MARGIN, WIDTH, 3), 255, np.uint8)
    columns = min(picture.shape[1], WIDTH)
    canvas[MARGIN:, :columns] = picture[:, :columns]
    return canvas


def _write(canvas: np.ndarray, text: str, x: int, y: int, scale: float = 0.45) -> None:
    cv2.putText(canvas, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, INK, 1, cv2.LINE_AA)


def _title(text: str) -> np.ndarray:
    canvas = np.full((30, WIDTH, 3), 255, np.uint8)
    _write(canvas, text, MARGIN, 20, 0.6)
    return canvas


def _table(figures: Figures) -> np.ndarray:
    names = ("psnr_db", "vertex_mm", "detail_ratio")
    canvas = np.full((22 * (len(figures) + 1) + 8, WIDTH, 3), 255, np.uint8)
    columns = [(name, method) for name in names for method in METHODS]
    for place, (name, method) in enumerate(columns):
        _write(canvas, f"{name} {method.split('_')[0]}", 110 + place * 134, 16, 0.36)
    for row, (region, methods) in enumerate(figures.items(), 1):
        _write(canvas, region, MARGIN, 16 + 22 * row)
        for place, (name, method) in enumerate(columns):
            _write(canvas, f"{methods[method][name]:.3f}", 110 + place * 134, 16 + 22 * row)
    return canvas


def _curves(curves: dict[str, Curve]) -> np.ndarray:
    """One plot for each region, logarithmic; the PCA start is 1 for texture and geometry."""
    width, height = WIDTH // max(len(curves), 1), 240
    return np.concatenate([_plot(n, curve, width, height) for n, curve in curves.items()], 1)


def _plot(title: str, curve: Curve, width: int, height: int) -> np.ndarray:
    canvas = np.full((height, width, 3), 255, np.uint8)
    left, right, top, bottom = 34, width - 12, 26, height - 20
    cv2.rectangle(canvas, (left, top), (right, bottom), (200, 200, 200))
    low, high = -1.5, 2.0  # powers of ten

    def row(value: float) -> int:
        share = (np.clip(np.log10(max(value, 1e-9)), low, high) - low) / (high - low)
        return int(bottom - share * (bottom - top))

    for power in (-1, 0, 1, 2):
        cv2.line(canvas, (left, row(10.0**power)), (right, row(10.0**power)), (225, 225, 225))
        _write(canvas, f"{10.0**power:g}", 2, row(10.0**power) + 4, 0.34)
    _write(canvas, title, left, 14)
    names = list(dict.fromkeys(name for _, losses in curve for name in losses))
    for place, name in enumerate(names):
        colour = COLOURS[place % len(COLOURS)]
        points = [
            (int(left + at * (right - left)), row(losses[name]))
            for at, losses in curve
            if name in losses
        ]
        cv2.polylines(canvas, [np.array(points, np.int32)], False, colour, 1, cv2.LINE_AA)
        place_x = left + 62 * place
        cv2.putText(
            canvas,
            name,
            (place_x, height - 5),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.36,
            colour,
            1,
            cv2.LINE_AA,
        )
    return canvas


def _contact_sheet(
    head: Head, data: TrainingData, baselines: dict[str, JointPCA]
) -> list[np.ndarray]:
    """Two frames to a row, the most expressive of the held-out ones first."""
    held = np.flatnonzero(~data.train)
    size = np.linalg.norm(data.controls[held], axis=1)
    chosen = held[np.argsort(-size)[:: max(1, len(held) // FRAMES)][:FRAMES]]
    rows = []
    for network, region in zip(head.networks, data.regions, strict=True):
        made = reconstruct(network, baselines[region.region.name], region, chosen)
        true = region.texture[chosen].astype(np.float32) / 255
        strips = [
            _strip(true[i], made["model"].texture[i], made["pca"].texture[i])
            for i in range(len(chosen))
        ]
        for start in range(0, len(strips), 2):
            rows.append(np.concatenate(strips[start : start + 2], 1))
    return rows


def _strip(true: np.ndarray, decoded: np.ndarray, pca: np.ndarray) -> np.ndarray:
    difference: Callable[[np.ndarray], np.ndarray] = lambda made: np.abs(made - true) * 4  # noqa: E731
    pictures = (true, decoded, pca, difference(decoded), difference(pca))
    tiles = [
        cv2.resize(picture.clip(0, 1), (TILE, TILE), interpolation=cv2.INTER_AREA)
        for picture in pictures
    ]
    strip = np.concatenate(tiles, 1)
    return np.rint(strip[..., ::-1] * 255).astype(np.uint8)
