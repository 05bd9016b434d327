"""Takes acted before a camera by the actor and by other synthetic people.

Every clip has a camera, a light and a sensor of its own, so that what is learnt from the footage
holds for other people's videos.
"""

import functools
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from ..cameras import Camera, look_at
from ..faces.finder import POINTS, SCORE_NAMES, FaceFinder
from ..parallel import spread
from ..performance import Take
from ..progress import Progress, silent
from ..render.raster import shared_rasteriser
from ..template.controls import CONTROL_NAMES
from ..video.features import Extractor, extractor_of
from ..video.training.footage import FootageClip, has_clip, write_about, write_clip, write_motion
from .camera_rig import FACE_HEIGHT
from .improvised import improvised_take
from .people import actor_of, people
from .scene import Scene
from .take_list import FPS

ACTOR = "actor"
TEXTURE, RAYS = 256, 16
"""Coarser skin than a capture's: a landmarker does not look that closely."""
SHORTEST, LONGEST = 224, 320
"""Side of the pictures in pixels."""
HELD_OUT_SHARE = {"motion": 2, "spoken": 12, "generated": 18}
"""Held-out clips of each kind for each person."""
TRAIN_SHARE = {"motion": 30, "spoken": 40, "generated": 110}
"""Training clips of each kind by the actor; others act a quarter of them."""
IMPROVISED = 40
"""Clips that the actor improvises, a take of its own each."""
OTHERS = 4
MOST_TURN = 7.0
"""Takes hold the head quite still; in training clips it moves up to so many times as far."""


@dataclass(frozen=True)
class FootagePlan:
    """How much to render.

    Attributes:
        share: How much of the usual number of clips.
        people: How many other people of each split; None for all.
        seconds: Longest clip.
    """

    share: float = 1.0
    people: int | None = None
    seconds: float = 12.0


@dataclass(frozen=True)
class Features:
    """What describes a face in the clips.

    Attributes:
        name: As `models.video.features.extractor_of` takes it.
        weights: File with the user's weights, for those that need one.
    """

    name: str = "landmarks"
    weights: Path | None = None


@dataclass(frozen=True)
class PlannedClip:
    """One clip to render.

    Attributes:
        take: Name of the take.
        person: Who acts it.
        split: train or held_out.
        start: First frame of the take.
        controls: (T, C).
        head_pose: (T, 6).
    """

    take: str
    person: str
    split: str
    start: int
    controls: np.ndarray
    head_pose: np.ndarray

    @property
    def name(self) -> str:
        """Of the clip's file."""
        return f"{self.person}__{self.take}__{self.start:05d}"


def render_footage(
    takes: Sequence[Take],
    output: Path,
    assets: Path | None,
    about: dict,
    seed: int = 0,
    plan: FootagePlan = FootagePlan(),
    processes: int = 2,
    progress: Progress = silent,
    features: Features = Features(),
) -> int:
    """Render takes into a footage folder; finished clips are kept, so a stop costs little.

    Args:
        takes: Of the bundled actor's performance.
        output: Folder to make or to continue.
        assets: Folder of the performer's CC0 assets; a plain procedural appearance when None.
        about: Written beside the clips.
        seed: The same seed renders the same.
        plan: How much.
        processes: Processes; 0 works in this one.
        progress: Told after each clip.
        features: That the clips are for.

    Returns:
        Number of clips.

    Raises:
        MissingDependencyError: mediapipe or a graphics driver is missing.
        VideoError: The features' weights are wrong.
        CancelledError: From `progress`.
    """
    _ = _extractor(features).name  # wrong weights are found before anything is rendered
    improvised = improvised_takes(plan, seed)
    clips = planned_clips(takes, improvised, plan, seed)
    missing = [clip for clip in clips if not has_clip(output, clip.name)]
    done = len(clips) - len(missing)
    write_about(output, about)
    acted = [*takes, *(take for own in improvised.values() for take in own)]
    write_motion(output, acted, CONTROL_NAMES)
    for count in spread(_render_clips, (output, assets, features), missing, processes, 1):
        done += count
        progress(done / len(clips), f"clip {done} of {len(clips)}")
    return len(clips)


