"""From tracked takes to takes that models learn from: phones, cuts, what is held out."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny_clip, tiny_controls, tiny_performance

from models.alignment.result import Alignment
from models.capture.folder import CaptureFolder, CaptureTake
from models.errors import AlignmentError, SoundError
from models.making.splits import cut, cut_footage, pieces_of, write_pieces
from models.making.spoken_takes import spoken_takes
from models.performance import Take
from models.phones import Phones
from models.progress import silent
from models.video.training.footage import read_footage, write_clip

FPS = 30.0


def take(name: str, seconds: float, phones: Phones | None = None, every: int = 5) -> Take:
    frames = round(seconds * FPS)
    controls = tiny_controls(frames, 3)
    pose = np.zeros((frames, 6), np.float32)
    pose[:, 0] = np.arange(frames)
    return Take(
        name=name,
        kind="motion" if phones is None else "spoken",
        split="train",
        fps=FPS,
        controls=controls,
        head_pose=pose,
        phones=phones or Phones.build([], [], []),
        text="" if phones is None else " ".join(phones.words),
        pictured=np.arange(0, frames, every),
    )


def speech(sentences: int) -> Phones:
    """Sentences of two words in 2.5 s with a pause of half a second after each."""
    label, start, end, word, words = [], [], [], [], []
    for number in range(sentences):
        begin = 3.0 * number
        for place, symbol in enumerate(("M", "AY", "B", "IY", "sil")):
            label.append(symbol)
            start.append(begin + 0.625 * place)
            end.append(begin + (3.0 if symbol == "sil" else 0.625 * (place + 1)))
            word.append(-1 if symbol == "sil" else len(words) + place // 2)
        words += [f"my{number}", f"bee{number}"]
    return Phones.build(label, start, end, word=word, words=words)


def test_long_speech_is_cut_at_pauses() -> None:
    long = take("talk", 60.0, speech(20))
    pieces = pieces_of([long])
    assert pieces[0].start == 0 and pieces[-1].stop == len(long)
    for before, after in itertools.pairwise(pieces):
        assert before.stop == after.start
        second = after.start / FPS
        place = int(long.phones.at(np.array([second]))[0])
        assert long.phones.label[place] == "sil"
    assert all(3.0 <= (p.stop - p.start) / FPS <= 12.0 for p in pieces)
    assert sum(p.split == "held_out" for p in pieces) == 1


def test_little_speech_is_cut_more_finely_so_that_enough_pieces_teach() -> None:
    takes = [take("first", 18.0, speech(6)), take("second", 18.0, speech(6)), take("round", 20.0)]
    pieces = pieces_of(takes)
    spoken = [p for p in pieces if p.take != "round"]
    assert len(spoken) >= 6 and sum(p.split == "train" for p in spoken) >= 4
    assert all(3.0 <= (p.stop - p.start) / FPS < 7.0 for p in spoken)
    assert [p.name for p in pieces if p.take == "round"] == ["round"]


def test_a_piece_has_its_own_frames_phones_and_words() -> None:
    long = take("talk", 60.0, speech(20))
    piece = pieces_of([long])[2]
    part = cut(long, piece)
    assert part.name == "talk_003" and len(part) == piece.stop - piece.start
    np.testing.assert_array_equal(part.head_pose[:, 0], np.arange(piece.start, piece.stop))
    np.testing.assert_array_equal(
        part.pictured + piece.start, np.arange(-(-piece.start // 5) * 5, piece.stop, 5)
    )
    assert part.text == " ".join(part.phones.words)
    first = piece.start / FPS
    for start, word in zip(part.phones.start, part.phones.word, strict=True):
        if word >= 0:
            number = int((start + first) // 3.0)
            assert part.phones.words[word] in (f"my{number}", f"bee{number}")
    assert part.phones.start[0] == 0 and part.phones.end[-1] == pytest.approx(len(part) / FPS)


def test_a_tenth_of_many_takes_is_held_out() -> None:
    takes = [take(f"t{i}", 2.0) for i in range(20)] + [take("blind", 2.0, every=1000)]
    pieces = pieces_of(takes)
    assert [p.name for p in pieces] == [t.name for t in takes]
    assert sum(p.split == "held_out" for p in pieces) == 2


def test_what_is_held_out_already_stays() -> None:
    takes = [take(f"t{i}", 2.0) for i in range(10)]
    takes[4] = dataclasses.replace(takes[4], split="held_out")
    assert [p.name for p in pieces_of(takes) if p.split == "held_out"] == ["t4"]


def test_the_end_of_a_single_take_is_held_out() -> None:
    single = take("session", 20.0)
    pieces = pieces_of([single])
    assert [(p.name, p.split) for p in pieces] == [
        ("session", "train"),
        ("session_end", "held_out"),
    ]
    end = cut(single, pieces[1])
    assert len(end.pictured) == 12 == round(0.1 * len(single.pictured))
    assert len(cut(single, pieces[0])) + len(end) == len(single)


def test_too_short_a_take_is_left_whole() -> None:
    assert len(pieces_of([take("short", 0.9)])) == 1
    blind = dataclasses.replace(take("blind", 9.0), pictured=np.zeros(0, np.int64))
    assert [p.split for p in pieces_of([blind])] == ["train"]


def test_pieces_keep_their_textures(tmp_path: Path) -> None:
    source = tiny_performance(tmp_path / "whole", 1)
    takes = [dataclasses.replace(t, split="train") for t in source.takes][:3]
    pieces = pieces_of(takes)
    assert sum(p.split == "held_out" for p in pieces) == 1
    for _ in range(2):  # a stop in between costs nothing
        made = write_pieces(source, takes, pieces, tmp_path / "cut")
    assert made.about["name"] == "Tiny" and made.fps == source.fps
    count = 0
    for piece, part in zip(pieces, made.takes, strict=True):
        for frame in part.pictured:
            here = made.texture(part, int(frame))
            there = source.texture(source.take(piece.take), int(frame) + piece.start)
            assert all(np.array_equal(a, b) for a, b in zip(here, there, strict=True))
            count += 1
    assert count == sum(len(t.pictured) for t in takes)


def test_footage_is_cut_like_its_takes(tmp_path: Path) -> None:
    whole = take("session", 20.0)
    clip = dataclasses.replace(tiny_clip(whole, "actor"), name="front", take="session")
    part = slice(30, len(whole))
    later = dataclasses.replace(
        clip,
        start=30,
        **{n: getattr(clip, n)[part] for n in ("head_pose", "points", "scores", "poses")},
    )
    write_clip(tmp_path / "whole", later)
    pieces = pieces_of([whole])
    assert cut_footage(tmp_path / "whole", pieces, tmp_path) == 2
    first, end = read_footage(tmp_path)
    edge = pieces[1].start
    assert (first.take, first.start, len(first)) == ("session", 30, edge - 30)
    assert (end.take, end.start, end.split) == ("session_end", 0, "held_out")
    np.testing.assert_array_equal(end.head_pose[:, 0], np.arange(edge, len(whole)))
    np.testing.assert_allclose(end.points, clip.points[edge:], rtol=1e-6)


@dataclasses.dataclass
class Listener:
    """Stands for `align`."""

    mismatch: bool = False
    calls: int = 0

    def __call__(self, path: Path, text: str | None, progress: object) -> Alignment:
        self.calls += 1
        if path.name == "noise.wav":
            raise SoundError("noise.wav holds no speech.")
        if text is not None and self.mismatch:
            raise AlignmentError("The text is not what is said.")
        words = ("my", "bee") if text else ()
        phones = Phones.build(
            ("M", "AY", "B", "IY", "sil"),
            (0.1, 0.3, 0.6, 0.8, 1.0),
            (0.3, 0.6, 0.8, 1.0, 4.0),
            word=(0, 0, 1, 1, -1) if text else None,
            words=words,
        )
        return Alignment(phones, "forced", (), 0.9, 4.0, text or "")


def capture(tmp_path: Path, *takes: CaptureTake) -> CaptureFolder:
    return CaptureFolder(tmp_path, (), takes)


def recorded(name: str, audio: str, transcript: str = "") -> CaptureTake:
    return CaptureTake(name, FPS, 60, (), audio, transcript)


def test_phones_of_a_capture(tmp_path: Path) -> None:
    listener = Listener()
    folder = capture(
        tmp_path,
        recorded("said", "said.wav", "my bee"),
        recorded("heard", "heard.wav"),
        recorded("noise", "noise.wav", "my bee"),
        recorded("still", ""),
    )
    takes = [take(name, 2.0) for name in ("said", "heard", "noise", "still")]
    for _ in range(2):
        found, notes = spoken_takes(folder, takes, tmp_path / "phones", silent, listener)
    assert listener.calls == 3  # kept: nothing is listened to twice
    assert [t.kind for t in found] == ["spoken", "spoken", "motion", "motion"]
    assert found[0].text == "my bee" and found[0].phones.words == ["my", "bee"]
    assert found[1].text == "" and list(found[1].phones.label[:2]) == ["M", "AY"]
    assert found[0].phones.end[-1] == 2.0  # the sound is longer than the take
    assert notes == ["Take noise: noise.wav holds no speech. It is used as motion without speech."]


def test_a_text_that_is_not_said_is_noted(tmp_path: Path) -> None:
    folder = capture(tmp_path, recorded("said", "said.wav", "something else"))
    found, notes = spoken_takes(
        folder, [take("said", 2.0)], tmp_path / "phones", silent, Listener(mismatch=True)
    )
    assert found[0].kind == "spoken" and found[0].text == ""
    assert notes == [
        "Take said: The text is not what is said. Its phones were recognised from the sound "
        "instead."
    ]
