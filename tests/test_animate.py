"""A typed line on a small head: parameters, cues, voice, settings, errors, cancel, command line."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.__main__ import main
from models.actor import Actor
from models.animate import SpeechResult, animate_text
from models.errors import CancelledError, TextError
from models.phones import Phones
from models.speech.voice import installed_voices

LINE = "Bob may see my baby, 😀 maybe."


@pytest.fixture(scope="module")
def head(tiny_head: Path) -> Actor:
    return Actor.open(tiny_head, "cpu")


@pytest.fixture(scope="module")
def spoken(head: Actor) -> SpeechResult:
    return animate_text(head, LINE, fps=25.0)


def test_result_is_whole(head: Actor, spoken: SpeechResult) -> None:
    parameters = spoken.parameters
    assert parameters.codes.shape == (len(parameters.times), head.code_size)
    assert parameters.head_pose.shape == (len(parameters.times), 6)
    assert np.isfinite(parameters.codes).all()
    assert np.allclose(np.diff(parameters.times), 1 / 25)
    assert parameters.times[-1] == pytest.approx(spoken.seconds, abs=1 / 25)
    assert [word.text for word in spoken.line.words] == "bob may see my baby maybe".split()
    assert spoken.line.unknown == ("😀",)
    assert spoken.line.voice is None
    assert [c.start for c in spoken.line.cues[1:]] == pytest.approx(
        [c.end for c in spoken.line.cues[:-1]]
    )
    assert spoken.line.cues[1].viseme == "Closed Lips"


def test_lip_gaps_are_those_of_whole_frames(head: Actor, spoken: SpeechResult) -> None:
    codes = spoken.parameters.codes
    whole = head.decode_vertices(codes)
    chosen = np.array([0, 17, 300, 17, len(head.mesh.vertices) - 1])
    assert head.decode_points(codes, chosen) == pytest.approx(whole[:, chosen], abs=1e-6)
    assert head.lip_gaps(codes) == pytest.approx(head.mesh.lip_gap(whole), abs=1e-6)


def test_rate_pause_and_phones(head: Actor, spoken: SpeechResult) -> None:
    fast = animate_text(head, LINE, rate=2.0)
    assert fast.seconds == pytest.approx(spoken.seconds / 2)
    assert animate_text(head, LINE, pause=3.0).seconds > spoken.seconds + 0.2
    given = Phones.build(["sil", "M", "AA", "sil"], [0, 0.3, 0.4, 0.6], [0.3, 0.4, 0.6, 1.0])
    result = animate_text(head, "", phones=given)
    assert result.seconds == 1.0
    assert result.line.words == ()


def test_timings_instead_of_a_text(head: Actor, tmp_path: Path) -> None:
    """Other languages: timed IPA needs neither English nor a sound."""
    path = tmp_path / "line.lab"
    path.write_text("0.0 0.3 sil\n0.3 0.4 m\n0.4 0.6 aː\n0.6 0.8 øː\n0.8 1.2 sil\n")
    result = animate_text(head, "", timings=path)
    assert result.seconds == pytest.approx(1.2)
    assert [cue.viseme for cue in result.line.cues][:2] == ["Rest", "Closed Lips"]
    assert result.line.voice is None


def test_takes_are_prepared_once(head: Actor, spoken: SpeechResult) -> None:
    assert head.speaker is head.speaker
    again = animate_text(head, LINE, fps=25.0)
    assert np.array_equal(again.parameters.codes, spoken.parameters.codes)


def test_voice_has_the_same_times(head: Actor, tmp_path: Path) -> None:
    if not installed_voices():
        pytest.skip("neither flite nor espeak-ng is installed")
    result = animate_text(head, LINE, voice_path=tmp_path / "line.wav")
    assert result.line.voice == tmp_path / "line.wav"
    assert result.line.voice.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [({"method": "MAGIC"}, "no method"), ({"fps": 0.0}, "frame rate"), ({"rate": 99.0}, "rate")],
)
def test_settings_out_of_range(head: Actor, settings: dict, sentence: str) -> None:
    with pytest.raises(TextError, match=sentence):
        animate_text(head, LINE, **settings)


def test_cancel(head: Actor) -> None:
    def stop(fraction: float, message: str) -> None:
        if fraction > 0.3:
            raise CancelledError(message)

    with pytest.raises(CancelledError):
        animate_text(head, LINE, progress=stop)


def test_command_line(tiny_head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "line.npz"
    command = ["animate", str(tiny_head), "--text", LINE, "-o", str(output), "--vertices", "--json"]
    assert main(command) == 0
    figures = json.loads(capsys.readouterr().out)
    with np.load(output, allow_pickle=False) as arrays:
        assert len(arrays["vertices"]) == len(arrays["times"]) == figures["frames"]
        assert "landmark_inner_lip_upper" in arrays
        assert len(arrays["slider_names"]) == arrays["codes"].shape[1]
    assert main([*command[:5], str(tmp_path / "line.csv")]) == 0
    table = (tmp_path / "line.csv").read_text().splitlines()
    assert len(table) == figures["frames"] + 1
    assert table[0].startswith("seconds,")
    assert main(["animate", str(tiny_head), "--text", "😀", "-o", str(output)]) == 2
    assert "holds no words" in capsys.readouterr().err
