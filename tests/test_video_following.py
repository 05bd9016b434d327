"""Following one face: who is meant, cuts, gaps and how they are filled, confidence, sentences."""

import numpy as np
import pytest

from models.errors import VideoError
from models.faces.finder import Face
from models.video.cuts import CutFinder
from models.video.following import FaceDetection, Followed, Follower, detection_of
from models.video.gaps import filled, sentences, spans

FPS = 25
RNG = np.random.default_rng(5)
SCENES = [RNG.integers(0, 256, (1, 6, 3)).repeat(90, 0).repeat(27, 1) for _ in range(3)]
SCENES = [np.uint8(np.roll(scene, 40 * i, 1)) for i, scene in enumerate(SCENES)]
NOBODY: list[FaceDetection] = []


def detection(
    left: float, value: float = 0.0, side: float = 40, confidence: float = 1.0
) -> FaceDetection:
    box = np.array([left, 20, left + side, 20 + side], np.float32)
    descriptor = np.array([value, left], np.float32)
    return FaceDetection(
        box, np.full(6, value, np.float32), np.full(51, value), descriptor, confidence
    )


def follow(
    frames: list[list[FaceDetection]],
    scenes: list[int] | None = None,
    person: int | None = None,
    times: np.ndarray | None = None,
) -> Followed:
    follower = Follower()
    times = np.arange(len(frames)) / FPS if times is None else times
    for row, (time, faces) in enumerate(zip(times, frames, strict=True)):
        follower.add(float(time), SCENES[scenes[row] if scenes else 0], faces)
    return follower.followed(person)


def test_a_face_that_is_always_there() -> None:
    found = follow([[detection(50 + row, 0.01 * row)] for row in range(20)])
    np.testing.assert_allclose(found.descriptors[:, 1], 50 + np.arange(20))
    np.testing.assert_allclose(found.scores[:, 7], 0.01 * np.arange(20), atol=1e-6)
    assert found.confidence.tolist() == [1.0] * 20
    assert found.shots.tolist() == [0] * 20
    assert found.warnings == ()


def test_the_larger_face_is_followed_whatever_order_it_comes_in() -> None:
    small, large = detection(100, 0.1, 20), detection(10, 0.9, 50)
    frames = [[small, large] if row % 2 else [large, small] for row in range(10)]
    found = follow(frames)
    assert np.all(found.descriptors[:, 0] == np.float32(0.9))
    assert found.warnings == ("2 faces are seen; the largest is followed.",)


def test_a_face_seen_long_beats_a_larger_one_seen_shortly() -> None:
    frames = [
        [detection(10, 0.1, 30)] + ([detection(80, 0.9, 60)] if row < 4 else [])
        for row in range(20)
    ]
    assert np.all(follow(frames).descriptors[:, 0] == np.float32(0.1))


@pytest.mark.parametrize(("person", "value"), [(0, 0.9), (1, 0.1)])
def test_faces_by_number_from_the_left(person: int, value: float) -> None:
    frames = [[detection(100, 0.1), detection(10, 0.9)] for _ in range(5)]
    found = follow(frames, person=person)
    assert np.all(found.descriptors[:, 0] == np.float32(value))
    assert found.warnings == ()


def test_people_who_pass_each_other_are_not_exchanged() -> None:
    """One near, one far: sizes tell them apart while their boxes cross."""
    frames = [
        [detection(10 + 4 * row, 0.1, 60), detection(110 - 4 * row, 0.9, 24)] for row in range(26)
    ]
    assert np.all(follow(frames, person=0).descriptors[:, 0] == np.float32(0.1))
    assert np.all(follow(frames, person=1).descriptors[:, 0] == np.float32(0.9))


def test_a_face_four_times_as_large_at_the_same_place_is_another() -> None:
    small, large = detection(100, 0.1, 20), detection(70, 0.9, 80)
    found = follow([*10 * [[small]], *10 * [[large]]], person=0)
    assert found.confidence[:10].min() > 0 == found.confidence[10:].max()


def test_one_face_found_twice_is_one() -> None:
    found = follow([[detection(50, 0.5), detection(52, 0.4)] for _ in range(5)])
    assert np.all(found.descriptors[:, 0] == 0.5)
    assert found.warnings == ()


