"""A foreign mesh sequence becomes a performance that heads can be trained from."""

import argparse
import functools
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the numeric layer needs torch")
pytest.importorskip("moderngl", reason="looking at meshes needs moderngl")

from foreign_actor import ForeignActor, foreign_actor, write_sequence
from rendered_faces import needs_landmarker
from tiny import CODE_SIZES, GRID, tiny_mesh

from models.actor import Actor
from models.cameras import look_at
from models.errors import CancelledError, CaptureError, MissingDependencyError
from models.faces.finder import FaceFinder
from models.head.training.build_head import make_head
from models.head.training.region_task import TrainingConfig
from models.making import train_command as making
from models.making.options import add_arguments
from models.mesh import REGION_NAMES
from models.performance import Performance
from models.phones import Phones
from models.pose import nearest_rotation, rotation_matrix, to_world
from models.scan import facing
from models.scan.facing import PIVOT, axis_rotations, find_face, in_metres
from models.scan.mesh_landmarks import Similarity, Skin, cast, fit_similarity
from models.sequences.import_sequence import ImportSettings, import_sequence
from models.sequences.import_sequence_command import about_sequence
from models.sequences.linear_motion import Skull, fit_linear_model
from models.sequences.sequence_files import SequenceTake, open_sequence
from models.sequences.uv_atlas import atlas_of


@pytest.fixture(scope="module")
def actor() -> ForeignActor:
    needs_landmarker()
    torch.set_num_threads(1)
    try:
        return foreign_actor()
    except MissingDependencyError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def imported(actor: ForeignActor, tmp_path_factory: pytest.TempPathFactory) -> Performance:
    folder = tmp_path_factory.mktemp("sequence")
    source = write_sequence(folder / "sequence", actor)
    return import_sequence(source, folder / "performance", about_sequence("Foreign"))


@functools.lru_cache(maxsize=1)
def _source(folder: Path) -> np.ndarray:
    """The actor's vertex of each of the performance's."""
    return atlas_of(open_sequence(folder.parent / "sequence")[0].topology).source


def _turn(imported: Performance, actor: ForeignActor) -> np.ndarray:
    """(3, 3) from the actor's axes to the performance's."""
    true = actor.vertices[0][_source(imported.folder)]
    here = imported.mesh.vertices
    return nearest_rotation((here - here.mean(0)).T @ (true - true.mean(0)))


def test_axes_unit_and_size_are_found(imported: Performance, actor: ForeignActor) -> None:
    assert imported.about["unit_of_the_sequence_in_metres"] == 0.01
    angle = np.degrees(np.arccos((np.trace(_turn(imported, actor)) - 1) / 2))
    assert angle < 6  # what is upright is a matter of taste
    true = actor.vertices[0][_source(imported.folder)]
    size = np.ptp(imported.mesh.vertices @ _turn(imported, actor), axis=0)
    np.testing.assert_allclose(size, np.ptp(true, axis=0), rtol=1e-4)
    marks = imported.mesh.landmarks
    eyes = imported.mesh.vertices[[marks["upper_lid_left"][2], marks["upper_lid_right"][2]]]
    assert eyes[0, 0] > 0.02 and eyes[1, 0] < -0.02 and np.abs(eyes[:, 1:]).max() < 0.03


def test_every_frame_is_where_it_was(imported: Performance, actor: ForeignActor) -> None:
    (take,) = imported.takes
    world = to_world(imported.vertices(take), take.head_pose, imported.mesh.pivot)
    true = actor.vertices[:, _source(imported.folder)]
    moved, misfit = fit_similarity(true[0].astype(float), world[0].astype(float))
    assert misfit < 1e-5 and abs(moved.scale - 1) < 1e-4
    assert np.abs(moved(true) - world).max() < 6e-5


