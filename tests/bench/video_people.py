"""Real people's videos drive the head; its animation, filmed and read again, against the source."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from models.errors import CaptureError
from models.faces.finder import SCORE_INDEX, FaceFinder
from models.faces.landmarks import head_fixed
from models.pose import head_poses
from models.video.analyse import analyse_video
from models.video.analysis import Analysis
from models.video.features import LandmarkFeatures

from .figures import Context, Figure
from .rendered_head import RenderedHead

FACE_BAR, HEAD_BAR, LAG_BAR = 0.85, 0.95, 1
MOST_LAG = 4
"""Frames each way in which a lag is looked for."""
BLINKS = ("eyeBlinkLeft", "eyeBlinkRight")
SMILES = ("mouthSmileLeft", "mouthSmileRight")
INNER_LIPS = ((13, 14), (82, 87), (312, 317))
BENCH = "video_people"


def run(context: Context) -> Iterator[Figure]:
    """Correlations over all clips, each clip's own mean taken off, and those of each clip.

    Raises:
        CaptureError: There are no videos at hand.
    """
    videos = sorted(_videos(context.data))
    if not videos:
        raise CaptureError("no videos of real people at hand: data/video, cache/video")
    rendered = RenderedHead(context.head)
    pairs = {path.stem: _pair(context, rendered, path) for path in videos}
    for name in next(iter(pairs.values()))[0]:
        source, again = (
            np.concatenate([_centred(pair[k][name]) for pair in pairs.values()]) for k in (0, 1)
        )
        bar = HEAD_BAR if name.startswith("head") else FACE_BAR
        value = _r(source, again)
        own = {clip: _r(*(part[name] for part in pair)) for clip, pair in pairs.items()}
        lag = _lag(pairs, name)
        holds = value >= bar and abs(lag) <= LAG_BAR
        yield Figure(
            BENCH, "all_clips", name, value, "r", f">= {bar:g}, lag <= {LAG_BAR} frame", holds,
            {"lag_frames": lag, **own},
        )  # fmt: skip


def _videos(data: Path | None) -> list[Path]:
    folders = [Path("cache/video"), *([data / "video"] if data else [])]
    return [p for f in folders if f.is_dir() for p in f.iterdir() if p.suffix in (".mpg", ".mp4")]


def _pair(
    context: Context, rendered: RenderedHead, path: Path
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """What is seen in the source and, at the same frames, in the head."""
    source, points = _read(path)
    fps = (len(source) - 1) / max(source.seconds, 1e-6)
    made = context.head.retarget(source, fps=fps)
    count = min(len(made.times), len(source))
    scores, poses, landmarks = [], [], []
    with FaceFinder(most=1) as finder:
        for picture in rendered.render(made):
            face = finder.find(picture)[0]
            scores.append(face.scores)
            poses.append(face.pose)
            landmarks.append(face.points)
    again = _seen(np.stack(scores), head_poses(np.stack(poses)), np.stack(landmarks))
    own = _seen(source.scores, source.head_pose, points)
    known = source.confidence[:count] > 0.5
    return tuple({name: v[:count][known] for name, v in side.items()} for side in (own, again))


class _Recorder(LandmarkFeatures):
    """The landmarks, and the points themselves."""

    def describe(self, picture: np.ndarray | None, face: object) -> np.ndarray:
        return face.points.ravel()


def _read(path: Path) -> tuple[Analysis, np.ndarray]:
    """The analysis, and the landmarks (T, 478, 3)."""
    analysis = analyse_video(path, LandmarkFeatures())
    raw = analyse_video(path, _Recorder())
    return analysis, raw.descriptors.reshape(len(raw), -1, 3)


def _seen(scores: np.ndarray, pose: np.ndarray, points: np.ndarray) -> dict[str, np.ndarray]:
    fixed = head_fixed(points)
    opening = np.mean([np.linalg.norm(fixed[:, a] - fixed[:, b], axis=1) for a, b in INNER_LIPS], 0)
    return {
        "jaw_open": scores[:, SCORE_INDEX["jawOpen"]],
        "mouth_opening": opening,
        "smile": scores[:, [SCORE_INDEX[name] for name in SMILES]].mean(1),
        "blink": scores[:, [SCORE_INDEX[name] for name in BLINKS]].mean(1),
        "head_yaw": pose[:, 2],
        "head_pitch": pose[:, 0],
        "head_roll": pose[:, 1],
    }


def _centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean()


def _r(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def _lag(pairs: dict, name: str) -> int:
    """Frames by which the head follows late, over all clips."""

    def likeness(lag: int) -> float:
        ends = [
            (s[name][max(-lag, 0) : len(s[name]) - max(lag, 0)],
             a[name][max(lag, 0) : len(a[name]) - max(-lag, 0)])
            for s, a in pairs.values()
        ]  # fmt: skip
        return _r(*(np.concatenate([_centred(end[k]) for end in ends]) for k in (0, 1)))

    return max(range(-MOST_LAG, MOST_LAG + 1), key=likeness)
