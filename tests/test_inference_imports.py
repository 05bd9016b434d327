"""What an animator does imports nothing whose work is training, capture or synthesis."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from test_layers import FLOORS, ROOT, room_of

pytest.importorskip("torch", reason="opening a head needs torch")
import cv2

OPEN = """
import sys
import numpy as np
from models.actor import Actor
actor = Actor.open(sys.argv[1], "cpu")
code = np.zeros(actor.code_size, np.float32)
"""
TASKS = {
    "decoding": "actor.decode(code)",
    "speaking by style": (
        "from models.animate import animate_text\nanimate_text(actor, 'Hello there.', 'STYLE')"
    ),
    "speaking by examples": (
        "from models.animate import animate_text\nanimate_text(actor, 'Hello there.', 'EXAMPLES')"
    ),
    "following a video": (
        "from models.errors import VideoError\n"
        "try: actor.analyse_video(sys.argv[2])\n"
        "except VideoError: pass\n"
        "from made_video import made_analysis\n"
        "actor.retarget(made_analysis(actor))"
    ),
    "following a camera": (
        "from models.video.live_solver import LiveSolver\n"
        "from models.video.live_pictures import pictures_now"
    ),
    "playing ARKit": (
        "from models.parameters import AnimationParameters\n"
        "still = AnimationParameters(np.zeros(2), np.zeros((2, len(code))), np.zeros((2, 6)))\n"
        "actor.write_arkit(still, sys.argv[3])\n"
        "actor.play_arkit(sys.argv[3])"
    ),
}
LEARNT_AND_MADE = {"training", "performance"}
"""Rooms on low floors that inference has no use for either."""


def forbidden(module: str) -> bool:
    """Whether a module of `models` trains, captures or synthesizes."""
    names = [name for name, _ in FLOORS]
    upper = {room for _, rooms in FLOORS[names.index("learning") :] for room in rooms.split()}
    room = room_of(f"{module.replace('.', '/')}.py")
    return room in upper | LEARNT_AND_MADE


@pytest.fixture(scope="module")
def loaded(tiny_head: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Modules of `models` that are there after each task, of one process that does all in turn."""
    folder = tmp_path_factory.mktemp("tasks")
    cv2.imwrite(str(folder / "grey.png"), np.full((64, 64, 3), 127, np.uint8))
    show = "print('{}', *(n for n in sys.modules if n.startswith('models.')), sep='|')"
    code = [OPEN, *(f"{work}\n{show.format(task)}" for task, work in TASKS.items())]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(code), tiny_head, folder / "grey.png", folder / "a.csv"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
    )
    assert done.returncode == 0, done.stderr
    rows = [row.split("|") for row in done.stdout.splitlines() if "|" in row]
    return {task: modules for task, *modules in rows}


@pytest.mark.parametrize("task", TASKS)
def test_inference_imports_no_training(task: str, loaded: dict[str, list[str]]) -> None:
    assert "models.head.inference" in loaded[task]
    assert [name for name in loaded[task] if forbidden(name)] == []


def test_training_would_be_noticed() -> None:
    assert forbidden("models.head.training.region_task")
    assert forbidden("models.training.trainer")
    assert forbidden("models.capture.folder")
    assert forbidden("models.synthetic.synthetic_actor")
    assert not forbidden("models.video.retarget")
