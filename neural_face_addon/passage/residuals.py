"""The residual of a line or clip: what changes its performance along the head's residual axes."""

from collections.abc import Sequence

import bpy
import numpy as np

from ...models.parameters import AnimationParameters
from ...models.video.retarget_settings import ResidualCurve
from ..scene import keyframes, layer_curves, playback
from ..scene.keyframes import Channels
from ..scene.layers import Layer
from ..stored import changes
from . import passages
from .passages import Settings

_NAMES = ("residual",)


def curve(
    obj: bpy.types.Object, passage: bpy.types.PropertyGroup, fps: float
) -> ResidualCurve | None:
    """Over a passage, from its curves or as set; None where it changes nothing."""
    times, (values,) = passages.over_time(obj, passage, _NAMES, fps)
    return _of_axes(obj, times, values)


def still(obj: bpy.types.Object, settings: Settings) -> ResidualCurve | None:
    """The same for settings that no curve moves."""
    return _of_axes(obj, np.zeros(1), np.array(settings["residual"])[None])


def copy(
    obj: bpy.types.Object, passage: bpy.types.PropertyGroup, chosen: Sequence[Layer], fps: float
) -> int:
    """Key a passage's residual as layers play in its frames; how many keys.

    Raises:
        NeuralFaceError: The head has no video network, or another action by now.
    """
    passages.check_writable(obj, passage)
    frames = np.arange(passage.frame_first, passage.frame_last + 1.0)
    codes = layer_curves.shown_at(obj, frames, chosen)
    pose = layer_curves.pose_at(obj, frames, chosen)
    played = AnimationParameters((frames - frames[0]) / fps, codes, pose)
    found = playback.open_head(obj).residual_of(played)
    axes = len(obj.neural_face.residual_axes)
    values = np.stack(
        [np.interp(played.times, found.times, column) for column in found.values.T[:axes]], 1
    )
    path = f"{passage.path_from_id()}.residual"
    count = keyframes.write([Channels(obj, path, values, "Residual")], frames)
    changes.announce(passage)
    return count


def _of_axes(obj: bpy.types.Object, times: np.ndarray, values: np.ndarray) -> ResidualCurve | None:
    values = values[:, : len(obj.neural_face.residual_axes)]
    return ResidualCurve(times, values) if values.any() else None
