"""The video network: footage beside takes, training, the residual space, its place in a head."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks need torch")

from models.actor import Actor
from models.arkit.arkit_map import weights_of
from models.errors import CaptureError, HeadFileError, VideoError
from models.head.file import read_head_file, write_head_file
from models.parameters import AnimationParameters
from models.pose import angles_of, rotation_matrix
from models.video.analysis import Analysis
from models.video.features import LandmarkFeatures, features_of, mirrored_features, relative_pose
from models.video.retarget_settings import ResidualCurve, Retargeting
from models.video.training.build_video import (
    make_video,
    train_video,
    video_data,
    video_model,
)
from models.video.training.footage import read_footage, read_motion
from models.video.training.video_data import VideoData, analysis_of
from models.video.training.video_evaluation import (
    Player,
    errors,
    linear_map,
    linear_motion,
    players,
)
from models.video.training.video_task import VideoConfig
from models.video.video_model import VideoModel
from models.video.video_network import HOP, WINDOW, MotionNetwork, VideoDims, between
from tests import tiny

STEPS = 150
Trained = tuple[VideoModel, list, VideoData]


@pytest.fixture(scope="module")
def head(tiny_head: Path) -> Actor:
    return Actor.open(tiny_head, "cpu")


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.tiny_footage(tmp_path_factory.mktemp("footage"), tiny.tiny_takes(6))


@pytest.fixture(scope="module")
def trained(head: Actor, footage: Path) -> Trained:
    config = VideoConfig(minutes=None, steps=STEPS, batch=12, frames=48)
    model, curve, data = make_video(head, footage, config)
    return model, curve, data


@pytest.fixture(scope="module")
def playing(head: Actor, trained: Trained) -> Actor:
    """The tiny head with the trained network."""
    head.video = trained[0]
    return head


def analysed(head: Actor, footage: Path, take: str = "motion_2", person: str = "actor") -> Analysis:
    clip = next(c for c in read_footage(footage) if c.take == take and c.person == person)
    return analysis_of(clip, LandmarkFeatures(), head.info.fps)


def test_footage_finds_its_takes(head: Actor, footage: Path) -> None:
    data = video_data(head, footage, LandmarkFeatures())
    clips = list(read_footage(footage))
    held_out = [c for c in clips if c.split == "held_out"]
    assert len(data.held_out) == len(held_out)
    assert len(data.train) == 2 * (len(clips) - len(held_out)), "every clip also mirrored"


def test_motion_of_footage_is_kept(footage: Path) -> None:
    controls, names = read_motion(footage)
    takes = {take.name: take for take in tiny.tiny_takes(6)}
    assert names == tiny.CONTROLS
    np.testing.assert_allclose(controls["motion_0"], takes["motion_0"].controls, atol=2e-3)


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """Footage of takes that the head does not have."""
    takes = [dataclasses.replace(take, name=f"x_{take.name}") for take in tiny.tiny_takes(6)]
    return tiny.tiny_footage(tmp_path, takes)


def test_takes_acted_for_the_footage_only_are_played_by_their_shapes(
    tiny_head: Path, others: Path, footage: Path
) -> None:
    head = Actor.open(tiny_head, "cpu")
    data = video_data(head, others, LandmarkFeatures())
    assert len(data.train) == 2 * len(list(read_footage(others))) and not data.held_out
    controls, names = read_motion(others)
    for clip in data.train:
        if not clip.name.endswith("mirrored"):
            played = head.arkit.codes(weights_of(controls[clip.take], names))
            np.testing.assert_array_equal(clip.motion[:, :-6], played)
    own = video_data(head, footage, LandmarkFeatures())
    assert not any(np.array_equal(own.train[0].motion, clip.motion) for clip in data.train)


def test_a_network_begins_as_a_linear_map(head: Actor, footage: Path) -> None:
    data = video_data(head, footage, LandmarkFeatures())
    torch.manual_seed(0)
    dims = VideoDims(features=data.train[0].features.shape[1], code=head.code_size)
    network, shown = MotionNetwork(dims, 0.3), data.scale.shown(data.train[0].features)
    weights = torch.randn(dims.features, dims.motion) / dims.features
    network.start_at(weights, torch.arange(dims.motion).float())
    features = torch.from_numpy(shown)[None]
    made = network(features, torch.zeros(1, len(shown), dims.residual))
    wanted = features @ weights + torch.arange(dims.motion)
    torch.testing.assert_close(made, wanted, atol=1e-4, rtol=1e-4)
    made.sum().backward()
    assert network.leave.weight.grad.abs().max() > 0


def test_little_footage_is_not_learnt_by_heart(head: Actor, footage: Path) -> None:
    data = video_data(head, footage, LandmarkFeatures())
    seen: list[float] = []
    config = VideoConfig(minutes=5.0, batch=4, frames=48, passes=2.0)
    train_video(head, data, config, progress=lambda share, _: seen.append(share))
    frames = sum(len(clip.motion) for clip in data.train)
    assert seen[-1] == 1 and len(seen) == max(1, round(2 * frames / (4 * 48)))


def test_footage_of_another_head_is_refused(tiny_head: Path, others: Path) -> None:
    head = Actor.open(tiny_head, "cpu")
    head.arkit = None
    with pytest.raises(CaptureError, match="no take of this head"):
        video_data(head, others, LandmarkFeatures())


def test_empty_and_damaged_footage(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="holds no footage"):
        list(read_footage(tmp_path))
    (tmp_path / "clip.npz").write_bytes(b"PK nothing")
    with pytest.raises(CaptureError, match="clip.npz is damaged"):
        list(read_footage(tmp_path))


def test_features_do_not_depend_on_place_size_and_turn_of_the_face(
    head: Actor, footage: Path
) -> None:
    analysis = analysed(head, footage)
    extractor = LandmarkFeatures()
    points = tiny.tiny_points(tiny.tiny_takes(6)[-1].controls)
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    moved = 2.5 * (points - 160) @ turn + [300, 40, 7]
    np.testing.assert_allclose(
        extractor.descriptors(moved), extractor.descriptors(points), atol=2e-4
    )
    assert features_of(analysis, extractor.parts).shape[1] == extractor.size + 2 * 51 + 9


def test_features_of_two_people_agree_once_their_rest_is_off(head: Actor, footage: Path) -> None:
    own, other = (analysed(head, footage, "line_0", person) for person in ("actor", "person_01"))
    size = LandmarkFeatures().size
    raw = np.abs(own.descriptors - other.descriptors).mean()
    rested = [features_of(a, LandmarkFeatures().parts)[:, :size] for a in (own, other)]
    assert np.abs(rested[0] - rested[1]).mean() < 0.2 * raw


def test_mirroring_twice_changes_nothing(head: Actor, footage: Path) -> None:
    extractor = LandmarkFeatures()
    features = features_of(analysed(head, footage), extractor.parts)
    once = mirrored_features(features, extractor.mirror)
    assert np.abs(once - features).max() > 0.01
    np.testing.assert_array_equal(mirrored_features(once, extractor.mirror), features)


def test_pose_is_from_the_mean_and_survives_a_turned_camera() -> None:
    rng = np.random.default_rng(1)
    pose = np.concatenate([0.1 * rng.standard_normal((60, 3)), np.zeros((60, 3))], 1)
    camera = rotation_matrix(np.array([0.1, -0.05, 0.4]))
    turned = pose.copy()
    turned[:, :3] = angles_of(camera @ rotation_matrix(pose[:, :3]))
    np.testing.assert_allclose(relative_pose(turned), relative_pose(pose), atol=1e-5)


def network_alone(model: VideoModel) -> Player:
    """The network, the lips not moved afterwards: the tiny head's hardly can be."""
    return lambda s: model.motion(s.features, np.zeros((len(s.features), len(model.names))))


