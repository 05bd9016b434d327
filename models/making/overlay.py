"""The tracked mesh over the footage, cameras side by side: a video to judge the tracking by."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..cameras import Camera
from ..capture.folder import CaptureFolder
from ..errors import CaptureError, NeuralFaceError
from ..mesh import HeadMesh
from ..performance import Performance, Take
from ..pose import to_world
from ..progress import Progress

HEIGHT = 480
"""Pixels of each camera's picture."""
MOST_CAMERAS, MOST_FRAMES = 4, 600
COLOUR = (90, 255, 120)
"""Of the mesh, red, green, blue."""
SHIFT = 4
"""OpenCV draws at this many binary digits of a pixel."""


@dataclass(frozen=True)
class _Lines:
    """Edges (E, 2) of a mesh and the two triangles (E, 2) beside each."""

    edges: np.ndarray
    beside: np.ndarray


def write_overlay(
    capture: CaptureFolder, performance: Performance, path: Path, progress: Progress
) -> int:
    """Write the video; how many frames it has.

    Args:
        capture: Has the pictures.
        performance: Tracked from it.
        path: MP4 file.
        progress: Told how far it is.

    Raises:
        NeuralFaceError: There is no frame to show, or the video cannot be written.
    """
    frames = [(take, int(frame)) for take in performance.takes for frame in take.pictured]
    frames = frames[:: max(1, -(-len(frames) // MOST_FRAMES))]
    if not frames:
        raise NeuralFaceError("The performance has no frame with pictures to draw over.")
    cameras, lines = spread_out(capture.cameras), _lines(performance.mesh)
    video = _VideoWriter(path, performance.fps)
    try:
        for place, (take, frame) in enumerate(frames):
            video.add(overlaid(capture, cameras, performance, take, frame, lines))
            progress((place + 1) / len(frames), f"drawing frame {place + 1} of {len(frames)}")
        video.finish()
    finally:
        video.close()
    return len(frames)


def spread_out(cameras: Sequence[Camera]) -> list[Camera]:
    """At most `MOST_CAMERAS`, from all around: in order of where they look, as seen from above."""
    order = np.argsort([np.arctan2(*camera.world_to_camera[2, :2]) for camera in cameras])
    count = min(MOST_CAMERAS, len(cameras))
    chosen = np.linspace(0, len(cameras) - 1, count).round().astype(int)
    return [cameras[int(place)] for place in order[chosen]]


def overlaid(
    capture: CaptureFolder,
    cameras: Sequence[Camera],
    performance: Performance,
    take: Take,
    frame: int,
    lines: _Lines | None = None,
) -> np.ndarray:
    """One frame (HEIGHT, W, 3) uint8 RGB: each camera's picture with the mesh over it."""
    mesh = performance.mesh
    lines = lines or _lines(mesh)
    local = performance.vertices(take, np.array([frame]))
    world = to_world(local, take.head_pose[[frame]], mesh.pivot)[0]
    tiles = []
    for camera in cameras:
        picture = _picture(capture, camera, take.name, frame)
        width = round(HEIGHT * camera.width / camera.height)
        small = cv2.resize(picture, (width, HEIGHT), interpolation=cv2.INTER_AREA)
        tiles.append(draw_mesh(small, camera.resized(width, HEIGHT), world, mesh.faces, lines))
    return np.concatenate(tiles, 1)


def _picture(capture: CaptureFolder, camera: Camera, take: str, frame: int) -> np.ndarray:
    """A camera's picture, black where it has none."""
    try:
        return capture.picture(camera, take, frame)
    except CaptureError:
        return np.zeros((camera.height, camera.width, 3), np.uint8)


def draw_mesh(
    picture: np.ndarray, camera: Camera, world: np.ndarray, faces: np.ndarray, lines: _Lines
) -> np.ndarray:
    """Draw the edges that face the camera over a copy of its picture (H, W, 3) uint8."""
    pixels, depth = camera.project(world)
    corners = world[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    front = (normal * (camera.position - corners[:, 0])).sum(1) > 0
    seen = front[lines.beside].all(1) & (depth[lines.edges] > 0).all(1)
    ends = pixels[lines.edges[seen]]
    inside = (np.abs(ends) < 1 << 14).all((1, 2))
    points = np.rint((ends[inside] - 0.5) * (1 << SHIFT)).astype(np.int32)
    drawn = picture.copy()
    cv2.polylines(drawn, list(points), False, COLOUR, 1, cv2.LINE_AA, SHIFT)
    return cv2.addWeighted(drawn, 0.4, picture, 0.6, 0)


def _lines(mesh: HeadMesh) -> _Lines:
    """Every edge once, with the triangles beside it (the same twice at a border)."""
    sides = mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    owner = np.repeat(np.arange(len(mesh.faces)), 3)
    edges, first, inverse = np.unique(
        np.sort(sides, 1), axis=0, return_index=True, return_inverse=True
    )
    other = owner[first].copy()
    other[inverse.ravel()] = owner  # the last one wins: the other triangle where there are two
    return _Lines(edges, np.stack([owner[first], other], 1))


class _VideoWriter:
    """An MP4 file that is whole or absent."""

    def __init__(self, path: Path, fps: float) -> None:
        self._path, self._fps = Path(path), fps
        self._temporary = self._path.with_name(f".{self._path.name}.part.mp4")
        self._writer: cv2.VideoWriter | None = None

    def add(self, picture: np.ndarray) -> None:
        """Write a frame (H, W, 3) uint8 RGB."""
        picture = picture[:, : picture.shape[1] // 2 * 2]  # the codec wants even sizes
        if self._writer is None:
            size, code = picture.shape[1::-1], cv2.VideoWriter.fourcc(*"mp4v")
            self._temporary.parent.mkdir(parents=True, exist_ok=True)
            self._writer = cv2.VideoWriter(str(self._temporary), code, self._fps, size)
            if not self._writer.isOpened():
                raise NeuralFaceError(f"Cannot write the video {self._path.name}.")
        self._writer.write(np.ascontiguousarray(picture[..., ::-1]))

    def finish(self) -> None:
        """Give the file its name."""
        if self._writer is not None:
            self._writer.release()
        self._temporary.replace(self._path)

    def close(self) -> None:
        """Delete what is unfinished."""
        if self._writer is not None:
            self._writer.release()
        self._temporary.unlink(missing_ok=True)
