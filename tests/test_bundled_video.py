"""The bundled head follows videos: of itself, end to end, and what its file holds for it."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the networks need torch")
pytest.importorskip("mediapipe", reason="reading faces needs mediapipe")
pytest.importorskip("moderngl", reason="rendering a head needs moderngl")

from bench.rendered_head import RenderedHead
from bench.side_by_side import FPS, write_video

from models.actor import Actor
from models.animate import animate_text
from models.parameters import AnimationParameters
from models.video.live_solver import LiveSolver
from models.video.mouth_as_seen import JAW_TRUST, gap_and_drop, mouth_as_seen

PATH = Path(__file__).resolve().parents[1] / "models/bundled/actor.nface"


@pytest.fixture(scope="module")
def head() -> Actor:
    return Actor.open(PATH, "cpu")


@pytest.fixture(scope="module")
def line(head: Actor) -> AnimationParameters:
    return animate_text(head, "Maybe Bob moved the big boat.", seed=3).parameters


@pytest.fixture(scope="module")
def pictures(head: Actor, line: AnimationParameters) -> list[np.ndarray]:
    return list(RenderedHead(head, 288).render(line))


def opening(head: Actor, parameters: AnimationParameters) -> np.ndarray:
    return head.lip_gaps(parameters.codes)


def r(a: np.ndarray, b: np.ndarray) -> float:
    count = min(len(a), len(b))
    return float(np.corrcoef(a[:count], b[:count])[0, 1])


def test_it_follows_its_own_film(
    head: Actor, line: AnimationParameters, pictures: list[np.ndarray], tmp_path: Path
) -> None:
    write_video(tmp_path / "film.mp4", pictures)
    analysis = head.analyse_video(tmp_path / "film.mp4")
    assert (analysis.confidence > 0.5).all()
    made = head.retarget(analysis, fps=FPS)
    assert r(opening(head, made), opening(head, line)) > 0.85
    blink = head.mesh.landmarks["upper_lid_left"], head.mesh.landmarks["lower_lid_left"]

    def lids(parameters: AnimationParameters) -> np.ndarray:
        upper, lower = (head.decode_points(parameters.codes, part).mean(1) for part in blink)
        return (upper - lower)[:, 2]

    assert r(lids(made), lids(line)) > 0.8
    for axis in range(3):
        truth = line.head_pose[:, axis]
        if np.degrees(np.ptp(truth)) > 1.5:
            assert r(made.head_pose[:, axis], truth) > 0.8


def test_live_follows_without_looking_ahead(
    head: Actor, line: AnimationParameters, pictures: list[np.ndarray]
) -> None:
    with LiveSolver(head, head.video_network()) as solver:
        steps = [solver.step(picture) for picture in pictures]
        codes = np.stack([step[0] for step in steps])
        assert r(head.lip_gaps(codes), opening(head, line)) > 0.7
        before = steps[-1][0]
        lost = solver.step(np.zeros_like(pictures[0]))
        assert lost[2] == 0.0
        np.testing.assert_array_equal(lost[0], before)


def test_its_axes_have_names(head: Actor) -> None:
    assert 6 <= len(head.video.names) <= 12
    assert len(set(head.video.names)) == len(head.video.names)


def test_face_shapes_go_out_and_come_back(
    head: Actor, line: AnimationParameters, tmp_path: Path
) -> None:
    head.write_arkit(line, tmp_path / "line.csv", fps=30)
    again = head.play_arkit(tmp_path / "line.csv", fps=30)
    assert r(opening(head, again), opening(head, line)) > 0.9


def test_lips_seen_closed_are_closed_and_open_ones_open(
    head: Actor, line: AnimationParameters
) -> None:
    model = head.video
    codes = line.codes[:60]
    sure, touching = np.ones(60, np.float32), float(model.opening[0])
    still = np.zeros(60)
    closed = mouth_as_seen(head, model, codes, np.full(60, touching), still, sure)
    assert np.abs(head.lip_gaps(closed)).max() < 5e-4 < head.lip_gaps(codes).max()
    wide = touching + 0.004 / model.opening[1] * (np.arange(60) > 30)
    opened = head.lip_gaps(mouth_as_seen(head, model, 0 * codes, wide, still, sure))
    assert opened[45:].min() > 1e-3 > 4e-4 > np.abs(opened[:15]).max()
    unsure = mouth_as_seen(head, model, codes, np.full(60, touching), still, 0 * sure)
    np.testing.assert_allclose(unsure, codes, atol=1e-4)


def test_a_jaw_seen_still_is_played_stiller_and_an_open_one_opens(
    head: Actor, line: AnimationParameters
) -> None:
    model, measure = head.video, gap_and_drop(head)
    codes, sure = line.codes[:60], np.ones(60, np.float32)
    before = measure(codes)
    still = measure(mouth_as_seen(head, model, codes, None, np.zeros(60), sure))
    assert still[:, 1].std() / before[:, 1].std() == pytest.approx(1 - JAW_TRUST, abs=0.08)
    assert np.abs(still[:, 0] - before[:, 0]).max() < 1e-3, "lips stay as far apart"
    opened = measure(mouth_as_seen(head, model, 0 * codes, None, np.full(60, 0.3), sure))
    assert opened[:, 1].min() > 2e-3
    assert (np.diff(model.jaw, axis=0) >= 0).all(), "a higher score is a lower jaw"
