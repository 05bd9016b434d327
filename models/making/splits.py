"""Takes cut into pieces that models can learn from, and the tenth of them that is held out."""

import dataclasses
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import CaptureError
from ..performance import Performance, PerformanceWriter, Take, texture_paths
from ..phones import Phones
from ..video.training.footage import FootageClip, read_footage, write_clip

LENGTHS = (12.0, 7.0), (6.0, 4.0)
"""Seconds: spoken takes longer than the first are cut at pauses, into pieces about as long as the
second: sequences of a sentence or two teach speech best. The second pair is for little speech."""
SHORTEST = 3.0
"""Seconds: no piece is shorter."""
ENOUGH = 6
"""Spoken pieces: four teach speech, and some are held out."""
PAUSE = 0.15
"""Seconds of silence that make a pause."""
FEW = 5
"""With fewer takes than this, the end of the longest is held out instead of a whole one."""
HELD_OUT = 0.1
LEAST_HELD_OUT = 4
"""Frames; a shorter end tells nothing."""
LEAST_CLIP = 8
"""Frames; shorter pieces of footage teach nothing."""


@dataclass(frozen=True)
class Piece:
    """A part of a take that becomes a take of its own.

    Attributes:
        take: The take it is cut from.
        start: Its first frame there.
        stop: The frame after its last.
        name: Of the new take.
        split: train or held_out.
    """

    take: str
    start: int
    stop: int
    name: str
    split: str


def pieces_of(takes: Sequence[Take]) -> list[Piece]:
    """Cut spoken takes at pauses and hold a tenth out; takes held out already settle that."""
    pieces = _cut_up(takes)
    if any(take.split == "held_out" for take in takes):
        return pieces
    by_name = {take.name: take for take in takes}
    pictured = [
        i for i, piece in enumerate(pieces) if _pictured(by_name[piece.take], piece).size > 0
    ]
    if len(pictured) < FEW:
        return _with_end_held_out(pieces, by_name, pictured)
    count = max(1, round(HELD_OUT * len(pictured)))
    places = np.linspace(0, len(pictured) - 1, count + 2)[1:-1].round().astype(int)
    for place in {pictured[i] for i in places}:
        pieces[place] = dataclasses.replace(pieces[place], split="held_out")
    return pieces


def _cut_up(takes: Sequence[Take]) -> list[Piece]:
    """All takes cut at pauses, more finely where there is little speech."""
    for longest, wanted in LENGTHS:
        cut_takes = [_at_pauses(take, longest, wanted) for take in takes]
        pairs = zip(takes, cut_takes, strict=True)
        if sum(len(parts) for take, parts in pairs if take.kind != "motion") >= ENOUGH:
            break
    return [piece for parts in cut_takes for piece in parts]


def _pictured(take: Take, piece: Piece) -> np.ndarray:
    inside = (take.pictured >= piece.start) & (take.pictured < piece.stop)
    return take.pictured[inside]


def _at_pauses(take: Take, longest: float, wanted: float) -> list[Piece]:
    cuts = _cuts(take, longest, wanted)
    edges = [0, *(round(second * take.fps) for second in cuts), len(take)]
    if len(edges) == 2:
        return [Piece(take.name, 0, len(take), take.name, take.split)]
    names = (f"{take.name}_{number:03d}" for number in range(1, len(edges)))
    pairs = zip(edges[:-1], edges[1:], names, strict=True)
    return [Piece(take.name, start, stop, name, take.split) for start, stop, name in pairs]


def _cuts(take: Take, longest: float, wanted: float) -> list[float]:
    """Seconds at which a take is cut: middles of pauses."""
    phones, length = take.phones, len(take) / take.fps
    if take.kind == "motion" or length <= longest:
        return []
    pauses = phones.middle[phones.silent & (phones.duration >= PAUSE)]
    cuts, last = [], 0.0
    while length - last > longest:
        ahead = pauses[(pauses >= last + SHORTEST) & (pauses <= length - SHORTEST)]
        if not len(ahead):
            break
        last = float(ahead[np.argmin(np.abs(ahead - last - wanted))])
        cuts.append(last)
    return cuts


