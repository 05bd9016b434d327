"""Pre-flight checks of single views: is there a face, large, sharp, well exposed, and its mouth."""

from collections.abc import Iterator, Sequence

import numpy as np

from ..cameras import Camera
from .check_report import Entry
from .colour import ColourMatch
from .face_observations import FaceObservation, FrameObservation

SMALL, TINY = 60.0, 25.0
"""Pixels between the eyes: fewer blur the texture, fewer than the second mislead the tracking."""
BLURRED_CAMERA, BLURRED_FRAME, BLURRED_ALL = 0.6, 0.4, 0.6
"""Sharpness against the other cameras, the other frames, and in per cent of brightness."""
BURNT, BLACK = 0.03, 0.25
"""Shares of a face that may be burnt out or black."""
HIDDEN = 0.3
"""Share of a face that masks may hide."""
SEES_MOUTH = 0.55
"""Cosine between face and view from which a camera sees the mouth."""
MOUTH_VIEWS = 3
LANDMARKED_MOUTH = (61, 291, 0, 17, 13, 14)
SELDOM = 0.5
COLOUR_ERROR, COLOUR_NOTE = 0.35, 0.04
"""Logarithms of colour gains: beyond the second it is told, beyond the first it is too much."""


def check_faces(cameras: Sequence[Camera], seen: Sequence[FrameObservation]) -> Iterator[Entry]:
    """Everything that single views show.

    Args:
        cameras: (C).
        seen: Frames that were looked at.
    """
    yield from _damaged(cameras, seen)
    pictures = [
        one for observed in seen for one in observed.observations if one and not one.problem
    ]
    if pictures and not any(one.face for one in pictures):
        yield Entry(
            "error",
            "faces",
            f"No face was found in any of {len(pictures)} pictures.",
            advice="The cameras must see one face, upright or on its side, larger than a tenth of "
            "the picture and lit.",
        )
    elif pictures:
        yield from _seldom(cameras, seen)
        yield from _sizes(cameras, seen)
        yield from _sharpness(cameras, seen)
        yield from _exposure(cameras, seen)
        yield from _masks(cameras, seen)
        yield from _mouth(cameras, seen)


def _observations(seen: Sequence[FrameObservation], camera: int) -> list[FaceObservation]:
    """Pictures of one camera."""
    observations = [observed.observations[camera] for observed in seen]
    return [one for one in observations if one and not one.problem]


def _damaged(cameras: Sequence[Camera], seen: Sequence[FrameObservation]) -> Iterator[Entry]:
    for observed in seen:
        for camera, one in zip(cameras, observed.observations, strict=True):
            if one and one.problem:
                yield Entry("error", "pictures", one.problem, camera.name)


def _seldom(cameras: Sequence[Camera], seen: Sequence[FrameObservation]) -> Iterator[Entry]:
    for place, camera in enumerate(cameras):
        observations = _observations(seen, place)
        share = np.mean([one.face is not None for one in observations]) if observations else 1.0
        if share < SELDOM:
            often = "never" if not share else f"only in {share:.0%} of the pictures"
            yield Entry(
                "warning",
                "faces",
                f"Camera {camera.name} sees the face {often}.",
                camera.name,
                "Turn it towards the face; from behind it is of use for the hair only.",
                float(share),
            )
    for observed in seen:
        if sum(face is not None for face in observed.faces) < min(2, len(cameras)):
            yield Entry(
                "warning",
                "faces",
                f"In frame {observed.frame} of take {observed.take} fewer than two cameras see a "
                "face.",
                observed.take,
                "Cut stretches in which the actor is not before the cameras.",
            )


def eye_distances(cameras: Sequence[Camera], seen: Sequence[FrameObservation]) -> np.ndarray:
    """Pixels between the eyes as if each face looked into its camera, (C,) medians, NaN unseen."""
    sizes = []
    for place in range(len(cameras)):
        faces = [one.face for one in _observations(seen, place) if one.face]
        # A side view narrows the distance of the eyes, not the height of the face.
        wide = [np.linalg.norm(face.points[468] - face.points[473]) for face in faces]
        high = [np.linalg.norm(face.points[10] - face.points[152]) / 2.6 for face in faces]
        sizes.append(float(np.median(np.maximum(wide, high))) if faces else np.nan)
    return np.array(sizes)


def _sizes(cameras: Sequence[Camera], seen: Sequence[FrameObservation]) -> Iterator[Entry]:
    sizes = eye_distances(cameras, seen)
    for camera, size in zip(cameras, sizes, strict=True):
        if size < SMALL:
            yield Entry(
                "error" if size < TINY else "warning",
                "faces",
                f"The face is small in camera {camera.name}: {size:.0f} pixels between the eyes.",
                camera.name,
                f"Go nearer or use a longer lens: {SMALL:.0f} pixels are the least, 150 are good.",
                float(size),
                "px",
            )
    if np.nanmin(sizes) >= SMALL:
        yield Entry(
            "ok",
            "faces",
            f"The face is large enough: {np.nanmin(sizes):.0f} to {np.nanmax(sizes):.0f} pixels "
            "between the eyes.",
            figure=float(np.nanmin(sizes)),
            unit="px",
        )


