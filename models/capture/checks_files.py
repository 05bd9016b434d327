"""Pre-flight checks that need no face: frames, damaged files, lengths of sound and pictures."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .capture_takes import CaptureTake, sound_seconds
from .check_report import Entry
from .folder import CaptureFolder
from .pictures import PictureFiles, is_cut
from .video_track import VideoPictures

TAIL = 4096
SOUND_SECONDS = 0.15
SOUND_SHARE = 0.01
"""Sound and pictures of a take may differ by this in length."""
LENGTH_SECONDS = 0.5
"""So may the videos of a take."""
LATE_SECONDS = 0.006
"""Lips move a millimetre in this time."""
NAMED = 6
"""At most so many files are named."""


def check_files(capture: CaptureFolder) -> Iterator[Entry]:
    """Everything that files tell without being decoded."""
    yield from _cameras(capture)
    for take in capture.takes:
        yield from _frames(capture, take)
        yield from _sound(capture, take)
    yield from _damaged(capture)
    yield from _video_times(capture)
    for note in capture.notes:
        yield Entry("warning", "frames", note)


def _cameras(capture: CaptureFolder) -> Iterator[Entry]:
    pictured = [camera.name for camera in capture.cameras if camera.name in capture.pictures]
    yield Entry(
        "ok",
        "calibration",
        f"{capture.calibration}: {len(capture.cameras)} cameras.",
        figure=len(capture.cameras),
    )
    for camera in capture.cameras:
        if camera.name not in pictured:
            yield Entry(
                "warning",
                "frames",
                f"Camera {camera.name} is calibrated but has no pictures.",
                camera.name,
                f"Put them into images/{camera.name}, or go on without this camera.",
            )
    if len(pictured) == 1:
        yield Entry(
            "error",
            "calibration",
            f"There are pictures of one camera only ({pictured[0]}).",
            pictured[0],
            "Depth needs at least two calibrated cameras; a head is tracked well with six or more.",
            1,
        )
    if not any(take.pictured for take in capture.takes):
        yield Entry(
            "error",
            "frames",
            "No frame has pictures from two cameras.",
            advice="Name the pictures of one moment with the same number in every camera's folder.",
        )


def _frames(capture: CaptureFolder, take: CaptureTake) -> Iterator[Entry]:
    cameras = [camera for camera in capture.cameras if camera.name in capture.pictures]
    if not take.pictured or not cameras:
        return
    missing = {
        camera.name: [f for f in take.pictured if not capture.has_picture(camera, take.name, f)]
        for camera in cameras
    }
    lacking = {name: frames for name, frames in missing.items() if frames}
    for name, frames in lacking.items():
        first = frames[0]
        trailing = frames == list(take.pictured[-len(frames) :])
        how = f"ends {len(frames)} frames early" if trailing else f"lacks {len(frames)} frames"
        yield Entry(
            "warning",
            "frames",
            f"In take {take.name}, camera {name} {how} of {len(take.pictured)} (frame {first}).",
            name,
            "These frames are tracked with the other cameras; copy the missing pictures if there "
            "are any.",
            len(frames) / len(take.pictured),
        )
    if not lacking:
        yield Entry(
            "ok",
            "frames",
            f"Take {take.name}: {len(take.pictured)} pictured frames at {take.fps:g} a second, "
            "complete in every camera.",
            take.name,
            figure=len(take.pictured),
        )


def _sound(capture: CaptureFolder, take: CaptureTake) -> Iterator[Entry]:
    if not take.audio:
        return
    seconds = sound_seconds(capture.folder / take.audio)
    if seconds is None:
        yield Entry(
            "error",
            "sound",
            f"{take.audio} cannot be read as sound.",
            take.name,
            "Save it as WAV again, or remove it.",
        )
        return
    pictures = take.frames / take.fps
    differ = seconds + take.audio_start - pictures
    if abs(differ) > SOUND_SECONDS + SOUND_SHARE * pictures:
        yield Entry(
            "warning",
            "sound",
            f"In take {take.name} the sound lasts {seconds:.2f} s, the pictures {pictures:.2f} s.",
            take.name,
            "Check the frame rate, or cut both to begin and end together; lips and sound would "
            "not match.",
            differ,
            "s",
        )


def _damaged(capture: CaptureFolder) -> Iterator[Entry]:
    cut = [
        path
        for source in capture.pictures.values()
        if isinstance(source, PictureFiles)
        for path in source.files.values()
        if _is_damaged(path)
    ]
    for path in cut[:NAMED]:
        yield Entry(
            "error",
            "pictures",
            f"The picture {path.parent.name}/{path.name} is damaged: its end is missing.",
            str(path.relative_to(capture.folder)),
            "Copy it again, or delete it: its frame is then tracked with the other cameras.",
        )
    if len(cut) > NAMED:
        yield Entry("error", "pictures", f"{len(cut) - NAMED} more pictures are damaged.")


def _is_damaged(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(stream.tell() - TAIL, 0))
            tail = np.frombuffer(stream.read(), np.uint8)
    except OSError:
        return True
    return not tail.size or is_cut(path, tail)


def _video_times(capture: CaptureFolder) -> Iterator[Entry]:
    videos = {n: s for n, s in capture.pictures.items() if isinstance(s, VideoPictures)}
    for take in capture.takes:
        lengths = {
            n: s.tracks[take.name].seconds for n, s in videos.items() if take.name in s.tracks
        }
        if len(lengths) > 1 and np.ptp(list(lengths.values())) > LENGTH_SECONDS:
            short, long = (
                min(lengths, key=lengths.__getitem__),
                max(lengths, key=lengths.__getitem__),
            )
            yield Entry(
                "warning",
                "frames",
                f"The videos of take {take.name} are not equally long: {lengths[short]:.2f} s in "
                f"camera {short}, {lengths[long]:.2f} s in camera {long}.",
                short,
                "If they did not start together, write the second at which each began into "
                'sync.json, as {"front": 0.0, "left": 0.52}.',
                lengths[long] - lengths[short],
                "s",
            )
        for name, source in videos.items():
            frames = [f for f in take.pictured[:200] if source.has(take.name, f)]
            late = max((source.lateness(take.name, f) for f in frames), default=0.0)
            if late > LATE_SECONDS:
                yield Entry(
                    "warning",
                    "frames",
                    f"In take {take.name}, camera {name} took its pictures up to {1000 * late:.0f} "
                    "ms before or after the others.",
                    name,
                    "Film all cameras at one rate and triggered together; quick movements will be "
                    "less exact.",
                    1000 * late,
                    "ms",
                )