def _with_end_held_out(
    pieces: list[Piece], takes: dict[str, Take], pictured: list[int]
) -> list[Piece]:
    """Make the closing tenth of the longest pictured piece a held-out take of its own."""
    if not pictured:
        return pieces
    longest = max(pictured, key=lambda i: pieces[i].stop - pieces[i].start)
    whole = pieces[longest]
    frames = _pictured(takes[whole.take], whole)
    count = max(LEAST_HELD_OUT, round(HELD_OUT * len(frames)))
    if len(frames) < 2 * count:
        return pieces
    edge = int(frames[-count])
    first = dataclasses.replace(whole, stop=edge)
    end = Piece(whole.take, edge, whole.stop, f"{whole.name}_end", "held_out")
    return [*pieces[:longest], first, end, *pieces[longest + 1 :]]


def cut(take: Take, piece: Piece) -> Take:
    """A piece of a take, as a take."""
    if (piece.start, piece.stop, piece.name) == (0, len(take), take.name):
        return dataclasses.replace(take, split=piece.split)
    part = slice(piece.start, piece.stop)
    phones = _cut_phones(take.phones, piece.start / take.fps, piece.stop / take.fps)
    return dataclasses.replace(
        take,
        name=piece.name,
        split=piece.split,
        controls=take.controls[part],
        head_pose=take.head_pose[part],
        tracked=None if take.tracked is None else take.tracked[part],
        pictured=_pictured(take, piece) - piece.start,
        phones=phones,
        text=" ".join(phones.words) if take.text else "",
    )


def _cut_phones(phones: Phones, start: float, stop: float) -> Phones:
    """Phones between two seconds, from then on; one that is cut through belongs to both."""
    inside = phones.select((phones.end > start) & (phones.start < stop))
    used = np.unique(inside.word[inside.word >= 0])
    word = np.where(inside.word >= 0, np.searchsorted(used, inside.word), -1)
    return Phones(
        inside.label,
        np.maximum(inside.start, start) - start,
        np.minimum(inside.end, stop) - start,
        inside.stress,
        word,
        [phones.words[i] for i in used],
    )


def write_pieces(
    source: Performance, takes: Sequence[Take], pieces: Sequence[Piece], output: Path
) -> Performance:
    """Write pieces as a performance; textures are shared with `source` where the disk can.

    Args:
        source: Where the textures are.
        takes: Its takes, with what has become known of them.
        pieces: Of these takes.
        output: Performance folder, made or continued.
    """
    by_name = {take.name: take for take in takes}
    about = {key: value for key, value in source.about.items() if key != "fps"}
    writer = PerformanceWriter(output, source.mesh, source.fps, about)
    (output / "textures").mkdir(parents=True, exist_ok=True)
    for piece in pieces:
        made = cut(by_name[piece.take], piece)
        writer.add(made)
        for frame in made.pictured:
            old = texture_paths(source.folder, piece.take, int(frame) + piece.start)
            new = texture_paths(output, piece.name, int(frame))
            for there, here in zip(old, new, strict=True):
                _share(there, here.with_suffix(there.suffix))
    return writer.finish()


def _share(there: Path, here: Path) -> None:
    """The same file under another name; a copy where the disk knows no links."""
    here.unlink(missing_ok=True)
    try:
        os.link(there, here)
    except FileNotFoundError as error:
        raise CaptureError(f"The texture {there.name} is missing.") from error
    except OSError:
        shutil.copyfile(there, here)


def cut_footage(source: Path, pieces: Sequence[Piece], output: Path) -> int:
    """Cut clips of takes where their takes were cut; how many clips there are now.

    Args:
        source: Footage folder that shows the takes.
        pieces: Of these takes.
        output: Footage folder that shows the pieces.

    Raises:
        CaptureError: The footage is damaged.
    """
    count = 0
    for clip in read_footage(source):
        for piece in pieces:
            if piece.take == clip.take and (part := _clip_of(clip, piece)) is not None:
                write_clip(output, part)
                count += 1
    return count


def _clip_of(clip: FootageClip, piece: Piece) -> FootageClip | None:
    low, high = max(clip.start, piece.start), min(clip.start + len(clip), piece.stop)
    if high - low < LEAST_CLIP:
        return None
    part = slice(low - clip.start, high - clip.start)
    return dataclasses.replace(
        clip,
        name=f"{clip.name}-{piece.name}",
        take=piece.name,
        split=piece.split,
        start=low - piece.start,
        head_pose=clip.head_pose[part],
        points=clip.points[part],
        scores=clip.scores[part],
        poses=clip.poses[part],
        descriptors=None if clip.descriptors is None else clip.descriptors[part],
    )
