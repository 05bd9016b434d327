"""How well textures of a capture show a camera that they were not made from, and how they swim.

Parts for the `texture` benchmark, which brings captures and tracked meshes.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.cameras import Camera
from models.capture.folder import CaptureFolder
from models.mesh import HeadMesh
from models.performance import Performance, Take, take_vertices
from models.pose import to_world
from models.progress import Progress, silent
from models.render.drawables import Drawable
from models.render.raster import Rasteriser, shared_rasteriser
from models.texture.extract import extract
from models.texture.flow import calculator
from models.texture.texturing import part_drawable, part_image
from models.texture.view_texture import focus_shares

HIDDEN = 20
"""Coverage (0…255) by hair from which a pixel is left out."""
WHITE = np.full((4, 4, 3), 255, np.uint8)
ABOUT = {"name": "bench", "credits": [], "licence": "", "consent": "", "provenance": ""}


@dataclass(frozen=True)
class HeldOut:
    """What a camera that was left out says of textures.

    Attributes:
        psnr_db: Inside the face, over all frames.
        skin_db: The same without what lies behind lips and lids.
        worst_db: Of the worst frame.
    """

    psnr_db: float
    skin_db: float
    worst_db: float


def held_out(
    capture: Path,
    mesh: HeadMesh,
    takes: Sequence[Take],
    truth: tuple[HeadMesh, Mapping[str, Take]],
    camera: str,
    size: int = 1024,
    processes: int = 0,
    progress: Progress = silent,
) -> HeldOut:
    """Extract without one camera, draw mesh and texture in it, compare with its pictures.

    The face is what `face_vertices` says, as the camera sees it of the true mesh: no ears, neck or
    hair, and no pixel that hair or lashes cover.

    Args:
        capture: Capture folder.
        mesh: The tracked person's, with which `takes` were tracked.
        takes: Tracked; their pictured frames are compared.
        truth: The true mesh and the true takes by name, which tell where the face is.
        camera: Name of the one left out.
        size: Side of the textures in texels.
        processes: Workers.
        progress: Called as frames finish.
    """
    folder = CaptureFolder.open(capture)
    view = next(each for each in folder.cameras if each.name == camera)
    with tempfile.TemporaryDirectory() as output:
        made = extract(
            *(capture, mesh, takes, Path(output), ABOUT, size, processes, progress),
            without=[camera],
        )
        errors = np.array(list(_errors(folder, made, truth, view)))
    decibels = -10 * np.log10(errors)
    means = -10 * np.log10(errors.mean(0))
    return HeldOut(float(means[0]), float(means[1]), float(decibels[:, 0].min()))


def _errors(
    folder: CaptureFolder,
    made: Performance,
    truth: tuple[HeadMesh, Mapping[str, Take]],
    camera: Camera,
) -> Iterator[tuple[float, float]]:
    """Mean squared error (0…1) of each frame in the face and on its skin."""
    rasteriser, (true_mesh, true_takes) = shared_rasteriser(), truth
    for take in made.takes:
        for frame in take.pictured:
            where = world(true_mesh, true_takes[take.name], int(frame))
            face, skin = face_pixels(rasteriser, true_mesh, where, camera)
            texture, _ = made.texture(take, int(frame))
            vertices = world(made.mesh, take, int(frame))
            photo = folder.picture(camera, take.name, int(frame))
            behind = background(rasteriser, true_mesh, where, photo, camera)
            shown = drawn(rasteriser, made.mesh, vertices, texture, camera, behind)
            error = ((shown.astype(float) - photo) / 255) ** 2
            yield error[face].mean(), error[skin].mean()


def drawn(
    rasteriser: Rasteriser,
    mesh: HeadMesh,
    vertices: np.ndarray,
    texture: np.ndarray,
    camera: Camera,
    behind: tuple[float, float, float],
) -> np.ndarray:
    """Head, hair and lashes as `camera`'s pinhole sees them, (H, W, 3) uint8."""
    head = Drawable("drawn", vertices, mesh.faces, mesh.uvs, texture)
    return rasteriser.render([head, *_parts(mesh, vertices)], camera, behind)


