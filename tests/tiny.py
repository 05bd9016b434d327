"""A made-up capture, small enough for tests: a bulging sheet with mouth, eyes and brows.

It has every region, landmark and control name that a real head has; its textures answer the
controls linearly (flush), by thresholds (wrinkles) and by moving things (teeth, irises).
"""

import functools
from pathlib import Path

import cv2
import numpy as np

from models.faces.finder import SCORE_INDEX, SCORE_NAMES
from models.faces.landmarks import RIGID
from models.mesh import HeadMesh, Part, Region
from models.performance import Performance, PerformanceWriter, Take, write_texture
from models.phones import Phones
from models.pose import TO_BLENDER, rotation_matrix
from models.video.training.footage import FootageClip, write_clip, write_motion

GRID = 25
FPS = 30.0
CODE_SIZES = {"mouth": 8, "left_eye": 4, "right_eye": 4, "face": 8}
CONTROLS = (
    *("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    *("eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight"),
    *("eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight"),
    *("eyeLookUpLeft", "eyeLookUpRight", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker"),
    *("mouthSmileLeft", "mouthSmileRight", "mouthLowerDownLeft", "mouthLowerDownRight"),
    *("mouthUpperUpLeft", "mouthUpperUpRight", "tongueOut"),
)
SENTENCES = (
    ("see my baby", "S IY M AY B EY B IY"),
    ("we move papa", "W IY M UW V P AA P AH"),
    ("five big fish", "F AY V B IH G F IH SH"),
    ("bob may phone", "B AA B M EY F OW N"),
)


def tiny_mesh(sizes: tuple[int, int, int] = (32, 24, 64)) -> HeadMesh:
    """The mesh; `sizes` are the texture sides of mouth, eyes and face."""
    v, u = np.meshgrid(np.linspace(0, 1, GRID), np.linspace(0, 1, GRID), indexing="ij")
    uvs = np.stack([u, v], -1).reshape(-1, 2)
    x, z = (uvs[:, 0] - 0.5) * 0.2, (uvs[:, 1] - 0.5) * 0.26
    depth = -0.09 * np.cos(x * 10) * np.cos(z * 7)
    vertices = np.stack([x, depth, z], -1).astype(np.float32)
    corner = np.arange(GRID * GRID).reshape(GRID, GRID)
    a, b, c, d = (
        s.ravel() for s in (corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1])
    )
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)
    return HeadMesh(
        vertices=vertices,
        faces=faces,
        uvs=uvs.astype(np.float32),
        regions=_regions(uvs, sizes),
        landmarks=_landmarks(uvs),
        pivot=np.array([0.0, 0.05, -0.05], np.float32),
        control_names=CONTROLS,
        basis=np.stack([_shape(name, uvs) for name in CONTROLS]).astype(np.float32),
        parts=(_hair(),),
    )


def _regions(uvs: np.ndarray, sizes: tuple[int, int, int]) -> tuple[Region, ...]:
    mouth, eye, face = sizes
    crops = {
        "mouth": ((640, 384, 256, 256), mouth),
        "left_eye": ((320, 592, 192, 192), eye),
        "right_eye": ((320, 240, 192, 192), eye),
    }
    share = {}
    for name, ((row, column, rows, columns), _) in crops.items():
        centre = np.array([(column + columns / 2) / 1024, 1 - (row + rows / 2) / 1024])
        offset = np.abs(uvs - centre) / (np.array([columns, rows]) / 2048)
        share[name] = np.clip(1.6 - 1.2 * offset.max(1), 0, 1)
    regions = [
        Region(n, crop, side, share[n].astype(np.float32)) for n, (crop, side) in crops.items()
    ]
    rest = (1 - sum(share.values())).astype(np.float32)
    return (*regions, Region("face", (0, 0, 1024, 1024), face, rest))


def _at(points: list[tuple[float, float]]) -> np.ndarray:
    return np.array(
        [round(v * (GRID - 1)) * GRID + round(u * (GRID - 1)) for u, v in points], np.int32
    )


