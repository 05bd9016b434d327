"""Lips as far apart and the jaw as low as the video shows them.

A network's average leaves lips ajar at a closure, and opens the jaw for lips that only show teeth.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import isotonic_regression

from ..faces.finder import SCORE_INDEX
from ..head.inference import Head
from ..speech.lip_contact import brought
from .features import scores_in
from .video_model import KNOTS, VideoModel

LIPS_TRUST, JAW_TRUST = 0.5, 0.25
"""Shares of the difference between what is seen and what the network plays that are made up."""
CLOSED = 0.004
"""Metres apart below which lips that are seen to close do so wholly."""
LEAST_OPEN, MOST_TOUCHING = 0.05, 0.06
"""Share of a clip's frames in which lips are taken to touch, if they are seen no farther apart than
the second: some people's show a gap even then."""
CALM_FRAMES = 0.7
"""Deviation of a Gaussian over what is seen: landmarks tremble."""


def fit_opening(opening: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """(2,): the opening seen when lips just touch, and metres of gap per unit beyond it.

    Args:
        opening: (n,) as seen, over the outer-eye distance.
        gap: (n,) true gap of the lips beyond rest, metres.
    """
    touching = float(np.median(opening[gap <= np.quantile(gap, 0.15)]))
    beyond = np.maximum(opening - touching, 0)
    return np.array([touching, beyond @ np.maximum(gap, 0) / max(beyond @ beyond, 1e-9)], "f4")


def fit_jaw(score: np.ndarray, drop: np.ndarray) -> np.ndarray:
    """(KNOTS, 2): scores of an open jaw, rising, and how far the chin is then down, metres.

    Args:
        score: (n,) as seen.
        drop: (n,) true drop of the chin from rest, metres.
    """
    order = np.argsort(score, kind="stable")
    rising = isotonic_regression(drop[order]).x
    knots = score[order[-1]] * np.linspace(0, 1, KNOTS) ** 2  # most happens while it is small
    return np.stack([knots, np.interp(knots, score[order], rising)], 1).astype("f4")


def opening_at(times: np.ndarray, known: np.ndarray, opening: np.ndarray) -> np.ndarray:
    """Opening (K,) seen at times `known` (K,), at other times (T,): no closure is lost between two.

    Interpolated, yet never more than in the nearest frame.
    """
    nearest = np.searchsorted(0.5 * (known[1:] + known[:-1]), times)
    return np.minimum(np.interp(times, known, opening), opening[nearest])


def played(
    head: Head,
    model: VideoModel,
    features: np.ndarray,
    residual: np.ndarray,
    opening: np.ndarray | None,
    confidence: np.ndarray,
) -> np.ndarray:
    """Codes and head pose (T, Z + 6): the network's, the mouth as seen, what the residual adds.

    Args:
        head: To be moved.
        model: Its video network.
        features: (T, F) as `features_of` makes them.
        residual: (T, R) residual vectors in the axes' deviations.
        opening: (T,) of the inner lips over the outer-eye distance; None where nothing tells.
        confidence: (T,) how well the face was seen.
    """
    motion = model.motion(features, 0 * residual)
    change = model.motion(features, residual) - motion if residual.any() else 0.0
    jaw = scores_in(features)[:, SCORE_INDEX["jawOpen"]]
    motion[:, :-6] = mouth_as_seen(head, model, motion[:, :-6], opening, jaw, confidence)
    return motion + change


def mouth_as_seen(
    head: Head,
    model: VideoModel,
    codes: np.ndarray,
    opening: np.ndarray | None,
    jaw: np.ndarray,
    confidence: np.ndarray,
) -> np.ndarray:
    """Codes (T, Z) whose lips are as far apart, and whose jaw is as low, as was seen.

    Args:
        head: Whose codes.
        model: Its video network.
        codes: (T, Z) from the network.
        opening: (T,) of the inner lips over the outer-eye distance; None where nothing tells: the
            lips then stay as far apart as they are.
        jaw: (T,) score of an open jaw.
        confidence: (T,) how well the face was seen.
    """
    measure = gap_and_drop(head)
    target = measure(codes)
    calm = gaussian_filter1d(jaw, CALM_FRAMES, mode="nearest")
    drop = np.interp(calm, *model.jaw.T)
    target[:, 1] += JAW_TRUST * confidence * (drop - target[:, 1])
    if opening is not None:
        seen = _gap_seen(opening, model.opening)
        closing = np.clip(1 - seen / CLOSED, 0, 1)
        trust = confidence * (LIPS_TRUST + (1 - LIPS_TRUST) * closing)
        target[:, 0] += trust * (seen - target[:, 0])
    return brought(codes, target, head.regions["mouth"], measure, model.habit)


def gap_and_drop(head: Head) -> Callable[[np.ndarray], np.ndarray]:
    """What tells how a mouth is open: codes (n, Z) → (n, 2) gap of the lips and drop of the chin.

    Metres beyond rest.
    """
    mesh = head.mesh
    lips, chin = mesh.lip_points, np.ravel(mesh.landmarks["chin"])
    chosen = np.concatenate([lips, chin])

    def measure(codes: np.ndarray) -> np.ndarray:
        points = head.decode_points(codes, chosen)
        drop = (mesh.vertices[chin] - points[:, len(lips) :])[..., 2].mean(1)
        return np.stack([mesh.lip_gap_of_points(points[:, : len(lips)]), drop], 1)

    return measure


def _gap_seen(opening: np.ndarray, fit: np.ndarray) -> np.ndarray:
    """Metres of gap (T,) that an opening (T,) shows; a closure of one frame stays one."""
    touching, metres = fit
    least = float(np.quantile(opening, LEAST_OPEN))
    seen = metres * np.maximum(opening - np.clip(least, touching, MOST_TOUCHING), 0)
    return np.minimum(seen, gaussian_filter1d(seen, CALM_FRAMES, mode="nearest"))
