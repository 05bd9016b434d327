"""Pre-flight checks of the calibration: do the cameras agree, in which unit, which way is up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..cameras import Camera
from ..faces.finder import POINTS
from .check_report import Entry
from .checks_faces import eye_distances
from .colour import SKIN, ColourMatch, match_colours, skin_colours
from .conventions import INSIDE_OUT, is_inside_out, misunderstood, typical_error
from .face_observations import FrameObservation, landmarks
from .folder import CaptureFolder
from .triangulate import triangulate
from .world import World

ALLOWED_FRONT, ALLOWED_SIDE = 0.03, 0.1
"""Error of landmarks as a share of the distance between the eyes, from the front and from 60°."""
WRONG = 2.0
"""A camera whose error is this many times the allowed one cannot be used."""
NEARLY = 2.0
"""Cameras that agree this well show a shape, if perhaps the wrong one."""
DISTANCES = (0.15, 8.0)
"""Metres from a camera to the head that are plausible."""


@dataclass(frozen=True)
class Agreement:
    """How well cameras agree on landmarks.

    Attributes:
        points: (frames, 478, 3) in the calibration's units, NaN where unseen.
        errors: (C,) median pixels, NaN for cameras that see no face, infinite where the landmarks
            cannot be triangulated.
        allowed: (C,) pixels.
        explanation: Why they do not agree at all; '' where unknown or they do.
        wrong: Places of the cameras that do not fit the others.
    """

    points: np.ndarray
    errors: np.ndarray
    allowed: np.ndarray
    explanation: str = ""
    wrong: tuple[int, ...] = ()

    @property
    def excess(self) -> np.ndarray:
        """(C,) errors as multiples of the allowed; NaN unseen."""
        return self.errors / self.allowed


def agreement(cameras: Sequence[Camera], seen: Sequence[FrameObservation]) -> Agreement:
    """Triangulate the landmarks of all frames and see which cameras fit."""
    pixels, weights = landmarks(seen)
    allowed = eye_distances(cameras, seen) * _allowed_shares(seen)
    usual = float(np.nanmedian(allowed)) if np.isfinite(allowed).any() else 1.0
    explanation = misunderstood(cameras, pixels, weights, usual)
    every = list(range(len(cameras)))
    points, errors = _errors(cameras, pixels, weights, usual, every)
    wrong = _wrong(cameras, pixels, weights, usual, errors / allowed)
    if wrong:
        used = [place for place in every if place not in wrong]
        points, errors = _errors(cameras, pixels, weights, usual, used)
    points = points.reshape(len(seen), POINTS, 3)
    nearly = np.nanmedian(errors / allowed) < NEARLY if np.isfinite(allowed).any() else False
    if not explanation and nearly and is_inside_out(points):
        explanation = INSIDE_OUT
    return Agreement(points, errors, allowed, explanation, wrong)


def _allowed_shares(seen: Sequence[FrameObservation]) -> np.ndarray:
    cosines = np.array([[f.frontal if f else np.nan for f in s.faces] for s in seen])
    typical = np.array(
        [np.median(c[~np.isnan(c)]) if (~np.isnan(c)).any() else 1 for c in cosines.T]
    )
    return ALLOWED_FRONT + (ALLOWED_SIDE - ALLOWED_FRONT) * np.clip(2 * (1 - typical), 0, 1)


def _errors(
    cameras: Sequence[Camera],
    pixels: np.ndarray,
    weights: np.ndarray,
    scale: float,
    used: Sequence[int],
) -> tuple[np.ndarray, np.ndarray]:
    """Points that the `used` cameras see, and the median error of every camera."""
    trusted = np.where(np.isin(np.arange(len(cameras)), used)[:, None], weights, 0)
    points, _ = triangulate(cameras, pixels, trusted, scale)
    medians = []
    for camera, places, weight in zip(cameras, pixels, weights, strict=True):
        errors = np.linalg.norm(camera.project(points)[0] - places, axis=1)[weight > 0]
        finite = errors[np.isfinite(errors)]
        none = np.inf if len(errors) else np.nan
        medians.append(float(np.median(finite)) if len(finite) else none)
    return points, np.array(medians)


def _wrong(
    cameras: Sequence[Camera],
    pixels: np.ndarray,
    weights: np.ndarray,
    scale: float,
    excess: np.ndarray,
) -> tuple[int, ...]:
    """The camera without which the others agree; none where they do, or no one is to blame."""
    seeing = np.flatnonzero(~np.isnan(excess))
    if len(seeing) < 4 or np.nanmax(excess) <= 1:
        return ()
    left = {}
    for place in seeing:
        others = weights.copy()
        others[place] = 0
        left[int(place)] = typical_error(cameras, pixels, others, scale)
    best = min(left, key=left.__getitem__)
    rest = [value for place, value in left.items() if place != best]
    return (best,) if left[best] <= scale and left[best] < 0.6 * min(rest) else ()


def check_agreement(cameras: Sequence[Camera], found: Agreement) -> Iterator[Entry]:
    """Whether cameras fit together."""
    if found.explanation:
        yield Entry("error", "calibration", found.explanation)
        return
    excess = found.excess
    if not (excess > 1).any():
        few = found.errors[np.isfinite(found.errors)]
        if len(few) > 1:
            yield Entry(
                "ok",
                "cameras",
                f"The cameras agree: landmarks are {few.min():.1f} to {few.max():.1f} pixels off.",
                figure=float(few.max()),
                unit="px",
            )
        return
    blamed = found.wrong or tuple(np.flatnonzero(excess > 1))
    if not found.wrong and np.nanmedian(excess) > 1:
        yield _all_disagree(found)
        return
    for place in blamed:
        name, error = cameras[place].name, found.errors[place]
        yield Entry(
            "error" if excess[place] > WRONG else "warning",
            "cameras",
            f"Camera {name} disagrees with the others: landmarks are {_pixels(error)} off where "
            f"{found.allowed[place]:.1f} are usual.",
            name,
            "It was moved, its pictures are of another moment, or its calibration is wrong: "
            "calibrate it again, or remove it from the calibration.",
            float(error),
            "px",
        )


def _all_disagree(found: Agreement) -> Entry:
    worst = float(np.nanmedian(found.errors))
    return Entry(
        "error",
        "cameras",
        f"The cameras disagree: landmarks are {_pixels(worst)} off where "
        f"{np.nanmedian(found.allowed):.1f} are usual, and no single camera is to blame.",
        "",
        "The calibration belongs to another set-up, its axes are of another program, or the "
        "pictures of one number are not of one moment.",
        worst,
        "px",
    )


def _pixels(error: float) -> str:
    return f"{error:.1f} pixels" if np.isfinite(error) else "beyond measure"


def check_world(
    cameras: Sequence[Camera], world: World | None, triangulated: bool
) -> Iterator[Entry]:
    """Unit, distances and axes."""
    if world is None:
        if triangulated:
            yield Entry(
                "warning",
                "scale",
                "The unit of the calibration could not be measured; metres are assumed.",
                advice="At least two cameras must see both eyes.",
            )
        return
    measured = f"the pupils are {1000 * world.pupils:.0f} mm apart"
    if world.scale == 1:
        yield Entry("ok", "scale", f"The calibration is in metres: {measured}.", figure=1.0)
    else:
        unit = f"in {world.unit}" if world.unit else "in no usual unit"
        sure = "" if world.unit else ", by the irises' width and the pupils' distance, to about 5 %"
        yield Entry(
            "warning",
            "scale",
            f"The calibration is {unit}, not in metres: its lengths are multiplied by "
            f"{world.scale:.4g}{sure}; {measured}.",
            "",
            "Nothing needs to be done."
            if world.unit
            else "For the exact size, scale the calibration by a length you know.",
            world.scale,
        )
    yield Entry(
        "ok",
        "axes",
        f"The head's up is {_axis(world.up)} and it looks to {_axis(-world.upright[1])}.",
    )
    for camera in cameras:
        distance = world.scale * float(np.linalg.norm(camera.position - world.centre))
        if not DISTANCES[0] <= distance <= DISTANCES[1]:
            yield Entry(
                "warning",
                "scale",
                f"Camera {camera.name} would be {distance:.2f} m from the head.",
                camera.name,
                "Check its focal length and pose.",
                distance,
                "m",
            )


def _axis(direction: np.ndarray) -> str:
    place = int(np.argmax(np.abs(direction)))
    angle = np.degrees(np.arccos(np.clip(np.abs(direction[place]), 0, 1)))
    about = f" (within {angle:.0f}°)" if angle > 3 else ""
    return f"{'+' if direction[place] > 0 else '−'}{'XYZ'[place]}{about}"


def colours_of(
    capture: CaptureFolder, seen: Sequence[FrameObservation], found: Agreement
) -> dict[str, ColourMatch]:
    """Match the colours of cameras that agree, by the skin seen in some frames.

    Raises:
        CaptureError: A picture that could be read before is gone.
    """
    frames = [
        np.stack(
            [_skin(capture, place, observed, shape, found) for place in range(len(capture.cameras))]
        )
        for observed, shape in zip(seen, found.points, strict=True)
    ]
    return match_colours([camera.name for camera in capture.cameras], np.concatenate(frames, 1))


def _skin(
    capture: CaptureFolder,
    place: int,
    observed: FrameObservation,
    points: np.ndarray,
    found: Agreement,
) -> np.ndarray:
    camera = capture.cameras[place]
    if observed.faces[place] is None or not found.excess[place] <= 1:
        return np.full((len(SKIN), 3), np.nan)
    return skin_colours(capture.picture(camera, observed.take, observed.frame), camera, points)
