"""Edits that outlive a new timing: edited words keep their cues; words are pronounced anew.

Every result pairs a cue with the index of the cue it was before, −1 for a new one, so that a caller
can carry over whatever it knows of a cue.
"""

import difflib
import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ..phones import SILENCE
from .proportional import spread
from .text import pronounce
from .visemes import VISEMES, Cue, cues, viseme_of

Tracked = tuple[Cue, int]
"""A cue and the index it had, −1 for a new one."""

REST = viseme_of(SILENCE)
_LEAST_ROOM = 0.35
"""A word beside an edited one keeps at least this share of its time."""
_SHORTEST_REST = 0.01


@dataclass(frozen=True)
class _Piece:
    """A word's cues, or one cue outside all words, as timed anew."""

    word: int
    cues: list[Cue]

    @property
    def start(self) -> float:
        return self.cues[0].start

    @property
    def end(self) -> float:
        return self.cues[-1].end

    @property
    def silent(self) -> bool:
        return all(cue.viseme == REST for cue in self.cues)


def merged(
    fresh: Sequence[Cue],
    fresh_words: Sequence[str],
    old: Sequence[Cue],
    old_words: Sequence[str],
    edited: Collection[int],
) -> list[Tracked]:
    """Freshly timed cues in which edited words keep their own.

    An edited word begins where it now does and keeps the times inside it. What follows makes room
    or fills in: silences first, then the next word, which is squeezed or stretched.

    Args:
        fresh: Cues of the line as timed anew, without gaps.
        fresh_words: Words that `fresh` means.
        old: Cues before, in order, with edits.
        old_words: Words that `old` means.
        edited: Indices in `old` of cues that were edited.
    """
    kept = _kept(old, len(old_words), frozenset(edited))
    origin = _origins(old_words, fresh_words)
    result: list[Tracked] = []
    cursor = fresh[0].start if fresh else 0.0
    for piece in _pieces(fresh):
        mine = kept.get(origin.get(piece.word, -1))
        if mine is not None:
            cursor = _place_kept(result, mine, piece.word, max(cursor, piece.start), cursor)
        elif piece.silent:
            end = max(piece.end, cursor)
            if end - cursor > _SHORTEST_REST:
                result.append((replace(piece.cues[0], start=cursor, end=end), -1))
                cursor = end
        else:
            end = max(piece.end, cursor + _LEAST_ROOM * (piece.end - piece.start))
            sources = _same_sounds(piece, old, origin.get(piece.word, -1))
            result += zip(_fitted(piece.cues, cursor, end), sources, strict=True)
            cursor = end
    return result


def _same_sounds(piece: _Piece, old: Sequence[Cue], word: int) -> list[int]:
    """What the cues of an unedited word were before, where it sounds the same."""
    sources = [number for number, cue in enumerate(old) if cue.word == word >= 0]
    if [old[number].phone for number in sources] == [cue.phone for cue in piece.cues]:
        return sources
    return [-1] * len(piece.cues)


def _place_kept(
    result: list[Tracked], mine: Sequence[Tracked], word: int, start: float, cursor: float
) -> float:
    """Append an edited word's cues from `start`; where the line now ends."""
    if not mine:
        return cursor
    if result and start > cursor:
        before, source = result[-1]
        result[-1] = replace(before, end=start), source
    shift = start - mine[0][0].start
    for cue, source in mine:
        spoken = word if cue.word >= 0 else -1
        moved = replace(cue, start=cue.start + shift, end=cue.end + shift, word=spoken)
        result.append((moved, source))
    return result[-1][0].end


def _pieces(line: Sequence[Cue]) -> list[_Piece]:
    places = {cue: number for number, cue in enumerate(line)}
    groups = itertools.groupby(line, lambda cue: (cue.word, -1 if cue.word >= 0 else places[cue]))
    return [_Piece(key[0], list(group)) for key, group in groups]


def _origins(old: Sequence[str], fresh: Sequence[str]) -> dict[int, int]:
    """Fresh word → the old one that it is."""
    matcher = difflib.SequenceMatcher(None, list(old), list(fresh), autojunk=False)
    return {
        block.b + step: block.a + step
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    }


