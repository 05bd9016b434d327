"""Who is before the cameras: neutral shape, reference texture and colours, from key frames.

Round after round the reference texture is gathered from all views of the key frames, the textured
model is aligned with every photo, and shape and motions are solved for; the texture sharpens as the
shape settles. A scan of the neutral face, where the user has one, is where that begins, and one
more frame, whose depths are known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..cameras import Camera
from ..files import read_arrays, write_arrays
from ..mesh import HeadMesh
from ..nearest import tree_of
from ..normals import vertex_normals
from ..progress import Progress, silent
from ..render.raster import shared_rasteriser
from ..scan.neutral_scan import Scan
from ..texture.photo import Photo
from ..texture.reference import Reference
from ..texture.texturing import Texturer
from .aim import aimed
from .data_terms import PointObservation, data_terms
from .dense_alignment import DenseAligner, surface_samples
from .face_model import FaceModel
from .landmark_fit import LandmarkTerms
from .linear_face import Motion, Samples
from .person import Evidence, PersonFit
from .rims import RimFinder
from .scan_fit import ScanFit, register

KEY_FRAMES = 10
ROUNDS = 20
FREE_FROM = 8
"""Round from which on the surface may leave the space of people's shapes."""
TEXTURE = 512
OVER_RELAXED = 1.6
"""Flow sees about two thirds of a shift; so each step goes further than it says."""
RELAXED_UNTIL = 16
OUTLIER = 3.0
MARKS_SHARE = 0.15
"""Landmarks are wrong alike in every view and frame: all together they count as a part of one."""
RIMS_SHARE = 6.0
SCAN_SHARE = 1.0
"""How much a scan counts, of all views of all key frames together."""
AIMED_FROM = 4
"""Round from which on cameras may look elsewhere than their calibration says."""
RIMS_FROM = 2
MARK_SPREAD = 0.004
"""Metres by which a landmark may lie elsewhere on a person than on people in general."""
LASHES = 0.0025
"""Metres around the eyes that lashes may cover."""


FIELDS = ("texture", "identity", "offsets", "marks", "turns")


@dataclass(frozen=True)
class KeyFrame:
    """One frame that the person is known by.

    Attributes:
        photos: Its views.
        landmarks: (C, 478, 2) in the order of the cameras.
    """

    photos: Sequence[Photo]
    landmarks: np.ndarray


@dataclass(frozen=True)
class PersonEstimate:
    """What is known of the person.

    Attributes:
        mesh: The template's, with the person's neutral.
        texture: (S, S, 3) uint8 reference.
        identity: (K,) coefficients.
        offsets: (V,) metres beyond them, along the normals.
        marks: (478, 3) metres, head-local: where landmarks lie on this person beside where they
            lie on people in general.
        turns: (C, 3) by which cameras look elsewhere than their calibration says (`aim`).
        colours: Of eyes and lids (`RimFinder.colours`).
        motions: Of the key frames; where the head stands in the scan, if there is one, comes last.
        rounds: How many are done.
    """

    mesh: HeadMesh
    texture: np.ndarray
    identity: np.ndarray
    offsets: np.ndarray
    marks: np.ndarray
    turns: np.ndarray
    colours: dict[str, np.ndarray]
    motions: list[Motion]
    rounds: int

    def save(self, path: Path) -> None:
        """Write all but the mesh, which follows from the rest."""
        arrays = {name: getattr(self, name) for name in FIELDS}
        arrays |= {f"colours_{name}": value for name, value in self.colours.items()}
        for name in ("rotation", "shift", "units"):
            arrays[name] = np.stack([getattr(motion, name) for motion in self.motions])
        write_arrays(path, rounds=np.array(self.rounds), **arrays)

    @classmethod
    def load(cls, path: Path, model: FaceModel) -> "PersonEstimate":
        """Read what `save` wrote."""
        arrays = read_arrays(path)
        parts = (arrays[name] for name in ("rotation", "shift", "units"))
        return cls(
            mesh=person_mesh(model, arrays["identity"], arrays["offsets"]),
            colours={
                k.removeprefix("colours_"): v for k, v in arrays.items() if k.startswith("colours_")
            },
            motions=[Motion(*values) for values in zip(*parts, strict=True)],
            rounds=int(arrays["rounds"]),
            **{name: arrays[name] for name in FIELDS},
        )


def person_mesh(model: FaceModel, identity: np.ndarray, offsets: np.ndarray) -> HeadMesh:
    """The template's mesh with a person's neutral."""
    neutral = model.neutral(identity)
    normals = vertex_normals(neutral.astype(np.float32), model.mesh.faces)
    neutral = neutral + offsets[:, None] * normals
    return replace(model.mesh, vertices=neutral.astype(np.float32))


