"""What speech demands exactly, on top of the fitted model: closures, lip on teeth, tongue."""

from dataclasses import dataclass

import numpy as np

from ..phones import BILABIALS, Phones
from .lipspace import LipSpace

HOLD = 0.072
"""Seconds that a closure lasts at least: two frames at 30 fps, wherever they fall."""
HELD_SHARE = 0.3
"""Share of the phone's length that its closure lasts, if that is longer."""
LEAD = 0.025
"""Seconds by which closures precede the middle of the phone (measured: median 0.03)."""
RISE, FALL = 0.035, 0.035
"""Seconds in which a gate opens before and closes after its hold."""
ROUNDED_SHARE = 0.12
"""Opening left on w, as a share of the talker's range."""


@dataclass(frozen=True)
class Gate:
    """How a phone drives one control: which, how far, and its timing.

    Attributes:
        control: Name of the actor's control.
        amount: Largest value.
        hold: Share of the phone's length during which the largest value is held.
    """

    control: str
    amount: float
    hold: float = 0.4


LIP_ON_TEETH = ("F", "V")
TONGUE = {
    "L": (Gate("tongueUp", 0.9),),
    "TH": (Gate("tongueUp", 0.6), Gate("tongueOut", 0.22)),
    "DH": (Gate("tongueUp", 0.6), Gate("tongueOut", 0.16)),
    "T": (Gate("tongueUp", 0.85),),
    "D": (Gate("tongueUp", 0.85),),
    "N": (Gate("tongueUp", 0.85),),
    "S": (Gate("tongueUp", 0.55),),
    "Z": (Gate("tongueUp", 0.55),),
    "SH": (Gate("tongueUp", 0.45),),
    "ZH": (Gate("tongueUp", 0.45),),
    "CH": (Gate("tongueUp", 0.7),),
    "JH": (Gate("tongueUp", 0.7),),
    "IY": (Gate("tongueUp", 0.3),),
    "IH": (Gate("tongueUp", 0.2),),
    "EY": (Gate("tongueUp", 0.25),),
    "Y": (Gate("tongueUp", 0.35),),
    "K": (Gate("tongueBack", 0.9),),
    "G": (Gate("tongueBack", 0.9),),
    "NG": (Gate("tongueBack", 0.9),),
    "R": (Gate("tongueBack", 0.6),),
    "ER": (Gate("tongueBack", 0.5),),
    "AA": (Gate("tongueBack", 0.3),),
    "AO": (Gate("tongueBack", 0.35),),
    "OW": (Gate("tongueBack", 0.35),),
    "UW": (Gate("tongueBack", 0.35),),
}
"""Where the tongue goes; phones not named leave it at rest."""


def gate(times: np.ndarray, start: float, end: float) -> np.ndarray:
    """1 from start to end with smooth shoulders (T,)."""
    before = np.clip((start - times) / RISE, 0, 1)
    after = np.clip((times - end) / FALL, 0, 1)
    return 0.5 + 0.5 * np.cos(np.pi * np.maximum(before, after))


def phone_gate(phones: Phones, labels: tuple[str, ...], times: np.ndarray) -> np.ndarray:
    """Largest gate (T,) over the phones with these labels, held around each one's middle."""
    total = np.zeros(len(times))
    for place in np.flatnonzero(np.isin(phones.label, labels)):
        half = max(HOLD, HELD_SHARE * phones.duration[place]) / 2
        middle = phones.middle[place] - LEAD
        total = np.maximum(total, gate(times, middle - half, middle + half))
    return total


def closure_gate(phones: Phones, times: np.ndarray) -> np.ndarray:
    """1 where the lips must touch (p b m), falling smoothly to 0 around it (T,)."""
    return phone_gate(phones, BILABIALS, times)


def constrain(
    features: np.ndarray, phones: Phones, times: np.ndarray, lips: LipSpace
) -> np.ndarray:
    """Lip features (T, K) with the opening closed on p b m, nearly so on w, never below closed."""
    span = lips.opening_high - lips.closure
    opening = np.maximum(lips.opening(features) - lips.closure, 0)
    rounded = phone_gate(phones, ("W",), times)
    opening = opening - rounded * np.maximum(opening - ROUNDED_SHARE * span, 0)
    opening = opening * (1 - closure_gate(phones, times))
    return lips.with_opening(features, lips.closure + opening)


def tongue(phones: Phones, times: np.ndarray) -> dict[str, np.ndarray]:
    """Tongue controls (T,) by name."""
    found: dict[str, np.ndarray] = {}
    for label, start, end in zip(phones.label.tolist(), phones.start, phones.end, strict=True):
        for item in TONGUE.get(label, ()):
            margin = (1 - item.hold) / 2 * (end - start)
            value = item.amount * gate(times, start + margin, end - margin)
            found[item.control] = np.maximum(found.get(item.control, 0.0), value)
    return found