def _landmarks(uvs: np.ndarray) -> dict[str, np.ndarray]:
    across = np.linspace(0.56, 0.44, 7)
    marks = {
        "inner_lip_upper": _at([(u, 0.29) for u in across]),
        "inner_lip_lower": _at([(u, 0.21) for u in across]),
        "mouth_corner_left": _at([(0.6, 0.25)]),
        "mouth_corner_right": _at([(0.4, 0.25)]),
        "nose_tip": _at([(0.5, 0.42)]),
        "chin": _at([(0.5, 0.08)]),
    }
    for side, centre in (("left", 0.672), ("right", 0.328)):
        span = np.linspace(centre + 0.06, centre - 0.06, 5)
        marks[f"upper_lid_{side}"] = _at([(u, 0.625) for u in span])
        marks[f"lower_lid_{side}"] = _at([(u, 0.555) for u in span])
        marks[f"brow_{side}"] = _at([(u, 0.7) for u in span])
    marks["lips"] = np.unique(np.concatenate([marks["inner_lip_upper"], marks["inner_lip_lower"]]))
    lids = [
        marks[f"{edge}_lid_{side}"] for edge in ("upper", "lower") for side in ("left", "right")
    ]
    marks["lids"] = np.unique(np.concatenate(lids))
    marks["upper_face"] = np.flatnonzero(uvs[:, 1] > 0.5).astype(np.int32)
    return marks


def _bump(uvs: np.ndarray, u: float, v: float, radius: float) -> np.ndarray:
    return np.exp(-(((uvs - (u, v)) / radius) ** 2).sum(1))


def _shape(name: str, uvs: np.ndarray) -> np.ndarray:
    """Offsets (V, 3) of a control; left is u > 0.5, the actor's left at +X."""
    offsets = np.zeros((len(uvs), 3))
    side = 1.0 if name.endswith("Left") else -1.0
    corner, eye = 0.5 + 0.1 * side, 0.5 + 0.172 * side
    moves = {
        "jawOpen": ((0.5, 0.2, 0.07), (0, 0.002, -0.02)),
        "mouthClose": ((0.5, 0.2, 0.05), (0, 0, 0.016)),
        "mouthFunnel": ((0.5, 0.25, 0.09), (0, -0.012, 0)),
        "mouthPucker": ((0.5, 0.25, 0.06), (0, -0.01, 0.002)),
        "mouthSmile": ((corner, 0.25, 0.05), (0.008 * side, 0.003, 0.009)),
        "mouthLowerDown": ((0.5 + 0.04 * side, 0.2, 0.03), (0, 0, -0.008)),
        "mouthUpperUp": ((0.5 + 0.04 * side, 0.3, 0.03), (0, 0, 0.008)),
        "browDown": ((eye, 0.7, 0.05), (0, 0, -0.006)),
        "browInnerUp": ((0.5, 0.7, 0.07), (0, 0, 0.007)),
        "browOuterUp": ((eye + 0.05 * side, 0.7, 0.05), (0, 0, 0.007)),
        "eyeBlink": ((eye, 0.62, 0.04), (0, 0, -0.008)),
    }
    key = name.removesuffix("Left").removesuffix("Right")
    if key in moves:
        (u, v, radius), direction = moves[key]
        offsets += _bump(uvs, u, v, radius)[:, None] * np.array(direction)
    return offsets


def _hair() -> Part:
    picture = np.full((8, 8, 4), (40, 60, 90, 255), np.uint8)
    top = np.array(
        [
            [(GRID - 1) * GRID + i, (GRID - 2) * GRID + i, (GRID - 1) * GRID + i + 1]
            for i in range(3)
        ]
    )
    return Part(
        name="hair",
        faces=np.array([[0, 1, 2]], np.int32),
        uvs=np.array([[0, 0], [1, 0], [0, 1]], np.float32),
        texture=cv2.imencode(".png", picture)[1].tobytes(),
        triangles=top.astype(np.int32),
        weights=np.full((3, 3), 1 / 3, np.float32),
        offsets=np.array([[0, 0, 0.01]] * 3, np.float32),
    )