def test_the_skull_moves_and_the_jaw_does_not_turn_it(
    imported: Performance, actor: ForeignActor
) -> None:
    (take,) = imported.takes
    turn = _turn(imported, actor)
    true = turn @ rotation_matrix(actor.poses[:, :3]) @ turn.T
    error = rotation_matrix(take.head_pose[:, :3]) @ np.swapaxes(true, 1, 2)
    angles = np.degrees(np.arccos(np.clip((np.trace(error, axis1=1, axis2=2) - 1) / 2, -1, 1)))
    assert angles.max() < 0.05


def test_landmarks_are_where_the_template_has_them(
    imported: Performance, actor: ForeignActor
) -> None:
    mesh, source, rest = imported.mesh, _source(imported.folder), actor.vertices[0]
    marks = actor.mesh.landmarks
    assert set(mesh.landmarks) == set(marks)

    def place(name: str) -> np.ndarray:
        return rest[source[mesh.landmarks[name]]].mean(0)

    for name, allowed in (("inner_lip_upper", 3), ("inner_lip_lower", 3), ("upper_lid_left", 3),
                          ("lower_lid_right", 3), ("mouth_corner_left", 3), ("nose_tip", 5),
                          ("chin", 5), ("lips", 3), ("lids", 3)):  # fmt: skip
        apart = (place(name) - rest[marks[name]].mean(0))[[0, 2]]  # a rim is as deep as one sees
        assert np.linalg.norm(apart) < 1e-3 * allowed, name
    skin = len(actor.mesh.vertices)
    assert all((source[index] < skin).all() for index in mesh.landmarks.values())  # no eyeballs
    opened = imported.vertices(imported.takes[0])
    true_gap = actor.mesh.lip_gap(actor.mesh.pose(actor.controls))
    assert np.corrcoef(mesh.lip_gap(opened), true_gap)[0, 1] > 0.98


def test_regions_have_their_places(imported: Performance, actor: ForeignActor) -> None:
    mesh, source = imported.mesh, _source(imported.folder)
    assert [region.name for region in mesh.regions] == list(REGION_NAMES)
    masks = np.stack([region.vertex_mask for region in mesh.regions])
    np.testing.assert_allclose(masks.sum(0), 1, atol=1e-5)
    rims = dict(zip(REGION_NAMES, (("lips",), ("upper_lid_left", "lower_lid_left"),
                ("upper_lid_right", "lower_lid_right")), strict=False))  # fmt: skip
    for name, marks in rims.items():
        region = mesh.region(name)
        index = np.concatenate([mesh.landmarks[mark] for mark in marks])
        row, column, rows, columns = region.crop
        texels = np.stack([1 - mesh.uvs[index, 1], mesh.uvs[index, 0]], 1) * 1024
        assert (texels > (row, column)).all() and (texels < (row + rows, column + columns)).all()
        assert rows == columns and region.vertex_mask[index].mean() > 0.8
    eyeballs = np.split(source[source >= len(actor.mesh.vertices)], 2)
    for name, ball in zip(REGION_NAMES[1:3], eyeballs, strict=True):
        share = mesh.region(name).vertex_mask[np.isin(source, ball)]
        assert np.ptp(share) < 1e-6 and share[0] > 0.7  # what hangs together belongs together
    jaw = mesh.landmarks["chin"]
    assert mesh.region("mouth").vertex_mask[jaw].min() > 0.8


def test_textures_are_the_sequences(imported: Performance, actor: ForeignActor) -> None:
    (take,) = imported.takes
    assert take.pictured.tolist() == list(range(len(actor.textures)))
    colour, seen = imported.texture(take, 3)
    assert np.array_equal(colour, actor.textures[3])
    assert seen[100, 100] == 255 and seen[-2, -2] == 0


