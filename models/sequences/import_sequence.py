"""From a sequence of textured meshes of constant topology to a performance."""

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..alignment.align import align
from ..errors import CaptureError
from ..faces.finder import SCORE_INDEX, SCORE_NAMES, FaceFinder
from ..files import replacing, write_bytes
from ..mesh import ATLAS_SIZE, HeadMesh
from ..performance import Performance, PerformanceWriter, Take, texture_paths, write_texture
from ..phones import Phones
from ..progress import Progress, silent
from ..scan.facing import PIVOT, find_face, in_metres, outwards, refined
from ..scan.mesh_landmarks import Similarity, Skin, face_camera, landmarks_of, seen_by, visible
from ..scan.texture_files import read_texture
from .linear_motion import LinearModel, Skull, fit_linear_model
from .regions import Looked, find_landmarks, make_regions
from .sequence_files import SequenceTake, fingerprint, open_sequence
from .uv_atlas import Atlas, atlas_of

LOOKED_AT = 24
"""Frames, evenly over the takes, that are looked at to find rest, open mouth and open eyes."""
MODELLED = 500
"""Frames, evenly over the takes, that the linear face model is fitted to."""
BEGUN = "adopted.txt"
"""Holds the fingerprint of the sequence that a performance is made of."""
MARGIN = 3
"""Texels beyond the UV islands' edges that count as seen: filters reach there."""
ACTIVE = ("jawOpen", "mouthSmile", "mouthPucker", "mouthFunnel", "eyeBlink", "browInnerUp")
"""First words of the scores that every resting face has near zero."""
NEARLY = 0.15
"""The first frame whose sum of those is so near the least shows the face at rest."""
_ACTIVE = np.array([name.startswith(ACTIVE) for name in SCORE_NAMES])
_BLINK = [SCORE_INDEX["eyeBlinkLeft"], SCORE_INDEX["eyeBlinkRight"]]


@dataclass(frozen=True)
class ImportSettings:
    """How a sequence is taken over.

    Attributes:
        fps: Frames a second; as the sequence tells, else 30, when None.
        held_out: Names of takes that nothing is to be learnt from.
        size: Largest side of the textures, texels.
    """

    fps: float | None = None
    held_out: tuple[str, ...] = ()
    size: int = ATLAS_SIZE


@dataclass(frozen=True)
class FaceRegistration:
    """What is known of the mesh after its face was looked at.

    Attributes:
        placed: From the sequence's axes and unit to metres, eyes at the origin.
        skull: Tells the head's motion.
        unit: Metres in one unit of the sequence.
        faces: (F, 3), turned outwards.
        looked: Rest, open mouth, open eyes.
    """

    placed: Similarity
    skull: Skull
    unit: float
    faces: np.ndarray
    looked: tuple[Looked, Looked, Looked]


def import_sequence(
    source: Path,
    output: Path,
    about: Mapping,
    settings: ImportSettings = ImportSettings(),
    progress: Progress = silent,
) -> Performance:
    """Make a performance of a mesh sequence; textures that are there already are kept.

    Args:
        source: Folder, see `open_sequence`.
        output: Performance folder to make or to continue.
        about: name, credits (list), licence, consent, provenance.
        settings: How.
        progress: Told how far it is.

    Raises:
        CaptureError: The sequence cannot be read, changes its topology, shows no face, or its UVs
            have no place for mouth and eyes.
        MissingDependencyError: mediapipe, a graphics driver or plyfile is missing.
        CancelledError: From `progress`.
    """
    takes = open_sequence(source, settings.fps)
    _check(takes, settings)
    _begin(output, fingerprint(takes, settings.size))
    atlas = atlas_of(takes[0].topology)
    with FaceFinder(most=2) as finder:
        found = _register(takes, atlas, finder, progress)
    motions = [_motion(take, atlas, found, progress) for take in takes]
    poses, local = zip(*motions, strict=True)
    mesh, model = _head_mesh(atlas, found, local)
    described = {**about, "unit_of_the_sequence_in_metres": round(found.unit, 6)}
    writer = PerformanceWriter(output, mesh, takes[0].fps, described)
    for take, pose, vertices in zip(takes, poses, local, strict=True):
        writer.add(_take(take, settings, model, pose, vertices, mesh))
        _write_textures(take, atlas, output, settings.size, progress)
    return writer.finish()