def test_training_learns_what_a_linear_map_cannot(head: Actor, trained: Trained) -> None:
    model, curve, data = trained
    assert curve[-1][1]["codes"] < 0.95 * curve[0][1]["codes"], "it begins as the linear map"
    untrained, _ = train_video(head, data, VideoConfig(minutes=None, steps=1, learning_rate=1e-9))
    begun = video_model(head, data, untrained, model.extractor)
    network, linear, still = (
        errors(head, data, data.held_out, player)
        for player in (
            network_alone(model),
            network_alone(begun),
            lambda s: np.tile(data.scale.mean, (len(s.motion), 1)),
        )
    )
    assert network.code < 1.05 * linear.code and network.jerk < linear.jerk
    assert network.lip_vertex_mm < 0.7 * still.lip_vertex_mm
    assert network.rotation_deg < 1.0


def test_the_residual_of_the_truth_helps(head: Actor, trained: Trained) -> None:
    """Most where features tell nothing."""
    model, _, data = trained
    blind = [dataclasses.replace(s, features=np.zeros_like(s.features)) for s in data.train]
    data = dataclasses.replace(data, train=blind)
    config = VideoConfig(
        **{"minutes": None, "steps": 80, "batch": 12, "frames": 48, "learning_rate": 1e-2},
        **{"dropout": 0.0, "residual_noise": 0.0, "residual_share": 0.8},
    )
    networks, _ = train_video(head, data, config)
    play = players(head, video_model(head, data, networks, model.extractor), data)
    told = errors(head, data, blind, play["re-encoded"])
    alone = errors(head, data, blind, play["network"])
    assert told.code < 0.98 * alone.code


