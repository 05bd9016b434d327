"""A video's performance on a head: analyse it once, then solve it as often as settings change."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..errors import HeadFileError
from ..head.inference import Head
from ..parameters import AnimationParameters
from ..pose import angles_of, mean_rotation, rotation_matrix
from ..speech.manner import PARTS
from ..threads import one_thread
from .analysis import Analysis
from .features import Extractor, extractor_of, features_of
from .mouth_as_seen import opening_at, played
from .retarget_settings import AS_SEEN, ResidualCurve, Retargeting
from .video_model import VideoModel

_POSE_MIRROR = np.array([1, -1, -1, -1, 1, 1], np.float32)


@one_thread()
def retarget(
    head: Head,
    model: VideoModel,
    analysis: Analysis,
    settings: Retargeting = AS_SEEN,
    fps: float | None = None,
) -> AnimationParameters:
    """The head's animation of an analysed video; times from 0, evenly spaced.

    Args:
        head: Opened head.
        model: Its video network.
        analysis: Of the video.
        settings: How to play it.
        fps: Frames a second of the result; the head's own when None.

    Raises:
        HeadFileError: The network is for other features.
        VideoError: A setting does not fit.
    """
    extractor = extractor_of(model.extractor)
    if analysis.extractor != model.extractor or analysis.descriptors.shape[1] != extractor.size:
        raise HeadFileError(
            f"The video was analysed for other features ({analysis.extractor}) than "
            f"{head.info.name} knows ({model.extractor}); analyse it again."
        )
    step = 1 / head.info.fps
    first = max(settings.trim_start, float(analysis.times[0]))
    last = min(settings.end or np.inf, float(analysis.times[-1]))
    times = first + step * np.arange(max(int((last - first) / step + 1e-6), 0) + 1)
    motion = _motion(head, model, analysis, extractor, times, settings, first)
    if not settings.facing:
        motion[:, -6:] = _from_camera(motion[:, -6:], analysis)
    motion = _styled(head, model, model.follow, motion, settings)
    return _retimed(motion, times - first, settings.speed, fps or head.info.fps)


@one_thread()
def replay(
    head: Head,
    model: VideoModel | None,
    follow: np.ndarray,
    parameters: AnimationParameters,
    settings: Retargeting = AS_SEEN,
    fps: float | None = None,
) -> AnimationParameters:
    """A performance of the head itself with a video's settings; its own direction is kept.

    Args:
        head: Opened head.
        model: Its video network, which a residual and eye contact need; None where it has none.
        follow: (M, F): what mouth codes explain of the face's codes.
        parameters: The performance; their times need not be even.
        settings: How to play it.
        fps: Frames a second of the result; the head's own when None.

    Raises:
        HeadFileError: A setting needs the video network and the head has none.
        VideoError: A setting does not fit.
    """
    step = 1 / head.info.fps
    known = parameters.times
    first = max(settings.trim_start, float(known[0]))
    last = min(settings.end or np.inf, float(known[-1]))
    times = first + step * np.arange(max(int((last - first) / step + 1e-6), 0) + 1)
    motion = _sampled(np.concatenate([parameters.codes, parameters.head_pose], 1), known, times)
    if np.any(settings.residual.values):
        moved = AnimationParameters(
            (times - first) / settings.speed, motion[:, :-6], motion[:, -6:]
        )
        moved = with_residual(_needed(model, head), moved, settings.residual)
        motion = np.concatenate([moved.codes, moved.head_pose], 1)
    motion = _styled(head, model, follow, motion, settings)
    return _retimed(motion, times - first, settings.speed, fps or head.info.fps)


def _motion(
    head: Head,
    model: VideoModel,
    analysis: Analysis,
    extractor: Extractor,
    times: np.ndarray,
    settings: Retargeting,
    first: float,
) -> np.ndarray:
    """Codes and head pose (T, Z + 6) at `times` (T,) of the video, shot by shot."""
    features = features_of(analysis, extractor.parts)
    opening = extractor.opening(analysis.descriptors)
    residual = settings.residual.at((times - first) / settings.speed, len(model.names))
    nearest = np.searchsorted(0.5 * (analysis.times[1:] + analysis.times[:-1]), times)
    shots = analysis.shots[nearest]
    motion = np.empty((len(times), model.networks.dims.motion), np.float32)
    for shot in np.unique(shots):
        rows, seen = shots == shot, analysis.shots == shot

        def at(values: np.ndarray) -> np.ndarray:
            return _sampled(values[seen], analysis.times[seen], times[rows])  # noqa: B023

        motion[rows] = played(
            head,
            model,
            at(features),
            residual[rows],
            None
            if opening is None
            else opening_at(times[rows], analysis.times[seen], opening[seen]),
            at(analysis.confidence[:, None])[:, 0],
        )
    return motion


def _sampled(values: np.ndarray, known: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Values (K, D) at times `known` (K,) interpolated to `times` (T,)."""
    place = np.interp(times, known, np.arange(len(known)))
    low = np.minimum(place.astype(int), max(len(known) - 2, 0))
    high = np.minimum(low + 1, len(known) - 1)
    share = (place - low)[:, None].astype(np.float32)
    return values[low] * (1 - share) + values[high] * share


