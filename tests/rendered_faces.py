"""Pictures of the synthetic actor before a camera, for the tests that read videos."""

import functools

import numpy as np
import pytest

from models.errors import MissingDependencyError
from models.faces.finder import model_path

SIDE = 256
BACKGROUND = (0.4, 0.42, 0.45)


@functools.lru_cache(maxsize=1)
def _stage() -> tuple:
    from models.synthetic.scene import Scene
    from models.synthetic.synthetic_actor import bundled_actor

    scene = Scene(bundled_actor(), None, 64, 1)
    mesh = scene.mesh
    chin, top = mesh.vertices[mesh.landmarks["chin"][0]], mesh.vertices[:, 2].max()
    return scene, np.array([0.0, 0.5 * (chin[1] + mesh.pivot[1]), 0.5 * (chin[2] + top)])


def around(side: int, degrees: dict[str, tuple[float, float]], focal: float = 2.2) -> list:
    """Cameras at (degrees to the person's left, degrees up) before the actor's face.

    Args:
        side: Of the square pictures in pixels.
        degrees: By the camera's name.
        focal: Focal length in sides of the picture; the cameras are a metre away.
    """
    from models.cameras import look_at

    cameras, middle = [], _stage()[1]
    for name, angles in degrees.items():
        yaw, pitch = np.radians(angles)
        away = np.array([np.sin(yaw) * np.cos(pitch), -np.cos(yaw) * np.cos(pitch), np.sin(pitch)])
        cameras.append(look_at(name, middle + away, middle, focal * side, (side, side)))
    return cameras


def rendered(degrees: tuple[float, float, float] = (0, 0, 0), jaw: float = 0.0) -> np.ndarray:
    """A picture (256, 256, 3) uint8 RGB of the actor, the head turned; skips without a renderer.

    Args:
        degrees: XYZ Euler angles of the head.
        jaw: 0 closed … 1 wide open.
    """
    pytest.importorskip("moderngl", reason="rendering a face needs moderngl")
    return rendered_by(around(SIDE, {"front": (0, 0)}), degrees, jaw)[0]


def rendered_by(
    cameras: list, degrees: tuple[float, float, float] = (0, 0, 0), jaw: float = 0.0
) -> list[np.ndarray]:
    """Pictures (H, W, 3) uint8 RGB of one moment by each camera; skips without a renderer."""
    pytest.importorskip("moderngl", reason="rendering a face needs moderngl")
    from models.render.raster import shared_rasteriser
    from models.template.controls import controls_from

    try:
        rasteriser = shared_rasteriser()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    pose = np.r_[np.radians(degrees), 0, 0, 0]
    drawables = _stage()[0].frame(controls_from({"jawOpen": jaw}), pose).drawables
    return [rasteriser.render(drawables, camera, BACKGROUND) for camera in cameras]


def needs_landmarker() -> None:
    """Skip where faces cannot be found."""
    pytest.importorskip("mediapipe", reason="finding faces needs mediapipe")
    try:
        model_path()
    except MissingDependencyError as error:
        pytest.skip(str(error))