def improvised_takes(plan: FootagePlan, seed: int) -> dict[str, list[Take]]:
    """By person: one for every clip that is improvised, nobody's are another's."""
    shares = {ACTOR: 1.0} | dict.fromkeys(_strangers(plan, "train"), 1 / OTHERS)
    takes = {}
    for person, share in shares.items():
        count = max(1, round(IMPROVISED * share * plan.share))
        names = [f"improvised_{person}_{number + 1:02d}" for number in range(count)]
        takes[person] = [
            improvised_take(name, plan.seconds, FPS, np.random.default_rng([seed, *name.encode()]))
            for name in names
        ]
    return takes


def planned_clips(
    takes: Sequence[Take], improvised: Mapping[str, Sequence[Take]], plan: FootagePlan, seed: int
) -> list[PlannedClip]:
    """Held-out takes first, then people in turn, so that a stop leaves a bit of all.

    Held-out people act held-out takes only, and nobody acts those in training.
    """
    rng = np.random.default_rng([seed, 77])
    held_out = _pick(takes, "held_out", plan, HELD_OUT_SHARE, 1.0, rng)
    planned = [
        _planned(take, start, person, plan)
        for take, start in held_out
        for person in (ACTOR, *_strangers(plan, "held_out")[:1])
    ]
    first = len(planned)
    train = _pick(takes, "train", plan, TRAIN_SHARE, 1.0, rng)
    planned += [_planned(take, start, ACTOR, plan) for take, start in train]
    for name in _strangers(plan, "train"):
        pieces = _pick(takes, "train", plan, TRAIN_SHARE, 1 / OTHERS, rng)
        planned += [_planned(take, start, name, plan) for take, start in pieces]
    planned += [
        _planned(take, 0, person, plan) for person, own in improvised.items() for take in own
    ]
    order = rng.permutation(len(planned) - first)
    return planned[:first] + [planned[first + i] for i in order]


def _strangers(plan: FootagePlan, split: str) -> list[str]:
    return [person.name for person in people() if person.split == split][: plan.people]


def _pick(
    takes: Sequence[Take],
    split: str,
    plan: FootagePlan,
    counts: dict[str, int],
    share: float,
    rng: np.random.Generator,
) -> list[tuple[Take, int]]:
    """Takes and where to begin in them, kind by kind."""
    chosen = []
    for kind, count in counts.items():
        pool = [take for take in takes if take.kind == kind and take.split == split]
        pieces = [
            (take, start)
            for take in pool
            for start in range(0, max(len(take) - int(FPS), 1), int(plan.seconds * FPS))
        ]
        count = min(len(pieces), max(1, round(count * share * plan.share)))
        order = rng.permutation(len(pieces))[:count]
        chosen += [pieces[i] for i in order]
    return chosen


def _planned(take: Take, start: int, person: str, plan: FootagePlan) -> PlannedClip:
    rows = slice(start, start + int(plan.seconds * FPS))
    clip = PlannedClip(
        take.name, person, take.split, start, take.controls[rows], take.head_pose[rows]
    )
    if take.split != "train":
        return clip
    rng = np.random.default_rng(zlib.crc32(clip.name.encode()))
    gain = np.exp(rng.uniform(0, np.log(MOST_TURN)))
    return replace(clip, head_pose=gain * clip.head_pose)


def _render_clips(job: tuple[Path, Path | None, Features], clips: Sequence[PlannedClip]) -> int:
    output, assets, features = job
    with FaceFinder(most=1) as finder:
        for clip in clips:
            scene = _scene(clip.person, assets)
            write_clip(output, _read(clip, scene, finder, _extractor(features)))
    return len(clips)


@functools.lru_cache(maxsize=1)
def _extractor(features: Features) -> Extractor:
    return extractor_of(features.name, features.weights)


@functools.lru_cache(maxsize=6)
def _scene(name: str, assets: Path | None) -> Scene:
    actor = actor_of("" if name == ACTOR else name)
    return Scene(actor, assets, TEXTURE, RAYS)


