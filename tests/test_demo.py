"""`make demo`: the whole way from a head file to a video, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

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


def test_line_becomes_video_blend_and_report(tiny_head: Path, tmp_path: Path) -> None:
    out, sheet = tmp_path / "out", tmp_path / "pictures" / "sheet.png"
    usual = ("--text", "Hi.", "--out", out, "--head", tiny_head, "--style", "happy")
    done = _demo(*usual, "--contact-sheet", sheet)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((out / "report.json").read_text())
    assert (report["method"], report["style"]) == ("STYLE", "happy")
    assert report["keys"] > report["frames"] > 5
    assert report["decode_ms_per_frame"] > 0
    assert set(report["seconds"]) >= {"import", "text_to_keys", "render"}
    assert (out / "demo.mp4").read_bytes()[4:8] == b"ftyp"
    assert (out / "demo.blend").stat().st_size > 10_000
    assert sheet.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--head", "nowhere.nface"), "no head file"),
        (("--out", "README.md/out"), "Cannot make the folder"),
        (("--text", ""), "text"),
        (("--video", "nowhere.mp4"), "no video file nowhere.mp4"),
        (("--method", "MAGIC"), "choose STYLE or EXAMPLES"),
        (("--style", "weird"), "no style 'weird'"),
    ],
)
def test_what_cannot_work_is_said_in_a_sentence(
    arguments: tuple[str, str], sentence: str, tiny_head: Path, tmp_path: Path
) -> None:
    usual = {"--text": "Hi.", "--out": str(tmp_path), "--head": str(tiny_head)}
    usual[arguments[0]] = arguments[1]
    done = _demo(*(word for pair in usual.items() for word in pair))
    assert done.returncode == 2
    assert sentence in done.stderr.lower() or sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "demo.mp4").exists()