def test_a_gap_is_filled_smoothly_and_named() -> None:
    truth = np.sin(np.arange(50) / 8)
    frames = [[detection(50, value)] for value in truth]
    frames[20:26] = 6 * [NOBODY]
    found = follow(frames)
    assert np.abs(found.descriptors[:, 0] - truth)[20:26].max() < 0.1
    assert np.abs(np.diff(found.descriptors[:, 0])).max() < 1.6 * np.abs(np.diff(truth)).max()
    assert np.flatnonzero(found.confidence == 0).tolist() == list(range(20, 26))
    assert found.warnings == ("No face from 0.8 s to 1.0 s; filled in.",)


def test_a_movement_goes_on_into_a_gap_and_comes_to_rest_in_it() -> None:
    """Rising before the gap, at rest after it: no corners, and no overshoot."""
    values = np.array([0, 1, 2, 9, 9, 9, 3, 3, 3.0])[:, None]
    seen = values[:, 0] != 9
    made = filled(np.arange(9.0), np.zeros(9, int), seen, values)[:, 0]
    straight = np.linspace(2, 3, 5)[1:4]
    assert (made[3:6] - straight > 0.1).all()
    assert (np.diff(made[:7]) > 0).all() and made.max() == 3


def test_one_missing_frame_is_filled_without_a_word() -> None:
    frames = [[detection(50, 0.1 * row)] for row in range(9)]
    frames[4] = NOBODY
    found = follow(frames)
    assert found.descriptors[4, 0] == pytest.approx(0.4, abs=0.02)
    assert found.confidence[4] == 0
    assert found.warnings == ()


def test_at_the_ends_the_movement_comes_to_rest() -> None:
    frames = [[detection(50, 0.02 * row)] for row in range(30)]
    frames[:5], frames[20:] = 5 * [NOBODY], 10 * [NOBODY]
    values = follow(frames).descriptors[:, 0]
    steps = np.diff(values)
    assert np.all(steps >= 0)
    assert 0.01 < steps[19] < 0.02
    assert steps[28] < 0.001 and steps[0] < steps[3] < 0.02
    assert values[-1] - values[19] < 0.05


def test_uneven_times_are_filled_by_time() -> None:
    times = np.array([0, 0.04, 0.08, 0.12, 0.32, 0.36, 0.4])
    frames = [[detection(50, time)] for time in times]
    frames[3] = NOBODY
    assert follow(frames, times=times).descriptors[3, 0] == pytest.approx(0.12, abs=0.02)


def test_scores_stay_between_0_and_1() -> None:
    frames = [[detection(50, 0.1 * row)] for row in range(11)] + 5 * [NOBODY]
    scores = follow(frames).scores
    assert scores.min() >= 0 and scores.max() <= 1


def test_head_angles_are_filled_the_short_way_round() -> None:
    frames = [[detection(50, value)] for value in (3.1, 3.12, 0, -3.12, -3.1)]
    frames[2] = NOBODY
    angle = follow(frames).head_pose[2, 0]
    assert np.cos(angle) < -0.99


def test_cuts_are_numbered_and_gaps_do_not_cross_them() -> None:
    frames = [[detection(10, 0.1)]] * 8 + [NOBODY] * 4 + [[detection(100, 0.9)]] * 8
    found = follow(frames, 10 * [0] + 10 * [1])
    assert found.shots.tolist() == 10 * [0] + 10 * [1]
    np.testing.assert_allclose(found.descriptors[8:10, 0], 0.1, atol=1e-6)
    np.testing.assert_allclose(found.descriptors[10:12, 0], 0.9, atol=1e-6)


def test_a_shot_without_a_face_repeats_the_nearest() -> None:
    frames = [[detection(10, 0.1)]] * 6 + [NOBODY] * 8 + [[detection(100, 0.9)]] * 6
    found = follow(frames, 6 * [0] + 8 * [1] + 6 * [2])
    assert found.shots.tolist() == 6 * [0] + 8 * [1] + 6 * [2]
    assert set(found.descriptors[6:14, 0].tolist()) == {np.float32(0.1), np.float32(0.9)}


