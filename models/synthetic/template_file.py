"""`python -m models.synthetic.template_file DATA`: make the tracker's template.

It takes three minutes on a CPU, needs the packages of requirements-capture.txt and the
performer's assets (docs/making_the_bundled_head.md).
"""

import argparse
from pathlib import Path

import numpy as np

from ..mesh import HeadMesh
from ..nearest import tree_of
from ..progress import TerminalProgress
from ..template.population import average_shape, components
from ..template.shape import HeadShape
from ..tracking.face_model import PATH, FaceModel, LandmarkPoints
from .template_landmarks import measure

FACE_REACH = 0.011
"""Metres around the landmarks that are face."""
FRONT_DEPTH = 0.10
"""Metres behind the tip of the nose up to which people's components count most."""


def main() -> None:
    """Make `models/tracking/data/template.npz`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with `performer`")
    options = parser.parse_args()
    shape = average_shape()
    landmarks = measure(shape, options.data / "performer", TerminalProgress())
    make_template(shape, landmarks).save(PATH)


def make_template(shape: HeadShape, landmarks: LandmarkPoints) -> FaceModel:
    """The template of an average head and where the landmarks lie on it."""
    space = components(shape, front_of(shape.mesh))
    rims = {patch.name: (patch.upper, patch.lower) for patch in shape.patches}
    return FaceModel(shape.mesh, space, landmarks, rims, face_of(shape, landmarks))


def front_of(mesh: HeadMesh) -> np.ndarray:
    """(V,) bool, the front half of the head."""
    nose, chin = (mesh.vertices[mesh.landmarks[name][0]] for name in ("nose_tip", "chin"))
    ahead = mesh.vertices[:, 1] < nose[1] + FRONT_DEPTH
    return ahead & (mesh.vertices[:, 2] > chin[2] - 0.03)


def face_of(shape: HeadShape, landmarks: LandmarkPoints) -> np.ndarray:
    """(V,) bool, skin around the landmarks."""
    mesh = shape.mesh
    near = tree_of(landmarks.on(mesh.vertices)).query(mesh.vertices)[0] < FACE_REACH
    for patch in shape.patches:
        near[patch.interior] = False
    return near


if __name__ == "__main__":
    main()
