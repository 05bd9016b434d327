"""Synthetic sessions with known truth for the benchmarks of tracking and textures."""

import functools
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.capture.folder import CaptureFolder
from models.errors import CaptureError
from models.files import write_json
from models.performance import Performance
from models.pose import rotation_matrix, to_world
from models.synthetic.people import actor_of
from models.synthetic.synthesize import SynthesisSettings, synthesize
from models.template.population import aligned, average_shape
from models.template.shape import HeadShape, matching
from models.tracking.face_model import template

from .figures import Context

ACTORS = {"actor_a": "", "actor_b": "person_10"}
"""Case → synthetic person: the bundled actor; a darker-skinned older man."""
FRAMES, RESOLUTION, CAMERAS = 200, 512, 8
HELD_OUT = "low_right"
"""A ninth camera that the tracker never sees."""


@dataclass(frozen=True)
class Session:
    """One actor's session.

    Attributes:
        name: The case.
        folder: Of the synthetic capture.
    """

    name: str
    folder: Path

    @classmethod
    def of(cls, context: Context, name: str) -> "Session":
        """The session, made where it is not there yet.

        Raises:
            CaptureError: It has to be made and the actors' looks are not at hand.
        """
        folder = context.cache / "tracking" / name
        if not (folder / "capture" / "transforms.json").exists() and context.data is None:
            raise CaptureError("A session has to be made first: say where the looks are, DATA=…")
        settings = SynthesisSettings(
            folder, context.data, FRAMES, 0, CAMERAS + 1, RESOLUTION,
            person=ACTORS[name], individual=1.0, session=True,
        )  # fmt: skip
        if context.data is not None:
            synthesize(settings)
        session = cls(name, folder)
        session.without((HELD_OUT,), "eight")
        return session

    def few(self, frames: np.ndarray) -> Path:
        """The eight cameras' capture with pictures of some frames only."""
        target = self.without((HELD_OUT,), "few")
        document = json.loads((target / "takes.json").read_text())
        document["takes"][0]["pictured"] = [int(frame) for frame in frames]
        write_json(target / "takes.json", document)
        return target

    def without(self, hidden: tuple[str, ...], name: str) -> Path:
        """A capture of the same pictures that lacks some cameras."""
        source, target = self.folder / "capture", self.folder / name
        document = json.loads((source / "transforms.json").read_text())
        shown = [f for f in document["frames"] if Path(f["file_path"]).name not in hidden]
        write_json(target / "transforms.json", {**document, "frames": shown})
        (target / "takes.json").write_bytes((source / "takes.json").read_bytes())
        for entry in shown:
            camera = Path(entry["file_path"]).name
            link = target / "images" / camera
            link.parent.mkdir(exist_ok=True)
            if not link.exists():
                link.symlink_to(os.path.relpath(source / "images" / camera, link.parent))
        return target

    @functools.cached_property
    def truth(self) -> "Truth":
        """What really happened."""
        return Truth.of(Performance.open(self.folder / "truth"), ACTORS[self.name])

    @property
    def cameras(self) -> set[str]:
        """Names of all nine."""
        return {camera.name for camera in CaptureFolder.open(self.folder / "capture").cameras}


@dataclass(frozen=True)
class Truth:
    """What happened, in the template's order of vertices.

    Attributes:
        world: (T, V, 3) metres; nonsense where not `known`.
        known: (V,) bool, vertices that the actor has, too.
        rotation: (T, 3, 3) of the head.
        basis: (C, V, 3) the actor's own face units.
        masks: face, lips and lids, (V,) bool each: skin that both meshes have.
    """

    world: np.ndarray
    known: np.ndarray
    rotation: np.ndarray
    basis: np.ndarray
    masks: dict[str, np.ndarray]

    @classmethod
    def of(cls, performance: Performance, person: str) -> "Truth":
        """From a synthetic capture's truth."""
        shape, actor = average_shape(), actor_of(person)
        own = matching(shape, actor)
        known, take, mesh = own >= 0, performance.takes[0], performance.mesh
        world = to_world(performance.vertices(take), take.head_pose, mesh.pivot)
        return cls(
            world[:, own.clip(0)].astype(np.float64),
            known,
            rotation_matrix(take.head_pose[:, :3]),
            mesh.basis[:, own.clip(0)] * known[:, None],
            _masks(shape, known),
        )

    def at(self, frames: np.ndarray) -> "Truth":
        """Some frames of it."""
        return replace(self, world=self.world[frames], rotation=self.rotation[frames])


def _masks(shape: HeadShape, known: np.ndarray) -> dict[str, np.ndarray]:
    model, behind, everything = template(), np.zeros(len(known), bool), np.arange(len(known))
    for patch in shape.patches:
        behind[patch.interior] = True
    masks = {name: np.isin(everything, model.mesh.landmarks[name]) for name in ("lips", "lids")}
    masks["face"] = model.face
    return {name: mask & known & ~behind for name, mask in masks.items()}


@dataclass(frozen=True)
class Errors:
    """How far tracked vertices are from true ones, mm."""

    face: float
    face_95: float
    lips: float
    lids: float
    worst: float
    drift: float
    aligned: float
    normal: float
    rotation: float


REST = 8
"""Frames at rest at either end of a session."""


def errors(truth: Truth, world: np.ndarray, rotation: np.ndarray, normals: np.ndarray) -> Errors:
    """Compare tracked vertices (T, V, 3) in the world, point to point and unaligned.

    Args:
        truth: Of the same frames.
        world: In the capture's world, metres.
        rotation: (T, 3, 3) of the head, from its own rest.
        normals: (T, V, 3) of the tracked surface.
    """
    off = (world - truth.world) * 1e3
    miss = np.linalg.norm(off, axis=-1)
    face = truth.masks["face"]
    snug = [
        np.linalg.norm(aligned(w, t, face) - t, axis=1)[face].mean() * 1e3
        for w, t in zip(world, truth.world, strict=True)
    ]
    turned = np.einsum("tij,kj->tik", rotation, rotation[0])
    true = np.einsum("tij,kj->tik", truth.rotation, truth.rotation[0])
    trace = np.einsum("tij,tij->t", turned, true)
    angle = np.degrees(np.arccos(np.clip((trace - 1) / 2, -1, 1)))
    ends = off[-REST:].mean(0) - off[:REST].mean(0)
    return Errors(
        face=float(miss[:, face].mean()),
        face_95=float(np.percentile(miss[:, face], 95)),
        lips=float(miss[:, truth.masks["lips"]].mean()),
        lids=float(miss[:, truth.masks["lids"]].mean()),
        worst=float(miss[:, face].mean(1).max()),
        drift=float(np.linalg.norm(ends[face], axis=1).mean()),
        aligned=float(np.mean(snug)),
        normal=float(np.abs((off * normals).sum(-1))[:, face].mean()),
        rotation=float(angle.mean()),
    )


def true_units(truth: Truth, path: Path) -> Path:
    """A template that moves as the actor does, for comparison."""
    model = template()
    basis = np.where(truth.known[:, None], truth.basis, model.mesh.basis).astype(np.float32)
    replace(model, mesh=replace(model.mesh, basis=basis)).save(path)
    return path
