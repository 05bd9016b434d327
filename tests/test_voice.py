"""Spoken tracks: sound and phones agree, words are found, rate and pauses hold, or none is made."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.errors import NeuralFaceError
from models.speech import flite
from models.speech.text import pronounce
from models.speech.utterance import align_labels, run_program, sentence_text, sentences
from models.speech.voice import installed_voices, speak

LINE = pronounce('Please buy my map. It is $(touch x); "very" --old, isn\'t it?')
VOICES = ("flite", "espeak-ng")


def _need(program: str) -> None:
    if program not in installed_voices():
        pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize("program", VOICES)
def test_phones_and_sound_agree(program: str, tmp_path: Path) -> None:
    _need(program)
    voice = speak(LINE, tmp_path / "line.wav", program=program)
    samples, hertz = soundfile.read(voice.path)
    assert len(samples) / hertz == pytest.approx(voice.phones.seconds, abs=1e-3)
    loud = np.sqrt(np.convolve(samples**2, np.ones(200) / 200, mode="same"))
    index = voice.phones.at(np.arange(len(samples)) / hertz)
    silent = voice.phones.silent[index]
    assert loud[silent].mean() < 0.1 * loud[~silent].mean()
    assert list(tmp_path.iterdir()) == [voice.path]


@pytest.mark.parametrize("program", VOICES)
def test_every_word_has_its_phones(program: str, tmp_path: Path) -> None:
    _need(program)
    phones = speak(LINE, tmp_path / "line.wav", program=program).phones
    assert phones.words == [word.text for word in LINE.words]
    heard = phones.word[~phones.silent]
    assert (np.diff(heard) >= 0).all()
    assert set(heard.tolist()) == set(range(len(LINE.words)))
    assert phones.label[phones.word == 0].tolist() == ["P", "L", "IY", "Z"]


@pytest.mark.parametrize("program", VOICES)
def test_rate_and_pause(program: str, tmp_path: Path) -> None:
    _need(program)
    usual, fast, slow = (
        speak(LINE, tmp_path / f"{i}.wav", program=program, rate=rate, pause=pause).phones
        for i, (rate, pause) in enumerate(((1, 1), (2, 1), (1, 3)))
    )
    assert fast.seconds == pytest.approx(0.5 * usual.seconds, rel=0.12)
    spoken = [phones.duration[~phones.silent].sum() for phones in (usual, slow)]
    assert spoken[0] == pytest.approx(spoken[1], rel=1e-3)
    assert slow.seconds > usual.seconds + 0.5


def test_without_a_voice_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert installed_voices() == []
    assert speak(LINE, tmp_path / "line.wav") is None


def test_a_failing_voice_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> list:
        raise subprocess.TimeoutExpired("flite", 1.0)

    monkeypatch.setattr(flite, "utter", fail)
    assert speak(LINE, tmp_path / "line.wav", program="flite") is None
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    _need("flite")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NeuralFaceError, match="Cannot write"):
        speak(LINE, tmp_path / "file" / "line.wav", program="flite")


def test_programs_have_a_time_limit() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        run_program(["sleep", "5"], timeout=0.05)


def test_sentences_and_their_text() -> None:
    assert sentences(LINE) == [(0, 4), (4, len(LINE.words))]
    assert sentence_text(LINE, 0, 4) == "please buy my map."


def test_alignment_of_labels() -> None:
    wanted = np.array(["P", "L", "IY", "Z"])
    spoken = ["sil", "P", "AH", "L", "IY", "S", "sil"]
    assert align_labels(spoken, wanted).tolist() == [-1, 0, 0, 1, 2, 3, -1]
