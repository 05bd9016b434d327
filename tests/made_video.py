"""Made-up videos and what was seen in them, for tests in Blender; no face is looked for."""

import wave
from pathlib import Path

import cv2
import numpy as np

from models.actor import Actor
from models.faces.finder import SCORE_NAMES
from models.video.analysis import Analysis
from models.video.features import extractor_of

FPS, SECONDS = 25.0, 2.0


def made_analysis(head: Actor, seconds: float = SECONDS, start: float = 0.0) -> Analysis:
    """A face that moves all the time, as the head's own network wants it described."""
    times = start + np.arange(round(seconds * FPS) + 1) / FPS
    rng = np.random.default_rng(4)
    extractor = extractor_of(head.video.extractor)

    def moving(count: int, size: float) -> np.ndarray:
        phase, pace = rng.uniform(0, 6, count), rng.uniform(1, 6, count)
        return (size * np.sin(times[:, None] * pace + phase)).astype(np.float32)

    count = len(times)
    return Analysis(
        extractor.name,
        times,
        moving(extractor.size, 0.05),
        np.abs(moving(len(SCORE_NAMES), 0.4)),
        moving(6, 0.1),
        np.ones(count, np.float32),
        np.zeros(count, np.int32),
        (64, 48),
        ("At 1.0 s the face is turned away.",),
    )


def made_video(path: Path, seconds: float = SECONDS) -> Path:
    """A video without sound of a grey square that becomes brighter."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), FPS, (64, 48))
    for index in range(round(seconds * FPS) + 1):
        writer.write(np.full((48, 64, 3), 4 * index % 256, np.uint8))
    writer.release()
    return path


def made_sound(path: Path, seconds: float = SECONDS) -> Path:
    """A silent sound; Blender takes its file for a video's sound as well."""
    with wave.open(str(path), "wb") as stream:
        stream.setparams((1, 2, 16000, 0, "NONE", ""))
        stream.writeframes(bytes(round(32000 * seconds)))
    return path
