"""A small bumpy head with a painted texture, seen by a ring of cameras."""

from pathlib import Path

import cv2
import numpy as np

from models.cameras import Camera, look_at
from models.mesh import REGION_NAMES, HeadMesh, Region

ROWS, COLUMNS = 40, 60
Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


def bumpy_head(radius: float = 0.1) -> HeadMesh:
    """A dome that looks to −Y, one control wide, its atlas an upright rectangle."""
    u, v = np.meshgrid(np.linspace(0, 1, COLUMNS), np.linspace(0, 1, ROWS))
    yaw, pitch = (u - 0.5) * np.radians(200), (v - 0.5) * np.radians(130)
    far = radius * (1 + 0.04 * np.sin(6 * yaw) * np.cos(5 * pitch))
    direction = [np.sin(yaw) * np.cos(pitch), -np.cos(yaw) * np.cos(pitch), np.sin(pitch)]
    vertices = (far * np.stack(direction)).reshape(3, -1).T.astype(np.float32)
    index = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
    faces = np.concatenate([np.stack(t, -1).reshape(-1, 3) for t in ((a, b, d), (a, d, c))])
    mouth = np.exp(-((yaw / 0.3) ** 2) - ((pitch + 0.3) / 0.2) ** 2).ravel().astype(np.float32)
    masks = {"mouth": mouth, "face": 1 - mouth}
    regions = tuple(
        Region(name, (0, 0, 64, 64), 64, masks.get(name, np.zeros_like(mouth)))
        for name in REGION_NAMES
    )
    wide = vertices * np.array([0.1, 0, 0], np.float32)
    return HeadMesh(
        vertices=vertices,
        faces=faces.astype(np.int32),
        uvs=(0.04 + 0.92 * np.stack([u, v], -1)).reshape(-1, 2).astype(np.float32),
        regions=regions,
        landmarks={"chin": np.array([0], np.int32)},
        pivot=np.zeros(3, np.float32),
        control_names=("wide",),
        basis=wide[None],
    )


def painted(size: int, seed: int = 0) -> np.ndarray:
    """A texture (size, size, 3) uint8 with large and small features."""
    rng = np.random.default_rng(seed)
    total = np.full((size, size, 3), 128.0)
    for cells, contrast in ((6, 40), (24, 15), (64, 5)):
        noise = rng.normal(0, contrast, (cells, cells, 3))
        total += cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.clip(total, 0, 255).astype(np.uint8)


def ring_of_cameras(size: int, distance: float = 0.6) -> list[Camera]:
    """Five cameras around the dome, their principal points off the middle."""
    cameras = []
    for number, (yaw, pitch) in enumerate([(0, 0), (35, 5), (-35, 5), (0, 30), (70, -10)]):
        a, b = np.radians(yaw), np.radians(pitch)
        direction = np.array([np.sin(a) * np.cos(b), -np.cos(a) * np.cos(b), np.sin(b)])
        principal = (size * 0.52, size * 0.49)
        cameras.append(
            look_at(
                f"c{number}", distance * direction, np.zeros(3), 2.4 * size, (size,) * 2, principal
            )
        )
    return cameras


def write_scan(path: Path, vertices: np.ndarray, faces: np.ndarray) -> Path:
    """As a scanner leaves it: millimetres, Y up, somewhere, other triangles, a little rough."""
    random = np.random.default_rng(1)
    weights = random.dirichlet((4, 4, 4), len(faces))
    middles = np.einsum("fk,fkc->fc", weights, vertices[faces])
    points = np.concatenate([vertices, middles])
    points = (points + random.normal(0, 5e-5, points.shape)) @ Y_UP.T * 1000 + (30, 1500, -200)
    corner = len(vertices) + np.arange(len(faces))
    triangles = [np.c_[faces[:, [i, j]], corner] for i, j in ((0, 1), (1, 2), (2, 0))]
    lines = ["v {:.4f} {:.4f} {:.4f}".format(*point) for point in points]
    lines += ["f {} {} {}".format(*triangle) for triangle in np.concatenate(triangles) + 1]
    path.write_text("\n".join(lines))
    return path
