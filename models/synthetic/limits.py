"""Mixes of controls that no face can make, brought back to ones it can.

Recorded and added weights are each plausible, but face units add up linearly: a jaw longer than a
jaw, lids that cross, teeth through a funnelled lip. The rules below are the whole list.
"""

import numpy as np

from ..template.controls import CONTROL_INDEX

LARGEST = {"jawOpen": 0.85, "mouthFunnel": 0.8, "tongueOut": 0.8, "cheekPuff": 0.8}
"""Largest value of single controls; funnel at 1 pokes the upper teeth through the lip."""
JAW_AND_STRETCH = 1.0
"""Limit of jawOpen + 0.5 funnel + 0.25 (lowerDown left + right): a longer jaw looks dislocated."""
ROUNDING = 1.1
"""Limit of funnel + pucker."""
LIDS = 1.0
"""Limit of blink + 0.4 squint + 0.2 lookDown for a lid: beyond it the lids cross."""
SIDES = ("Left", "Right")


def limited(controls: np.ndarray) -> np.ndarray:
    """Controls (T, C) in the order of `CONTROL_NAMES`, made possible.

    Single limits; mouthClose no more than jawOpen; jaw, rounding and lids as above; opposites
    (smile and frown, wide and blink, left and right) weaken each other; a tongue comes out only
    of an open mouth.
    """
    x = np.clip(np.array(controls, np.float32), 0, 1)
    for name, value in LARGEST.items():
        column(x, name)[:] = np.minimum(column(x, name), value)
    _jaw(x)
    _scale_down(x, ("mouthFunnel", "mouthPucker"), ROUNDING)
    for side in SIDES:
        _lids(x, side)
        _oppose(x, f"mouthSmile{side}", f"mouthFrown{side}")
        _oppose(x, f"eyeLookUp{side}", f"eyeLookDown{side}")
        _oppose(x, f"eyeLookIn{side}", f"eyeLookOut{side}")
    _oppose(x, "jawLeft", "jawRight")
    _oppose(x, "mouthLeft", "mouthRight")
    out = column(x, "tongueOut")
    out[:] = np.minimum(out, 0.1 + 2.5 * column(x, "jawOpen"))
    return x


def column(controls: np.ndarray, name: str) -> np.ndarray:
    """A view (T,) of one control."""
    return controls[:, CONTROL_INDEX[name]]


def _jaw(x: np.ndarray) -> None:
    lowered = column(x, "mouthLowerDownLeft") + column(x, "mouthLowerDownRight")
    rest = 0.5 * column(x, "mouthFunnel") + 0.25 * lowered
    jaw, close = column(x, "jawOpen"), column(x, "mouthClose")
    close[:] = np.minimum(close, jaw)
    removed = np.maximum(jaw + rest - JAW_AND_STRETCH, 0)
    removed = np.minimum(removed, jaw - close)
    jaw -= removed


def _lids(x: np.ndarray, side: str) -> None:
    blink, wide = column(x, f"eyeBlink{side}"), column(x, f"eyeWide{side}")
    wide *= 1 - blink
    squint, down = column(x, f"eyeSquint{side}"), column(x, f"eyeLookDown{side}")
    room = np.maximum(LIDS - blink - 0.2 * down, 0) / 0.4
    squint[:] = np.minimum(squint, room)
    blink[:] = np.minimum(blink, np.maximum(LIDS - 0.2 * down, 0))


def _oppose(x: np.ndarray, first: str, second: str) -> None:
    a, b = column(x, first), column(x, second)
    shared = 0.7 * np.minimum(a, b)
    a -= shared
    b -= shared


def _scale_down(x: np.ndarray, names: tuple[str, ...], limit: float) -> None:
    total = sum(column(x, name) for name in names)
    factor = np.minimum(limit / np.maximum(total, 1e-6), 1)
    for name in names:
        column(x, name)[:] *= factor
