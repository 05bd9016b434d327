"""Where a face landmarker's points lie on the template: measured on rendered people.

Each point is cast from the pictures onto the true surface. What remains is how the point slides
with the direction of the view, which the tracker takes off, and how far it scatters.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..cameras import Camera, look_at
from ..faces.finder import POINTS, FaceFinder
from ..mesh import HeadMesh
from ..progress import Progress, silent
from ..render.raster import shared_rasteriser
from ..template.binding import nearest_points
from ..template.controls import controls_from
from ..template.shape import HeadShape, matching
from ..tracking.face_model import LandmarkPoints, view_terms
from .camera_rig import FACE_HEIGHT
from .people import actor_of, people
from .scene import BACKGROUND, Scene, SceneFrame

SIDE, TEXTURE, RAYS = 512, 256, 16
DISTANCE = 1.1
YAWS, PITCHES = (-60, -38, -18, 0, 18, 38, 60), (-22, 0, 24)
EXPRESSIONS = (
    {},
    {"jawOpen": 0.6},
    {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8},
    {"mouthPucker": 0.8, "browInnerUp": 0.6},
    {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    {"mouthStretchLeft": 0.7, "mouthStretchRight": 0.7, "jawOpen": 0.2},
)
FACING = 0.45
"""Cosine between skin and view from which on a cast point is trusted."""
NEAR = 0.012
"""Metres between a cast point and the template beyond which a ray went past."""
RIDGE = 3.0


@dataclass(frozen=True)
class LandmarkObservation:
    """One picture's landmarks.

    Attributes:
        direction: (3,) from the head to the camera, in the head's frame.
        points: (478, 3) where they were cast to, on the template at rest; NaN where not.
        camera: Pinhole.
        pixels: (478, 2).
        vertices: (V, 3) the person's true vertices in the world, in the template's order.
    """

    direction: np.ndarray
    points: np.ndarray
    camera: Camera
    pixels: np.ndarray
    vertices: np.ndarray


def measure(shape: HeadShape, assets: Path | None, progress: Progress = silent) -> LandmarkPoints:
    """Landmarks on the template, from the people that are not held out.

    Args:
        shape: The template.
        assets: Folder of the performer's CC0 assets.
        progress: Told after each person.
    """
    actors = [person.name for person in people() if person.split == "train"]
    observations = []
    with FaceFinder(most=1) as finder:
        for done, name in enumerate(actors):
            observations += _observations(shape, name, assets, finder)
            progress((done + 1) / len(actors), f"landmarks of {name}")
    return _fitted(shape.mesh, observations)


def _fitted(mesh: HeadMesh, observations: list[LandmarkObservation]) -> LandmarkPoints:
    points = np.nanmedian([s.points for s in observations], axis=0)
    points = np.where(np.isfinite(points), points, mesh.vertices.mean(0))
    triangles, weights = nearest_points(mesh.vertices, mesh.faces, points)
    terms, misses = [], []
    for s in observations:
        marks = np.einsum("pk,pkc->pc", weights, s.vertices[triangles])
        pixels, depth = s.camera.project(marks)
        misses.append((s.pixels - pixels) * depth[:, None] / s.camera.intrinsics[0, 0])
        terms.append(view_terms(s.direction))
    terms, misses = np.array(terms), np.array(misses)  # (N, 6), (N, 478, 2)
    normal = terms.T @ terms + RIDGE * np.diag([0, 1, 1, 1, 1, 1])
    slide = np.linalg.solve(normal, np.einsum("nt,npc->tpc", terms, misses).reshape(6, -1))
    left = misses - (terms @ slide).reshape(misses.shape)
    spread = 1.4826 * np.median(np.abs(left), axis=(0, 2))
    return LandmarkPoints(
        triangles.astype(np.int32),
        weights.astype(np.float32),
        slide.reshape(6, POINTS, 2).astype(np.float32),
        spread.astype(np.float32),
    )


def _observations(
    shape: HeadShape, name: str, assets: Path | None, finder: FaceFinder
) -> Iterator[LandmarkObservation]:
    actor = actor_of(name)
    scene = Scene(actor, assets, TEXTURE, RAYS)
    own = matching(shape, actor)
    rest = np.full(actor.mesh.vertices.shape, np.nan)
    rest[own[own >= 0]] = shape.mesh.vertices[own >= 0]
    for expression in EXPRESSIONS:
        frame = scene.frame(controls_from(expression), np.zeros(6))
        for camera, direction in _cameras(actor.mesh):
            picture = shared_rasteriser().render(frame.drawables, camera, BACKGROUND)
            for face in finder.find(picture):
                pixels = face.points[:, :2].astype(np.float64)
                points = _cast(actor.mesh, frame, camera, pixels, rest)
                vertices = frame.vertices[own.clip(0)]
                yield LandmarkObservation(direction, points, camera, pixels, vertices)


def _cameras(mesh: HeadMesh) -> Iterator[tuple[Camera, np.ndarray]]:
    chin, top = mesh.vertices[mesh.landmarks["chin"][0]], mesh.vertices[:, 2].max()
    centre = np.array([0.0, 0.5 * (chin[1] + mesh.pivot[1]), 0.5 * (chin[2] + top)])
    focal = SIDE * 0.7 * DISTANCE / FACE_HEIGHT
    for yaw in np.radians(YAWS):
        for pitch in np.radians(PITCHES):
            away = np.array(
                [np.sin(yaw) * np.cos(pitch), -np.cos(yaw) * np.cos(pitch), np.sin(pitch)]
            )
            yield look_at("", centre + DISTANCE * away, centre, focal, (SIDE, SIDE)), away


def _cast(
    mesh: HeadMesh, frame: SceneFrame, camera: Camera, pixels: np.ndarray, rest: np.ndarray
) -> np.ndarray:
    """Where pixels (P, 2) hit the head, as points (P, 3) of the template at rest."""
    depth = shared_rasteriser().depth(frame.drawables[:1], camera)
    row, column = (np.clip(pixels[:, k].astype(int), 0, SIDE - 1) for k in (1, 0))
    far = depth[row, column]
    rays = np.linalg.solve(camera.intrinsics, np.c_[pixels, np.ones(len(pixels))].T).T
    local = rays * np.where(far < 10, far, 1.0)[:, None]
    rotation, shift = camera.world_to_camera[:3, :3], camera.world_to_camera[:3, 3]
    world = (local - shift) @ rotation
    triangles, weights = nearest_points(frame.vertices, mesh.faces, world)
    corners = frame.vertices[triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    view = camera.position - world
    facing = (normal * view).sum(1) / np.linalg.norm(view, axis=1)
    foot = np.einsum("pk,pkc->pc", weights, corners)
    good = (far < 10) & (facing > FACING) & (np.linalg.norm(foot - world, axis=1) < NEAR)
    points = np.einsum("pk,pkc->pc", weights, rest[triangles])
    return np.where(good[:, None], points, np.nan)