def test_linear_map_is_the_best_linear_one(trained: Trained) -> None:
    data = trained[2]
    weights = linear_map(data.train)
    rng = np.random.default_rng(0)

    def miss(w: np.ndarray) -> float:
        return sum(((linear_motion(s, w) - s.motion) ** 2).sum() for s in data.train)

    assert all(
        miss(weights) < miss(weights + 0.05 * rng.standard_normal(weights.shape)) for _ in range(5)
    )


def test_residual_axes_are_ordered_and_named(trained: Trained) -> None:
    model, _, data = trained
    assert len(set(model.names)) == len(model.names) and all(model.names)
    vectors = np.concatenate([model.residual_of(s.motion)[WINDOW // 2 :: HOP] for s in data.train])
    second = vectors.T @ vectors / len(vectors)
    np.testing.assert_allclose(second, np.eye(len(second)), atol=0.2)
    shown = data.scale.shown(data.train[0].features)
    effect = []
    for axis in np.eye(len(model.names), dtype=np.float32):
        track = np.repeat(0.5 * axis[None], len(shown), 0)
        change = model.normal_motion(shown, track) - model.normal_motion(shown, -track)
        effect.append(np.abs((change[:, :-6] * data.scale.deviation[:-6]) @ data.points).mean())
    assert np.mean(effect[:3]) > np.mean(effect[-3:])


def test_knots_are_reached_in_the_middle_of_their_windows() -> None:
    knots = torch.tensor([[[0.0], [1.0], [3.0]]])
    track = between(knots, WINDOW + 2 * HOP)[0, :, 0]
    middle = (WINDOW - 1) / 2
    at = np.interp(middle + HOP * np.arange(3), np.arange(len(track)), track.numpy())
    np.testing.assert_allclose(at, [0, 1, 3], atol=1 / HOP)
    assert track[0] == 0 and track[-1] == 3


def test_retarget_plays_the_clip(playing: Actor, footage: Path) -> None:
    analysis = analysed(playing, footage)
    made = playing.retarget(analysis)
    assert made.codes.shape == (len(analysis), playing.code_size)
    np.testing.assert_allclose(np.diff(made.times), 1 / playing.info.fps, atol=1e-9)


def test_settings_do_what_they_say(playing: Actor, footage: Path) -> None:
    analysis = analysed(playing, footage)
    plain = playing.retarget(analysis)
    half = playing.retarget(analysis, Retargeting(strength=0.5))
    np.testing.assert_allclose(half.codes, 0.5 * plain.codes, atol=1e-4)
    slow = playing.retarget(analysis, Retargeting(speed=0.5))
    assert len(slow.times) == 2 * len(plain.times) - 1
    np.testing.assert_allclose(slow.codes[::2], plain.codes, atol=1e-4)
    mirrored = playing.retarget(analysis, Retargeting(mirror=True))
    np.testing.assert_allclose(mirrored.codes, playing.mirrored(plain.codes), atol=1e-3)
    still = playing.retarget(analysis, Retargeting(use_head=False))
    assert np.abs(still.head_pose).max() == 0 and np.abs(plain.head_pose).max() > 0.01
    cut = playing.retarget(analysis, Retargeting(trim_start=0.2, trim_end=0.8))
    assert cut.times[-1] == pytest.approx(0.6, abs=0.04)
    calm = playing.retarget(analysis, Retargeting(smoothing=0.2))
    assert np.abs(np.diff(calm.codes, axis=0)).mean() < np.abs(np.diff(plain.codes, axis=0)).mean()
    eyes = playing.retarget(analysis, Retargeting(eyes_strength=0.0))
    left, right = playing.space.slices[1:3]
    assert np.abs(eyes.codes[:, left]).max() == 0 == np.abs(eyes.codes[:, right]).max()
    mouth = playing.space.slices[0]
    np.testing.assert_allclose(eyes.codes[:, mouth], plain.codes[:, mouth], atol=1e-5)


def test_eye_contact_turns_the_eyes_alone(playing: Actor, footage: Path) -> None:
    analysis = analysed(playing, footage)
    plain, looking = (
        playing.retarget(analysis, Retargeting(eye_contact=amount)) for amount in (0.0, 1.0)
    )
    left, right = playing.space.slices[1:3]
    model = playing.video

    def gaze(made: AnimationParameters) -> np.ndarray:
        return np.c_[made.codes[:, left], made.codes[:, right]] @ model.gaze_of_eyes

    wanted = np.stack([-plain.head_pose[:, 2], plain.head_pose[:, 0]], 1)
    before, after = (np.abs(gaze(made) - wanted).mean() for made in (plain, looking))
    assert after < 0.5 * before
    others = np.ones(playing.code_size, bool)
    others[left] = others[right] = False
    np.testing.assert_allclose(looking.codes[:, others], plain.codes[:, others], atol=1e-5)


def test_times_of_a_variable_frame_rate_are_honoured(playing: Actor, footage: Path) -> None:
    analysis = analysed(playing, footage)
    keep = np.sort(np.random.default_rng(3).permutation(len(analysis))[: len(analysis) * 3 // 4])
    keep[0], keep[-1] = 0, len(analysis) - 1
    parts = {
        name: getattr(analysis, name)[keep]
        for name in ("times", "descriptors", "scores", "head_pose", "confidence", "shots")
    }
    sparse = playing.retarget(dataclasses.replace(analysis, **parts))
    whole = playing.retarget(analysis)
    assert len(sparse.times) == len(whole.times)
    apart = np.abs(sparse.codes - whole.codes).mean()
    assert apart < 0.5 * np.abs(whole.codes - whole.codes.mean(0)).mean()


def test_a_residual_changes_the_performance_where_it_is_set(playing: Actor, footage: Path) -> None:
    analysis = analysed(playing, footage)
    size, seconds = len(playing.video.names), analysis.seconds
    times = np.array([0, 0.4 * seconds, 0.45 * seconds])
    values = np.zeros((3, size))
    values[0:2, 0] = 2.0
    plain = playing.retarget(analysis)
    played = playing.retarget(analysis, Retargeting(residual=ResidualCurve(times, values)))
    apart = np.abs(played.codes - plain.codes).mean(1)
    part = len(apart) // 3
    assert apart[:part].mean() > 3 * apart[-part:].mean()
    with pytest.raises(VideoError, match="residual vector has"):
        playing.retarget(analysis, Retargeting(residual=ResidualCurve(times, values[:, :3])))


def test_residual_on_top_of_any_animation(playing: Actor, footage: Path) -> None:
    made = playing.retarget(analysed(playing, footage))
    size = len(playing.video.names)
    same = playing.with_residual(made, ResidualCurve(np.zeros(1), np.zeros((1, size))))
    np.testing.assert_allclose(same.codes, made.codes, atol=1e-5)
    other = playing.with_residual(made, ResidualCurve(np.zeros(1), np.ones((1, size))))
    assert np.abs(other.codes - made.codes).max() > 0.01
    curve = playing.residual_of(made)
    assert curve.values.shape == (len(curve.times), size) and np.isfinite(curve.values).all()


def test_one_frame_plays(playing: Actor, footage: Path) -> None:
    analysis = analysed(playing, footage)
    parts = {
        name: getattr(analysis, name)[:1]
        for name in ("times", "descriptors", "scores", "head_pose", "confidence", "shots")
    }
    assert len(playing.retarget(dataclasses.replace(analysis, **parts)).times) == 1


def test_analysis_survives_its_bytes(playing: Actor, footage: Path) -> None:
    analysis = analysed(playing, footage)
    again = Analysis.from_bytes(analysis.to_bytes())
    np.testing.assert_allclose(again.descriptors, analysis.descriptors, atol=1e-3)
    apart = np.abs(playing.retarget(again).codes - playing.retarget(analysis).codes)
    assert apart.max() < 0.05
    with pytest.raises(VideoError, match="damaged"):
        Analysis.from_bytes(analysis.to_bytes()[:-40])


def test_other_features_are_refused(playing: Actor, footage: Path) -> None:
    analysis = dataclasses.replace(analysed(playing, footage), extractor="resnet50")
    with pytest.raises(HeadFileError, match="analyse it again"):
        playing.retarget(analysis)


def test_a_head_file_keeps_the_network(
    trained: Trained, tiny_head: Path, tmp_path: Path, footage: Path
) -> None:
    file = trained[0].stored(read_head_file(tiny_head))
    path = tmp_path / "with.nface"
    write_head_file(path, file)
    again = Actor.open(path, "cpu")
    assert again.video.names == trained[0].names
    analysis = analysed(again, footage)
    made = again.retarget(analysis)
    again.video = trained[0]
    assert np.abs(made.codes - again.retarget(analysis).codes).max() < 0.05


def test_a_head_without_the_network_says_so(tiny_head: Path, footage: Path) -> None:
    file = read_head_file(tiny_head)
    document = {key: value for key, value in file.document.items() if key != "video"}
    plain = Actor(dataclasses.replace(file, document=document), "cpu")
    assert plain.video is None
    with pytest.raises(HeadFileError, match="no video network"):
        plain.retarget(analysed(plain, footage))


def test_a_network_that_does_not_fit_is_refused(tiny_head: Path) -> None:
    file = read_head_file(tiny_head)
    for name in ("video.axes", "video.networks.motion.enter.weight", "video.scale.spread"):
        tensors = dict(file.tensors)
        tensors[name] = tensors[name][:-1]
        with pytest.raises(HeadFileError, match="video network"):
            Actor(dataclasses.replace(file, tensors=tensors), "cpu")


@pytest.mark.parametrize(
    "wrong",
    [{"strength": 5}, {"speed": 0}, {"eyes_strength": -1}, {"trim_start": 3, "trim_end": 2}],
)
def test_settings_out_of_range_are_refused(wrong: dict) -> None:
    with pytest.raises(VideoError):
        Retargeting(**wrong)


def test_the_residual_is_not_taken_back_by_the_lips(playing: Actor, footage: Path) -> None:
    analysis = analysed(playing, footage)
    size = len(playing.video.names)
    plain = playing.retarget(analysis)
    values = np.eye(size)[:1] * 2
    moved = playing.retarget(analysis, Retargeting(residual=ResidualCurve(np.zeros(1), values)))
    model, extractor = playing.video, LandmarkFeatures()
    features = features_of(analysis, extractor.parts)
    alone = [
        model.motion(features, np.repeat(factor * values, len(features), 0)) for factor in (0, 1)
    ]
    np.testing.assert_allclose(moved.codes - plain.codes, (alone[1] - alone[0])[:, :-6], atol=1e-3)