def _kept(old: Sequence[Cue], words: int, edited: frozenset[int]) -> dict[int, list[Tracked]]:
    """Word → its cues, for words with an edited cue and those whose cues were all deleted.

    An edited sound outside all words goes with the word before it, or else after it.
    """
    owners = [cue.word for cue in old]
    for number, cue in enumerate(old):
        if cue.word < 0 and cue.viseme != REST and number in edited:
            before = [owner for owner in owners[:number] if owner >= 0]
            after = [other.word for other in old[number:] if other.word >= 0]
            owners[number] = (before[-1:] or after[:1] or [-1])[0]
    kept: dict[int, list[Tracked]] = {word: [] for word in range(words) if word not in owners}
    for word in {owners[number] for number in edited if number < len(old)} - {-1}:
        mine = [number for number, owner in enumerate(owners) if owner == word]
        kept[word] = [(old[number], number) for number in range(mine[0], mine[-1] + 1)]
    return kept


def _fitted(line: Sequence[Cue], start: float, end: float) -> list[Cue]:
    """The cues squeezed or stretched into a span."""
    first, length = line[0].start, max(line[-1].end - line[0].start, 1e-9)
    factor = (end - start) / length
    return [
        replace(cue, start=start + (cue.start - first) * factor,
                end=start + (cue.end - first) * factor)
        for cue in line
    ]  # fmt: skip


def respelled(
    line: Sequence[Cue], words: Sequence[str], changed: Collection[int]
) -> tuple[list[Tracked], list[str]]:
    """Some words said otherwise in the time they had: for lines whose times are a recording's.

    Args:
        line: Cues, in order.
        words: As they shall be; '' for a word to leave out. A changed word without cues is new and
            takes its share of the time of the word before it, or else after it.
        changed: Indices of those to pronounce anew.

    Returns:
        The cues, and the words that are left.

    Raises:
        TextError: A word cannot be spoken.
    """
    tracked = [(cue, number) for number, cue in enumerate(line)]
    for word in sorted(changed):
        if words[word]:
            tracked = _with_room(tracked, word)
        tracked = _respelled(tracked, word, words[word])
    left = [number for number, text in enumerate(words) if text]
    places = {old: new for new, old in enumerate(left)}
    renumbered = [(replace(cue, word=places.get(cue.word, -1)), source) for cue, source in tracked]
    return renumbered, [words[number] for number in left]


def _respelled(tracked: list[Tracked], word: int, text: str) -> list[Tracked]:
    mine = [number for number, (cue, _) in enumerate(tracked) if cue.word == word]
    if not mine:
        return tracked
    first, last = mine[0], mine[-1]
    start, end = tracked[first][0].start, tracked[last][0].end
    if text:
        said = [(replace(cue, word=word), -1) for cue in cues(spread(pronounce(text), start, end))]
    else:
        said = [(Cue(start, end, REST, VISEMES[REST][0]), -1)]
    return [*tracked[:first], *said, *tracked[last + 1 :]]


def _with_room(tracked: list[Tracked], word: int) -> list[Tracked]:
    """Half of a neighbour's time for a word that has none yet."""
    owners = [cue.word for cue, _ in tracked]
    beside = [other for other in (word - 1, word + 1) if other >= 0 and other in owners]
    if word in owners or not beside:
        return tracked
    neighbour = beside[0]
    mine = [number for number, owner in enumerate(owners) if owner == neighbour]
    block = [cue for cue, _ in tracked[mine[0] : mine[-1] + 1]]
    start, end = block[0].start, block[-1].end
    middle = 0.5 * (start + end)
    after = neighbour < word
    spans = ((start, middle), (middle, end)) if after else ((middle, end), (start, middle))
    squeezed = [
        (cue, source)
        for cue, (_, source) in zip(
            _fitted(block, *spans[0]), tracked[mine[0] : mine[-1] + 1], strict=True
        )
    ]
    room = [(Cue(*spans[1], REST, VISEMES[REST][0], word=word), -1)]
    both = [*squeezed, *room] if after else [*room, *squeezed]
    return [*tracked[: mine[0]], *both, *tracked[mine[-1] + 1 :]]
