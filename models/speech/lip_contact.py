"""Lip contact: where lips must meet (p b m) or nearly so (f v), how far apart they are, sealing.

Sealing moves the mouth's codes as little as closes the gap, measured by how the captured mouth
moves (Mahalanobis distance): Newton steps, full in the middle of the phone and faded out around it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..mesh import LIP_CONTACT
from .visemes import Cue

LipGap = Callable[[np.ndarray], np.ndarray]
"""Codes (n, Z) → how far the lips are apart beyond rest (n,), metres."""
TEETH_CONTACT = 0.003
"""On f and v the lower lip touches the upper teeth: the lips are then at most this far apart."""
LIMITS = dict.fromkeys("PBM", LIP_CONTACT) | dict.fromkeys("FV", TEETH_CONTACT)
"""Phone → largest gap in metres that counts as contact."""
NEAR = 0.02
"""A contact may come this many seconds before or after its phone."""
LEAST_STRENGTH = 0.5
"""A cue that is played weaker than this is meant not to close."""

_SURE, _MARGIN = 0.75, 0.5
"""Parts of the limit: below the first a contact is left alone, to the second others are brought."""
_FADE = 0.06
_STEPS = 3
_NEARLY = 1e-5
_PROBE = 0.05
_DAMPING = 0.01
"""Of several measures at once: where they can hardly be told apart, none is driven far."""


@dataclass(frozen=True)
class Contact:
    """One sound that needs the lips.

    Attributes:
        cue: Index of its cue.
        phone: P, B, M, F or V.
        time: Seconds at which the lips are closest.
        gap: Metres between them then, beyond rest.
        limit: Metres up to which they count as in contact.
    """

    cue: int
    phone: str
    time: float
    gap: float
    limit: float

    @property
    def closed(self) -> bool:
        """Whether the lips meet."""
        return self.gap < self.limit


def contacts(
    cues: Sequence[Cue], times: np.ndarray, gap: np.ndarray, near: float = NEAR
) -> list[Contact]:
    """Every p b m f v of a line with its smallest gap.

    Args:
        cues: Of the line.
        times: (T,) seconds from the line's start.
        gap: (T,) metres.
        near: How many seconds a contact may come before or after its phone.
    """
    step = _step(times)
    found = []
    for number, cue in enumerate(cues):
        limit = LIMITS.get(cue.label)
        # Slow frame rates may have no frame inside a short phone: then the nearest is inside.
        half = max(0.5 * (cue.end - cue.start) + near, 0.5 * step)
        inside = np.flatnonzero(np.abs(times - 0.5 * (cue.start + cue.end)) <= half + 1e-6)
        if limit is not None and len(inside) and cue.strength >= LEAST_STRENGTH:
            best = inside[np.argmin(gap[inside])]
            found.append(Contact(number, cue.label, float(times[best]), float(gap[best]), limit))
    return found


def sealed(
    codes: np.ndarray,
    times: np.ndarray,
    cues: Sequence[Cue],
    mouth: slice,
    lip_gap: LipGap,
    habit: np.ndarray,
    under: np.ndarray | None = None,
) -> np.ndarray:
    """Codes (T, Z) whose lips meet at the p b m f v of `cues`; what meets already stays as it is.

    Args:
        codes: (T, Z) of the line.
        times: (T,) seconds from its start.
        cues: Those to seal.
        mouth: Where the mouth's values are in a code.
        lip_gap: Measures codes.
        habit: (M, M) covariance of the mouth's codes in the capture.
        under: (T, Z) codes of other layers, shown together with these; none by default.
    """
    shown = (codes if under is None else codes + under).astype(np.float32)
    gap = lip_gap(shown)
    found = contacts(cues, times, gap, near=0.0)
    weight, limit = _weights(times, [cues[c.cue] for c in found if c.gap > _SURE * c.limit])
    rows = np.flatnonzero(weight > 0)
    if not len(rows):
        return codes
    gap = gap[rows]
    target = gap - weight[rows] * np.maximum(gap - _MARGIN * limit[rows], 0)
    result = codes.copy()
    closed = brought(shown[rows], target[:, None], mouth, lambda c: lip_gap(c)[:, None], habit)
    result[rows] += closed - shown[rows]
    return result


def brought(
    codes: np.ndarray,
    target: np.ndarray,
    mouth: slice,
    measure: Callable[[np.ndarray], np.ndarray],
    habit: np.ndarray,
) -> np.ndarray:
    """Codes (n, Z) moved as little as makes what is measured of them `target` (n, K).

    Args:
        codes: (n, Z).
        target: (n, K) metres beyond rest.
        mouth: Where the mouth's values are in a code.
        measure: Codes (n, Z) → (n, K) metres beyond rest.
        habit: (M, M) covariance of the mouth's codes in the capture.
    """
    codes = codes.astype(np.float32)
    seen = measure(codes)
    for _ in range(_STEPS):
        rows = np.flatnonzero((np.abs(seen - target) > _NEARLY).any(1))
        if not len(rows):
            break
        part = codes[rows]
        slope = _gradient(part, seen[rows], mouth, measure)
        way = slope @ habit
        length = way @ np.swapaxes(slope, 1, 2)
        spare = _DAMPING * np.einsum("nkk->nk", length) + 1e-12
        length = length + spare[..., None] * np.eye(target.shape[1])
        step = np.linalg.solve(length, (seen - target)[rows][..., None])
        part[:, mouth] -= (np.swapaxes(way, 1, 2) @ step)[..., 0]
        codes[rows] = part
        seen[rows] = measure(part)
    return codes


def _step(times: np.ndarray) -> float:
    """Seconds between frames."""
    return float(times[1] - times[0]) if len(times) > 1 else 0.0


def _weights(times: np.ndarray, cues: Sequence[Cue]) -> tuple[np.ndarray, np.ndarray]:
    """How far each frame must obey a contact (T,) 0…1, and the gap it may have (T,) metres."""
    weight, limit = np.zeros(len(times)), np.ones(len(times))
    step = _step(times)
    for cue in cues:
        half = max(0.25 * (cue.end - cue.start), 0.5 * step)
        distance = np.abs(times - 0.5 * (cue.start + cue.end)) - half
        part = np.clip(1 - distance / max(_FADE, step), 0, 1)
        part = part * part * (3 - 2 * part)
        stronger = part > weight
        weight[stronger], limit[stronger] = part[stronger], LIMITS[cue.label]
    return weight, limit


def _gradient(
    codes: np.ndarray, seen: np.ndarray, mouth: slice, measure: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Change of each measure with each mouth element (n, K, M), metres per deviation."""
    size = mouth.stop - mouth.start
    moved = np.repeat(codes[:, None], size, axis=1)
    every = np.arange(size)
    moved[:, every, mouth.start + every] += _PROBE
    there = measure(moved.reshape(-1, codes.shape[1])).reshape(len(codes), size, -1)
    return np.swapaxes(there - seen[:, None], 1, 2) / _PROBE