@functools.cache
def _skin(size: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    coarse = cv2.resize(rng.normal(0, 0.01, (9, 9, 3)), (size, size), interpolation=cv2.INTER_CUBIC)
    fine = cv2.GaussianBlur(rng.normal(0, 0.02, (size, size, 1)), (0, 0), 1.2 * size / 1024)
    return np.array([0.78, 0.6, 0.52]) + coarse + fine.reshape(size, size, 1)


def tiny_texture(controls: np.ndarray, size: int = 256) -> np.ndarray:
    """The atlas texture (size, size, 3) uint8 of controls (C,)."""
    value = dict(zip(CONTROLS, controls.tolist(), strict=True))
    v, u = np.meshgrid(
        1 - (np.arange(size) + 0.5) / size, (np.arange(size) + 0.5) / size, indexing="ij"
    )
    picture = _skin(size).copy()

    def blend(mask: np.ndarray, colour: tuple[float, float, float]) -> None:
        picture[:] += np.clip(mask, 0, 1)[..., None] * (np.array(colour) - picture)

    soft = 60.0
    flush = np.exp(-((u - 0.5) ** 2 + (v - 0.35) ** 2) * 20) * value["jawOpen"] * 0.3
    blend(flush, (0.8, 0.4, 0.35))
    crease = np.maximum(0, value["browInnerUp"] - 0.4) * 1.2
    blend(
        crease * np.exp(-((np.abs(v - 0.82) - 0.02) ** 2) * 9000) * (np.abs(u - 0.5) < 0.2),
        (0.4, 0.25, 0.2),
    )
    opening = 0.012 + 0.05 * np.clip(value["jawOpen"] - value["mouthClose"], 0, 1)
    inside = soft * (opening - np.hypot((u - 0.5) * 0.45, v - 0.25))
    blend(inside + 1, (0.68, 0.3, 0.3))
    blend(inside, (0.16, 0.05, 0.06))
    teeth = 0.25 + opening * 0.45 + 0.01 * (value["mouthUpperUpLeft"] + value["mouthUpperUpRight"])
    blend(np.minimum(inside, soft * (v - teeth)), (0.92, 0.9, 0.84))
    blend(np.minimum(inside, soft * (0.22 + 0.02 * value["tongueOut"] - v)), (0.75, 0.35, 0.38))
    for side, sign in (("Left", 1), ("Right", -1)):
        _draw_eye(blend, u - (0.5 + 0.172 * sign), v - 0.59, value, side, sign, soft)
    return np.rint(picture.clip(0, 1) * 255).astype(np.uint8)


def _draw_eye(blend, u, v, value, side, sign, soft) -> None:  # noqa: ANN001
    open_share = 1 - 0.9 * np.clip(value[f"eyeBlink{side}"], 0, 1)
    inside = soft * (0.035 - np.hypot(u * 0.6, v / max(open_share, 0.1)))
    blend(inside, (0.94, 0.92, 0.9))
    across = sign * (value[f"eyeLookOut{side}"] - value[f"eyeLookIn{side}"]) * 0.025
    up = (value[f"eyeLookUp{side}"] - value[f"eyeLookDown{side}"]) * 0.015
    distance = np.hypot(u - across, v - up)
    blend(np.minimum(inside, 2 * soft * (0.02 - distance)), (0.3, 0.42, 0.5))
    blend(np.minimum(inside, 2 * soft * (0.008 - distance)), (0.03, 0.03, 0.03))


def tiny_controls(frames: int, seed: int) -> np.ndarray:
    """Smooth random controls (frames, C) that start at rest."""
    rng = np.random.default_rng(seed)
    keys = rng.random((frames // 5 + 3, len(CONTROLS))) ** 2.5
    keys[0] = 0
    times = np.arange(frames) / 5
    values = np.stack([np.interp(times, np.arange(len(keys)), key) for key in keys.T], 1)
    values[:, CONTROLS.index("mouthClose")] *= 0.3
    return values.astype(np.float32)


def _phones(symbols: str) -> tuple[Phones, int]:
    label = ["sil", *symbols.split(), "sil"]
    edges = np.concatenate([[0.0], np.cumsum([0.2, *[0.1] * (len(label) - 2), 0.2])])
    return Phones.build(label, edges[:-1], edges[1:]), int(np.ceil(edges[-1] * FPS))


def tiny_takes(pictured_every: int = 2) -> list[Take]:
    """Range of motion, spoken sentences and one held-out take of each."""
    takes = []
    for index, (text, symbols) in enumerate((*SENTENCES, *SENTENCES[:2])):
        phones, frames = _phones(symbols)
        controls = tiny_controls(frames, 10 + index)
        closed = np.isin(
            phones.label[np.maximum(phones.at(np.arange(frames) / FPS), 0)], ("P", "B", "M")
        )
        controls[closed, CONTROLS.index("jawOpen")] = 0
        split = "held_out" if index == 1 else "train"
        style = "happy" if index >= len(SENTENCES) else "neutral"
        takes.append(
            _take(f"line_{index}", "spoken", split, controls, pictured_every, phones, style, text)
        )
    for index, split in enumerate(("train", "train", "held_out")):
        controls = tiny_controls(40, 40 + index)
        takes.append(_take(f"motion_{index}", "motion", split, controls, pictured_every))
    return takes


def _take(name, kind, split, controls, every, phones=None, style="", text="") -> Take:  # noqa: ANN001
    pose = np.zeros((len(controls), 6), np.float32)
    pose[:, 2] = 0.1 * np.sin(np.arange(len(controls)) / 9)
    return Take(
        name=name,
        kind=kind,
        split=split,
        fps=FPS,
        controls=controls,
        head_pose=pose,
        phones=phones or Phones.build([], [], []),
        style=style,
        text=text,
        pictured=np.arange(0, len(controls), every),
    )


def tiny_performance(
    folder: Path,
    pictured_every: int = 6,
    sizes: tuple[int, int, int] = (32, 24, 64),
    atlas: int = 128,
) -> Performance:
    """Write and open a performance; about 60 pictured frames, more with `pictured_every` = 1."""
    about = {
        "name": "Tiny",
        "credits": ["made by a test"],
        "licence": "CC0-1.0",
        "consent": "none needed: no person",
        "provenance": "synthetic",
    }
    writer = PerformanceWriter(Path(folder), tiny_mesh(sizes), FPS, about)
    for take in tiny_takes(pictured_every):
        writer.add(take)
        for frame in take.pictured:
            texture = tiny_texture(take.controls[frame], atlas)
            write_texture(
                folder, take.name, int(frame), texture, np.full((atlas, atlas), 255, np.uint8)
            )
    return writer.finish()


def tiny_footage(folder: Path, takes: list[Take]) -> Path:
    """Footage of takes as a perfect landmarker would read it: points that follow the controls."""
    for take in takes:
        for person in ("actor", "person_01"):
            write_clip(folder, tiny_clip(take, person))
    write_motion(folder, takes, CONTROLS)
    return folder


def tiny_clip(take: Take, person: str) -> FootageClip:
    """One clip; another person has another resting face."""
    points, scores = tiny_points(take.controls, person), tiny_scores(take.controls)
    poses = np.tile(np.eye(4, dtype=np.float32), (len(take), 1, 1))
    poses[:, :3, :3] = TO_BLENDER.T @ rotation_matrix(take.head_pose[:, :3]) @ TO_BLENDER
    poses[:, 2, 3] = -50.0
    name = f"{person}__{take.name}__00000"
    return FootageClip(
        name, take.name, person, take.split, 0, take.head_pose, points, scores, poses, (320, 320)
    )  # fmt: skip


def tiny_points(controls: np.ndarray, person: str = "actor") -> np.ndarray:
    """Landmarks (T, 478, 3) in pixels of controls (T, C)."""
    rng = np.random.default_rng(5)
    rest = rng.uniform(-0.5, 0.5, (478, 3))
    moves = 0.05 * rng.standard_normal((len(CONTROLS), 478, 3))
    rigid = np.array([row[0] for row in RIGID])
    rest[rigid], moves[:, rigid] = [row[1:] for row in RIGID], 0
    if person != "actor":
        other = np.ones(478, bool)
        other[rigid] = False
        rest[other] += 0.03 * np.random.default_rng(6).standard_normal((other.sum(), 3))
    fixed = rest + np.tensordot(controls, moves, 1)
    return (160 + 60 * np.stack([fixed[..., 0], -fixed[..., 2], fixed[..., 1]], -1)).astype("f4")


def tiny_scores(controls: np.ndarray) -> np.ndarray:
    """Scores (T, 51) of controls (T, C)."""
    scores = np.zeros((len(controls), len(SCORE_NAMES)), np.float32)
    for place, name in enumerate(CONTROLS):
        if name in SCORE_INDEX:
            scores[:, SCORE_INDEX[name]] = controls[:, place]
    return scores
