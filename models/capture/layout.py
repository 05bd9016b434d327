"""Where a capture's pictures, videos and masks are, and which takes they make."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import CaptureError
from .calibration.entries import PICTURES, VIDEOS, Calibrated
from .capture_takes import (
    ASSUMED_RATE,
    CaptureTake,
    GivenTakes,
    rate_of_sound,
    sound_seconds,
    with_sound_and_text,
)
from .pictures import ONLY_TAKE, PictureFiles, in_frames, named_pictures, safe_name
from .video_track import TakeTimes, VideoPictures, VideoTrack

FOLDERS = ("images/{}", "{}")
VIDEO_FOLDERS = ("videos/{}", "images/{}", "{}")
MASK_FOLDERS = ("masks/{}", "mask/{}")
SYNC = "sync.json"
Source = PictureFiles | VideoPictures


@dataclass(frozen=True)
class Layout:
    """What was found in a capture folder.

    Attributes:
        takes: In alphabetical order, or as `takes.json` has them.
        pictures: By camera name; cameras without any are missing.
        masks: By camera name.
        notes: What had to be assumed, a sentence each.
    """

    takes: tuple[CaptureTake, ...]
    pictures: Mapping[str, Source]
    masks: Mapping[str, PictureFiles] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def find_layout(root: Path, cameras: Sequence[Calibrated], given: GivenTakes) -> Layout:
    """Look for pictures and videos by the cameras' names.

    Raises:
        CaptureError: There are none, some cameras have pictures and others videos, or `sync.json`
            is damaged.
    """
    names = [entry.camera.name for entry in cameras]
    videos = {entry.camera.name: _videos(root, entry) for entry in cameras}
    pictures = {entry.camera.name: dict(_pictures(root, entry)) for entry in cameras}
    with_videos = [name for name in names if videos[name] and not pictures[name]]
    with_pictures = [name for name in names if pictures[name]]
    if with_videos and with_pictures:
        raise CaptureError(
            f"Camera {with_videos[0]} has a video and camera {with_pictures[0]} has pictures: give "
            "all cameras the same."
        )
    if with_videos:
        return _of_videos(root, {name: videos[name] for name in with_videos}, given)
    masks = {name: _masks(root, name) for name in names}
    if given.takes:
        return _of_given_takes(root, pictures, masks, given)
    if not with_pictures:
        raise CaptureError(_nothing_found(root, names))
    return _of_pictures(root, {name: pictures[name] for name in with_pictures}, masks, given)


def _nothing_found(root: Path, names: Sequence[str]) -> str:
    holding = sorted(
        {p.parent.name for p in root.glob("**/*") if p.suffix.lower() in PICTURES | VIDEOS}
    )
    there = f"; there are pictures or videos in {', '.join(holding[:8])}" if holding else ""
    return (
        f"The capture {root.name} has no pictures of its cameras: a camera {names[0]} needs "
        f"images/{names[0]}/000000.png and so on, or a video {names[0]}.mp4{there}."
    )


def _inside(folder: Path) -> Iterator[tuple[str, Path]]:
    """Take that a subfolder names ('' without one), and each file."""
    for path in sorted(folder.iterdir()):
        if path.is_file():
            yield "", path
        elif path.name not in ("masks", "mask"):
            yield from ((path.name, inner) for inner in sorted(path.iterdir()) if inner.is_file())


def _folder(root: Path, place: str, patterns: Sequence[str], name: str) -> Path | None:
    places = [place] if place else []
    folders = (root / p for p in (*places, *(pattern.format(name) for pattern in patterns)))
    return next((folder for folder in folders if folder.is_dir()), None)


def _pictures(root: Path, entry: Calibrated) -> Mapping[tuple[str, int], Path]:
    name = entry.camera.name
    if entry.files:
        return named_pictures((("", root / file) for file in entry.files), name)
    folder = _folder(root, entry.place, FOLDERS, name)
    return named_pictures(_inside(folder), name) if folder else {}


def _masks(root: Path, name: str) -> Mapping[tuple[str, int], Path]:
    folder = _folder(root, "", MASK_FOLDERS, name)
    return named_pictures(_inside(folder), name) if folder else {}


def _videos(root: Path, entry: Calibrated) -> dict[str, Path]:
    """Video by take."""
    name = entry.camera.name
    files = [root / entry.place] if Path(entry.place).suffix.lower() in VIDEOS else []
    for folder in (root, root / "videos"):
        if folder.is_dir():
            files += [p for p in sorted(folder.iterdir()) if p.stem == name]
    files = [p for p in files if p.suffix.lower() in VIDEOS and p.is_file()]
    if files:
        return {ONLY_TAKE: files[0]}
    folder = _folder(root, "", VIDEO_FOLDERS, name)
    inside = [p for _, p in _inside(folder) if p.suffix.lower() in VIDEOS] if folder else []
    if len(inside) == 1:
        return {ONLY_TAKE: inside[0]}
    return {safe_name(p.stem.removeprefix(name)): p for p in inside}


def _of_given_takes(
    root: Path, pictures: Mapping[str, Mapping], masks: Mapping[str, Mapping], given: GivenTakes
) -> Layout:
    """Numbers in file names are the frames of `takes.json`."""
    return Layout(
        with_sound_and_text(root, given.takes),
        {name: PictureFiles(files) for name, files in pictures.items() if files},
        {name: PictureFiles(files) for name, files in masks.items() if files},
    )


def _of_pictures(
    root: Path, pictures: Mapping[str, Mapping], masks: Mapping[str, Mapping], given: GivenTakes
) -> Layout:
    sources, frames = in_frames(pictures)
    takes = [
        CaptureTake(
            name=take,
            fps=given.fps or ASSUMED_RATE,
            frames=max(by_number.values()) + 1,
            pictured=_pictured(sources, take, sorted(by_number.values())),
        )
        for take, by_number in frames.items()
    ]
    found, notes = [], []
    for take in with_sound_and_text(root, takes):
        fps, note = _frame_rate(root, take, given)
        found.append(replace(take, fps=fps))
        notes += [note] if note else []
    hidden = {name: _as_pictured(files, frames) for name, files in masks.items() if files}
    return Layout(tuple(found), sources, hidden, tuple(notes))


def _as_pictured(
    files: Mapping[tuple[str, int], Path], frames: Mapping[str, Mapping[int, int]]
) -> PictureFiles:
    """Masks by the frames that the pictures have."""
    known = {key: path for key, path in files.items() if key[1] in frames.get(key[0], {})}
    return PictureFiles({(take, frames[take][n]): path for (take, n), path in known.items()})


def _frame_rate(root: Path, take: CaptureTake, given: GivenTakes) -> tuple[float, str]:
    if given.fps:
        return given.fps, ""
    seconds = sound_seconds(root / take.audio) if take.audio else None
    rate = rate_of_sound(seconds, take.frames)
    if rate:
        return rate, ""
    return ASSUMED_RATE, (
        f"Nothing tells the frame rate of take {take.name}; {ASSUMED_RATE:g} a second is assumed: "
        'write {"schema": 1, "fps": …} into takes.json.'
    )


def _pictured(sources: Mapping[str, Source], take: str, frames: Sequence[int]) -> tuple[int, ...]:
    enough = min(2, len(sources))
    return tuple(
        frame for frame in frames if sum(s.has(take, frame) for s in sources.values()) >= enough
    )


def _of_videos(root: Path, videos: Mapping[str, Mapping[str, Path]], given: GivenTakes) -> Layout:
    known = {take.name: take for take in given.takes}
    only = next(iter(known)) if len(known) == 1 else ONLY_TAKE
    tracks = {
        camera: {only if t == ONLY_TAKE else t: VideoTrack(path) for t, path in by_take.items()}
        for camera, by_take in videos.items()
    }
    sync = _read_sync(root)
    starts = {
        camera: {take: _start(sync, take, camera) for take in by_take}
        for camera, by_take in tracks.items()
    }
    times, lengths = {}, {}
    for take in sorted({take for by_take in tracks.values() for take in by_take}):
        recording = [(t[take], starts[camera][take]) for camera, t in tracks.items() if take in t]
        fps = known[take].fps if take in known else given.fps
        times[take], lengths[take] = _timeline(recording, fps)
    sources = {camera: VideoPictures(tracks[camera], starts[camera], times) for camera in tracks}
    takes = [
        CaptureTake(take, times[take].fps, count, _pictured(sources, take, range(count)))
        for take, count in lengths.items()
    ]
    sounds = {take: _start(sync, take, "audio") - times[take].start for take in times}
    return Layout(with_sound_and_text(root, given.takes or takes, sounds), sources)


def _timeline(
    tracks: Sequence[tuple[VideoTrack, float]], wanted: float | None
) -> tuple[TakeTimes, int]:
    """Frames of a take: from when two cameras record until only one is left.

    Args:
        tracks: Videos and when each begins, in seconds on the shared clock.
        wanted: Frames a second, where `takes.json` gives them; else what most cameras have.
    """
    rates = Counter(round(track.fps, 2) for track, _ in tracks)
    usual = max(rates, key=lambda rate: (rates[rate], rate))
    fps = wanted or next(t.fps for t, _ in tracks if round(t.fps, 2) == usual)
    second = min(1, len(tracks) - 1)
    begin = sorted(start for _, start in tracks)[second]
    end = sorted((start + track.seconds for track, start in tracks), reverse=True)[second]
    return TakeTimes(fps, begin), max(round((end - begin) * fps), 0)


def _start(sync: Mapping, take: str, name: str) -> float:
    of_take = sync.get(take)
    values = of_take if isinstance(of_take, Mapping) else sync
    value = values.get(name, 0.0)
    return 0.0 if isinstance(value, Mapping) else float(value)


def _read_sync(root: Path) -> Mapping:
    path = root / SYNC
    if not path.is_file():
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        for value in document.values():
            for number in value.values() if isinstance(value, Mapping) else (value,):
                float(number)
    except (ValueError, TypeError, AttributeError) as error:
        raise CaptureError(
            f"{SYNC} of {root.name} must hold the second at which each camera began, as "
            f'{{"front": 0.0, "left": 0.52}}: {error}.'
        ) from error
    return document
