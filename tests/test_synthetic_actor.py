"""The synthetic actor's appearance: what it does when the face moves. Needs no data folder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from models.synthetic.appearance import Appearance, SkinState
from models.synthetic.assets import load_asset, rigid_motion
from models.synthetic.eyes import LOOK_OUT, Eyes, gaze_angles, gaze_rotation
from models.synthetic.hair import hair
from models.synthetic.lighting import aperture_light, vertex_normals
from models.synthetic.mouth_interior import Mouth
from models.synthetic.synthetic_actor import SyntheticActor, bundled_actor
from models.synthetic.texels import TexelMap
from models.template.binding import nearest_points
from models.template.controls import controls_from

SIZE = 256


@pytest.fixture(scope="module")
def actor() -> SyntheticActor:
    return bundled_actor()


@pytest.fixture(scope="module")
def appearance(actor: SyntheticActor) -> Appearance:
    return Appearance(actor, size=SIZE)


@pytest.fixture(scope="module")
def state(actor: SyntheticActor, appearance: Appearance) -> Callable[..., SkinState]:
    def make(**values: float) -> SkinState:
        return appearance.state(actor.mesh.pose(controls_from(values)))

    return make


def test_texels_interpolate_linear_functions(actor: SyntheticActor) -> None:
    mesh = actor.mesh
    texels = TexelMap.build(mesh.uvs, mesh.faces, SIZE)
    rows, columns = np.divmod(texels.texels, SIZE)
    expected = np.c_[(columns + 0.5) / SIZE, 1 - (rows + 0.5) / SIZE]
    assert np.abs(texels.gather(mesh.uvs) - expected).max() < 1e-4
    assert texels.image(texels.gather(mesh.uvs)).shape == (SIZE, SIZE, 2)


def test_wrinkles_answer_compression_and_not_linearly(
    actor: SyntheticActor, appearance: Appearance
) -> None:
    def shading(value: float) -> np.ndarray:
        raised = controls_from(
            {"browInnerUp": value, "browOuterUpLeft": value, "browOuterUpRight": value}
        )
        return appearance._creases.shading(actor.mesh.pose(raised))

    rest, half, full = (shading(value) for value in (0.0, 0.5, 1.0))
    brow = actor.mesh.vertices[actor.mesh.landmarks["brow_left"]][:, 2].mean()
    positions = appearance.texels.gather(actor.mesh.vertices)
    forehead = (positions[:, 2] > brow + 0.005) & (positions[:, 1] < -0.1)
    deeper = np.abs(full - rest)
    assert deeper[forehead].max() > 0.05
    assert deeper[positions[:, 2] < brow - 0.06].max() < 0.005
    linear = (rest + full) / 2
    assert np.abs(half - linear)[forehead].max() > 0.01


def test_an_opening_jaw_darkens_what_it_hides(
    actor: SyntheticActor, state: Callable[..., SkinState]
) -> None:
    throat = np.flatnonzero(
        (actor.mesh.vertices[:, 2] < actor.mesh.vertices[actor.mesh.landmarks["chin"][0], 2] - 0.02)
        & (actor.mesh.vertices[:, 1] < actor.mesh.pivot[1] - 0.01)
        & (np.abs(actor.mesh.vertices[:, 0]) < 0.03)
    )
    rest, opened = state(), state(jawOpen=1.0)
    assert opened.occlusion[throat].mean() < rest.occlusion[throat].mean() - 0.03


def test_squeezed_skin_flushes(actor: SyntheticActor, state: Callable[..., SkinState]) -> None:
    tint = state(browDownLeft=1.0, browDownRight=1.0).tint
    redness = tint[:, 0] / tint[:, 1]
    assert redness.max() > 1.03
    assert np.abs(state().tint - 1).max() < 1e-5


def test_texture_changes_with_the_expression_only(
    actor: SyntheticActor, appearance: Appearance, state: Callable[..., SkinState]
) -> None:
    first, again = appearance.texture(state()), appearance.texture(state())
    smile = appearance.texture(state(mouthSmileLeft=1.0, cheekSquintLeft=0.7))
    assert np.array_equal(first, again)
    assert first.shape == (SIZE, SIZE, 3) and first.dtype == np.uint8
    difference = np.abs(smile.astype(int) - first).mean(-1)
    left = appearance.texels.image(appearance.texels.gather(actor.mesh.vertices)[:, :1])[..., 0]
    assert difference[left > 0.005].mean() > 3 * difference[left < -0.005].mean()


@pytest.mark.parametrize(
    ("values", "left", "right"),
    [
        ({"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}, (LOOK_OUT, 0), (LOOK_OUT, 0)),
        ({"eyeLookUpLeft": 1.0, "eyeLookDownRight": 0.5}, (0, 25), (0, -15)),
    ],
)
def test_gaze_turns_the_iris_by_the_right_angle(
    actor: SyntheticActor,
    values: dict[str, float],
    left: tuple[float, float],
    right: tuple[float, float],
) -> None:
    controls = controls_from(values)
    assert np.allclose(gaze_angles(controls), [left, right])
    drawables = Eyes(actor, None).drawables(actor.mesh.pose(controls), controls)
    eyeballs = [drawable for drawable in drawables if not drawable.blended]
    for drawable, centre, (yaw, pitch) in zip(
        eyeballs, actor.eye_centres, (left, right), strict=True
    ):
        axis = (drawable.vertices[0] - centre) / actor.eye_radius  # the first vertex is the pupil's
        assert np.degrees(np.arcsin(axis[2])) == pytest.approx(pitch, abs=0.01)
        assert np.degrees(np.arctan2(axis[0], -axis[1])) == pytest.approx(yaw, abs=0.01)
    assert np.allclose(gaze_rotation(20, 10) @ gaze_rotation(20, 10).T, np.eye(3))


def test_lids_shade_the_eyeball(actor: SyntheticActor) -> None:
    vertices = actor.mesh.vertices
    eyeball = Eyes(actor, None).drawables(vertices, controls_from({}))[0]
    upper, lower = (vertices[chain] for chain in (actor.patches[1].upper, actor.patches[1].lower))
    above, below = (cKDTree(chain).query(eyeball.vertices)[0] for chain in (upper, lower))
    brightness = eyeball.colours.mean(1)
    lit = brightness[(above > 0.004) & (below > 0.004) & (above < 0.01)].max()
    assert brightness[above < 0.002].mean() < 0.7 * lit


def test_hair_is_where_it_was_built_and_follows_the_head(actor: SyntheticActor) -> None:
    part = hair(actor)
    rest = part.positions(actor.mesh.vertices)
    triangles, weights = nearest_points(actor.mesh.vertices, actor.mesh.faces, rest)
    feet = np.einsum("pk,pkc->pc", weights, actor.mesh.vertices[triangles])
    height = np.linalg.norm(rest - feet, axis=1)
    assert height.min() > 0.0003
    assert height.max() < 0.025
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    moved = part.positions(actor.mesh.vertices @ turn.T + [0.1, 0.2, 0.3])
    assert np.allclose(moved, rest @ turn.T + [0.1, 0.2, 0.3], atol=1e-6)


def test_lower_teeth_move_with_the_jaw_and_stay_rigid(actor: SyntheticActor) -> None:
    mouth = Mouth(actor, None)
    rest = mouth.teeth(actor.base_vertices)
    opened = mouth.teeth(mouth.base_pose(controls_from({"jawOpen": 1.0})))
    lower = mouth._lower_share[:, 0] > 0.99
    moved = np.linalg.norm(opened - rest, axis=1)
    assert moved[~lower].max() < 0.002
    assert moved[lower].min() > 0.004 and (opened - rest)[lower, 2].mean() < -0.008
    rotation, shift = rigid_motion(rest[lower], opened[lower])
    assert np.abs(rest[lower] @ rotation.T + shift - opened[lower]).max() < 1e-6


def test_a_mouth_is_darker_closed_than_open(actor: SyntheticActor) -> None:
    mouth = Mouth(actor, None)

    def light(**values: float) -> float:
        controls = controls_from(values)
        tongue = mouth.drawables(actor.mesh.pose(controls), controls)[1]
        return float(tongue.colours.mean())

    assert light(jawOpen=0.8) > 2 * light()


def test_aperture_light_is_the_solid_angle() -> None:
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = np.stack([np.cos(turn), np.zeros_like(turn), np.sin(turn)], -1)
    for distance in (0.1, 1.0, 5.0):
        expected = 1 - distance / np.hypot(distance, 1)
        seen = aperture_light(np.array([[0.0, distance, 0.0]]), ring)
        assert seen[0] == pytest.approx(expected, rel=1e-3)


def test_fitted_asset_is_read(tmp_path: Path) -> None:
    (tmp_path / "card.obj").write_text(
        "v 0 0 0\nv 1 0 0\nv 1 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nf 1/1 2/2 3/3\n"
    )
    (tmp_path / "card.mhclo").write_text(
        "name card\nobj_file card.obj\nx_scale 0 1 5.0\nverts 0\n0\n"
        "0 1 2 0.5 0.5 0 1 2 3\n0 1 2 0 0 1 0 0 0\ndelete_verts\n0 - 2\n"
    )
    base = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0.0]])
    asset = load_asset(tmp_path / "card.mhclo", base)
    positions = asset.positions(base)
    # x offset 1 dm, scaled by 1 m over 5 dm; y up becomes z up, z forward becomes -y
    assert np.allclose(positions, [[0, 0, 0], [0.5 + 0.2, -0.3, 0.2], [0, 1, 0]])
    assert np.allclose(asset.uvs, [[0, 0], [1, 0], [1, 1]])


def test_nearest_point_and_normals_of_a_plane() -> None:
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0.0]])
    faces = np.array([[0, 1, 2], [1, 3, 2]])
    assert np.allclose(vertex_normals(vertices, faces), [0, 0, 1])
    points = np.array([[0.2, 0.3, 0.5], [2.0, 0.5, 0.0]])
    triangles, weights = nearest_points(vertices, faces, points)
    feet = np.einsum("pk,pkc->pc", weights, vertices[triangles])
    assert np.allclose(feet, [[0.2, 0.3, 0], [1, 0.5, 0]])