def _check(takes: Sequence[SequenceTake], settings: ImportSettings) -> None:
    for take in takes[1:]:
        if not take.topology.same_topology(takes[0].topology):
            raise CaptureError(
                f"{take.folder.name} has another topology than {takes[0].folder.name}: all takes "
                "of a sequence need the same mesh."
            )
        if take.fps != takes[0].fps:
            raise CaptureError(
                f"{take.folder.name} has {take.fps:g} frames a second, {takes[0].folder.name} "
                f"{takes[0].fps:g}: all takes need the same."
            )
    names = [take.name for take in takes]
    if len(set(names)) < len(names):
        raise CaptureError(f"Two takes would be called {max(names, key=names.count)}: rename one.")
    unknown = set(settings.held_out) - set(names)
    if unknown:
        raise CaptureError(f"There is no take {min(unknown)} to hold out; there are: {names}.")
    if set(names) <= set(settings.held_out):
        raise CaptureError("All takes are held out: none is left to learn from.")


def _begin(output: Path, sequence: str) -> None:
    """Say what the folder is for; textures that are there must not be another sequence's."""
    path = output / BEGUN
    if path.is_file():
        before = path.read_text()
    else:
        before = "" if (output / "performance.json").exists() else sequence
    if before != sequence:
        raise CaptureError(
            f"{output.name} holds the performance of another sequence, or of this one before it "
            "was changed: delete it or choose another folder."
        )
    write_bytes(path, sequence.encode())


def _register(
    takes: Sequence[SequenceTake], atlas: Atlas, finder: FaceFinder, progress: Progress
) -> FaceRegistration:
    """Find the face, and the frames that show it at rest, with open mouth, with open eyes."""
    frames = [(take, int(frame)) for take in takes for frame in take.pictured]
    chosen = np.unique(np.linspace(0, len(frames) - 1, LOOKED_AT).round().astype(int))
    placed, skull, seen = None, None, []
    for place, (take, frame) in enumerate(frames[index] for index in chosen):
        progress(place / len(chosen), f"looking at the face: frame {place + 1} of {len(chosen)}")
        positions = take.positions(frame)[atlas.source]
        texture = _square(read_texture(take.texture_path(frame)), ATLAS_SIZE)
        if placed is None or skull is None:
            try:
                placed = find_face(Skin(positions, atlas.faces, atlas.uvs, texture), finder)
            except CaptureError:
                if place < min(len(chosen) - 1, 3):  # the face may be turned away at first
                    continue
                raise
            skull = Skull.of(placed(positions))
        standing = placed.then(skull.inverse(skull.pose(placed(positions))))
        skin = Skin(standing(positions), atlas.faces, atlas.uvs, texture)
        front = seen_by(skin, face_camera(), finder)
        if front is not None:
            seen.append(_FrontView(positions, standing, skin, front[0].scores))
    if not seen:
        raise CaptureError("The mesh's face is lost as soon as it moves: is its topology constant?")
    return _registered(seen, atlas, finder)


@dataclass(frozen=True)
class _FrontView:
    """A frame that was looked at: as stored, what put it before the camera, expression scores."""

    positions: np.ndarray
    standing: Similarity
    skin: Skin
    scores: np.ndarray


def _registered(seen: Sequence[_FrontView], atlas: Atlas, finder: FaceFinder) -> FaceRegistration:
    """Everything again in metres about the frame at rest, which stands upright."""
    scores = np.stack([view.scores for view in seen])
    active = scores[:, _ACTIVE].sum(1)
    rest = seen[int(np.flatnonzero(active <= active.min() + NEARLY)[0])]
    wide = seen[int(scores[:, SCORE_INDEX["jawOpen"]].argmax())]
    awake = seen[int(scores[:, _BLINK].sum(1).argmin())]
    step = refined(rest.skin, finder)
    upright = rest.standing.then(step)
    placed, unit = in_metres(upright)
    ratio = placed.scale / upright.scale
    skull = Skull.of(placed(rest.positions))
    sample = np.stack([skull.without_motion(placed(view.positions)) for view in seen])
    looked = []
    for view in (rest, wide, awake):
        vertices = step(view.skin.vertices)
        before = Skin(vertices, atlas.faces, atlas.uvs, view.skin.texture)
        points = landmarks_of(before, finder)
        if points is None:
            raise CaptureError("The mesh's face cannot be read from the front.")
        looked.append(Looked(ratio * vertices, ratio * points, visible(before)))
    faces = outwards(looked[0].vertices, atlas.faces)
    return FaceRegistration(placed, skull.firm(sample), unit, faces, tuple(looked))