def _styled(
    head: Head,
    model: VideoModel | None,
    follow: np.ndarray,
    motion: np.ndarray,
    settings: Retargeting,
) -> np.ndarray:
    """Mirror, strengths, head pose, smoothing, gaze: everything after the network.

    `motion` (T, Z + 6) has the head's own frame rate.
    """
    codes, pose = motion[:, :-6], motion[:, -6:]
    if settings.mirror:
        codes, pose = head.mirrored(codes), pose * _POSE_MIRROR
    codes, pose = _strengthened(head, follow, codes, pose, settings)
    if settings.smoothing > 0:
        codes, pose = (
            gaussian_filter1d(v, settings.smoothing * head.info.fps, axis=0, mode="nearest")
            for v in (codes, pose)
        )
    if settings.eye_contact > 0:
        codes = _looking(head, _needed(model, head), codes, pose, settings.eye_contact)
    return np.concatenate([codes, pose], 1)


def _from_camera(pose: np.ndarray, analysis: Analysis) -> np.ndarray:
    """Head pose (T, 6) from the camera's view instead of from its own mean."""
    mean = mean_rotation(rotation_matrix(analysis.head_pose[:, :3]))
    turned = angles_of(mean @ rotation_matrix(pose[:, :3]))
    return np.concatenate([turned, pose[:, 3:] @ mean.T], 1).astype(np.float32)


def _strengthened(
    head: Head, follow: np.ndarray, codes: np.ndarray, pose: np.ndarray, settings: Retargeting
) -> tuple[np.ndarray, np.ndarray]:
    """Each part's movement times its strength; of the face the mouth moves one share."""
    regions = head.regions
    strength = {part: settings.strength_of(part) for part in PARTS}
    codes = codes.copy()
    mouth, face = regions["mouth"], regions["face"]
    followed = codes[:, mouth] @ follow
    codes[:, face] = strength["mouth"] * followed + strength["brows"] * (codes[:, face] - followed)
    codes[:, mouth] *= strength["mouth"]
    for name in ("left_eye", "right_eye"):
        codes[:, regions[name]] *= strength["eyes"]
    return codes, pose * (strength["head"] if settings.use_head else 0.0)


def _looking(
    head: Head, model: VideoModel, codes: np.ndarray, pose: np.ndarray, amount: float
) -> np.ndarray:
    """Codes (T, Z) whose eyes are turned towards a camera straight ahead, by `amount` 0…1."""
    left, right = (head.regions[name] for name in ("left_eye", "right_eye"))
    eyes = np.concatenate([codes[:, left], codes[:, right]], 1)
    wanted = np.stack([-pose[:, 2], pose[:, 0]], 1)
    eyes = eyes + amount * (wanted - eyes @ model.gaze_of_eyes) @ model.eyes_of_gaze
    codes = codes.copy()
    codes[:, left], codes[:, right] = np.split(eyes, [left.stop - left.start], 1)
    return codes


def _needed(model: VideoModel | None, head: Head) -> VideoModel:
    if model is None:
        raise HeadFileError(
            f"{head.info.name} has no video network, which a residual and eye contact need."
        )
    return model


def _retimed(
    motion: np.ndarray, seconds: np.ndarray, speed: float, fps: float
) -> AnimationParameters:
    """Motion (T, Z + 6) at video seconds (T,) as it is played at `speed`."""
    length = seconds[-1] / speed
    times = np.arange(int(length * fps + 1e-6) + 1) / fps
    played = _sampled(motion, seconds / speed, times)
    return AnimationParameters(
        times, played[:, :-6].astype(np.float32), played[:, -6:].astype(np.float32)
    )


@one_thread()
def encode_residual(
    model: VideoModel, parameters: AnimationParameters, fps: float
) -> ResidualCurve:
    """How an animation of a head of `fps` was played, as residual vectors over its time."""
    times = np.arange(0, parameters.times[-1] + 1e-6, 1 / fps)
    whole = np.concatenate([parameters.codes, parameters.head_pose], 1)
    values = model.residual_of(_sampled(whole, parameters.times, times))
    return ResidualCurve(times, values)


@one_thread()
def with_residual(
    model: VideoModel, parameters: AnimationParameters, curve: ResidualCurve
) -> AnimationParameters:
    """An animation of any origin played as residual vectors over time say.

    The features that usually go with its motion stand in for a video's: what the residual changes
    there is added.

    Raises:
        VideoError: The curve has another size.
    """
    residual = curve.at(parameters.times, len(model.names))
    whole = np.concatenate([parameters.codes, parameters.head_pose], 1)
    usual = model.usual_features(whole)
    change = model.normal_motion(usual, residual) - model.normal_motion(usual, 0 * residual)
    played = whole + change * model.scale.deviation
    return AnimationParameters(
        parameters.times, played[:, :-6].astype(np.float32), played[:, -6:].astype(np.float32)
    )