def _read(clip: PlannedClip, scene: Scene, finder: FaceFinder, extractor: Extractor) -> FootageClip:
    """Render, spoil as a camera does, and read a clip."""
    rng = np.random.default_rng(zlib.crc32(clip.name.encode()))
    camera, sensor = make_camera(scene, rng), Sensor.draw(rng)
    background = tuple(rng.uniform(0.05, 0.9, 3))
    count = len(clip.controls)
    points = np.full((count, POINTS, 3), np.nan, np.float32)
    scores = np.full((count, len(SCORE_NAMES)), np.nan, np.float32)
    poses = np.full((count, 4, 4), np.nan, np.float32)
    descriptors = (
        np.full((count, extractor.size), np.nan, np.float32) if extractor.needs_picture else None
    )
    for row in range(count):
        drawables = scene.frame(clip.controls[row], clip.head_pose[row]).drawables
        rendered = shared_rasteriser().render(drawables, camera, background)
        picture = sensor(rendered, rng)
        for face in finder.find(picture):
            points[row], scores[row], poses[row] = face.points, face.scores, face.pose
            if descriptors is not None:
                descriptors[row] = extractor.describe(picture, face)
    return FootageClip(
        clip.name, clip.take, clip.person, clip.split, clip.start, clip.head_pose,
        points, scores, poses, (camera.width, camera.height), extractor.name, descriptors,
    )  # fmt: skip


def make_camera(scene: Scene, rng: np.random.Generator) -> Camera:
    """Roughly in front of the face; from a telephoto lens to a webcam's."""
    mesh = scene.mesh
    chin, top = mesh.vertices[mesh.landmarks["chin"][0]], mesh.vertices[:, 2].max()
    centre = np.array([0.0, 0.5 * (chin[1] + mesh.pivot[1]), 0.5 * (chin[2] + top)])
    yaw, pitch = np.radians(rng.normal(0, [12.0, 7.0]))
    away = np.array([np.sin(yaw) * np.cos(pitch), -np.cos(yaw) * np.cos(pitch), np.sin(pitch)])
    distance = np.exp(rng.uniform(np.log(0.5), np.log(1.6)))
    side = int(rng.integers(SHORTEST, LONGEST + 1))
    focal = side * rng.uniform(0.45, 0.72) * distance / FACE_HEIGHT
    target = centre + rng.normal(0, 0.012, 3)
    return look_at("front", centre + distance * away, target, focal, (side, side))


@dataclass(frozen=True)
class Sensor:
    """Light and camera of a clip, as changes to its pictures.

    Attributes:
        gain: (3,) factor of each channel.
        gamma: Exponent.
        slope: (2,) how much brighter the right and the lower side are.
        blur: Standard deviation in pixels.
        noise: Standard deviation in levels.
        quality: Of JPEG.
    """

    gain: np.ndarray
    gamma: float
    slope: np.ndarray
    blur: float
    noise: float
    quality: int

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Sensor":
        """One by chance."""
        return cls(
            gain=np.exp(rng.normal(0, 0.22) + rng.normal(0, 0.06, 3)),
            gamma=float(np.exp(rng.normal(0, 0.2))),
            slope=rng.normal(0, 0.28, 2),
            blur=float(rng.uniform(0, 1.0)),
            noise=float(rng.uniform(0, 5)),
            quality=int(rng.integers(45, 96)),
        )

    def __call__(self, picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What the camera delivers of a rendered picture (H, W, 3) uint8."""
        height, width = picture.shape[:2]
        x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)
        light = np.exp(self.slope[0] * x[None] + self.slope[1] * y[:, None])[..., None]
        values = (picture / 255.0) ** self.gamma * light * self.gain * 255
        if self.blur > 0.3:
            values = cv2.GaussianBlur(values, (0, 0), self.blur)
        values += rng.normal(0, 1, picture.shape) * self.noise
        spoilt = np.clip(values, 0, 255).astype(np.uint8)
        coded = cv2.imencode(".jpg", spoilt[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        return cv2.imdecode(coded[1], cv2.IMREAD_COLOR)[..., ::-1]
