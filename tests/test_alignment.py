"""From a recording to phones: exact times of a known voice, noise, silence, bad input."""

import builtins
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
from bench.alignment_truth import Spoken, by_flite, onset_pairs
from bench.sentences import calibration, judged

from models.__main__ import main
from models.alignment.agreement import decoys
from models.alignment.align import align
from models.alignment.decoder import Segment
from models.alignment.onsets import ONSET_MS, class_of, onsets
from models.alignment.pronunciations import variants
from models.alignment.sound import HERTZ, LONGEST, read_sound
from models.errors import (
    AlignmentError,
    CancelledError,
    MissingDependencyError,
    NeuralFaceError,
    SoundError,
    TextError,
)
from models.speech.flite import VOICE, available
from models.speech.text import pronounce

RNG = np.random.default_rng(2)
needs_flite = pytest.mark.skipif(not available(), reason="flite is not installed")
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> list[Spoken]:
    """Five sentences with their phone times."""
    pytest.importorskip("pocketsphinx")
    if not available():
        pytest.skip("flite is not installed")
    return list(by_flite(judged(5), VOICE, tmp_path_factory.mktemp("flite")))


def _write(path: Path, samples: np.ndarray, hertz: int = HERTZ, subtype: str = "FLOAT") -> Path:
    soundfile.write(path, samples, hertz, subtype)
    return path


def _samples(truth: Spoken) -> np.ndarray:
    return soundfile.read(truth.path)[0]


def _errors_ms(truth: Spoken, path: Path, later: float = 0.0) -> np.ndarray:
    found = align(path, truth.text)
    assert found.method == "forced"
    return np.array([1000 * (e - later) for _, _, e in onset_pairs(truth, found.phones)])


def _music() -> dict[str, np.ndarray]:
    """Four seconds each."""
    times = np.arange(4 * HERTZ) / HERTZ
    rng = np.random.default_rng(1)
    steps = np.array([0, 4, 7, 12, 7, 4, 0, 5])[(4 * times).astype(int) % 8]
    phase = 2 * np.pi * np.cumsum(220 * 2 ** (steps / 12)) / HERTZ
    chord = sum(np.sin(2 * np.pi * f * times) for f in (220, 277, 330, 440))
    drums = rng.standard_normal(len(times)) * np.exp(-12 * (times % 0.25))
    return {
        "melody": sum(np.sin(k * phase) / k for k in range(1, 8)) * np.exp(-2 * (times % 0.25)),
        "chords": chord * np.exp(-3 * (times % 0.5)),
        "drums": drums,
        "noise": rng.standard_normal(len(times)),
        "tone": np.sin(2765 * times),
    }


def test_onsets_are_near_the_truth(spoken: list[Spoken]) -> None:
    late = np.concatenate([_errors_ms(truth, truth.path) for truth in spoken])
    assert len(late) > 0.95 * sum(name != "sil" for t in spoken for name in t.label)
    assert np.median(np.abs(late)) <= 10
    assert np.abs(late).mean() <= 15
    assert abs(np.median(late)) <= 4


def test_phones_cover_the_sound_and_know_their_words(spoken: list[Spoken]) -> None:
    found = align(spoken[0].path, spoken[0].text)
    phones = found.phones
    assert phones.start[0] == 0
    assert phones.seconds == pytest.approx(found.seconds)
    assert np.allclose(phones.start[1:], phones.end[:-1])
    assert phones.duration.min() >= 0.0099
    assert [word for word, _, _ in found.words()] == spoken[0].text.lower().rstrip(".").split()
    assert (phones.stress == 1).sum() >= 4
    assert found.confidence > 0.7
    assert found.warnings == ()


def test_noise_of_10_db_still_aligns(spoken: list[Spoken], tmp_path: Path) -> None:
    samples = _samples(spoken[0])
    noise = np.random.default_rng(4).standard_normal(len(samples)) * np.sqrt(
        np.square(samples).mean() / 10
    )
    path = _write(tmp_path / "noisy.wav", samples + noise)
    found = align(path, spoken[0].text)
    assert np.median(np.abs(_errors_ms(spoken[0], path))) <= 25
    assert found.confidence < align(spoken[0].path, spoken[0].text).confidence


def test_leading_silence(spoken: list[Spoken], tmp_path: Path) -> None:
    path = _write(tmp_path / "late.wav", np.append(np.zeros(3 * HERTZ), _samples(spoken[0])))
    assert np.median(np.abs(_errors_ms(spoken[0], path, later=3.0))) <= 12


