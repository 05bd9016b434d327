"""A typed line on a small head: parameters, cues, voice, settings, errors, cancel, command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from made_video import made_analysis

from models.__main__ import main
from models.actor import Actor
from models.animate import SpeechResult, animate_text
from models.arkit.arkit_take import ArkitTake
from models.arkit.live_link_csv import write_csv
from models.arkit.shapes import SHAPES
from models.errors import CancelledError, TextError
from models.parameters import AnimationParameters
from models.phones import Phones
from models.speech.manner import Manner, StyleCurve
from models.speech.voice import installed_voices
from models.video.analysis import Analysis
from models.video.retarget_settings import ResidualCurve, Retargeting

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


def animated(head: Path, output: Path, *words: str) -> np.ndarray:
    """Codes and head pose that the command writes."""
    assert main(["animate", str(head), "-o", str(output), "--device", "cpu", *words]) == 0
    with np.load(output, allow_pickle=False) as arrays:
        return np.concatenate([arrays["codes"], arrays["head_pose"]], 1)


def whole(parameters: AnimationParameters) -> np.ndarray:
    return np.concatenate([parameters.codes, parameters.head_pose], 1)


def test_command_line_plays_a_line_as_the_panel_does(
    head: Actor, tiny_head: Path, tmp_path: Path
) -> None:
    residual = [0.0] * (len(head.residual_axes) - 1) + [2.0]
    words = "--articulation 1.5 --smoothing 0.05 --parts mouth brows --style happy --mix 0.25"
    words += " --second-style neutral --rate 1.5 --fps 25 --seed 3 --strength 0.5"
    words += f" --style-offset {' '.join(['0.5'] * len(head.style_axes))}"
    words += f" --residual {' '.join(map(str, residual))}"
    found = animated(tiny_head, tmp_path / "a.npz", "--text", LINE, *words.split())
    offset = np.full((1, len(head.style_axes)), 0.5)
    curve = StyleCurve("happy", "neutral", np.zeros(1), np.array([0.25]), offset)
    manner = Manner(curve, 0.5, 1.5, 0.05, frozenset({"mouth", "brows"}))
    moved = ResidualCurve(values=np.array([residual]))
    result = animate_text(
        head, LINE, "STYLE", 25.0, 1.5, seed=3, manner=manner, residual=moved
    ).parameters
    assert found == pytest.approx(whole(result), abs=1e-6)
    still = animate_text(head, LINE, "STYLE", 25.0, 1.5, seed=3, manner=manner).parameters
    assert np.abs(found - whole(still)).max() > 1e-4


CLIP_WORDS = (
    "--strength 0.5 --mouth-strength 2 --brows-strength 0 --smoothing 0.05 --speed 2 --mirror "
    "--no-head-pose --eye-contact 0.5 --trim-start 0.4 --trim-end 1.6 --no-facing --fps 25"
)
PLAYED = Retargeting(
    strength=0.5, mouth_strength=2.0, brows_strength=0.0, smoothing=0.05, speed=2.0, mirror=True,
    use_head=False, eye_contact=0.5, trim_start=0.4, trim_end=1.6, facing=False,
)  # fmt: skip


def test_command_line_plays_a_video_as_the_panel_does(
    head: Actor, tiny_head: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def analyse(actor: Actor, path: str, _progress: object, *rest: object) -> Analysis:
        asked.append((path, *rest))
        return made_analysis(actor)

    monkeypatch.setattr(Actor, "analyse_video", analyse)
    words = f"--video take.mp4 --person 2 {CLIP_WORDS}".split()
    found = animated(tiny_head, tmp_path / "a.npz", *words)
    assert asked == [("take.mp4", 1, 0.4, 1.6, None)]
    assert found == pytest.approx(whole(head.retarget(made_analysis(head), PLAYED, 25.0)), abs=1e-6)


def test_command_line_plays_a_recording_as_the_panel_does(
    head: Actor, tiny_head: Path, tmp_path: Path
) -> None:
    times, rng = np.arange(121) / 60, np.random.default_rng(0)
    path = tmp_path / "a.csv"
    take = ArkitTake(times, rng.uniform(0.1, 0.6, (121, len(SHAPES))), np.zeros((121, 3)))
    write_csv(path, take)
    words = f"--arkit {path} --neutral {CLIP_WORDS}".split()
    found = animated(tiny_head, tmp_path / "a.npz", *words)
    wanted = head.replay(head.play_arkit(path, neutral=True), PLAYED, 25.0)
    assert found == pytest.approx(whole(wanted), abs=1e-6)
    assert len(found) == round(1.2 / 2 * 25) + 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--text", "Hello", "--strength", "4"), "The strength must be between 0 and 3."),
        (("--text", "Hello", "--rate", "9"), "The speaking rate must be between 0.25 and 4."),
        (("--text", "Hello", "--mix", "2"), "The mix must be between 0 and 1."),
        (("--text", "Hello", "--style-offset", "1"), "A style's offset has"),
        (("--video", "a.mp4", "--eyes-strength", "-1"), "The strength of the eyes must be between"),
        (("--video", "a.mp4", "--person", "-1"), "The person must be 0 or more."),
        (("--video", "a.mp4", "--trim-start", "2", "--trim-end", "1"), "end must come after its"),
        (("--video", "a.mp4", "--text", "Hello"), "only one"),
    ],
)
def test_command_line_says_what_is_out_of_range(
    tiny_head: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...], sentence: str,
) -> None:  # fmt: skip
    assert main(["animate", str(tiny_head), "-o", str(tmp_path / "a.npz"), *words]) == 2
    assert sentence in capsys.readouterr().err
