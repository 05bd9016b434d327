"""A head plays a Live Link Face file, and what a head does is written as one."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ArkitError
from ..parameters import AnimationParameters
from .arkit_map import ArkitMap
from .arkit_take import ArkitTake, frame_times, from_rest, interpolated
from .head_angles import head_angles_of, head_pose_of
from .live_link_csv import read_csv, write_csv

if TYPE_CHECKING:
    from ..head.inference import Head

CSV_FPS = 60.0
"""Frames a second that the app records."""
MOST_FPS = 240.0
MOST_STRENGTH = 3.0


def performance_from_csv(
    head: "Head",
    path: Path,
    strength: float = 1.0,
    fps: float | None = None,
    neutral: bool = False,
) -> AnimationParameters:
    """What makes a head do what a recorded face did.

    Args:
        head: Opened head.
        path: Live Link Face file.
        strength: Factor on all movement of the face, 0…3; the head's pose is kept.
        fps: Frames a second of the result; the head's own when None.
        neutral: Whether to take out what the camera reads of a resting face.

    Raises:
        ArkitError: The file cannot be read, the head has not learnt ARKit's shapes, or a number is
            out of range.
    """
    fps = head.info.fps if fps is None else fps
    _check(fps)
    if not 0 <= strength <= MOST_STRENGTH:
        raise ArkitError(f"The strength must be from 0 to {MOST_STRENGTH:g}.")
    shapes = _map_of(head)
    take = read_csv(path).evenly(fps)
    weights = from_rest(take.weights) if neutral else take.weights
    codes = np.float32(strength) * shapes.codes(weights)
    return AnimationParameters(take.times, codes, head_pose_of(take.head_angles))


def csv_of(head: "Head", parameters: AnimationParameters, path: Path, fps: float = CSV_FPS) -> None:
    """Write an animation of a head as a Live Link Face file; the head's place is left out.

    Args:
        head: Opened head.
        parameters: What it does; the file begins at their first frame.
        path: To write.
        fps: Frames a second of the file.

    Raises:
        ArkitError: The head has not learnt ARKit's shapes, there are no frames, or `fps` is out of
            range.
        NeuralFaceError: The file cannot be written.
    """
    _check(fps)
    shapes = _map_of(head)
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


def _map_of(head: "Head") -> ArkitMap:
    if head.arkit is None:
        raise ArkitError(
            f"The head {head.info.name} has not learnt ARKit's face shapes; train it anew."
        )
    return head.arkit