def test_a_head_is_trained_from_it(imported: Performance) -> None:
    sizes = dict.fromkeys(CODE_SIZES, 4)
    file, data, _ = make_head(imported, TrainingConfig(steps=2, batch=2), "cpu", code_sizes=sizes)
    head = Actor(file, "cpu")
    names = [slider.name for slider in head.sliders]
    assert names[:5] == ["Mouth 1", "Mouth 2", "Mouth 3", "Mouth 4", "Eye L 1"]
    assert head.arkit is None and len(data.frames) == 12
    shown = head.decode(head.examples.codes[2])
    wrong = shown.vertices - imported.vertices(imported.takes[0], [2])[0]
    assert np.linalg.norm(wrong, axis=1).mean() < 2e-4
    level = np.abs(shown.texture.astype(int) - _enlarged(imported.texture(imported.takes[0], 2)[0]))
    assert level[400:700, 100:600].mean() < 4


def _enlarged(texture: np.ndarray) -> np.ndarray:
    return cv2.resize(texture, (1024, 1024), interpolation=cv2.INTER_AREA)


def test_one_texture_for_all_is_stored_once_and_trains(actor: ForeignActor, tmp_path: Path) -> None:
    few = replace(actor, vertices=actor.vertices[:8], textures=actor.textures[:8])
    source = write_sequence(tmp_path / "still", few)
    for path in sorted(source.glob("*.png"))[1:]:
        path.unlink()
    performance = import_sequence(source, tmp_path / "performance", about_sequence("Still"))
    files = list((tmp_path / "performance" / "textures").glob("*.png"))
    assert len(files) == 16 and len({path.stat().st_ino for path in files}) == 2
    sizes, config = dict.fromkeys(CODE_SIZES, 4), TrainingConfig(steps=2, batch=2)
    file, _, _ = make_head(performance, config, "cpu", code_sizes=sizes)
    head = Actor(file, "cpu")
    shown = head.decode(head.examples.codes[5]).vertices
    wrong = shown - performance.vertices(performance.takes[0], [5])[0]
    assert np.linalg.norm(wrong, axis=1).mean() < 2e-4