@pytest.mark.parametrize("kind", ["flac", "ogg", "mp3", "stereo", "44k", "8k", "quiet"])
def test_formats_give_the_same_times(spoken: list[Spoken], tmp_path: Path, kind: str) -> None:
    samples, path = _samples(spoken[1]), tmp_path / f"line.{kind if len(kind) < 5 else 'wav'}"
    if kind in ("flac", "ogg", "mp3"):
        soundfile.write(path, samples, HERTZ)
    elif kind == "stereo":
        soundfile.write(tmp_path / "line.wav", np.stack([samples, -samples], 1), HERTZ)
    elif kind == "quiet":
        _write(tmp_path / "line.wav", 0.02 * samples)
    else:
        from scipy.signal import resample_poly

        up, down = (441, 160) if kind == "44k" else (1, 2)
        resampled = resample_poly(samples, up, down)
        soundfile.write(tmp_path / "line.wav", resampled, HERTZ * up // down)
    path = path if path.exists() else tmp_path / "line.wav"
    assert np.median(np.abs(_errors_ms(spoken[1], path))) <= 15


@needs_ffmpeg
def test_sound_of_a_video(spoken: list[Spoken], tmp_path: Path) -> None:
    path = tmp_path / "take.mp4"
    picture = ["-f", "lavfi", "-i", "color=black:s=64x64:r=25:d=8", "-shortest"]
    command = ["ffmpeg", "-v", "error", "-i", str(spoken[2].path), *picture, "-c:a", "aac"]
    subprocess.run([*command, str(path)], check=True, timeout=60)
    assert np.median(np.abs(_errors_ms(spoken[2], path))) <= 20


def test_other_words_are_refused(spoken: list[Spoken]) -> None:
    other = "Please water the green plants twice a week, or they shall all be dead by Sunday."
    for truth in spoken[:3]:
        with pytest.raises(AlignmentError, match="does not match the sound"):
            align(truth.path, other)


@pytest.mark.parametrize("kind", list(_music()))
def test_what_is_no_speech_is_refused(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    path = _write(tmp_path / "music.wav", 0.1 * _music()[kind])
    with pytest.raises(SoundError, match="No speech"):
        align(path)
    with pytest.raises(AlignmentError, match="does not match"):
        align(path, "My younger brother gave away both heavy boxes at half past eight.")


def test_without_text_phones_are_recognised(spoken: list[Spoken]) -> None:
    found = align(spoken[0].path)
    assert found.method == "recognised"
    assert found.confidence <= 0.5
    assert any("without a text" in warning for warning in found.warnings)
    true = [name for name in spoken[0].label if name != "sil"]
    heard = found.phones.label[~found.phones.silent]
    assert 0.6 * len(true) < len(heard) < 1.4 * len(true)
    pairs = [e for _, _, e in onset_pairs(spoken[0], found.phones)]
    assert np.median(np.abs(pairs)) <= 0.03


def test_text_longer_than_the_sound_could_hold(spoken: list[Spoken]) -> None:
    with pytest.raises(AlignmentError, match="cannot be said in"):
        align(spoken[0].path, spoken[0].text * 6)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(HERTZ), "is silent"),
        (np.full(HERTZ, 0.3), "is silent"),
        (np.append(np.ones(HERTZ), np.nan), "not numbers"),
        (np.append(np.ones(HERTZ), np.inf), "not numbers"),
        (0.1 * np.ones(500), "too short"),
        (np.zeros(0), "too short"),
        (np.zeros(int(HERTZ * (LONGEST + 1)), np.float32), "minutes long; at most 10"),
    ],
)
def test_bad_sound(samples: np.ndarray, message: str, tmp_path: Path) -> None:
    with pytest.raises(SoundError, match=message):
        align(_write(tmp_path / "bad.wav", samples), "hello there")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("missing.wav", None, "There is no sound file missing.wav"),
        ("empty.wav", b"", "is empty"),
        ("text.wav", b"this is no sound " * 99, "text.wav"),
        ("broken.mp4", b"\0\1\2" * 999, "broken.mp4"),
    ],
)
def test_what_is_no_sound(name: str, data: bytes | None, message: str, tmp_path: Path) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises((SoundError, MissingDependencyError), match=message):
        align(tmp_path / name, "hello there")


