"""The zip that users install: built, validated, and loaded by Blender's real extension loader."""

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from source_imports import reachable, sources

bpy = pytest.importorskip("bpy", reason="Blender's Python module is not installed")

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = (
    "models/synthetic/",
    "models/template/",
    "neural_face_addon/showroom/",
    "tests/",
    "docs/",
    "out/",
    "cache/",
    "Makefile",
    "pyproject.toml",
    "requirements",
)

STARTED_AS_SCRIPT = {
    "models/speech/espeak_child.py",
    "models/capture/calibration/colmap_lens_child.py",
}


def _packager(*arguments: str) -> str:
    """Run Blender's own extension command line."""
    scripts = Path(bpy.utils.resource_path("LOCAL")) / "scripts"
    tool = scripts / "addons_core" / "bl_pkg" / "cli" / "blender_ext.py"
    done = subprocess.run(
        [sys.executable, str(tool), *arguments], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("extension") / "neural_face.zip"
    _packager("build", "--source-dir", str(ROOT), "--output-filepath", str(path))
    return path


@pytest.fixture(scope="module")
def installed(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the zip becomes."""
    folder = tmp_path_factory.mktemp("installed") / "neural_face"
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)
    return folder


def _command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m models …`, as the add-on starts it."""
    return subprocess.run(
        [sys.executable, "-m", "models", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def session(
    archive: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict:
    """What happened to the zip in a fresh profile; with a head in it where torch can decode one."""
    folder = tmp_path_factory.mktemp("profile")
    repository = folder / "repository"
    repository.mkdir()
    head = request.getfixturevalue("tiny_head") if importlib.util.find_spec("torch") else ""
    script = Path(__file__).with_name("extension_session.py")
    done = subprocess.run(
        [sys.executable, script, archive, repository, head],
        env={**os.environ, "BLENDER_USER_RESOURCES": str(folder), "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    report["output"] = done.stdout + done.stderr
    return report


def test_zip_is_valid(archive: Path) -> None:
    assert "error" not in _packager("validate", str(archive)).lower()


def test_zip_holds_what_users_need_and_nothing_else(archive: Path) -> None:
    with zipfile.ZipFile(archive) as content:
        names = content.namelist()
    needed = {"__init__.py", "blender_manifest.toml", "LICENSE", "README.md", "models/__main__.py"}
    needed |= {str(p.relative_to(ROOT)) for p in (ROOT / "models/bundled").glob("*.nface")}
    assert needed <= set(names)
    unwanted = [
        name
        for name in names
        if name.startswith(FORBIDDEN)
        or "__pycache__" in name
        or name.endswith((".pyc", ".zip", ".png", ".part"))
        or any(part.startswith(".") for part in name.split("/"))
    ]
    assert unwanted == []


def test_zip_holds_the_files_that_the_product_imports_and_no_others(archive: Path) -> None:
    from neural_face.neural_face_addon.registration import MODULES

    from models.__main__ import COMMANDS

    with zipfile.ZipFile(archive) as content:
        packed = {name for name in content.namelist() if name.endswith(".py")}
    commands = {f"models.{module}" for module, _ in COMMANDS.values()}
    begun = {f"{name.replace('.', '/')}.py" for name in commands | set(MODULES)}
    begun |= {"neural_face_addon/registration.py", "models/__main__.py"} | STARTED_AS_SCRIPT
    begun = {path for path in begun if not path.startswith(FORBIDDEN)}
    packages = {str(path.relative_to(ROOT)) for path in sources() if path.name == "__init__.py"}
    packages = {path for path in packages if not path.startswith(FORBIDDEN)}
    assert packed == reachable(begun) | packages


@pytest.mark.parametrize("command", ["synthesize", "footage"])
def test_commands_that_need_the_source_say_so(command: str, installed: Path) -> None:
    done = _command(installed, command, "somewhere", "--frames", "3")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: This command belongs to a checkout of the source")
    told = _command(installed, command, "--help")
    assert told.returncode == 0
    assert "belongs to a checkout of the source" in " ".join(told.stdout.split())


@pytest.mark.parametrize("command", ["check", "track", "import-sequence", "train", "align"])
def test_other_commands_start_from_the_zip(command: str, installed: Path) -> None:
    pytest.importorskip("torch", reason="commands need torch")
    done = _command(installed, command, "--help")
    assert done.returncode == 0 and "checkout" not in done.stdout, done.stderr


def test_making_a_head_starts_from_the_zip(installed: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="commands need torch")
    done = _command(installed, "train", str(tmp_path / "away"), "-o", str(tmp_path / "a.nface"))
    assert done.returncode == 2 and done.stderr.startswith("error: "), done.stderr


def test_a_head_is_read_from_the_zip(installed: Path) -> None:
    pytest.importorskip("torch", reason="commands need torch")
    done = _command(installed, "info", "models/bundled/actor.nface", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["name"], done.stderr


def test_loads_in_a_fresh_profile(session: dict) -> None:
    assert session["enabled"] and session["preferences"]
    assert "neural_face/blender_manifest.toml" in session["installed"]
    added = {"Operator.NEURALFACE_OT_import_head", "Operator.NEURALFACE_OT_animate_text"}
    assert added | {"Panel.NEURALFACE_PT_speech", "Object.neural_face"} <= set(session["added"])


def test_imports_a_head_where_there_is_torch(session: dict) -> None:
    pytest.importorskip("torch", reason="decoding a head needs torch")
    assert len(session["heads"]) == 2


def test_begins_to_make_a_head_where_there_is_torch(session: dict) -> None:
    pytest.importorskip("torch", reason="commands need torch")
    assert session["making"] == ["check done"]


def test_leaves_nothing_behind(session: dict) -> None:
    assert session["left_over"] == []


def test_breaks_no_policy(session: dict) -> None:
    assert session["warnings"] == []
    for sign in ("policy", "traceback", "warning:"):
        assert sign not in session["output"].lower(), session["output"]