def _motion(
    take: SequenceTake, atlas: Atlas, found: FaceRegistration, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Head pose (T, 6) and head-local vertices (T, V, 3) float32 of a take."""
    poses, local = [], np.empty((len(take), len(atlas.source), 3), np.float32)
    for frame in range(len(take)):
        progress(frame / len(take), f"{take.name}: mesh {frame + 1} of {len(take)}")
        vertices = found.placed(take.positions(frame)[atlas.source])
        poses.append(found.skull.pose(vertices))
        local[frame] = found.skull.inverse(poses[-1])(vertices)
    return np.array(poses), local


def _head_mesh(
    atlas: Atlas, found: FaceRegistration, local: Sequence[np.ndarray]
) -> tuple[HeadMesh, LinearModel]:
    """The mesh at rest with regions, landmarks and the linear model of its motion (T, V, 3)."""
    neutral = found.skull.rest.astype(np.float32)
    frames = np.concatenate([np.c_[np.full(len(v), k), range(len(v))] for k, v in enumerate(local)])
    chosen = frames[:: -(-len(frames) // MODELLED)].astype(int)
    offsets = np.stack([local[take][frame] for take, frame in chosen]) - neutral
    moved = np.linalg.norm(offsets, axis=-1).max(0)
    landmarks = find_landmarks(atlas, *found.looked, moved)
    regions = make_regions(atlas, neutral, landmarks, offsets)
    model = fit_linear_model(offsets, [region.vertex_mask for region in regions])
    mesh = HeadMesh(
        vertices=neutral,
        faces=found.faces,
        uvs=atlas.uvs,
        regions=regions,
        landmarks=landmarks,
        pivot=PIVOT.astype(np.float32),
        control_names=model.names,
        basis=model.basis,
    )
    mesh.check()
    return mesh, model


def _take(
    take: SequenceTake, settings: ImportSettings, model: LinearModel, pose: np.ndarray,
    local: np.ndarray, mesh: HeadMesh,
) -> Take:  # fmt: skip
    """The take's numbers; with its sound, what is said."""
    offsets = local - mesh.vertices
    controls = model.controls(offsets)
    phones, text = Phones.build([], [], []), take.transcript
    if take.sound is not None:
        phones = align(take.sound, text or None).phones
    return Take(
        name=take.name,
        kind="spoken" if len(phones) else "motion",
        split="held_out" if take.name in settings.held_out else "train",
        fps=take.fps,
        controls=controls,
        head_pose=pose.astype(np.float32),
        phones=phones,
        style="neutral" if len(phones) else "",
        text=text,
        pictured=take.pictured,
        tracked=None if model.exact(offsets, controls) else local,
    )


def _write_textures(
    take: SequenceTake, atlas: Atlas, output: Path, size: int, progress: Progress
) -> None:
    """Write what is not there yet; where one texture serves all frames, it is there once."""
    first, seen = None, None
    for place, frame in enumerate(take.pictured):
        paths = texture_paths(output, take.name, int(frame))
        progress(place / len(take.pictured), f"{take.name}: texture {place + 1}")
        if first is not None and take.static:
            for one, other in zip(first, paths, strict=True):
                _same_file(one, other)
            continue
        first = paths
        if paths[0].exists():
            continue
        texture = _square(read_texture(take.texture_path(int(frame))), size)
        if seen is None or len(seen) != len(texture):
            seen = atlas.covered(len(texture), MARGIN)
        write_texture(output, take.name, int(frame), texture, seen)


def _square(texture: np.ndarray, size: int) -> np.ndarray:
    """A texture (S, S, 3) of at most `size` texels a side; UVs reach from edge to edge."""
    side = min(size, max(texture.shape[:2]))
    if texture.shape[:2] == (side, side):
        return texture
    return cv2.resize(texture, (side, side), interpolation=cv2.INTER_AREA)


def _same_file(one: Path, other: Path) -> None:
    """A second name for a file; a copy on disks that know no second names."""
    if other.exists():
        return
    with contextlib.suppress(OSError):
        os.link(one, other)
        return
    with replacing(other) as temporary:
        temporary.write_bytes(one.read_bytes())