def background(
    rasteriser: Rasteriser,
    mesh: HeadMesh,
    vertices: np.ndarray,
    photo: np.ndarray,
    camera: Camera,
) -> tuple[float, float, float]:
    """The usual colour (0…1) of what is not head in a photo: outlines mix with it."""
    head = Drawable("skin", vertices, mesh.faces, mesh.uvs)
    cover = rasteriser.coverage([], [head, *_parts(mesh, vertices)], camera)
    return tuple(float(value) for value in np.median(photo[cover == 0], axis=0) / 255)


def face_pixels(
    rasteriser: Rasteriser, mesh: HeadMesh, vertices: np.ndarray, camera: Camera
) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (H, W) bool of the face, and of its skin without what lies behind lips and lids."""
    face, behind = face_vertices(mesh), focus_shares(mesh).max(0) > 0.3
    colours = np.stack([face, face & ~behind, face], 1).astype(np.float32)
    drawable = Drawable("face", vertices, mesh.faces, mesh.uvs, WHITE, colours)
    picture = rasteriser.render([drawable], camera, samples=0)
    skin = Drawable("skin", vertices, mesh.faces, mesh.uvs)
    cover = rasteriser.coverage([skin], _parts(mesh, vertices), camera)
    free = cv2.dilate(cover, np.ones((3, 3))) < HIDDEN
    return (picture[..., 0] > 250) & free, (picture[..., 1] > 250) & free


def face_vertices(mesh: HeadMesh) -> np.ndarray:
    """(V,) bool: from chin to forehead and from cheek to cheek, at rest; not ears and neck."""
    x, y, z = mesh.vertices.T
    lids = mesh.vertices[mesh.landmarks["lids"]]
    chin = mesh.vertices[mesh.landmarks["chin"][0]]
    brows = np.concatenate([mesh.landmarks["brow_left"], mesh.landmarks["brow_right"]])
    within = np.abs(x) < 1.5 * np.abs(lids[:, 0]).max()
    upright = (z > chin[2] - 0.005) & (z < mesh.vertices[brows, 2].max() + 0.02)
    return within & upright & (y < lids[:, 1].max() + 0.02)


def swimming(performance: Performance, take: Take, frames: Sequence[int]) -> float:
    """Mean optical flow, in texels, between the skin of textures that should be the same.

    Args:
        performance: With textures.
        take: Of it.
        frames: Neutral ones.
    """
    mesh, found = performance.mesh, [performance.texture(take, frame) for frame in frames]
    counted = _skin_texels(mesh, len(found[0][0]))
    flow = calculator()
    greys = [cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY) for colour, _ in found]
    lengths = []
    for k in range(len(found) - 1):
        both = counted & (np.minimum(found[k][1], found[k + 1][1]) > 230)
        lengths.append(np.linalg.norm(flow.calc(greys[k], greys[k + 1], None), axis=-1)[both])
    return float(np.concatenate(lengths).mean())


def _skin_texels(mesh: HeadMesh, size: int) -> np.ndarray:
    """(S, S) bool: skin of the face, neither mouth nor eyes."""
    skin = face_vertices(mesh) & (focus_shares(mesh).max(0) == 0)
    counted = np.zeros((size, size), np.uint8)
    corners = mesh.uvs[mesh.faces[skin[mesh.faces].all(1)]] * (size, -size) + (0, size)
    for triangle in np.round(corners).astype(np.int32):
        cv2.fillConvexPoly(counted, triangle, 1)
    return counted > 0


def world(mesh: HeadMesh, take: Take, frame: int) -> np.ndarray:
    """Vertices (V, 3) float32 metres, world, of one frame."""
    local = take_vertices(mesh, take, slice(frame, frame + 1))
    return to_world(local, take.head_pose[frame : frame + 1], mesh.pivot)[0].astype(np.float32)


def _parts(mesh: HeadMesh, vertices: np.ndarray) -> list[Drawable]:
    return [part_drawable(part, vertices, part_image(part)) for part in mesh.parts]
