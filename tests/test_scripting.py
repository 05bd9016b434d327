"""The examples of the scripting guide, run as they stand; one of them needs bpy."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from models.errors import MissingDependencyError

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "scripting.md"
OUTSIDE, INSIDE, ELSEWHERE = re.findall(
    r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of its own to write into, where the bundled head is as in a checkout."""
    for package in ("torch", "cv2", "g2p_en"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"the examples need {package}")
    (tmp_path / "models").symlink_to(ROOT / "models")
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def test_a_line_without_blender(folder: Path) -> None:
    import cv2

    try:
        from models.render.raster import shared_rasteriser

        shared_rasteriser()
    except (ImportError, MissingDependencyError) as error:
        pytest.skip(str(error))
    example: dict = {}
    exec(OUTSIDE, example)
    line = np.load(folder / "line.npz")
    assert line["codes"].shape == (len(line["times"]), example["actor"].code_size)
    assert line["head_pose"].shape == (len(line["times"]), 6)
    gap = example["actor"].lip_gaps(line["codes"])
    assert gap[example["frame"]] > gap.min() + 0.003  # metres: open on the stressed vowel
    assert cv2.imread("texture.png").shape == (1024, 1024, 3)
    picture = cv2.imread("face.png")
    assert picture.shape == (640, 640, 3)
    assert 0.2 < (picture.max(2) > 20).mean() < 0.9  # the face, not the background


def test_a_line_in_blender(scene: object, capfd: pytest.CaptureFixture) -> None:
    example: dict = {}
    exec(INSIDE, example)
    head, line = example["head"], example["line"]
    assert line.style_first == "happy" and line.cues[2].strength == 1.5
    assert len(example["keys"]) > 40 and example["keys"][0][0] == pytest.approx(10)
    assert head.neural_face.mouth[0] == pytest.approx(0.5)


def test_a_performance_from_elsewhere(capsys: pytest.CaptureFixture) -> None:
    example: dict = {}
    exec(ELSEWHERE, example)
    actor, played = example["actor"], example["played"]
    plain = actor.replay(example["recorded"], fps=30.0)
    assert played.codes.shape == plain.codes.shape
    assert np.abs(played.codes[-10:] - plain.codes[-10:]).max() > 0.1
    said = capsys.readouterr().out
    assert float(said.splitlines()[-1].split()[-1]) > 0.35  # the jaw still opens