def _sharpness(cameras: Sequence[Camera], seen: Sequence[FrameObservation]) -> Iterator[Entry]:
    sharp = np.array([[one.sharpness if one else np.nan for one in s.observations] for s in seen])
    sharp = sharp[:, ~np.isnan(sharp).all(0)]
    names = [c.name for p, c in enumerate(cameras) if any(k.face for k in _observations(seen, p))]
    by_frame = _row_medians(sharp)
    by_camera = _row_medians((sharp / by_frame[:, None]).T)
    everywhere = np.nanmedian(sharp)
    for name, ratio in zip(names, by_camera, strict=True):
        if len(names) > 1 and ratio < BLURRED_CAMERA:
            yield Entry(
                "warning",
                "pictures",
                f"Camera {name} is blurred: it shows {ratio:.0%} of the detail that the others do.",
                name,
                "Focus on the eyes and calibrate again, or leave this camera out.",
                float(ratio),
            )
    blurred = [
        s for s, value in zip(seen, by_frame, strict=True) if value < BLURRED_FRAME * everywhere
    ]
    for observed in blurred:
        yield Entry(
            "warning",
            "pictures",
            f"Frame {observed.frame} of take {observed.take} is blurred in most cameras.",
            observed.take,
            "Use shorter exposures (1/200 s or less) and more light.",
        )
    if everywhere < BLURRED_ALL:
        yield Entry(
            "warning",
            "pictures",
            "The face is blurred in all cameras.",
            advice="Focus on the eyes, use shorter exposures, and keep the pictures' first size.",
            figure=float(everywhere),
            unit="%",
        )


def _row_medians(values: np.ndarray) -> np.ndarray:
    """Medians of the rows (n,), NaN where a row has no value."""
    some = ~np.isnan(values).all(1)
    medians = np.full(len(values), np.nan)
    medians[some] = np.nanmedian(values[some], 1)
    return medians


def _exposure(cameras: Sequence[Camera], seen: Sequence[FrameObservation]) -> Iterator[Entry]:
    for place, camera in enumerate(cameras):
        faces = [one for one in _observations(seen, place) if one.face]
        if not faces:
            continue
        white = float(np.median([one.white for one in faces]))
        black = float(np.median([one.black for one in faces]))
        if white > BURNT:
            yield Entry(
                "warning",
                "pictures",
                f"Camera {camera.name} is over-exposed: {white:.0%} of the face is burnt out.",
                camera.name,
                "Close its aperture or lower its gain; burnt skin has no texture to track.",
                white,
            )
        if black > BLACK:
            yield Entry(
                "warning",
                "pictures",
                f"Camera {camera.name} is under-exposed: {black:.0%} of the face is black.",
                camera.name,
                "Add light on this side or open its aperture.",
                black,
            )


def _masks(cameras: Sequence[Camera], seen: Sequence[FrameObservation]) -> Iterator[Entry]:
    for place, camera in enumerate(cameras):
        hidden = [one.hidden for one in _observations(seen, place) if one.face]
        share = float(np.median(hidden)) if hidden else 0.0
        if share > HIDDEN:
            yield Entry(
                "error",
                "pictures",
                f"The masks of camera {camera.name} hide {share:.0%} of the face.",
                camera.name,
                "Masks are white where the head is: turn them over, or delete them.",
                share,
            )


def _mouth(cameras: Sequence[Camera], seen: Sequence[FrameObservation]) -> Iterator[Entry]:
    counts = [sum(map(_sees_mouth, s.observations, cameras)) for s in seen]
    typical = float(np.median(counts))
    if typical < MOUTH_VIEWS:
        yield Entry(
            "error" if typical < 1 else "warning",
            "faces",
            f"The mouth is seen by {typical:g} cameras in most frames.",
            advice=f"Place at least {MOUTH_VIEWS} cameras before the face, within 50° of its "
            "direction, one of them below the chin's height.",
            figure=typical,
        )
    else:
        yield Entry("ok", "faces", f"{typical:g} cameras see the mouth.", figure=typical)


def _sees_mouth(one: FaceObservation | None, camera: Camera) -> bool:
    if one is None or one.face is None or one.face.frontal < SEES_MOUTH:
        return False
    mouth = one.face.points[list(LANDMARKED_MOUTH)]
    return bool((mouth > 0).all() and (mouth < (camera.width, camera.height)).all())


def check_colours(matches: dict[str, ColourMatch]) -> Iterator[Entry]:
    """How far colours differ between cameras, of `match_colours`."""
    gains = {name: np.log(match.gain) for name, match in matches.items() if match.patches}
    far = {name: float(np.abs(gain).max()) for name, gain in gains.items()}
    for name, size in far.items():
        if size > COLOUR_NOTE:
            percent = ", ".join(
                f"{colour} {100 * (np.exp(-value) - 1):+.0f} %"
                for colour, value in zip(("red", "green", "blue"), gains[name], strict=True)
            )
            too_much = size > COLOUR_ERROR
            yield Entry(
                "warning" if too_much else "ok",
                "colour",
                f"Camera {name} shows skin in other colours than the mean camera ({percent}); "
                "they are matched.",
                name,
                "So large a difference leaves marks: set white balance and exposure by hand, the "
                "same in all cameras."
                if too_much
                else "",
                size,
            )
    if far and max(far.values()) <= COLOUR_NOTE:
        yield Entry("ok", "colour", "All cameras show skin alike.", figure=max(far.values()))
