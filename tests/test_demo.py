"""`make demo`: the whole way from a head file to a video, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

pytest.importorskip("bpy", reason="Blender's Python module is not installed")

ROOT = Path(__file__).resolve().parent.parent


def _demo(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        ROOT / "neural_face_addon/showroom/source.py",
        "neural_face_addon.showroom.demo",
    ]
    return subprocess.run(
        [*command, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture
def demo(addon: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The demo in this process, where the add-on is registered and stays so; small pictures."""
    from neural_face.neural_face_addon.showroom import demo

    kept = SimpleNamespace(register=lambda: None, unregister=lambda: None)
    monkeypatch.setattr(demo, "registration", kept)
    monkeypatch.setattr(demo.studio, "SIZE", (128, 160))
    return demo


def test_line_becomes_video_blend_and_report(tiny_head: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    usual = ("--text", "Hi.", "--out", out, "--head", tiny_head, "--style", "happy")
    done = _demo(*usual)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((out / "report.json").read_text())
    assert (report["method"], report["style"]) == ("STYLE", "happy")
    assert report["keys"] > report["frames"] > 5
    assert report["decode_ms_per_frame"] > 0
    assert set(report["seconds"]) >= {"import", "text_to_keys", "render"}
    assert (out / "demo.mp4").read_bytes()[4:8] == b"ftyp"
    assert (out / "demo.blend").stat().st_size > 10_000


def test_a_failure_ends_the_process_with_a_sentence() -> None:
    done = _demo("--head", "nowhere.nface")
    assert done.returncode == 2
    assert "no head file" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--out", "README.md/out"), "Cannot make the folder"),
        (("--text", ""), "text"),
        (("--video", "nowhere.mp4"), "no video file nowhere.mp4"),
        (("--method", "MAGIC"), "choose STYLE or EXAMPLES"),
        (("--style", "weird"), "no style 'weird'"),
    ],
)
def test_what_cannot_work_is_said_in_a_sentence(
    scene: object,
    demo: ModuleType,
    arguments: tuple[str, str],
    sentence: str,
    tiny_head: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    usual = {"--text": "Hi.", "--out": str(tmp_path), "--head": str(tiny_head)}
    usual[arguments[0]] = arguments[1]
    assert demo.main([word for pair in usual.items() for word in pair]) == 2
    said = capsys.readouterr().err
    assert sentence in said.lower() or sentence in said
    assert "Traceback" not in said
    assert not (tmp_path / "demo.mp4").exists()