def test_a_face_in_any_attitude_is_found(
    actor: ForeignActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    uvs = actor.uvs.astype(np.float32)
    upright = Skin(actor.vertices[0], actor.faces, uvs, actor.textures[0])
    turn = rotation_matrix(np.array([1.2, -0.5, 2.4]))
    other = replace(upright, vertices=5.5 * actor.vertices[0] @ turn.T + [5, -3, 40])
    with FaceFinder(most=2) as finder:
        one, two = find_face(upright, finder), find_face(other, finder)
        assert np.abs(one(upright.vertices) - two(other.vertices)).max() < 4e-3
        assert in_metres(one)[1] == 1.0
        assert abs(np.log(in_metres(two)[1] * 5.5)) < 0.1  # no unit is near: average size
        monkeypatch.setattr(facing, "axis_rotations", lambda: axis_rotations()[:3])
        scattered = np.random.default_rng(0).normal(size=upright.vertices.shape)
        with pytest.raises(CaptureError, match="No face is seen on the mesh"):
            find_face(replace(upright, vertices=scattered), finder)


def test_rays_hit_the_surface() -> None:
    camera = look_at("c", (0.1, -1.0, 0.2), (0, 0, 0), 300, (64, 48))
    depth = np.full((48, 64), 1e6, np.float32)
    point = np.array([[0.01, 0.02, -0.03]])
    pixel, far = camera.project(point)
    depth[int(pixel[0, 1]), int(pixel[0, 0])] = far[0]
    np.testing.assert_allclose(cast(pixel, depth, camera), point, atol=1e-6)
    assert np.isnan(cast(np.array([[0.5, 0.5], [70.0, 3.0]]), depth, camera)).all()


def test_similarities_are_recovered_and_chained() -> None:
    rng = np.random.default_rng(0)
    turn = rotation_matrix(np.array([0.3, -1, 2]))
    true, points = Similarity(2.5, turn, np.array([1.0, 2, 3])), rng.normal(size=(9, 3))
    found, misfit = fit_similarity(points, true(points))
    assert misfit < 1e-9 and abs(found.scale - 2.5) < 1e-9
    chained = found.then(Similarity(0.4, turn.T, np.array([0.0, 1, 0])))
    np.testing.assert_allclose(chained(points), 0.4 * true(points) @ turn + [0, 1, 0], atol=1e-9)
    assert len({rotation.tobytes() for rotation in axis_rotations()}) == 24
    assert all(np.linalg.det(rotation) == 1 for rotation in axis_rotations())


@pytest.mark.parametrize(("scale", "unit"), [(0.0092, 0.01), (0.00118, 0.001), (0.027, 0.0254)])
def test_units_are_told_by_size(scale: float, unit: float) -> None:
    placed, found = in_metres(Similarity(scale, np.eye(3), np.ones(3)))
    assert found == unit == placed.scale
    assert in_metres(Similarity(0.05, np.eye(3), np.ones(3)))[1] == 0.05


def test_a_wrinkling_forehead_does_not_turn_the_skull() -> None:
    rng = np.random.default_rng(0)
    rest = rng.uniform(-1, 1, (3000, 3)) * [0.08, 0.1, 0.12] + [0, 0.07, 0.03]
    skull = Skull.of(rest)
    pose = np.array([0.2, -0.1, 0.3, 0.01, 0.02, -0.03])
    moved = rest.copy()
    moved[(rest[:, 2] < 0.055) & (rest[:, 2] > 0.03), 2] += 0.006
    moved[rest[:, 2] < -0.02, 2] -= 0.03
    found = skull.pose(to_world(moved, pose, PIVOT))
    np.testing.assert_allclose(found, pose, atol=2e-4)


def test_components_hold_lids_beside_a_jaw() -> None:
    rng = np.random.default_rng(0)
    jaw, lid = np.zeros((2, 400, 3))
    jaw[:200], lid[200:210] = rng.normal(0, 0.02, (200, 3)), rng.normal(0, 0.001, (10, 3))
    amounts = rng.uniform(0, 1, (50, 2))
    offsets = np.einsum("nk,kvc->nvc", amounts, np.stack([jaw, lid])).astype(np.float32)
    masks = np.zeros((2, 400))
    masks[0, :200], masks[1, 200:] = 1, 1
    model = fit_linear_model(offsets, masks)
    assert model.names == ("pca_01", "pca_02")
    controls = model.controls(offsets)
    assert model.exact(offsets, controls)
    assert 0.5 < np.sqrt((controls**2).mean()) < 2
    assert not model.exact(offsets + 1e-3, controls)


def test_what_is_said_is_aligned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A take with sound is a spoken one; its transcript goes to the aligner."""
    from models.sequences import import_sequence

    phones = Phones.build(["sil", "HH", "AY"], [0, 0.1, 0.2], [0.1, 0.2, 0.3])
    asked = []

    def aligned(sound: Path, text: str | None) -> SimpleNamespace:
        asked.append((sound.name, text))
        return SimpleNamespace(phones=phones)

    monkeypatch.setattr(import_sequence, "align", aligned)
    mesh, offsets = tiny_mesh(), np.zeros((9, GRID**2, 3), np.float32)
    offsets[:, :50] = np.random.default_rng(0).normal(0, 0.01, (9, 50, 3))
    model = fit_linear_model(offsets, [region.vertex_mask for region in mesh.regions])
    mesh = replace(mesh, control_names=model.names, basis=model.basis)
    (tmp_path / "audio.wav").write_bytes(b"")
    pictures = (tmp_path / "skin.png",)
    take = SequenceTake("hi", tmp_path, 30.0, tuple(tmp_path for _ in range(9)), pictures)
    context = (ImportSettings(), model, np.zeros((9, 6)), mesh.vertices + offsets, mesh)
    for text in ("", "Hi!"):
        (tmp_path / "transcript.txt").write_text(text)
        made = import_sequence._take(take, *context)
        made.check(mesh)
        assert (made.kind, made.style, made.text) == ("spoken", "neutral", text)
        assert made.phones.label.tolist() == ["sil", "HH", "AY"]
    assert asked == [("audio.wav", None), ("audio.wav", "Hi!")]
    (tmp_path / "audio.wav").unlink()
    assert import_sequence._take(take, *context).kind == "motion"


def test_held_out_takes_must_be_there(actor: ForeignActor, tmp_path: Path) -> None:
    one = replace(actor, vertices=actor.vertices[:1], textures=actor.textures[:1])
    source = write_sequence(tmp_path / "talk", one)
    with pytest.raises(CaptureError, match="no take smile to hold out"):
        import_sequence(source, tmp_path / "p", {}, ImportSettings(held_out=("smile",)))
    with pytest.raises(CaptureError, match="All takes are held out"):
        import_sequence(source, tmp_path / "p", {}, ImportSettings(held_out=("talk",)))


def test_lips_scattered_over_the_uvs_are_refused(actor: ForeignActor, tmp_path: Path) -> None:
    """Every second vertex column of the face elsewhere in the texture."""
    few = replace(actor, vertices=actor.vertices[:1], textures=actor.textures[:1])
    mesh = actor.mesh
    lips = np.isin(actor.faces, mesh.landmarks["lips"]).all(1)
    height = actor.vertices[0][:, 2]
    upper = lips & (height[actor.faces].mean(1) > height[mesh.landmarks["lips"]].mean())
    uvs = np.concatenate([actor.uvs, actor.uvs * 0.4 + [0.62, 0.05]])
    faces = actor.faces.copy()
    faces[upper] += len(actor.uvs)
    vertices = np.concatenate([few.vertices, few.vertices], 1)
    texture = few.textures.copy()
    small = cv2.resize(texture[0], None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    side = texture.shape[1]
    row, column = round(side * 0.55), round(side * 0.62)
    free = texture[0][row : row + len(small), column : column + len(small)]
    free[:] = small[: free.shape[0], : free.shape[1]]
    source = write_sequence(
        tmp_path / "cut", replace(few, vertices=vertices, faces=faces, uvs=uvs, textures=texture)
    )
    with pytest.raises(CaptureError, match="mouth is split over UV islands far apart"):
        import_sequence(source, tmp_path / "p", {})


def test_stopping_leaves_no_performance(actor: ForeignActor, tmp_path: Path) -> None:
    few = replace(actor, vertices=actor.vertices[:2], textures=actor.textures[:2])
    source = write_sequence(tmp_path / "talk", few)

    def stop(fraction: float, message: str) -> None:
        if "texture 2" in message:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        import_sequence(source, tmp_path / "p", {}, progress=stop)
    with pytest.raises(CaptureError, match=r"no performance\.json"):
        Performance.open(tmp_path / "p")
    performance = import_sequence(source, tmp_path / "p", about_sequence("Again"))
    assert len(performance.takes[0]) == 2
    other = write_sequence(tmp_path / "other", few)
    with pytest.raises(CaptureError, match="p holds the performance of another sequence"):
        import_sequence(other, tmp_path / "p", {})


def test_the_train_command_takes_a_mesh_sequence(actor: ForeignActor, tmp_path: Path) -> None:
    few = replace(actor, vertices=actor.vertices[:10], textures=actor.textures[:10])
    source = write_sequence(tmp_path / "face", few)
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    said = [str(source), "-o", str(tmp_path / "her.nface"), "--until", "takes", "--texture", "128"]
    making.run(parser.parse_args(said))
    made = Performance.open(tmp_path / "her.making" / "takes")
    assert sum(len(take.pictured) for take in made.takes) == 10
    assert [take.split for take in made.takes] == ["train", "held_out"]
    assert made.about["provenance"] == "Taken over from the mesh sequence face."
    assert len(made.texture(made.takes[0], 0)[0]) == 128
