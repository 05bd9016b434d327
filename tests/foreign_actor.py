"""The synthetic actor as somebody else's mesh sequence: eyeballs, seams, other axes and unit."""

import functools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from models.mesh import HeadMesh
from models.pose import to_world

SKIN, EYE, SIDE = 288, 96, 384
CENTIMETRES = 100.0
Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""From Blender's axes to most others': Y up, the face to Z."""


@dataclass(frozen=True)
class ForeignActor:
    """What is written, and the truth about it.

    Attributes:
        mesh: The actor's own mesh; its vertices are the first of `vertices`.
        controls: (T, C) of the actor.
        poses: (T, 6) about the actor's pivot.
        vertices: (T, V, 3) metres, Blender axes, in the world.
        faces: (F, 3).
        uvs: (V, 2), one island for the skin and one for each eye.
        textures: (T, 384, 384, 3) uint8.
    """

    mesh: HeadMesh
    controls: np.ndarray
    poses: np.ndarray
    vertices: np.ndarray
    faces: np.ndarray
    uvs: np.ndarray
    textures: np.ndarray


@functools.lru_cache(maxsize=1)
def foreign_actor(frames: int = 12) -> ForeignActor:
    """Talks, smiles, blinks and turns the head; at rest in the first frame."""
    from models.synthetic.scene import Scene
    from models.synthetic.synthetic_actor import bundled_actor
    from models.template.controls import controls_from

    scene = Scene(bundled_actor(), None, SKIN, 1)
    mesh, patches = scene.mesh, scene.actor.patches
    hidden = np.concatenate([patch.interior.ravel() for patch in patches[1:]])
    skin = mesh.faces[~np.isin(mesh.faces, hidden).any(1)]
    controls, poses, vertices, textures = [], [], [], []
    for frame in range(frames):
        phase = 2 * np.pi * frame / frames
        moves = {
            "jawOpen": 0.6 * max(0, np.sin(2 * phase)),
            "mouthPucker": 0.6 * max(0, -np.sin(4 * phase)),
            "browInnerUp": 0.7 * max(0, np.sin(phase)),
        }
        for side in ("Left", "Right"):
            moves[f"mouthSmile{side}"] = 0.8 * max(0, np.sin(3 * phase))
            moves[f"eyeBlink{side}"] = 2 * max(0, np.sin(5 * phase) - 0.5)
        turn = [0.1 * np.sin(phase), 0.05 * np.sin(2 * phase), 0.15 * np.sin(1.5 * phase)]
        controls.append(controls_from(moves))
        poses.append([*turn, 0.01 * np.sin(phase), 0, 0])
        seen = scene.frame(controls[-1], np.zeros(6))
        eyes = [
            drawable for drawable in seen.drawables if drawable.name in ("left_eye", "right_eye")
        ]
        local = np.concatenate([seen.vertices, *(eye.vertices for eye in eyes)])
        vertices.append(to_world(local, np.array(poses[-1]), mesh.pivot))
        textures.append(_packed(seen.texture, [eye.texture for eye in eyes]))
    starts = np.cumsum([len(mesh.vertices), len(eyes[0].vertices)])
    faces = [skin, *(eye.faces + start for eye, start in zip(eyes, starts, strict=True))]
    uvs = [mesh.uvs * SKIN / SIDE + [0, 1 - SKIN / SIDE]]
    for number, eye in enumerate(eyes):
        uvs.append(eye.uvs * EYE / SIDE + [SKIN / SIDE, 1 - (number + 1) * EYE / SIDE])
    return ForeignActor(
        mesh,
        np.array(controls),
        np.array(poses),
        np.array(vertices),
        np.concatenate(faces),
        np.concatenate(uvs),
        np.array(textures),
    )


def _packed(skin: np.ndarray, eyes: list[np.ndarray]) -> np.ndarray:
    """Skin at the top left, the eyes to its right."""
    texture = np.zeros((SIDE, SIDE, 3), np.uint8)
    texture[:SKIN, :SKIN] = skin
    for number, eye in enumerate(eyes):
        small = cv2.resize(eye[..., :3], (EYE, EYE), interpolation=cv2.INTER_AREA)
        texture[number * EYE : (number + 1) * EYE, SKIN : SKIN + EYE] = small
    return texture


def write_obj(path: Path, vertices: np.ndarray, faces: np.ndarray, uvs: np.ndarray) -> None:
    """Write one frame, a UV for each vertex."""
    lines = [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices]
    lines += [f"vt {u:.6f} {v:.6f}" for u, v in uvs]
    lines += [f"f {a}/{a} {b}/{b} {c}/{c}" for a, b, c in faces + 1]
    path.write_text("\n".join(lines) + "\n")


def write_sequence(folder: Path, actor: ForeignActor) -> Path:
    """All frames as .obj, in centimetres with Y up, with a texture each."""
    folder.mkdir(parents=True, exist_ok=True)
    for frame, (vertices, texture) in enumerate(zip(actor.vertices, actor.textures, strict=True)):
        moved = CENTIMETRES * vertices @ Y_UP.T
        write_obj(folder / f"frame_{frame + 1}.obj", moved, actor.faces, actor.uvs)
        picture = cv2.cvtColor(texture, cv2.COLOR_RGB2BGR)
        cv2.imwrite(str(folder / f"frame_{frame + 1}.png"), picture)
    return folder
