"""Recorded range of motion: Live Link Face CSV and FACEGOOD shape weights as controls."""

import warnings
from pathlib import Path

import numpy as np

from ..arkit.arkit_take import frame_times, from_rest, interpolated
from ..arkit.live_link_csv import read_csv
from ..arkit.shapes import SHAPES
from ..errors import ArkitError, CaptureError
from ..template.controls import CONTROL_INDEX, CONTROL_NAMES
from .limits import limited

CREDITS = (
    "LiveLinkFace-CSV-Retarget-For-Motionbuilder: recorded range of motion "
    "(MIT, (c) 2021 Alexandre Donciu-Julin)",
    "FACEGOOD-Audio2Face training set: recorded speech motion (MIT, FACEGOOD)",
)
SHAPES_FPS = 30.0
NAME_SHIFT = 1
"""The weights of name n stand in column n + 1: only so do left and right sides agree."""

SHAPE_MAP: dict[str, tuple[tuple[str, float], ...]] = {
    "brow_lower": (("browDown", 0.8),),
    "brow_raise": (("browOuterUp", 0.8),),
    "brow_raise_c": (("browInnerUp", 0.9),),
    "eye_blink1": (("eyeBlink", 1.0),),
    "eye_blink2": (("eyeBlink", 1.0),),
    "eye_lidTight": (("eyeSquint", 0.8),),
    "eye_upperLidRaise": (("eyeWide", 0.9),),
    "eye_lookUp": (("eyeLookUp", 0.7),),
    "eye_lookDown1": (("eyeLookDown", 0.7),),
    "eye_lookLeft": (("look_left", 0.7),),
    "eye_lookRight": (("look_right", 0.7),),
    "nose_wrinkle": (("noseSneer", 0.8),),
    "cheek_raise": (("cheekSquint", 0.8),),
    "cheek_puff": (("cheekPuff", 0.4),),
    "jaw_thrust_c": (("jawForward", 0.7),),
    "jaw_sideways_l": (("jawLeft", 0.7),),
    "jaw_sideways_r": (("jawRight", 0.7),),
    "mouth_stretch_c": (("jawOpen", 0.85),),
    "mouth_chew_c": (("mouthClose", 0.5), ("jawOpen", 0.5)),
    "mouth_chinRaise_d": (("mouthShrugLower", 0.8),),
    "mouth_chinRaise_u": (("mouthShrugUpper", 0.8),),
    "mouth_dimple": (("mouthDimple", 0.8),),
    "mouth_funnel_d": (("mouthFunnel", 0.22),),
    "mouth_funnel_u": (("mouthFunnel", 0.22),),
    "mouth_lipCornerDepress": (("mouthFrown", 0.8),),
    "mouth_lipCornerPull": (("mouthSmile", 0.9),),
    "mouth_lipCornerPullOpen": (("mouthSmile", 0.9),),
    "mouth_lipStretch": (("mouthStretch", 0.8),),
    "mouth_lipStretchOpen": (("mouthStretch", 0.8),),
    "mouth_lowerLipDepress": (("mouthLowerDown", 0.8),),
    "mouth_upperLipRaise": (("mouthUpperUp", 0.8),),
    "mouth_oh_c": (("mouthFunnel", 0.5),),
    "mouth_oo_c": (("mouthPucker", 0.7),),
    "mouth_press": (("mouthPress", 0.8),),
    "mouth_pucker": (("mouthPucker", 0.45),),
    "mouth_sideways_l": (("mouthLeft", 0.7),),
    "mouth_sideways_r": (("mouthRight", 0.7),),
    "mouth_suck_d": (("mouthRollLower", 0.4),),
    "mouth_suck_u": (("mouthRollUpper", 0.35),),
    "tongue_u": (("tongueUp", 0.8),),
    "tongue_u_u": (("tongueUp", 0.8),),
}
"""FACEGOOD shape (a trailing _l or _r is the side; so is the l or r of _dl, _ur) → controls."""


def read_live_link(path: Path, fps: float) -> np.ndarray:
    """Controls (T, C) of a Live Link Face CSV, resampled evenly.

    Raises:
        CaptureError: The file is missing, empty, or has other columns.
    """
    try:
        take = read_csv(path)
    except ArkitError as error:
        raise CaptureError(str(error)) from error
    if len(take) < 2:
        raise CaptureError(f"{Path(path).name} holds no motion.")
    even = take.evenly(fps)
    controls = np.zeros((len(even), len(CONTROL_NAMES)))
    controls[:, [CONTROL_INDEX[name] for name in SHAPES]] = from_rest(even.weights)
    return limited(controls)


def read_shapes(folder: Path, name: str, fps: float) -> np.ndarray:
    """Controls (T, C) of FACEGOOD weights `bs_value_NAME.npy`."""
    columns = (Path(folder) / "columns.txt").read_text().split()
    with warnings.catch_warnings():
        # The files come from Python 2, which numpy mentions at every read.
        warnings.simplefilter("ignore", UserWarning)
        weights = np.load(Path(folder) / f"bs_value_{name}.npy", allow_pickle=False)
    if weights.ndim != 2 or weights.shape[1] != len(columns):
        raise CaptureError(f"bs_value_{name}.npy does not have the {len(columns)} named columns.")
    controls = np.zeros((len(weights), len(CONTROL_NAMES)))
    for column, values in zip(columns, np.roll(weights, -NAME_SHIFT, axis=1).T, strict=True):
        for control, gain in shape_controls(column):
            controls[:, CONTROL_INDEX[control]] += gain * values
    times = frame_times((len(weights) - 1) / SHAPES_FPS, fps)
    return limited(interpolated(times, np.arange(len(weights)) / SHAPES_FPS, controls))


def shape_controls(column: str) -> list[tuple[str, float]]:
    """Controls and gains that a FACEGOOD column drives; none for what ARKit cannot say."""
    stem, side = column, ""
    if column not in SHAPE_MAP and column[-1:] in ("l", "r"):
        stem, side = column[:-1].rstrip("_"), {"l": "Left", "r": "Right"}[column[-1]]
    return [(_sided(name, side), gain) for name, gain in SHAPE_MAP.get(stem, ())]


def _sided(control: str, side: str) -> str:
    if control.startswith("look_"):
        inward = control == ("look_right" if side == "Left" else "look_left")
        return f"eyeLook{'In' if inward else 'Out'}{side}"
    return control if control in CONTROL_INDEX else control + side
