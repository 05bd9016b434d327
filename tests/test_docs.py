"""What the documentation names is there, and the version is the same wherever it stands."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
from draw_floors import PICTURE, every_room

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
TOP = ("models", "neural_face_addon", "operators", "panels", "tests", "docs")


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_one_version() -> None:
    manifest, project = (
        tomllib.loads(_text(ROOT / name)) for name in ("blender_manifest.toml", "pyproject.toml")
    )
    newest = re.search(
        r"^## (\d+\.\d+\.\d+) \(\d{4}-\d\d-\d\d\)$", _text(ROOT / "docs/CHANGELOG.md"), re.M
    )
    assert newest is not None
    assert manifest["version"] == project["project"]["version"] == newest[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", _text(page))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_files_exist(page: Path) -> None:
    """Python files by whatever end of their path is told; folders and other files by their path."""
    named = re.findall(r"`((?:[\w.-]+/)*[\w-]+\.py|(?:[\w.-]+/)+(?:[\w-]+\.\w+)?)`", _text(page))
    ours = {name for name in named if name.endswith(".py") or name.split("/")[0] in TOP}
    assert [name for name in sorted(ours) if not _is_there(name)] == []


def _is_there(name: str) -> bool:
    return (ROOT / name).exists() or any(path.endswith(f"/{name}") for path in _python_files())


@cache
def _python_files() -> list[str]:
    return [f"/{path.relative_to(ROOT)}" for top in TOP for path in (ROOT / top).rglob("*.py")]


def test_picture_of_the_floors_is_current() -> None:
    """Sizes are allowed to have changed by a little since it was drawn."""
    drawn = re.findall(r'data-room="([^"]+)" data-files="(\d+)" data-lines="(\d+)"', _text(PICTURE))
    now = {f"{r.layer}/{r.name}": (r.files, r.lines) for r in every_room()}
    assert [name for name, _, _ in drawn] == list(now), "run: python tests/draw_floors.py"
    for name, *sizes in drawn:
        for old, new, slack in zip(map(int, sizes), now[name], (2, 60), strict=True):
            assert abs(old - new) <= max(slack, 0.25 * new), f"{name}: python tests/draw_floors.py"
