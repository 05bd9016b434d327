"""A picture of a capture's rig: where cameras and head are, and whether they fit the pictures.

Above, the rig from the side and from above, drawn true to scale around the head. Below, a frame in
every camera: green where landmarks were found, red where the calibration says they are. Red on
green in every picture means that the calibration is right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..cameras import Camera
from ..files import write_bytes
from .world import World

PANEL, THUMB, MARGIN = 900, 300, 140
PAPER, INK, FAINT = (250, 250, 248), (40, 40, 44), (205, 205, 205)
FOUND, EXPECTED, FACE = (60, 190, 80), (225, 50, 40), (90, 90, 100)
AXES = (("X", (214, 60, 60)), ("Y", (70, 160, 70)), ("Z", (60, 90, 214)))
PYRAMID = 0.3
"""Depth of a drawn camera as a share of half its distance."""
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SHIFT = 4
"""Lines are drawn to a sixteenth of a pixel."""


@dataclass(frozen=True)
class CameraPicture:
    """A camera's picture in the strip below.

    Attributes:
        name: Of the camera.
        picture: (H, W, 3) uint8 RGB.
        found: (478, 2) landmarks in pixels, None where there is no face.
        expected: (478, 2) projected triangulated landmarks, None where there are none.
    """

    name: str
    picture: np.ndarray
    found: np.ndarray | None
    expected: np.ndarray | None


@dataclass(frozen=True)
class _Frame:
    """From the calibration's world to a panel: x right, y up, in pixels."""

    middle: np.ndarray
    axes: np.ndarray
    scale: float

    def __call__(self, points: np.ndarray) -> np.ndarray:
        flat = (np.asarray(points, np.float64) @ self.axes.T - self.middle) * self.scale
        return np.stack([PANEL / 2 + flat[..., 0], PANEL / 2 - flat[..., 1]], -1)


def rig_picture(
    cameras: Sequence[Camera],
    points: np.ndarray | None,
    world: World | None,
    errors: Mapping[str, float],
    shown: Sequence[CameraPicture] = (),
) -> np.ndarray:
    """Draw a rig, (H, W, 3) uint8 RGB.

    Args:
        cameras: All of them.
        points: (478, 3) landmarks of one frame in the calibration's units, if they are known.
        world: What was measured; without it the calibration's Z is drawn up.
        errors: Median error of cameras in pixels, by name.
        shown: Pictures for the strip below.
    """
    upright = np.eye(3) if world is None else world.upright
    seen = _looked_at(cameras)[None]
    if points is not None and np.isfinite(points).any():
        seen = points[np.isfinite(points).all(1)]
    drawn = np.concatenate([seen, [camera.position for camera in cameras]])
    frames = [
        ("from the person's left side", np.stack([upright[1], upright[2]])),
        ("from above, the face looks down", np.stack([upright[0], upright[1]])),
    ]
    widest = max(float(np.ptp(drawn @ axes.T, axis=0).max()) for _, axes in frames)
    scale = (PANEL - 2 * MARGIN) / max(widest, 1e-9)
    panels = []
    for title, axes in frames:
        flat = drawn @ axes.T
        view = _Frame((flat.min(0) + flat.max(0)) / 2, axes, scale)
        panels.append(_panel(title, view, cameras, seen, world, errors))
    above = np.concatenate(panels, 1)
    return np.concatenate([above, _strip(shown, above.shape[1])]) if shown else above


def write_rig_picture(path: Path, picture: np.ndarray) -> None:
    """Write a picture as PNG.

    Raises:
        NeuralFaceError: It cannot be written.
    """
    encoded = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
    write_bytes(path, encoded.tobytes())


def _looked_at(cameras: Sequence[Camera]) -> np.ndarray:
    """The point nearest to all optical axes; before the first camera where that is nowhere."""
    axes = np.stack([camera.world_to_camera[2, :3] for camera in cameras])
    places = np.stack([camera.position for camera in cameras])
    across = np.eye(3) - axes[:, :, None] * axes[:, None, :]
    if np.linalg.eigvalsh(across.mean(0))[0] < 1e-4:
        return places[0] + axes[0]
    return np.linalg.solve(across.sum(0), np.einsum("cij,cj->i", across, places))


def _panel(
    title: str,
    view: _Frame,
    cameras: Sequence[Camera],
    points: np.ndarray,
    world: World | None,
    errors: Mapping[str, float],
) -> np.ndarray:
    panel = np.full((PANEL, PANEL, 3), PAPER, np.uint8)
    _text(panel, (16, 30), title, INK, 0.65)
    _scale_bar(panel, view, world)
    middle = points.mean(0)
    for camera in cameras:
        forward = camera.world_to_camera[2, :3]
        reach = float((middle - camera.position) @ forward)
        _line(panel, view(camera.position), view(camera.position + reach * forward), FAINT, 1)
    for point in view(points):
        _dot(panel, point, FACE, 1.6)
    taken: list[np.ndarray] = []
    for camera in cameras:
        _camera(panel, view, camera, 0.5 * abs(middle - camera.position).max())
        _label(panel, view, camera, errors.get(camera.name), taken)
    _axes(panel, view)
    return panel


