"""How fast a video becomes a performance, and how much memory the largest videos take."""

import multiprocessing
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import mediapipe
import numpy as np
import torch
from mediapipe.tasks.python import BaseOptions, vision

from models.actor import Actor
from models.animate import animate_text
from models.faces.finder import model_path
from models.video.analyse import analyse_video
from models.video.analysis import Analysis
from models.video.features import LandmarkFeatures
from models.video.retarget_settings import ResidualCurve, Retargeting
from models.video.video_model import VideoModel

from .figures import Context, Figure
from .rendered_head import RenderedHead
from .side_by_side import write_video

BENCH = "video_speed"
ANALYSIS_BAR, NETWORK_BAR, SOLVE_BAR, MEMORY_BAR = 0.80, 500.0, 0.3, 1500.0
TEXT = (
    "Maybe Bob and Pam moved the big blue boat before we put the paper away. "
    "Five or six people came by and found it there, and so we both have to bring it back. "
    "Pam will never believe that it was me who wanted to move it in the first place."
)
SIDE = 480
"""Of the pictures that the analysis is timed on."""
ROUNDS = 5
"""The best of each counts: other work on the machine only ever slows a round."""
SOLVED_SECONDS = 10
LARGE_SIZE, LARGE_FPS, LARGE_SECONDS = (3840, 2160), 60, 30
LARGE_PICTURES = 30
"""Different ones in the large video, shown to and fro."""


def run(context: Context) -> Iterator[Figure]:
    """Analysis against the bare landmarker, the network, a solve with residual, a 4K video.

    Raises:
        HeadFileError: The head has no video network.
        MissingDependencyError: The face landmarker is missing.
    """
    head, model = context.head, context.head.video_network()
    pictures = list(RenderedHead(head, SIDE).render(animate_text(head, TEXT, seed=1).parameters))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.mp4"
        write_video(path, pictures)
        yield _analysis(path)
        analysis = analyse_video(path, LandmarkFeatures())
        yield _network(model)
        yield _solve(head, analysis)
        large = Path(folder) / "large.mp4"
        _write_large(large, pictures[:LARGE_PICTURES])
        yield _memory(large)


def _analysis(path: Path) -> Figure:
    """Decoding, landmarks and following, against landmarks alone on pictures decoded before."""
    pictures = _decoded(path)
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=model_path().read_bytes()),
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    with vision.FaceLandmarker.create_from_options(options) as landmarker:

        def bare() -> None:
            for picture in pictures:
                landmarker.detect(mediapipe.Image(mediapipe.ImageFormat.SRGB, picture))

        bare_seconds, seconds = _best(bare, lambda: analyse_video(path, LandmarkFeatures()))
    rate, bare_rate = len(pictures) / seconds, len(pictures) / bare_seconds
    return Figure(
        BENCH, "analysis", "rate_ratio", rate / bare_rate, "", f">= {ANALYSIS_BAR:g}",
        rate >= ANALYSIS_BAR * bare_rate, {"per_second": rate, "bare_landmarker": bare_rate},
        "from the file, decoding and opening the landmarker included; bare: pictures in memory",
    )  # fmt: skip


def _network(model: VideoModel) -> Figure:
    frames = 20 * 30
    features = np.random.default_rng(0).standard_normal((frames, model.networks.dims.features))
    residual = np.zeros((frames, len(model.names)), np.float32)
    (seconds,) = _best(lambda: model.motion(features.astype(np.float32), residual))
    return Figure(
        BENCH, "network", "frames_per_second", frames / seconds, "1/s", f">= {NETWORK_BAR:g}",
        frames / seconds >= NETWORK_BAR, {}, f"{torch.get_num_threads()} threads",
    )  # fmt: skip


def _solve(head: Actor, analysis: Analysis) -> Figure:
    """Ten seconds of a clip after its residual sliders moved."""
    moved = ResidualCurve(np.zeros(1), np.ones((1, len(head.video_network().names))))
    settings = Retargeting(trim_end=SOLVED_SECONDS, residual=moved)
    frames = len(head.retarget(analysis, settings).times)
    (seconds,) = _best(lambda: head.retarget(analysis, settings))
    return Figure(
        BENCH, "solve", "seconds", seconds, "s", f"<= {SOLVE_BAR:g}",
        seconds <= SOLVE_BAR, {"frames": frames}, "every residual slider moved",
    )  # fmt: skip


def _memory(path: Path) -> Figure:
    """Peak of a process of its own that analyses a 4K video at 60 frames a second."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        peak, frames, seconds = pool.apply(_analysed, (path,))
    return Figure(
        BENCH, "large_video", "peak_megabytes", peak, "MB", f"< {MEMORY_BAR:g}",
        peak < MEMORY_BAR, {"frames": frames, "seconds": seconds}, "4K, 60 a second, 30 s",
    )  # fmt: skip


def _analysed(path: Path) -> tuple[float, int, float]:
    start = time.perf_counter()
    analysis = analyse_video(path, LandmarkFeatures())
    seconds = time.perf_counter() - start
    # Not getrusage: its peak includes that of the parent until the new program began.
    peak = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak.group(1)) / 1024, len(analysis), seconds


def _write_large(path: Path, pictures: list[np.ndarray]) -> None:
    width, height = LARGE_SIZE
    margin = (width - height) // 2
    large = [
        cv2.copyMakeBorder(
            cv2.resize(p[..., ::-1], (height, height)), 0, 0, margin, margin, cv2.BORDER_REPLICATE
        )
        for p in pictures
    ]
    there_and_back = large + large[-2:0:-1]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), LARGE_FPS, LARGE_SIZE)
    for number in range(LARGE_FPS * LARGE_SECONDS):
        writer.write(there_and_back[number % len(there_and_back)])
    writer.release()


def _decoded(path: Path) -> list[np.ndarray]:
    video, pictures = cv2.VideoCapture(str(path)), []
    while True:
        there, picture = video.read()
        if not there:
            return pictures
        pictures.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))


def _best(*works: Callable[[], object]) -> list[float]:
    """Fewest seconds of each, taken in turn."""
    best = [np.inf] * len(works)
    for _ in range(ROUNDS):
        for number, work in enumerate(works):
            start = time.perf_counter()
            work()
            best[number] = min(best[number], time.perf_counter() - start)
    return best