@pytest.mark.parametrize("text", ["", "   ", "…!?"])
def test_text_that_cannot_be_spoken(text: str, tmp_path: Path) -> None:
    path = _write(tmp_path / "noise.wav", 0.1 * RNG.standard_normal(HERTZ))
    with pytest.raises(TextError):
        align(path, text)


def test_without_pocketsphinx_there_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: object) -> object:
        if name == "pocketsphinx":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    path = _write(tmp_path / "noise.wav", 0.1 * RNG.standard_normal(HERTZ))
    with pytest.raises(MissingDependencyError, match="pocketsphinx"):
        align(path, "hello there")


def test_when_only_words_are_found_it_is_said(
    spoken: list[Spoken], monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = [Segment("sil", 0, 20), Segment("HH", 20, 10, 0, 0), Segment("AY", 30, 10, 0, 0)]
    monkeypatch.setattr("models.alignment.forced.align_words", lambda *_: (segments, False))
    found = align(spoken[0].path, "hi")
    assert found.method == "proportional"
    assert found.confidence == 0
    assert "Only words were found" in found.warnings[0]


def test_stopping(spoken: list[Spoken]) -> None:
    def stop(*_: object) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        align(spoken[0].path, spoken[0].text, stop)


def test_nothing_to_align() -> None:
    with pytest.raises(AlignmentError, match="nothing to align"):
        align(None)


def test_command(spoken: list[Spoken], tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "line.json"
    arguments = ["align", str(spoken[0].path), "--text", spoken[0].text, "-o", str(out), "--json"]
    assert main(arguments) == 0
    printed = json.loads(capsys.readouterr().out)
    saved = json.loads(out.read_text(encoding="utf-8"))
    assert saved == {key: value for key, value in printed.items() if key != "output"}
    assert saved["method"] == "forced"
    assert saved["phones"][-1]["end"] == pytest.approx(saved["seconds"])
    assert list(tmp_path.iterdir()) == [out]


def test_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["align", str(tmp_path / "no.wav"), "--text", "hi"]) == 2
    assert "error: There is no sound file no.wav." in capsys.readouterr().err
    assert main(["align", "x.wav", "--text-file", str(tmp_path / "no.txt")]) == 2
    assert "cannot be read as a text file" in capsys.readouterr().err
    assert main(["align", "x.wav", "--text", "hi", "-o", "x.mid"]) == 2
    assert "must end in .json or .TextGrid" in capsys.readouterr().err


def test_all_pronunciations_are_tried() -> None:
    word = pronounce("either").words[0]
    assert {variant[0] for variant in variants(word)} == {"IY1", "AY1"}
    assert variants(word)[0] == word.symbols


def test_decoys_hold_the_same_phones_in_other_orders() -> None:
    words = [["B", "AY"], ["M", "AY", "M", "AE", "P"]]
    flat = [phone for word in words for phone in word]
    for decoy in decoys(words):
        assert [len(word) for word in decoy] == [2, 5]
        assert [phone for word in decoy for phone in word] != flat
    assert sorted(p for word in decoys(words)[0] for p in word) == sorted(flat)


def test_onsets_are_corrected_by_class_and_stay_in_order() -> None:
    edges = onsets(["sil", "B", "AY", "sil"], np.array([0, 10, 10, 40]), 0.5)
    correction = ONSET_MS[class_of("sil"), class_of("B")] / 1000
    assert edges[1] == pytest.approx(0.1 + correction)
    assert np.diff(edges).min() >= 0.0099
    assert edges[-1] == pytest.approx(0.5)


def test_benchmark_judges_other_sentences_than_it_calibrates_on() -> None:
    assert len(set(judged())) == 100
    assert not set(judged()) & set(calibration())


def test_opposite_channels_do_not_cancel(tmp_path: Path) -> None:
    tone = np.sin(np.arange(HERTZ) / 5)
    path = _write(tmp_path / "wide.wav", np.stack([tone, -tone], 1))
    assert np.abs(read_sound(path).samples).max() == pytest.approx(0.7, abs=1e-3)


def test_output_that_cannot_be_written(spoken: list[Spoken], tmp_path: Path) -> None:
    from models.alignment.output import save_alignment

    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NeuralFaceError, match="Cannot write"):
        save_alignment(align(spoken[0].path, spoken[0].text), tmp_path / "file" / "a.json")