def _camera(panel: np.ndarray, view: _Frame, camera: Camera, distance: float) -> None:
    """A pyramid as wide as the camera sees."""
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * (camera.width, camera.height)
    rays = np.concatenate([camera.normalised(corners.astype(float)), np.ones((4, 1))], 1)
    base = view(camera.position + rays * (PYRAMID * distance) @ camera.world_to_camera[:3, :3])
    tip = view(camera.position)
    for number, corner in enumerate(base):
        _line(panel, tip, corner, INK, 1)
        _line(panel, corner, base[(number + 1) % 4], INK, 1 + (number == 0))  # the top is thick
    _dot(panel, tip, INK, 3)


def _label(
    panel: np.ndarray,
    view: _Frame,
    camera: Camera,
    error: float | None,
    taken: list[np.ndarray],
) -> None:
    """Name and error, outside of the camera and below labels that are there already."""
    label = camera.name if error is None else f"{camera.name}  {error:.1f} px"
    tip = view(camera.position)
    outward = (tip - PANEL / 2) / max(float(np.linalg.norm(tip - PANEL / 2)), 1e-9)
    width = cv2.getTextSize(label, _FONT, 0.45, 1)[0][0]
    corner = tip + 18 * outward - (width * (0.5 - 0.5 * outward[0]), -5)
    corner = np.clip(corner, (4, 60), (PANEL - width - 4, PANEL - 8))
    while any(abs(corner[0] - t[0]) < 150 and abs(corner[1] - t[1]) < 16 for t in taken):
        corner = corner - (0, -16)
    taken.append(corner)
    _text(panel, corner, label, INK, 0.45)


def _axes(panel: np.ndarray, view: _Frame) -> None:
    """The calibration's own axes, in the corner."""
    start = np.array([70.0, PANEL - 80.0])
    for (name, colour), direction in zip(AXES, np.eye(3), strict=True):
        flat = view.axes @ direction
        end = start + 48 * np.array([flat[0], -flat[1]])
        if np.linalg.norm(flat) > 0.2:
            tip = tuple(map(round, end))
            cv2.arrowedLine(panel, tuple(map(round, start)), tip, colour, 2, cv2.LINE_AA)
            _text(panel, end + 12 * (end - start) / 48 - (5, -5), name, colour, 0.5)
        else:
            away = view.axes[0], view.axes[1]
            towards = np.cross(*away) @ direction > 0
            cv2.circle(
                panel, tuple(map(round, start)), 6, colour, -1 if towards else 2, cv2.LINE_AA
            )


def _scale_bar(panel: np.ndarray, view: _Frame, world: World | None) -> None:
    """Twenty centimetres, where the unit is known."""
    if world is None:
        _text(panel, (16, 56), "unit unknown", INK, 0.45)
        return
    end = np.array([PANEL - 30.0, 40.0])
    start = end - (0.2 / world.scale * view.scale, 0)
    _line(panel, start, end, INK, 2)
    _text(panel, start - (0, 10), "20 cm", INK, 0.45)


def _strip(shown: Sequence[CameraPicture], width: int) -> np.ndarray:
    """Thumbnails in rows, around the face where there is one."""
    columns = width // THUMB
    thumbs = [_thumb(one) for one in shown]
    while len(thumbs) % columns:
        thumbs.append(np.full((THUMB, THUMB, 3), PAPER, np.uint8))
    rows = [np.concatenate(thumbs[i : i + columns], 1) for i in range(0, len(thumbs), columns)]
    strip = np.concatenate(rows)
    rest = np.full((len(strip), width - strip.shape[1], 3), PAPER, np.uint8)
    return np.concatenate([strip, rest], 1)


def _thumb(one: CameraPicture) -> np.ndarray:
    height, width = one.picture.shape[:2]
    middle, side = np.array([width, height]) / 2, float(max(width, height))
    if one.found is not None:
        low, high = one.found.min(0), one.found.max(0)
        middle, side = (low + high) / 2, 1.5 * float((high - low).max())
    scale = THUMB / side
    matrix = np.array(
        [[scale, 0, THUMB / 2 - scale * middle[0]], [0, scale, THUMB / 2 - scale * middle[1]]]
    )
    shrunk = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    thumb = cv2.warpAffine(one.picture, matrix, (THUMB, THUMB), flags=shrunk, borderValue=PAPER)
    for points, colour in ((one.found, FOUND), (one.expected, EXPECTED)):
        if points is not None:
            for point in points[np.isfinite(points).all(1)] * scale + matrix[:, 2]:
                _dot(thumb, point, colour, 1.1)
    cv2.rectangle(thumb, (0, 0), (THUMB, 22), PAPER, -1)
    missing = "" if one.found is not None else ": no face found"
    _text(thumb, (6, 16), f"{one.name}{missing}", INK, 0.45)
    return thumb


def _text(
    panel: np.ndarray, place: Sequence[float] | np.ndarray, text: str, colour: tuple, size: float
) -> None:
    corner = tuple(round(float(value)) for value in place)
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(panel, plain, corner, _FONT, size, colour, 1, cv2.LINE_AA)


def _fixed(point: np.ndarray) -> tuple[int, int]:
    bounded = np.clip(point, -1e5, 1e5) * (1 << _SHIFT)
    return int(bounded[0]), int(bounded[1])


def _line(panel: np.ndarray, a: np.ndarray, b: np.ndarray, colour: tuple, thick: int) -> None:
    cv2.line(panel, _fixed(a), _fixed(b), colour, thick, cv2.LINE_AA, _SHIFT)


def _dot(panel: np.ndarray, point: np.ndarray, colour: tuple, radius: float) -> None:
    cv2.circle(panel, _fixed(point), round(radius * (1 << _SHIFT)), colour, -1, cv2.LINE_AA, _SHIFT)
