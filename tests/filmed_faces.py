"""Pictures of the synthetic actor before a camera, for the tests that read videos."""

import functools

import numpy as np
import pytest

from models.errors import MissingDependencyError
from models.video.faces import model_path

SIDE = 256
BACKGROUND = (0.4, 0.42, 0.45)


@functools.lru_cache(maxsize=1)
def _stage() -> tuple:
    from models.capture.cameras import look_at
    from models.synthetic.actor import bundled_actor
    from models.synthetic.scene import Scene

    scene = Scene(bundled_actor(), None, 64, 1)
    mesh = scene.mesh
    chin, top = mesh.vertices[mesh.landmarks["chin"][0]], mesh.vertices[:, 2].max()
    middle = np.array([0.0, 0.5 * (chin[1] + mesh.pivot[1]), 0.5 * (chin[2] + top)])
    camera = look_at("front", middle - (0, 1.0, 0), middle, 2.2 * SIDE, (SIDE, SIDE))
    return scene, camera


def filmed(degrees: tuple[float, float, float] = (0, 0, 0), jaw: float = 0.0) -> np.ndarray:
    """A picture (256, 256, 3) uint8 RGB of the actor, the head turned; skips without a renderer.

    Args:
        degrees: XYZ Euler angles of the head.
        jaw: 0 closed … 1 wide open.
    """
    pytest.importorskip("moderngl", reason="rendering a face needs moderngl")
    from models.capture.raster import shared_rasteriser
    from models.template.controls import controls_from

    try:
        rasteriser = shared_rasteriser()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    scene, camera = _stage()
    controls = controls_from({"jawOpen": jaw})
    pose = np.r_[np.radians(degrees), 0, 0, 0]
    return rasteriser.render(scene.frame(controls, pose).layers, camera, BACKGROUND)


def needs_landmarker() -> None:
    """Skip where faces cannot be found."""
    pytest.importorskip("mediapipe", reason="finding faces needs mediapipe")
    try:
        model_path()
    except MissingDependencyError as error:
        pytest.skip(str(error))
