"""A line's words: where they stand in its text, and the text after one was changed."""

from dataclasses import dataclass

import bpy

from . import timing


@dataclass(frozen=True)
class KeptWord:
    """A word as plain values; fields as the property's."""

    text: str
    start: int = -1
    end: int = -1
    changed: bool = False


def kept(line: bpy.types.PropertyGroup) -> tuple[KeptWord, ...]:
    """The words as plain values."""
    return tuple(KeptWord(word.text, word.start, word.end, word.changed) for word in line.words)


def keep(line: bpy.types.PropertyGroup, found: tuple[KeptWord, ...]) -> None:
    """Put plain values in place of the words."""
    line.words.clear()
    for word in found:
        item = line.words.add()
        item.text, item.start, item.end = word.text, word.start, word.end
    line.active_word = min(line.active_word, max(len(found) - 1, 0))


def edited(line: bpy.types.PropertyGroup, index: int) -> None:
    """A word was retyped: so is its place in the text."""
    word = line.words[index]
    word.text = " ".join(word.text.split())
    word.changed = True
    _retype(line, word.start, word.end, _sharing(line, word))


def insert(line: bpy.types.PropertyGroup, index: int, text: str) -> int:
    """A new word after word `index` (−1: before all); its index."""
    place = index + 1
    at = line.words[index].end if index >= 0 else 0
    item = line.words.add()
    item.text, item.start, item.end, item.changed = text, at, at, True
    line.words.move(len(line.words) - 1, place)
    for cue in line.cues:
        if cue.word >= place:
            cue.word += 1
    _retype(line, at, at, f" {text}" if place else f"{text} ")
    return place


def lose_places(line: bpy.types.PropertyGroup) -> None:
    """The text was retyped as a whole: where its words stand is known when it is timed anew."""
    for word in line.words:
        word.start = word.end = -1


def _sharing(line: bpy.types.PropertyGroup, word: bpy.types.PropertyGroup) -> str:
    """All words said for one stretch of the text: '25' is two, of which one may have changed."""
    span = word.start, word.end
    same = [other.text for other in line.words if (other.start, other.end) == span]
    return " ".join(text for text in same if text)


def _retype(line: bpy.types.PropertyGroup, start: int, end: int, text: str) -> None:
    """Put other text in a stretch of the line's, and move the words after it along."""
    if not 0 <= start <= end <= len(line.text):
        return
    in_its_time = bool(line.audio_filepath or line.timings_filepath) and timing.holds(line)
    line.text = line.text[:start] + text + line.text[end:]
    if in_its_time:  # a recording's times hold: the word is said otherwise in its own
        line.timed_for = timing.fingerprint(line)
    more = len(text) - (end - start)
    for other in line.words:
        if (other.start, other.end) == (start, end):
            other.end += more
        elif other.start >= end:
            other.start, other.end = other.start + more, other.end + more