@pytest.mark.parametrize(
    ("change", "cut"),
    [("nothing", False), ("flash", False), ("other place, same face", True), ("face moves", False)],
)
def test_what_is_a_cut(change: str, cut: bool) -> None:
    here, there = np.array([[10, 10, 50, 50.0]]), np.array([[100, 10, 140, 50.0]])
    find, scene = CutFinder(), SCENES[0]
    find(scene, here)
    after = {
        "flash": np.uint8(np.clip(scene * 0.5 + 120, 0, 255)),
        "other place, same face": SCENES[1],
    }
    boxes = there if change == "face moves" else here
    assert find(after.get(change, scene), boxes) is cut


def test_a_slow_fade_is_no_cut() -> None:
    find = CutFinder()
    shares = np.linspace(0, 1, 40)
    scenes = [np.uint8((1 - a) * SCENES[0] + a * SCENES[1]) for a in shares]
    assert not any(find(scene, np.zeros((0, 4))) for scene in scenes)


def test_somebody_who_comes_back_is_the_same() -> None:
    frames = [[detection(50, 0.2)]] * 10 + [NOBODY] * 20 + [[detection(90, 0.3)]] * 10
    found = follow(frames, person=0)
    np.testing.assert_allclose(found.descriptors[30:, 0], 0.3)
    assert found.warnings == ("No face from 0.4 s to 1.2 s; filled in.",)


def test_nobody() -> None:
    with pytest.raises(VideoError, match="No face is seen"):
        follow([NOBODY] * 5)
    with pytest.raises(VideoError, match="no pictures in the part"):
        Follower().followed()
    with pytest.raises(VideoError, match="There is no face 2; the video shows 1"):
        follow([[detection(50)]] * 3, person=2)


def test_a_face_found_by_mistake_is_no_person() -> None:
    frames = [
        [detection(80, 0.4)] + ([detection(5, 0.9, 25)] if row == 3 else []) for row in range(60)
    ]
    with pytest.raises(VideoError, match="shows 1"):
        follow(frames, person=1)


def face(yaw: float = 0.0, left: float = 100, side: float = 100) -> Face:
    pose = np.eye(4, dtype=np.float32)
    c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    pose[:3, :3] = [[c, 0, s], [0, 1, 0], [-s, 0, c]]
    points = np.zeros((478, 3), np.float32)
    points[:, :2] = np.linspace(0, 1, 478)[:, None] * side + [left, 100]
    return Face(points, np.zeros(51, np.float32), pose)


def test_confidence_falls_with_profile_size_and_cut_off_faces() -> None:
    def of(*args: float) -> float:
        return detection_of(face(*args), np.zeros(1), (640, 360)).confidence

    assert of() == 1
    assert of(30) == of(-30) == 1
    assert of(60) == of(-60) == pytest.approx(0.2)
    assert of(0, 100, 20) == pytest.approx(0.3)
    assert of(0, -50) == of(0, 590) == pytest.approx(0.3)


def test_a_profile_is_named() -> None:
    frames = [[detection(50, confidence=0.2 if 10 <= row < 30 else 1)] for row in range(40)]
    assert follow(frames).warnings == (
        "The face is turned away, small or cut off from 0.4 s to 1.2 s; its movement is uncertain.",
    )


def test_many_gaps_are_summed_up() -> None:
    named = sentences([(i, i + 0.2 + 0.1 * (i == 5)) for i in range(7)], "No face", "filled in")
    assert len(named) == 5
    assert "No face from 5.0 s to 5.3 s; filled in." in named
    assert named[-1] == "No face 3 times more, shorter; filled in."


def test_a_gap_at_the_end_reaches_to_the_last_frames_end() -> None:
    times = np.arange(10) / 10
    ((start, end),) = spans(times, times > 0.65)
    assert (start, end) == (pytest.approx(0.7), pytest.approx(1.0))


def test_filling_between_keeps_inside_what_was_seen() -> None:
    values = RNG.normal(size=(60, 3))
    seen = RNG.random(60) > 0.5
    result = filled(
        np.arange(60) / FPS, np.zeros(60, int), seen, np.where(seen[:, None], values, 9e9)
    )
    first, last = np.flatnonzero(seen)[[0, -1]]
    assert np.array_equal(result[seen], values[seen])
    assert np.abs(result[first:last]).max() <= np.abs(values[seen]).max() + 1e-9
