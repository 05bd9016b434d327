"""What video networks are shown, and how clips are drawn, on made-up clips."""

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks need torch")

from models.faces.finder import SCORE_INDEX
from models.pose import angles_of, rotation_matrix
from models.video import features
from models.video.analysis import Analysis
from models.video.training.video_data import OWN, ClipBatchSampler, Sequence
from models.video.video_scale import VideoScale

FRAMES = 60


def _analysis(**parts: np.ndarray) -> Analysis:
    """A face that does nothing but what is said."""
    whole = {
        "extractor": "landmarks",
        "times": np.arange(FRAMES) / 30,
        "descriptors": np.zeros((FRAMES, 4), np.float32),
        "scores": np.zeros((FRAMES, len(SCORE_INDEX)), np.float32),
        "head_pose": np.zeros((FRAMES, 6), np.float32),
        "confidence": np.ones(FRAMES, np.float32),
        "shots": np.zeros(FRAMES, np.int32),
    }
    return Analysis(**(whole | parts))


def test_rest_is_where_each_part_does_least_and_is_seen() -> None:
    """Mouth still in frames 30 to 44, eyes in 45 to 59; the first twenty are unseen."""
    scores = np.full((FRAMES, len(SCORE_INDEX)), 0.5, np.float32)
    mouth, eyes = SCORE_INDEX["jawOpen"], SCORE_INDEX["eyeBlinkLeft"]
    scores[30:45, mouth] = 0.0
    scores[45:, eyes] = 0.0
    values = np.tile(np.arange(FRAMES, dtype=np.float32)[:, None], (1, 2))
    confidence = np.ones(FRAMES, np.float32)
    confidence[:20], values[:20] = 0.0, 1e6
    scores[:20] = -1.0
    parts = np.array([list(features.PARTS).index(name) for name in ("mouth", "eyes")])
    rest = features.resting(values, parts, _analysis(scores=scores, confidence=confidence))
    assert 30 <= rest[0] < 45 <= rest[1] < 60


def test_mirrored_features_exchange_sides() -> None:
    places = features.score_mirror()
    assert places[SCORE_INDEX["mouthSmileLeft"]] == SCORE_INDEX["mouthSmileRight"]
    assert places[SCORE_INDEX["jawOpen"]] == SCORE_INDEX["jawOpen"]
    np.testing.assert_array_equal(places[places], np.arange(len(places)))
    shown = np.random.default_rng(0).normal(size=(3, 4 + 2 * len(places) + features.POSE_SIZE))
    mirror = np.array([1, 0, 2, 3]), np.array([1.0, 1, -1, 1])
    once = features.mirrored_features(shown, mirror)
    np.testing.assert_allclose(features.mirrored_features(once, mirror), shown)
    smile = 4 + SCORE_INDEX["mouthSmileLeft"]
    assert once[0, smile] == shown[0, 4 + SCORE_INDEX["mouthSmileRight"]]
    np.testing.assert_allclose(once[:, 0], shown[:, 1])


def test_a_head_pose_is_told_in_the_mean_heads_own_axes() -> None:
    """Seen from the side: forward for the camera is sideways for the head."""
    base = rotation_matrix(np.array([0.0, 0.0, np.pi / 2]))
    own = np.array([[0.1, 0, 0], [0, 0, 0], [-0.1, 0, 0]])
    places = np.array([[0.02, 0, 0], [0, 0, 0], [-0.02, 0, 0]])
    seen = np.concatenate([angles_of(base @ rotation_matrix(own)), places @ base.T], 1)
    found = features.relative_pose(seen)
    np.testing.assert_allclose(found, np.concatenate([own, places], 1), atol=1e-6)


def test_far_features_are_held() -> None:
    ones = np.ones(2, np.float32)
    scale = VideoScale(0 * ones, ones, np.array([1.0, 0.0]), np.array([2.0, 1.0]))
    np.testing.assert_allclose(scale.shown(np.array([[5.0, -900.0]])), [[2.0, -5.0]])


def _clip(person: str, frames: int, value: float) -> Sequence:
    size = 4 + features.POSE_SIZE
    shown = np.full((frames, size), value, np.float32)
    motion = np.full((frames, 8), value, np.float32)
    return Sequence("c", "t", person, shown, motion, None, np.ones(frames))


def _sampler(clips: list[Sequence], **parts: float) -> ClipBatchSampler:
    size = clips[0].features.shape[1]
    scale = VideoScale(
        np.zeros(8, "f4"), np.ones(8, "f4"), np.zeros(size, "f4"), np.ones(size, "f4")
    )
    settings = {"batch": 400, "frames": 48, "own_share": 0.25} | parts
    return ClipBatchSampler(clips, scale, **settings)


def test_a_share_of_the_pieces_is_ones_own_and_others_come_by_their_length() -> None:
    clips = [_clip(OWN, 50, 1.0), _clip("a", 60, 2.0), _clip("b", 180, 3.0)]
    batch = _sampler(clips)(torch.Generator().manual_seed(0))
    values = batch.motion[:, 0, 0].numpy()
    shares = [(values == value).mean() for value in (1.0, 2.0, 3.0)]
    np.testing.assert_allclose(shares, [0.25, 0.1875, 0.5625], atol=0.07)


def test_short_clips_count_up_to_their_end() -> None:
    batch = _sampler([_clip("a", 40, 1.0)], batch=3)(torch.Generator().manual_seed(0))
    assert batch.mask.shape == (3, 48, 1) and (batch.mask.sum((1, 2)) == 40).all()
    assert (batch.motion == 1).all(), "the last frame is held"


def test_clips_survive_being_kept() -> None:
    kept = dataclasses.replace(_analysis(), size=(4, 3), warnings=("a", "b"))
    again = Analysis.from_bytes(kept.to_bytes())
    assert (again.size, again.warnings) == (kept.size, kept.warnings)
    np.testing.assert_allclose(again.times, kept.times)
