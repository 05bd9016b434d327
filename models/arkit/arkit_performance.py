"""A head plays a Live Link Face file, and what a head does is written as one."""

from pathlib import Path

import numpy as np

from ..errors import ArkitError
from ..parameters import AnimationParameters
from .arkit_map import ArkitMap
from .arkit_take import ArkitTake, frame_times, from_rest, interpolated
from .head_angles import head_angles_of, head_pose_of
from .live_link_csv import read_csv, write_csv

CSV_FPS = 60.0
"""Frames a second that the app records."""
MOST_FPS = 240.0


def performance_from_csv(
    shapes: ArkitMap, path: Path, fps: float, neutral: bool = False
) -> AnimationParameters:
    """What makes a head do what a recorded face did.

    Args:
        shapes: The head's map.
        path: Live Link Face file.
        fps: Frames a second of the result.
        neutral: Whether to take out what the camera reads of a resting face.

    Raises:
        ArkitError: The file cannot be read, or a number is out of range.
    """
    _check(fps)
    take = read_csv(path).evenly(fps)
    weights = from_rest(take.weights) if neutral else take.weights
    return AnimationParameters(take.times, shapes.codes(weights), head_pose_of(take.head_angles))


def csv_of(
    shapes: ArkitMap, parameters: AnimationParameters, path: Path, fps: float = CSV_FPS
) -> None:
    """Write an animation of a head as a Live Link Face file; the head's place is left out.

    Args:
        shapes: The head's map.
        parameters: What it does; the file begins at their first frame.
        path: To write.
        fps: Frames a second of the file.

    Raises:
        ArkitError: There are no frames, or `fps` is out of range.
        NeuralFaceError: The file cannot be written.
    """
    _check(fps)
    if not len(parameters.times):
        raise ArkitError("There are no frames to write.")
    moments = parameters.times - parameters.times[0]
    times = frame_times(float(moments[-1]), fps)
    angles = np.unwrap(head_angles_of(parameters.head_pose), axis=0)
    weights = shapes.weights(parameters.codes)
    columns = (interpolated(times, moments, values) for values in (weights, angles))
    write_csv(path, ArkitTake(times, *columns))


def _check(fps: float) -> None:
    if not 1 <= fps <= MOST_FPS:
        raise ArkitError(f"The frame rate must be from 1 to {MOST_FPS:g}.")