def shown_skin(model: FaceModel) -> np.ndarray:
    """(V,) bool, skin that no lashes cover."""
    rims = np.concatenate([chain for n in ("left_eye", "right_eye") for chain in model.rims[n]])
    vertices = model.mesh.vertices
    return model.face & (tree_of(vertices[rims]).query(vertices)[0] > LASHES)


def choose_key_frames(motions: Sequence[Motion], count: int = KEY_FRAMES) -> list[int]:
    """The frame at rest first, then quiet ones whose heads are turned differently.

    A take begins at rest: of the first tenth, the frame with the least effort.
    """
    effort = np.array([np.linalg.norm(motion.units) for motion in motions])
    start = max(1, len(motions) // 20)
    change = np.linalg.norm([m.units - motions[0].units for m in motions], axis=1)
    chosen = [int(change[:start].argmin())]
    quiet = np.argsort(np.minimum(effort, change))[: max(count, len(motions) // 3)]
    ahead = np.array([motion.rotation[1] for motion in motions])
    while len(chosen) < min(count, len(motions)):
        far = np.min([np.linalg.norm(ahead[quiet] - ahead[k], axis=1) for k in chosen], 0)
        chosen.append(int(quiet[far.argmax()]))
    return list(dict.fromkeys(chosen))


def find_person(
    model: FaceModel,
    cameras: Sequence[Camera],
    frames: Sequence[KeyFrame],
    identity: np.ndarray,
    motions: Sequence[Motion],
    cache: Path,
    progress: Progress = silent,
    scan: Scan | None = None,
) -> PersonEstimate:
    """Find the person; finished rounds are kept in `cache`.

    Args:
        model: The template.
        cameras: All of them.
        frames: The first one shows the face at rest.
        identity: (K,) first guess.
        motions: First guess for each frame.
        cache: .npz to continue from.
        progress: Told after each round.
        scan: Of the neutral face; `identity` is then its own.

    Raises:
        CaptureError: The scan is of no neutral face.
    """
    person = PersonEstimate.load(cache, model) if cache.exists() else None
    if person is None or len(person.motions) != len(frames) + (scan is not None):
        still = replace(motions[0], units=np.zeros_like(motions[0].units))
        first = [still, *motions[1:]]
        if scan is not None:
            identity, standing = register(model, scan)
            first.append(standing)
        offsets = np.zeros(len(model.mesh.vertices))
        mesh = person_mesh(model, identity, offsets)
        blank = np.zeros((TEXTURE, TEXTURE, 3), np.uint8)
        marks, turns = np.zeros((len(model.landmarks.spread), 3)), np.zeros((len(cameras), 3))
        person = PersonEstimate(mesh, blank, identity, offsets, marks, turns, {}, first, 0)
    rounds = _Rounds(model, cameras, frames, scan)
    while person.rounds < ROUNDS:
        person = rounds.one(person)
        person.save(cache)
        progress(person.rounds / ROUNDS, f"the person, round {person.rounds} of {ROUNDS}")
    return person


class _Rounds:
    def __init__(
        self,
        model: FaceModel,
        cameras: Sequence[Camera],
        frames: Sequence[KeyFrame],
        scan: Scan | None,
    ) -> None:
        self._model, self._cameras, self._frames = model, cameras, frames
        self._samples = Samples.of(model.mesh, *surface_samples(model.mesh, model.face))
        self._shown = shown_skin(model)
        self._fit = PersonFit(model, self._samples, RimFinder(model).vertices)
        views = len(frames) * len(cameras)
        self._shares = MARKS_SHARE / views, RIMS_SHARE / views
        self._scan = None if scan is None else ScanFit(model, scan, self._samples)
        self._scan_share = SCAN_SHARE * views

    def one(self, person: PersonEstimate) -> PersonEstimate:
        """One round."""
        worlds, finder = self._worlds(person), RimFinder(self._model)
        photos = self._photos(person)
        if person.rounds >= RIMS_FROM:
            finder.learn(list(zip(worlds, photos, strict=True)))
        texture = self._texture(person, worlds, photos)
        person = replace(person, texture=texture, colours=finder.colours)
        pairs = list(zip(worlds, photos, strict=True))
        observations = [self._dense(person, world, views) for world, views in pairs]
        evidence = [
            self._evidence(person, place, world, views, observations[place])
            for place, (world, views) in enumerate(pairs)
        ]
        neutral = person.mesh.vertices
        if self._scan is not None:
            evidence.append(self._of_scan(person, self._scan))
        identity, motions = self._fit.step(neutral, person.identity, person.motions, evidence)
        offsets, turns = person.offsets, person.turns
        if person.rounds >= FREE_FROM:
            offsets = self._fit.free(neutral, offsets, person.motions, evidence)
        mesh = person_mesh(self._model, identity, offsets)
        marks = self._own_marks(person.motions[: len(pairs)], evidence[: len(pairs)])
        if person.rounds >= AIMED_FROM:
            dense = self._fit.samples(mesh.vertices)[2]
            points = [dense.jacobian(motion)[0] for motion in motions[: len(pairs)]]
            turns = aimed(self._cameras, turns, list(zip(points, observations, strict=True)))
        return replace(
            person, mesh=mesh, identity=identity, offsets=offsets, marks=marks, turns=turns,
            motions=motions, rounds=person.rounds + 1,
        )  # fmt: skip

    def _photos(self, person: PersonEstimate) -> list[list[Photo]]:
        """Of each frame, taken by cameras that are aimed as far as is known."""
        turns = {c.name: turn for c, turn in zip(self._cameras, person.turns, strict=True)}
        return [
            [replace(p, camera=p.camera.turned(turns[p.camera.name])) for p in frame.photos]
            for frame in self._frames
        ]

    def _own_marks(self, motions: Sequence[Motion], evidence: Sequence[Evidence]) -> np.ndarray:
        """What landmarks of all key frames miss by in common, (478, 3) metres, head-local."""
        stiffness = np.tile(np.eye(3) / MARK_SPREAD**2, (len(self._model.landmarks.spread), 1, 1))
        force = np.zeros((len(stiffness), 3))
        for motion, known in zip(motions, evidence, strict=True):
            local = known.marks.scaled(1 / self._shares[0]).turned(motion.rotation.T)
            stiffness += local.stiffness
            force += local.force
        return np.linalg.solve(stiffness, force[..., None])[..., 0]

    def _texture(
        self,
        person: PersonEstimate,
        worlds: Sequence[np.ndarray],
        photos: Sequence[Sequence[Photo]],
    ) -> np.ndarray:
        """What all views of all key frames show on average, (S, S, 3) uint8."""
        reference = Reference(TEXTURE)
        texturer = Texturer(shared_rasteriser(), person.mesh, TEXTURE)
        for world, taken in zip(worlds, photos, strict=True):
            seen = texturer.mean(world.astype(np.float32), dict(enumerate(taken)))
            reference.add(seen.colour, seen.seen)
        return np.clip(reference.texture() * 255 + 0.5, 0, 255).astype(np.uint8)

    def _worlds(self, person: PersonEstimate) -> list[np.ndarray]:
        mesh = person.mesh
        motions = person.motions[: len(self._frames)]
        return [motion.world(mesh.pose(motion.units), mesh.pivot) for motion in motions]

    def _dense(
        self, person: PersonEstimate, world: np.ndarray, photos: Sequence[Photo]
    ) -> list[PointObservation]:
        """Where the views have the surface."""
        dense = self._fit.samples(person.mesh.vertices)[2]
        aligner = DenseAligner(shared_rasteriser(), person.mesh, self._shown, dense)
        return aligner.observations(world, person.texture, photos)

    def _of_scan(self, person: PersonEstimate, scan: ScanFit) -> Evidence:
        neutral = person.mesh.vertices
        kinds = self._fit.samples(neutral)
        known = scan.evidence(neutral, person.motions[-1], kinds)
        return replace(known, dense=known.dense.scaled(self._scan_share))

    def _evidence(
        self,
        person: PersonEstimate,
        place: int,
        world: np.ndarray,
        photos: Sequence[Photo],
        observations: Sequence[PointObservation],
    ) -> Evidence:
        motion = person.motions[place]
        marks, rims, dense = self._fit.samples(person.mesh.vertices)
        terms = data_terms(dense.jacobian(motion)[0], observations, OUTLIER)
        over = OVER_RELAXED if person.rounds < RELAXED_UNTIL else 1.0
        finder = RimFinder(self._model, person.colours)
        # From each side lashes hide another part of a rim, which looks like depth.
        edges = data_terms(rims.jacobian(motion)[0], finder.observations(world, photos), OUTLIER)
        cameras = [c.turned(t) for c, t in zip(self._cameras, person.turns, strict=True)]
        landmarks = self._frames[place].landmarks
        landmark_terms = LandmarkTerms(self._model, cameras)
        points = landmark_terms.terms(marks.jacobian(motion)[0], motion, landmarks)
        return Evidence(
            replace(terms, force=over * terms.force),
            points.scaled(self._shares[0]),
            edges.blind(motion.rotation[:, 1]).scaled(self._shares[1]),
            rest=place == 0,
        )
